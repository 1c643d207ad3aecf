"""ONNX Runtime, on the CPU and on CUDA."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from scalebench.errors import MachineError
from scalebench.measure.accelerator import accelerator_of
from scalebench.measure.runtimes.base import Forward
from scalebench.measure.runtimes.exported import Exported
from scalebench.measure.runtimes.torchlike import images_as_asked, logits
from scalebench.suite.precisions import PRECISIONS

_HOST, _GPU = "CPUExecutionProvider", "CUDAExecutionProvider"


class OnnxRuntime(Exported):
    """A session over an exported file."""

    def prepare(self, model: nn.Module | None, example: torch.Tensor) -> Forward:
        """A call that hands the images over and fetches the output; on a GPU both stay on the device.

        Raises:
            MachineError: onnxruntime cannot use the device; by itself it would run on the CPU instead.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._case.threads
        options.inter_op_num_threads = 1
        provider, settings = (_HOST, {}) if self._case.kind.on_host else (_GPU, self._settings(example))
        if provider not in onnxruntime.get_available_providers():
            raise MachineError("this onnxruntime has no CUDA", "pip install onnxruntime-gpu in place of onnxruntime")
        session = onnxruntime.InferenceSession(str(self._file), options, [(provider, settings)])
        if session.get_providers()[0] != provider:
            raise MachineError(
                f"onnxruntime runs on {session.get_providers()[0]}: it could not load {provider}",
                "its release has to fit the versions of CUDA and cuDNN, see onnxruntime.ai",
            )
        name = session.get_inputs()[0].name
        if self._case.kind.on_host:
            return lambda images: session.run(None, {name: images.numpy()})
        return self._bound(session, name, example.device, onnxruntime.RunOptions())

    def _bound(self, session: Any, name: str, device: torch.device, options: Any) -> Forward:
        """A pass whose input and outputs stay on the device, and which returns without waiting for it."""
        case, place = self._case, (device.type, device.index or 0)
        options.add_run_config_entry("disable_synchronize_execution_providers", "1")
        binding = session.io_binding()
        for output in session.get_outputs():
            binding.bind_output(output.name, *place)

        def forward(images: torch.Tensor) -> Any:
            images = images_as_asked(images, case).contiguous()
            kind = PRECISIONS[case.precision].dtype
            binding.bind_input(name, *place, kind, tuple(images.shape), images.data_ptr())
            session.run_with_iobinding(binding, options)
            return binding.get_outputs()

        return forward

    def _settings(self, example: torch.Tensor) -> dict[str, Any]:
        """Of the GPU: one stream for torch, which casts the input, and onnxruntime, which reads it."""
        accelerator = accelerator_of(example.device)
        accelerator.synchronize()
        stream = accelerator.module.Stream()
        accelerator.module.set_stream(stream)
        return {
            "device_id": example.device.index or 0,
            "use_tf32": int(self._case.precision == "tf32"),
            "user_compute_stream": str(stream.cuda_stream),
        }

    def tensor(self, output: Any) -> torch.Tensor:
        """Logits as fp32 on the CPU."""
        if self._case.kind.on_host:
            return logits([torch.from_numpy(part) for part in output])
        accelerator_of(self._case.device).synchronize()
        return logits([torch.from_numpy(part.numpy()) for part in output])

    def describe(self) -> dict[str, Any]:
        """Version, threads and size of the file."""
        import onnxruntime

        return self.about(onnxruntime.__version__)
