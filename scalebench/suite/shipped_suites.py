"""The suites that are installed with scalebench, by name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from scalebench.errors import did_you_mean

SEE = "scalebench suites lists the shipped ones"


def shipped_suites() -> dict[str, Path]:
    """Files of the shipped suites by their names: in the wheel, or beside the package in a checkout."""
    package = Path(str(files("scalebench")))
    installed = package / "data" / "suites"
    folder = installed if installed.is_dir() else package.parent / "suites"
    return {file.stem: file for file in sorted(folder.glob("*.yaml"))}


def suite_file(given: str | Path) -> Path:
    """The file that was given, or the shipped suite of that name; a file wins over a name."""
    path = Path(given)
    return path if path.exists() else shipped_suites().get(str(given), path)


def hint_at(given: str | Path) -> str:
    """What to write in place of a suite that does not exist."""
    return did_you_mean(str(given), shipped_suites()) or SEE
