"""Tables on a pipe."""

from __future__ import annotations

import pytest

from scalebench.cli.output import print_table


def test_lines_on_a_pipe_end_with_their_last_letter(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("per image", ["model", "note"], [["a", "a very wide note"], ["b", "none"]])
    lines = capsys.readouterr().out.split("\n")
    assert lines[0] == "per image"
    assert "  b       none" in lines
    assert not [line for line in lines if line.endswith(" ")]
