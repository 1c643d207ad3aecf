"""``python -m scalebench``: the same as the ``scalebench`` command."""

from scalebench.cli import main

main()
