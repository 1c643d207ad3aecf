"""ONNX Runtime, on the CPU and on CUDA."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from scalebench.errors import MachineError
from scalebench.measure.runtimes.base import Forward
from scalebench.measure.runtimes.exported import Exported
from scalebench.measure.runtimes.torchlike import images_as_asked, logits
from scalebench.suite.precisions import PRECISIONS


class OnnxRuntime(Exported):
    """A session over an exported file."""

    def prepare(self, model: nn.Module | None, example: torch.Tensor) -> Forward:
        """A call that hands the images over and fetches the output; on CUDA both stay on the device."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._case.threads
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(self._file), options, self._providers(onnxruntime))
        name = session.get_inputs()[0].name
        if self._case.kind.on_host:
            return lambda images: session.run(None, {name: images.numpy()})
        case, output = self._case, session.get_outputs()[0].name

        def forward(images: torch.Tensor) -> Any:
            images, binding = images_as_asked(images, case).contiguous(), session.io_binding()
            kind = PRECISIONS[case.precision].dtype
            binding.bind_input(
                name, images.device.type, images.device.index, kind, tuple(images.shape), images.data_ptr()
            )
            binding.bind_output(output, images.device.type, images.device.index)
            session.run_with_iobinding(binding)
            return binding.copy_outputs_to_cpu()

        return forward

    def _providers(self, library: Any) -> list[Any]:
        if self._case.kind.on_host:
            return ["CPUExecutionProvider"]
        if "CUDAExecutionProvider" not in library.get_available_providers():
            raise MachineError("this onnxruntime has no CUDA", "pip install onnxruntime-gpu in place of onnxruntime")
        index = torch.device(self._case.device).index or 0
        return [("CUDAExecutionProvider", {"device_id": index, "use_tf32": int(self._case.precision == "tf32")})]

    def tensor(self, output: Any) -> torch.Tensor:
        """Logits as fp32 on the CPU."""
        return logits([torch.from_numpy(part) for part in output])

    def describe(self) -> dict[str, Any]:
        """Version, threads and size of the file."""
        import onnxruntime

        return self.about(onnxruntime.__version__)
