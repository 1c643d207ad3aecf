"""Files of trtexec, optimum-benchmark and benchmark_app as imported records of one process."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from scalebench.analysis.analyse import analyse
from scalebench.errors import StoreError
from scalebench.store.foreign.foreign_file import ForeignSetup
from scalebench.store.foreign.openvino_report import read_openvino
from scalebench.store.foreign.optimum_report import read_optimum_benchmark
from scalebench.store.foreign.trtexec_times import read_trtexec
from scalebench.store.published_tables import plan_of
from tests.store.foreign.literal_files import OPENVINO, OPTIMUM, RESNET50, TRTEXEC, write


def without(content: dict[str, Any], section: str, key: str) -> dict[str, Any]:
    """The content without one key."""
    copy = deepcopy(content)
    del copy[section][key]
    return copy


def test_trtexec_passes_are_times_on_the_device(tmp_path: Path) -> None:
    """1.2, 1.4 and 1.3 ms of computation, without the transfers that latencyMs includes."""
    setup = ForeignSetup("resnet50", 224, batch=8, precision="fp16", machine="NVIDIA L4")
    (record,) = read_trtexec(write(tmp_path, TRTEXEC), setup).records
    assert record.samples["latency_s"] == pytest.approx([0.0012, 0.0014, 0.0013])
    assert record.facts == {"latency_s": pytest.approx(0.0013)}
    assert (record.case.runtime, record.case.device, record.case.batch) == ("tensorrt", "cuda:0", 8)
    assert record.environment.machine == "imported-nvidia-l4"
    assert record.environment.hardware == {"device": "cuda", "imported": True, "gpu": "NVIDIA L4"}


def test_optimum_benchmark_names_case_and_machine(tmp_path: Path) -> None:
    (record,) = read_optimum_benchmark(write(tmp_path, OPTIMUM), ForeignSetup()).records
    case = record.case
    assert (case.model, case.resolution, case.batch, case.precision) == ("resnet50", 224, 64, "fp16")
    assert (case.runtime, case.device) == ("eager", "cuda:0")
    assert record.samples == {"latency_s": [0.11, 0.13, 0.12]}
    assert record.facts == {"latency_s": 0.12}
    assert record.environment.machine == "imported-tesla-t4"
    assert record.environment.software == {"measured by": "optimum-benchmark", "pytorch": "2.5.1"}


def test_an_optimum_report_alone_needs_the_model(tmp_path: Path) -> None:
    path = write(tmp_path, OPTIMUM["report"])
    with pytest.raises(StoreError) as refused:
        read_optimum_benchmark(path, ForeignSetup())
    assert refused.value.hint == "name them: --model resnet50@224"
    (record,) = read_optimum_benchmark(path, RESNET50).records
    assert (record.case.batch, record.case.device) == (1, "cpu")
    assert record.environment.machine.startswith("imported-unknown-")


def test_openvino_gives_the_median_and_the_rate_without_samples(tmp_path: Path) -> None:
    (record,) = read_openvino(write(tmp_path, OPENVINO), RESNET50).records
    assert record.samples == {}
    assert record.facts == {"latency_s": 0.0125, "throughput_ips": 158.21}
    assert (record.case.runtime, record.case.device, record.case.batch) == ("openvino", "cpu", 2)


def test_openvino_in_cpp_has_other_keys(tmp_path: Path) -> None:
    content: dict[str, Any] = {
        "configuration_setup": {"target_device": "GPU", "batch_size": 4, "nireq": 1},
        "execution_results": {"latency_median": 3.5, "percentile_boundary": 50, "throughput": 1100.0},
    }
    (record,) = read_openvino(write(tmp_path, content), RESNET50).records
    assert record.facts == {"latency_s": 0.0035, "throughput_ips": 1100.0}
    assert (record.case.device, record.case.batch) == ("xpu:0", 4)
    content["execution_results"]["percentile_boundary"] = 99
    with pytest.raises(StoreError, match=r"execution_results\.percentile_boundary: Input should be 50"):
        read_openvino(write(tmp_path, content), RESNET50)


def test_one_process_has_no_interval(tmp_path: Path) -> None:
    imported = read_trtexec(write(tmp_path, TRTEXEC), RESNET50)
    (row,) = analyse(plan_of(imported), imported.records).cases.to_dict("records")
    assert (row["n"], row["latency_s"]) == (1, pytest.approx(0.0013))
    assert row["latency_s_low"] != row["latency_s_low"], "NaN"


@pytest.mark.parametrize(
    ("read", "content", "message"),
    [
        (read_trtexec, "[", "Invalid JSON"),
        (read_trtexec, [], "Tuple should have at least 1 item"),
        (read_trtexec, {}, "Input should be a valid array"),
        (read_trtexec, [TRTEXEC[0], {"latencyMs": 1.0}], "[1].computeMs: Field required"),
        (read_trtexec, [{"computeMs": 0}], "[0].computeMs: Input should be greater than 0"),
        (read_optimum_benchmark, {"report": {"load": {}}}, "report.forward: Field required"),
        (read_optimum_benchmark, {"forward": {"latency": None}}, "forward.latency: Input should be"),
        (
            read_optimum_benchmark,
            {"forward": {"latency": {"unit": "ms", "values": [1.0]}}},
            "forward.latency.unit: Input should be 's'",
        ),
        (
            read_optimum_benchmark,
            {"forward": {"latency": {"unit": "s", "values": [1.0, "x"]}}},
            "forward.latency.values[1]: Input should be a valid number",
        ),
        (read_openvino, {}, "configuration_setup: Field required"),
        (read_openvino, without(OPENVINO, "execution_results", "throughput"), "execution_results.throughput: Field"),
        (
            read_openvino,
            without(OPENVINO, "execution_results", "latency (ms)"),
            "execution_results.latency (ms): Field required",
        ),
        (
            read_openvino,
            OPENVINO | {"configuration_setup": OPENVINO["configuration_setup"]
                        | {"number of parallel infer requests": "4"}},
            "configuration_setup.number of parallel infer requests: 4 requests ran at once",
        ),
    ],
)  # fmt: skip
def test_what_is_malformed_is_refused_with_file_and_key(tmp_path: Path, read: Any, content: Any, message: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(StoreError) as refused:
        read(path, RESNET50)
    assert refused.value.message.startswith(f"{path}: {message}")
