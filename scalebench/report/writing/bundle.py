"""Vega, Vega-Lite and Vega-Embed as one script, from the package that carries them: no network, nothing vendored."""

from __future__ import annotations

import contextlib
import importlib.metadata
from functools import cache

import vl_convert

from scalebench.userdirs import cache_folder, write_cache

_GLOBALS = "window.vegaEmbed = vegaEmbed;"


@cache
def chart_script() -> str:
    """A script that defines ``vegaEmbed``; putting it together takes seconds, so it is kept in the user's cache."""
    path = cache_folder("vega") / f"{importlib.metadata.version('vl-convert-python')}.js"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8")
    # Wrapped: the bundle's many short names would else be names of the page.
    script = f"(()=>{{{vl_convert.javascript_bundle(_GLOBALS)}}})()"
    write_cache(path, script)
    return script
