"""Configuration key: the columns that say how and where something ran."""

from scalebench.suite.case import KEY_AXES

_MIDDLE = [name for name in KEY_AXES if name not in ("mode", "device")]
WAY = ["machine", "mode", *_MIDDLE, "setting", "device", "protocol"]
"""Numbers are never pooled or compared across these unseen. Pages sort by them in this order."""
