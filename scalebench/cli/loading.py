"""Result files as people name them: a file, a folder, or either at a git revision."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scalebench.store.jsonl import Results


def load(text: str) -> Results:
    """Results of a file or folder, or of one at a git revision, written ``REV:PATH``.

    Raises:
        StoreError: there is nothing to read.
    """
    import tempfile

    from scalebench.errors import StoreError
    from scalebench.store.jsonl import read_results, result_files

    revision, colon, _ = text.partition(":")
    if Path(text).exists() or not colon or not revision:
        return read_results(result_files([Path(text)]))
    with tempfile.TemporaryDirectory() as folder:
        _check_out(text, Path(folder))
        try:
            return read_results(result_files([Path(folder)]))
        except StoreError as error:
            raise StoreError(error.message.replace(folder, text), error.hint) from None


def load_all(names: Sequence[str]) -> Results:
    """Results of several files and folders as one set; revisions are for ``load``.

    Raises:
        StoreError: there is nothing to read.
    """
    from scalebench.store.jsonl import read_results, result_files

    return read_results(result_files([Path(name) for name in names]))


def _check_out(text: str, folder: Path) -> None:
    """Write the result files below ``REV:PATH`` into a folder."""
    if _git("cat-file", "-t", text).strip() == b"blob":
        (folder / f"{Path(text).stem}.jsonl").write_bytes(_git("cat-file", "blob", text))
        return
    root = text if text.endswith((":", "/")) else f"{text}/"
    names = _git("ls-tree", "-r", "-z", "--name-only", "--full-tree", text).decode().split("\0")
    for name in (name for name in names if name.endswith(".jsonl")):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_git("cat-file", "blob", f"{root}{name}"))


def _git(*arguments: str) -> bytes:
    import shutil
    import subprocess

    from scalebench.errors import StoreError

    git = shutil.which("git")
    if git is None:
        raise StoreError(f"{arguments[-1]} names a git revision, and git is not installed")
    done = subprocess.run([git, *arguments], capture_output=True, check=False)  # noqa: S603 - no shell is involved
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        hint = "write a file, a folder, or REV:PATH with the path from the root of the repository"
        raise StoreError(f"{arguments[-1]}: {said[0] if said else 'git failed'}", hint)
    return done.stdout
