"""Labelled images in a folder: classes, a training and a test part, and a name that stands for exactly these.

Either ``train/CLASS/...`` and ``test/CLASS/...`` (or ``val/``), or ``CLASS/...``, of which a part is set aside for
tests. A name and the list it stands for are kept in the user's cache, where the measuring process reads them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from scalebench.errors import StoreError
from scalebench.suite.case import CLASSIFYING, Case
from scalebench.suite.own_kinds import plain_runtime
from scalebench.userdirs import cache_folder, write_cache

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm"})
_TRAIN, _TEST = "train", ("test", "val", "validation")
_FOLDER, _GROUP = ("folder",), ("group",)
_LETTERS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class LabelledImage:
    """One image: its path below the folder, the number of its class, and the group that may not be divided."""

    path: str
    label: int
    group: str


@dataclass(frozen=True)
class LabelledImages:
    """Images of a folder.

    Attributes:
        name: of the folder, with eight hex digits over all that follows and the sizes of the files.
        folder: absolute path.
        classes: names in alphabetical order; a label is the position in it.
        train, test: images; none of a group stands on both sides.
        grouped: whether groups were asked for; otherwise every image is its own.
    """

    name: str
    folder: str
    classes: tuple[str, ...]
    train: tuple[LabelledImage, ...]
    test: tuple[LabelledImage, ...]
    grouped: bool = False

    def keep(self) -> None:
        """Keep the list under its name for ``kept``."""
        write_cache(_file(self.name), json.dumps(asdict(self)))


def kept(name: str) -> LabelledImages:
    """The list that ``keep`` stored.

    Raises:
        StoreError: there is none.
    """
    try:
        content = json.loads(_file(name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StoreError(f"the list of images {name} is not there", "run scalebench accuracy again") from None
    parts = {part: tuple(LabelledImage(**image) for image in content[part]) for part in ("train", "test")}
    return LabelledImages(**{**content, **parts, "classes": tuple(content["classes"])})


def _file(name: str) -> Path:
    return cache_folder("data") / f"{name}.json"


def timed_case(case: Case) -> Case:
    """The case of mode ``inference`` whose artefact a case of mode ``accuracy`` or ``probe`` runs; else the case.

    Only int8 depends on the images, by its calibration.
    """
    return (
        case
        if case.mode not in CLASSIFYING
        else replace(case, mode="inference", data=case.data if case.precision == "int8" else "")
    )


def plain_case(case: Case) -> Case:
    """The case that its outputs are compared with: the model as it stands, in fp32."""
    return replace(case, runtime=plain_runtime(case.variant.task), precision="fp32", layout="contiguous")


def list_images(folder: Path, test_share: float, group: str | None = None, seed: int = 0) -> LabelledImages:
    """List the images of a folder and divide them.

    Without parts of its own, an image is a test image where a hash of its group and the seed falls below the share: it
    stays on its side when images are added.

    Args:
        folder: ``CLASS/...``, or ``train/CLASS/...`` and ``test/CLASS/...``.
        test_share: of the images, 0 to 1.
        group: regular expression; what it finds in a path, or its first group, names the images that belong together.
        seed: of the division.

    Raises:
        StoreError: no such folder, fewer than two classes, no image, or a group that is not found or on both sides;
            located at ``folder`` or ``group``.
    """
    if not folder.is_dir():
        raise StoreError(f"{folder} is not a folder", "name a folder with one subfolder per class", _FOLDER)
    root = folder.resolve()
    pattern = None if group is None else _compiled(group)
    named = next((part for part in _TEST if (root / part).is_dir()), None)
    if named is not None:
        sources: dict[str, Path] = {"test": root / named}
        if (root / _TRAIN).is_dir():
            sources["train"] = root / _TRAIN
    else:
        sources = {"all": root}
    classes = sorted({name for source in sources.values() for name in _class_names(source)})
    if len(classes) < 2:
        raise StoreError(f"{folder} holds {len(classes)} classes", "one subfolder per class, at least two", _FOLDER)
    lists = {part: _images(source, root, classes, pattern) for part, source in sources.items()}
    filled = {image.label for images in lists.values() for image in images}
    empty = [name for label, name in enumerate(classes) if label not in filled]
    if filled and empty:
        raise StoreError(f"{folder}: no image of {', '.join(empty)}", "fill the subfolder, or remove it", _FOLDER)
    if "all" in lists:
        lists = divided(lists["all"], test_share, seed)
    train, test = lists.get("train", ()), lists["test"]
    if not test:
        raise StoreError(f"{folder} has no test image", f"images end in {', '.join(sorted(SUFFIXES))}", _FOLDER)
    both = {image.group for image in train} & {image.group for image in test}
    if both:
        hint = "move all of its images to one side"
        raise StoreError(f"group {min(both)!r} has training and test images", hint, _GROUP)
    digest = hashlib.sha256(_content(root, classes, (train, test)).encode()).hexdigest()[:8]
    stem = _LETTERS.sub("-", root.name.lower()).strip("-") or "images"
    return LabelledImages(f"{stem}-{digest}", str(root), tuple(classes), train, test, pattern is not None)


def _compiled(group: str) -> re.Pattern[str]:
    try:
        return re.compile(group)
    except re.error as error:
        raise StoreError(f"group {group!r} is not a regular expression: {error}", "", _GROUP) from None


def _class_names(source: Path) -> list[str]:
    return [entry.name for entry in source.iterdir() if entry.is_dir() and not entry.name.startswith(".")]


def _images(
    source: Path, root: Path, classes: Iterable[str], pattern: re.Pattern[str] | None
) -> tuple[LabelledImage, ...]:
    images = []
    for label, name in enumerate(classes):
        for file in sorted((source / name).rglob("*")):
            if file.suffix.lower() in SUFFIXES and file.is_file():
                path = file.relative_to(root).as_posix()
                images.append(LabelledImage(path, label, _group(path, pattern)))
    return tuple(images)


def _group(path: str, pattern: re.Pattern[str] | None) -> str:
    if pattern is None:
        return path
    match = pattern.search(path)
    if match is None:
        hint = "it has to name a group of every image"
        raise StoreError(f"group {pattern.pattern!r} finds nothing in {path}", hint, _GROUP)
    return match.group(1) if pattern.groups else match.group()


def divided(images: Iterable[LabelledImage], share: float, seed: int) -> dict[str, tuple[LabelledImage, ...]]:
    """Parts ``train`` and ``test``, of which the latter has ``share``, by group: a number of 0 to 1 from a hash."""

    def is_test(image: LabelledImage) -> bool:
        digest = hashlib.sha256(f"{seed} {image.group}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < share * 2**64

    parts: Mapping[bool, list[LabelledImage]] = {False: [], True: []}
    for image in images:
        parts[is_test(image)].append(image)
    return {"train": tuple(parts[False]), "test": tuple(parts[True])}


def _content(root: Path, classes: Iterable[str], parts: Iterable[Iterable[LabelledImage]]) -> str:
    """What the name stands for: no image is read, so a picture replaced by another of the same size is not seen."""
    rows = [[(image.path, image.label, (root / image.path).stat().st_size) for image in part] for part in parts]
    return json.dumps([list(classes), rows])
