"""Frames: what the client and the server of a load test send each other."""

from __future__ import annotations

from struct import Struct

LOOPBACK = "127.0.0.1"
REQUEST = Struct("<I")
"""Number of the request; then come the pixels of one image, 3 x side x side bytes."""
ANSWER = Struct("<IIi4d")
"""Number of the request, images in its batch, class, and four readings of ``time.perf_counter`` in seconds: request
read, batch taken, input ready, output in memory. Processes of one machine share this clock."""


def image_bytes(side: int) -> int:
    """Length of an image's pixels."""
    return 3 * side * side
