"""Way of running: the columns that say how and where something ran."""

WAY = ["machine", "mode", "batch", "precision", "layout", "runtime", "threads", "setting", "device", "protocol"]
"""Numbers are never pooled or compared across these unseen."""
