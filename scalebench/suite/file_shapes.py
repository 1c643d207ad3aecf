"""What model files say of their input, and what else they read; parsed as data, nothing in them runs."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scalebench.errors import BuildError


@dataclass(frozen=True)
class FileShapes:
    """Sizes that a file is fixed to; None where it leaves them open, or does not say.

    Attributes:
        channels: of an image.
        resolution: side of the square input, pixels.
        batch: images per pass.
    """

    channels: int | None = None
    resolution: int | None = None
    batch: int | None = None


def read_shapes(kind: str, path: Path) -> FileShapes:
    """Input of an ONNX file or of an exported program; of other kinds nothing is written in the file.

    Raises:
        BuildError: not a file of this kind, or it does not take one float32 image, batch x channels x side x side.
    """
    if kind == "onnx":
        return _image(_onnx_input(path), path.name)
    if kind == "export":
        return _image(_program_input(path), path.name)
    return FileShapes()


def external_files(kind: str, path: Path) -> tuple[Path, ...]:
    """Files beside an ONNX file that hold its weights, sorted.

    Raises:
        BuildError: one is not there, or outside of the file's folder.
    """
    if kind != "onnx":
        return ()
    stored = [tensor for tensor in onnx_graph(path).graph.initializer if tensor.external_data]
    places = {entry.value for tensor in stored for entry in tensor.external_data if entry.key == "location"}
    files = tuple(sorted(path.parent / place for place in places))
    for file in files:
        if not file.resolve().is_relative_to(path.parent.resolve()) or not file.is_file():
            raise BuildError(f"{path.name} has weights in {file.name}, which is not beside it")
    return files


def onnx_graph(path: Path) -> Any:
    """The file as ``onnx.ModelProto``, without weights that other files hold.

    Raises:
        BuildError: onnx is not installed, or the file is not one of ONNX.
    """
    try:
        import onnx
    except ImportError:
        raise BuildError("onnx is not installed", "pip install 'scalebench[onnx]'") from None
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception:  # protobuf's own error, which is no public name
        model = None
    if model is None or not model.graph.node or not model.opset_import:
        raise BuildError(f"{path.name} is not an ONNX file", "torch.onnx.export(model, (image,), FILE) writes one")
    return model


def _onnx_input(path: Path) -> list[int | None]:
    """Sides of the only input that is not a weight; None where the file leaves one open."""
    model = onnx_graph(path)
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    quantised = next((n.op_type for n in model.graph.node if n.op_type.startswith(("Quantize", "QLinear"))), "")
    if quantised:
        raise BuildError(f"{path.name} is quantised already ({quantised})", "give the fp32 file; int8 is made from it")
    if len(inputs) != 1 or inputs[0].type.tensor_type.elem_type != 1:
        kinds = ", ".join(value.name for value in inputs) or "none"
        raise BuildError(f"{path.name} must have one input of float32, an image; it has: {kinds}")
    return [side.dim_value or None for side in inputs[0].type.tensor_type.shape.dim]


def _program_input(path: Path) -> list[int | None]:
    program = program_text(path)
    graph, signature = program["graph_module"]["graph"], program["graph_module"]["signature"]
    names = [spec["user_input"]["arg"].get("as_tensor", {}).get("name")
             for spec in signature["input_specs"] if "user_input" in spec]  # fmt: skip
    if len(names) != 1 or names[0] not in graph["tensor_values"]:
        raise BuildError(f"{path.name} must have one input, an image; it has {len(names)}")
    return [side.get("as_int") for side in graph["tensor_values"][names[0]]["sizes"]]


def program_text(path: Path) -> Any:
    """The program in a file that ``torch.export.save`` has written, as plain data.

    Raises:
        BuildError: it is no such file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            (member,) = (name for name in names if re.fullmatch(r"[^/]+/models/[^/]+\.json", name))
            assert all("/" in name for name in names)  # noqa: S101 - handled below; else it is of the older format
            program = json.loads(archive.read(member))
            assert {"graph", "signature"} <= program["graph_module"].keys()  # noqa: S101 - handled below
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, AssertionError):
        raise BuildError(f"{path.name} is not a program of torch.export", "torch.export.save writes one") from None
    return program


def _image(sides: Sequence[int | None], name: str) -> FileShapes:
    if len(sides) != 4:
        shape = " x ".join("?" if side is None else str(side) for side in sides)
        raise BuildError(f"{name} takes {shape or 'a number'}, not batch x channels x side x side")
    batch, channels, height, width = sides
    if None not in (height, width) and height != width:
        raise BuildError(f"{name} takes images of {height} x {width} pixels", "only square images are measured")
    if batch is not None and batch > 1:
        raise BuildError(f"{name} takes {batch} images per pass only", "export it for one image, or for any number")
    return FileShapes(channels, height if height is not None else width, batch)
