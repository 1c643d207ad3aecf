"""Entries of a suite that name the user's own models, one class per kind of file."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, PositiveInt, Tag

from scalebench.suite.strict import Pixels, StrictModel


def as_list(value: Any) -> Any:
    """What may be written alone or as a list, as a list."""
    return value if isinstance(value, list) else [value]


Sources = Annotated[list[str], BeforeValidator(as_list, list[str] | str), Field(min_length=1)]


class OwnModels(StrictModel):
    """The user's own models; paths start from the suite's folder."""

    resolution: list[Pixels] | None = Field(
        None, min_length=1, description="input sizes, pixels; default: the one that the file is fixed to"
    )
    channels: PositiveInt | None = Field(None, description="channels of an image; default: as the file says, else 3")
    outputs: PositiveInt | None = Field(None, description="numbers per image that the model must give")

    def sources(self) -> tuple[str, list[str]]:
        """Kind, and the files or factories as written."""
        kind = next(kind for kind, entry in OWN_ENTRIES.items() if isinstance(self, entry))
        return kind, getattr(self, kind)


class OnnxModels(OwnModels):
    """ONNX files, which ONNX Runtime and OpenVINO run as they are."""

    onnx: Sources = Field(description="paths of ONNX files")


class PythonModels(OwnModels):
    """Functions that return a torch module; a run executes their code."""

    python: Sources = Field(description="file.py:factory or package.module:factory")


class CheckpointModels(OwnModels):
    """Weights for one of timm's models."""

    checkpoint: Sources = Field(description="paths of safetensors files or state dicts")
    model: str = Field(description="timm's name of the model they belong to")


class TorchscriptModels(OwnModels):
    """TorchScript files."""

    torchscript: Sources = Field(description="paths of files saved by torch.jit.save")


class ExportedModels(OwnModels):
    """Programs of torch.export."""

    export: Sources = Field(description="paths of files saved by torch.export.save")


OWN_ENTRIES: dict[str, type[BaseModel]] = {
    "onnx": OnnxModels,
    "python": PythonModels,
    "checkpoint": CheckpointModels,
    "torchscript": TorchscriptModels,
    "export": ExportedModels,
}

OwnEntry = (
    Annotated[OnnxModels, Tag("onnx")]
    | Annotated[PythonModels, Tag("python")]
    | Annotated[CheckpointModels, Tag("checkpoint")]
    | Annotated[TorchscriptModels, Tag("torchscript")]
    | Annotated[ExportedModels, Tag("export")]
)
