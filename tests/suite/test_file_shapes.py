"""Sizes that files are fixed to, and files that are refused."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from scalebench.errors import BuildError
from scalebench.suite.file_shapes import FileShapes, external_files, read_shapes
from tests.suite.literal_onnx import weight, write_onnx, write_tiny


def test_an_onnx_file_says_what_it_takes(tmp_path: Path) -> None:
    """Fixed sides are read, open ones are left open."""
    fixed = write_tiny(tmp_path / "fixed.onnx", (1, 1, 96, 96))
    assert read_shapes("onnx", fixed) == FileShapes(channels=1, resolution=96, batch=1)
    dynamic = write_tiny(tmp_path / "open.onnx", ("n", 3, "h", "w"))
    assert read_shapes("onnx", dynamic) == FileShapes(channels=3)
    assert read_shapes("python", fixed) == FileShapes()


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 3, 64, 96), "takes images of 64 x 96 pixels"),
        ((8, 3, 64, 64), "takes 8 images per pass only"),
        ((1, 12), "takes 1 x 12, not batch x channels x side x side"),
    ],
)
def test_an_input_that_is_no_square_image(shape: tuple[int, ...], message: str, tmp_path: Path) -> None:
    """Named with its sides."""
    with pytest.raises(BuildError, match=message):
        read_shapes(
            "onnx", write_onnx(tmp_path / "x.onnx", [helper.make_node("Relu", ["images"], ["scores"])], [], shape)
        )


def test_other_inputs_and_quantised_files_are_refused(tmp_path: Path) -> None:
    """Integers, two inputs, and int8 files."""
    relu = helper.make_node("Relu", ["images"], ["scores"])
    integers = write_onnx(tmp_path / "i.onnx", [relu], [], kind=TensorProto.INT8)
    with pytest.raises(BuildError, match="one input of float32, an image; it has: images"):
        read_shapes("onnx", integers)
    quantised = helper.make_node("QuantizeLinear", ["images", "scale"], ["scores"])
    with pytest.raises(BuildError, match="is quantised already"):
        read_shapes("onnx", write_onnx(tmp_path / "q.onnx", [quantised], [weight("scale")]))


@pytest.mark.parametrize("content", [b"", b"not a model", pickle.dumps({"a": 1}), b"PK\x03\x04"])
@pytest.mark.parametrize("kind", ["onnx", "export"])
def test_a_file_of_another_kind(kind: str, content: bytes, tmp_path: Path) -> None:
    """Refused without a look at what else it might be."""
    path = tmp_path / "x.bin"
    path.write_bytes(content)
    with pytest.raises(BuildError, match=r"x\.bin is not"):
        read_shapes(kind, path)


def test_weights_beside_an_onnx_file_belong_to_it(tmp_path: Path) -> None:
    """They are listed; a file that points out of its folder is refused."""
    path = write_tiny(tmp_path / "net.onnx")
    model = onnx.load(str(path))
    onnx.save(model, str(path), save_as_external_data=True, location="net.data", size_threshold=0)
    assert external_files("onnx", path) == (tmp_path / "net.data",)
    (tmp_path / "secret").write_text("x")
    outside = onnx.load(str(path), load_external_data=False)
    for tensor in outside.graph.initializer:
        next(entry for entry in tensor.external_data if entry.key == "location").value = "../secret"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "net.onnx").write_bytes(outside.SerializeToString())
    with pytest.raises(BuildError, match=r"secret, which is not beside it"):
        external_files("onnx", tmp_path / "in" / "net.onnx")


def _program(path: Path, sizes: list[dict[str, object]], inputs: int = 1, extra: str = "net/version") -> Path:
    """An archive of torch.export's layout with nothing but its signature."""
    specs = [{"parameter": {}}, *[{"user_input": {"arg": {"as_tensor": {"name": "x"}}}}] * inputs]
    graph = {"tensor_values": {"x": {"sizes": sizes}}, "nodes": []}
    text = json.dumps({"graph_module": {"graph": graph, "signature": {"input_specs": specs}}})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/models/model.json", text)
        archive.writestr(extra, "1")
    return path


def test_an_exported_program_says_what_it_takes(tmp_path: Path) -> None:
    """Its sizes are read from the archive's text; a second program, or the older layout, is refused."""
    sizes: list[dict[str, object]] = [{"as_int": 1}, {"as_int": 3}, {"as_int": 64}, {"as_int": 64}]
    assert read_shapes("export", _program(tmp_path / "a.pt2", sizes)) == FileShapes(3, 64, 1)
    with pytest.raises(BuildError, match="one input, an image; it has 2"):
        read_shapes("export", _program(tmp_path / "b.pt2", sizes, inputs=2))
    for extra in ("net/models/other.json", "serialized_exported_program.json"):
        with pytest.raises(BuildError, match=r"is not a program of torch\.export"):
            read_shapes("export", _program(tmp_path / "c.pt2", sizes, extra=extra))
