"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write beside ``path``, then rename: a reader sees the old file or the new one, never half of one.

    Args:
        path: its folder is created where it is missing.
        content: text is encoded as UTF-8; what UTF-8 cannot encode (lone surrogates) becomes a question mark.

    Raises:
        OSError: the folder or the file cannot be written; an old file is unchanged.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
