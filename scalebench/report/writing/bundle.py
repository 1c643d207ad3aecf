"""Vega, Vega-Lite and Vega-Embed as one script, from the package that carries them: no network, nothing vendored."""

from __future__ import annotations

import contextlib
import importlib.metadata
from functools import cache

import platformdirs
import vl_convert

from scalebench.report.writing.files import write_whole

_GLOBALS = "window.vegaEmbed = vegaEmbed;"


@cache
def chart_script() -> str:
    """A script that defines ``vegaEmbed``; putting it together takes seconds, so it is kept in the user's cache."""
    path = platformdirs.user_cache_path("scalebench") / f"vega-{importlib.metadata.version('vl-convert-python')}.js"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8")
    # Wrapped: the bundle's many short names would else be names of the page.
    script = f"(()=>{{{vl_convert.javascript_bundle(_GLOBALS)}}})()"
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time and nothing else
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, script)
    return script
