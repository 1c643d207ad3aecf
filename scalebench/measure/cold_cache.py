"""Passes on a cold cache, as a control: a small model in half precision may lie wholly in a GPU's last-level cache."""

from __future__ import annotations

from collections.abc import Callable

import torch

from scalebench.measure.session import Session

_CACHES = 2
"""Size of what is written between passes, in caches."""
_UNKNOWN_BYTES = 2**28


def lap_of(session: Session) -> Callable[[], float]:
    """Times one pass; for a case on a cold cache the cache is overwritten before it, which is not timed."""
    if session.case.cache != "cold":
        return lambda: session.clock.lap(session.run)
    size = _CACHES * (session.accelerator.cache_bytes() or _UNKNOWN_BYTES)
    buffer = torch.empty(size, dtype=torch.uint8, device=session.device)

    def lap() -> float:
        buffer.fill_(1)
        return session.clock.lap(session.run)  # it waits for the device before it starts

    return lap
