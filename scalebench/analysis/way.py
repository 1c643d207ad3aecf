"""Configuration key: the columns that say how and where something ran."""

from scalebench.suite.case import KEY_AXES

WAY = ["machine", *KEY_AXES, "setting", "protocol"]
"""Numbers are never pooled or compared across these unseen."""
