"""Way of running: the columns that say how and where something ran."""

WAY = ["machine", "batch", "precision", "layout", "runtime", "threads", "device", "protocol"]
"""Numbers are never pooled or compared across these unseen."""
