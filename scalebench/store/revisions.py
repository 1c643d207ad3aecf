"""Result files named as a file, a folder, or either at a git revision."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from scalebench.errors import StoreError
from scalebench.store.jsonl import Results, read_results, result_files


def load_results(name: str) -> Results:
    """Results of a file or folder, or of one at a git revision, written ``REV:PATH``.

    Raises:
        StoreError: there is nothing to read.
    """
    revision, colon, _ = name.partition(":")
    if Path(name).exists() or not colon or not revision:
        return read_results(result_files([Path(name)]))
    with tempfile.TemporaryDirectory() as folder:
        _check_out(name, Path(folder))
        try:
            return read_results(result_files([Path(folder)]))
        except StoreError as error:
            raise StoreError(error.message.replace(folder, name), error.hint) from None


def _check_out(name: str, folder: Path) -> None:
    """Write the result files below ``REV:PATH`` into a folder."""
    if _git("cat-file", "-t", name).strip() == b"blob":
        (folder / f"{Path(name).stem}.jsonl").write_bytes(_git("cat-file", "blob", name))
        return
    root = name if name.endswith((":", "/")) else f"{name}/"
    paths = _git("ls-tree", "-r", "-z", "--name-only", "--full-tree", name).decode().split("\0")
    for path in (path for path in paths if path.endswith(".jsonl")):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_git("cat-file", "blob", f"{root}{path}"))


def _git(*arguments: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise StoreError(f"{arguments[-1]} names a git revision, and git is not installed")
    done = subprocess.run([git, *arguments], capture_output=True, check=False)  # noqa: S603 - no shell is involved
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0] or "git failed"
        hint = "write a file, a folder, or REV:PATH with the path from the root of the repository"
        raise StoreError(f"{arguments[-1]}: {reason}", hint)
    return done.stdout
