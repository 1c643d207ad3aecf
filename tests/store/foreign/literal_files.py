"""Files as the tools write them, shortened: every key that is read, and some that are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scalebench.store.foreign.foreign_file import ForeignSetup

RESNET50 = ForeignSetup("resnet50", 224)
PYTEST: dict[str, Any] = {
    "machine_info": {"node": "host", "python_version": "3.12.3", "cpu": {"brand_raw": "Intel(R) Core(TM) i7-9700"}},
    "commit_info": {"id": "abc", "dirty": False},
    "benchmarks": [{
        "group": None, "name": "test_forward[8]", "fullname": "tests/test_speed.py::test_forward[8]",
        "params": {"batch": 8}, "param": "8", "extra_info": {"model": "resnet50@224", "precision": "bf16"},
        "options": {"min_rounds": 5},
        "stats": {"min": 0.2, "median": 0.25, "data": [0.2, 0.3, 0.25], "rounds": 3, "iterations": 1},
    }],
    "datetime": "2026-11-23T22:00:00+00:00",
    "version": "5.3.1",
}  # fmt: skip
TRTEXEC: list[dict[str, float]] = [
    {"startEnqMs": 0.01, "startComputeMs": 0.12, "h2dMs": 0.1, "computeMs": 1.2, "d2hMs": 0.01, "latencyMs": 1.31},
    {"startEnqMs": 2.01, "startComputeMs": 2.12, "h2dMs": 0.1, "computeMs": 1.4, "d2hMs": 0.01, "latencyMs": 1.51},
    {"startEnqMs": 4.01, "startComputeMs": 4.12, "h2dMs": 0.1, "computeMs": 1.3, "d2hMs": 0.01, "latencyMs": 1.41},
]
OPTIMUM: dict[str, Any] = {
    "config": {
        "name": "a_run",
        "backend": {
            "name": "pytorch", "version": "2.5.1", "model": "timm/resnet50.a1_in1k", "device": "cuda",
            "torch_dtype": "float16", "torch_compile": False,
        },
        "scenario": {"name": "inference", "input_shapes": {"batch_size": 64, "height": 224, "width": 224}},
        "environment": {"cpu": " Intel(R) Xeon(R) CPU", "gpu": ["Tesla T4"], "gpu_count": 1},
    },
    "report": {
        "load": {"latency": {"unit": "s", "values": [15.6], "count": 1}},
        "forward": {
            "memory": None, "latency": {"unit": "s", "values": [0.11, 0.13, 0.12], "mean": 0.12, "p50": 0.12},
            "throughput": {"unit": "samples/s", "value": 533.3},
        },
    },
}  # fmt: skip
OPENVINO: dict[str, Any] = {
    "cmd_options": {"-m": "resnet50.onnx", "-api": "sync"},
    "configuration_setup": {
        "topology": "Model1", "target device": "CPU", "API": "sync", "inference_only": True,
        "precision": "UNSPECIFIED", "batch size": "2", "number of parallel infer requests": "1",
    },
    "execution_results": {
        "total number of iterations": "1335", "latency (ms)": "12.50", "avg latency": "12.69", "throughput": "158.21"
    },
}  # fmt: skip
"""Of the Python version, 2026.4, which writes numbers as text; the C++ version has other keys."""


def write(folder: Path, content: Any, name: str = "report.json") -> Path:
    """A file with this content; a text is written as it is."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path
