"""The user's own models: what ``KIND:NAME-SHA`` stands for, from their files to the user's cache folder.

A name ends in the first eight hex digits of the sha256 of what it stands for, so that records of a changed file are
those of another model. The paths stay on this machine: reports need the name alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from scalebench.errors import BuildError, UnknownNameError
from scalebench.suite.file_shapes import external_files, read_shapes
from scalebench.suite.model_facts import Catalogue
from scalebench.suite.own_kinds import OWN_KINDS
from scalebench.suite.pretrained import TIMM, find_weights
from scalebench.suite.python_sources import find_factory, imported_files
from scalebench.userdirs import cache_folder, write_cache

COLOURS = 3
"""Channels of an image where nothing else is declared or written in the file."""
_HEX = 8
_UNSAFE = re.compile(r"[^A-Za-z0-9_.]+")


@dataclass(frozen=True)
class OwnModel:
    """One model of the user's.

    Attributes:
        kind: of ``OWN_KINDS``.
        path: absolute path of the file.
        sha256: of the file, and of what it takes from other files beside it.
        factory: function that returns the module, of ``python``.
        root: folder that its imports start from, of ``python``.
        module: dotted name that it is imported by, of ``python``.
        timm: timm's name of the model, of ``checkpoint``.
        channels: of an image.
        resolution: side of the square input in pixels where the file has a fixed one, or None.
        batch: images per pass where the file has a fixed number, or None.
        outputs: numbers that the model gives per image, as declared; None where nothing is declared.
        shipped: ``timm`` where the weights are its own; ``timm`` then has their tag.
    """

    kind: str
    path: str
    sha256: str
    factory: str = ""
    root: str = ""
    module: str = ""
    timm: str = ""
    channels: int = COLOURS
    resolution: int | None = None
    batch: int | None = None
    outputs: int | None = None
    shipped: str = ""

    @property
    def name(self) -> str:
        """Written form: ``onnx:damage-1a2b3c4d``, ``python:nets.build-1a2b3c4d``, ``checkpoint:resnet18.best-...``.

        With timm's own weights ``checkpoint:resnet50.a1_in1k-...``.
        """
        stem = Path(self.path).stem
        words = [self.module or stem, self.factory] if self.kind == "python" else [self.timm, stem]
        words = [self.timm] if self.shipped else words
        readable = _UNSAFE.sub("_", ".".join(filter(None, words)))
        return f"{self.kind}:{readable}-{self.sha256[:_HEX]}"

    @property
    def label(self) -> str:
        """File and hash, for records: ``damage.onnx, sha256 1a2b...``."""
        return f"{self.timm if self.shipped else Path(self.path).name}, sha256 {self.sha256}"


def own_model(
    kind: str, source: str, folder: Path = Path(), timm: str = "", channels: int | None = None,
    outputs: int | None = None, models: Callable[[], Catalogue] = dict,
) -> OwnModel:  # fmt: skip
    """Look at a file of the user's and remember what its name stands for; no code in it runs.

    Args:
        kind: of ``OWN_KINDS``.
        source: a path, or ``package.module:factory`` or ``file.py:factory`` of ``python``, or where ``find_weights``
            finds the weights of ``checkpoint``.
        folder: what relative paths start from.
        timm: timm's name of the model, of ``checkpoint``.
        channels, outputs: as declared.
        models: what timm knows, for its own weights.

    Raises:
        BuildError: no such file, or not one of this kind, or it contradicts the channels.
    """
    path, fields, shipped = folder / source, {}, ""
    if kind == "checkpoint":
        path, timm = find_weights(source, timm, folder, models)
        shipped = TIMM if source.partition(":")[0] == TIMM and path != folder / source else ""
    if kind == "python":
        factory = find_factory(source, folder)
        path, fields = factory.path, {"factory": factory.name, "root": str(factory.root), "module": factory.module}
    _refuse_missing(path, kind)
    shapes = read_shapes(kind, path)
    if channels is not None and shapes.channels not in (None, channels):
        raise BuildError(f"{path.name} takes images of {shapes.channels} channels, not {channels}", "", ("channels",))
    own = OwnModel(
        kind, str(path.absolute()), _sha256(kind, path, Path(fields.get("root", "."))), timm=timm, outputs=outputs,
        shipped=shipped, channels=channels or shapes.channels or COLOURS, resolution=shapes.resolution,
        batch=shapes.batch, **fields,
    )  # fmt: skip
    write_cache(_file(own.name), json.dumps(asdict(own)))
    return own


def remembered(name: str) -> OwnModel:
    """What a written name stands for on this machine.

    Raises:
        UnknownNameError: no suite or command here has named its file.
    """
    try:
        return OwnModel(**json.loads(_file(name).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        kind = name.partition(":")[0]
        hint = f"write {OWN_KINDS[kind].written}" if kind in OWN_KINDS else ""
        raise UnknownNameError(f"no file is known here for {name!r}", hint) from None


def opened(name: str) -> OwnModel:
    """The same, with its file as it was named.

    Raises:
        UnknownNameError: as ``remembered``.
        BuildError: the file is gone, or has changed.
    """
    own = remembered(name)
    if not Path(own.path).is_file():  # named without its folder, which records must not hold
        raise BuildError(f"{name}: {Path(own.path).name} is gone since the run began", "start the command again")
    if _sha256(own.kind, Path(own.path), Path(own.root)) != own.sha256:
        raise BuildError(f"{name}: {Path(own.path).name} has changed since the run began", "start the command again")
    return own


def channels_of(model: str) -> int:
    """Channels of an image of any written name."""
    return remembered(model).channels if model.partition(":")[0] in OWN_KINDS else COLOURS


def declared(model: str) -> list[str]:
    """What counting one of the user's models depends on beside its name; empty for any that is not known here."""
    try:
        own = remembered(model)
    except UnknownNameError:
        return []
    return [str(own.channels), str(own.outputs)]


def fixed_batch(model: str) -> int | None:
    """Images per pass that the file of a written name is fixed to, or None."""
    return remembered(model).batch if model.partition(":")[0] in OWN_KINDS else None


def _refuse_missing(path: Path, kind: str) -> None:
    if not path.is_file():
        raise BuildError(f"{path}: no such file", f"write {OWN_KINDS[kind].written}")


def _sha256(kind: str, path: Path, root: Path) -> str:
    """Of the file; with others that it reads, of the hashes of all of them in a row."""
    others = imported_files(path, root) if kind == "python" else external_files(kind, path)
    hashes = [_file_sha256(file) for file in (path, *others)]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                yield block
    except OSError as error:
        raise BuildError(f"{path}: cannot be read: {error.strerror}") from None


def _file(name: str) -> Path:
    return cache_folder("own") / f"{name.replace(':', '_')}.json"
