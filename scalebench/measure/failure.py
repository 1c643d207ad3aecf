"""An error of a measuring process as plain data for its parent."""

from __future__ import annotations

import torch

from scalebench.errors import ScalebenchError

_OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "Cannot allocate memory", "bad_alloc", "_ALLOC_FAILED")


def describe_error(error: BaseException) -> dict[str, str]:
    """Type, message and hint of an error, and ``oom`` as its kind where memory ran out."""
    message, hint = str(error).strip(), ""
    if isinstance(error, ScalebenchError):
        message, hint = error.message, error.hint
    memory = isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(t in message for t in _OUT_OF_MEMORY)
    kind = "oom" if memory else "failed"
    return {"type": type(error).__name__, "message": message, "hint": hint, "kind": kind}
