"""The table of kinds: what each device is called, offers, and needs; and kinds that a plugin adds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scalebench.suite.case import Case, configuration_text
from scalebench.suite.device_kinds import CPU, CUDA, KINDS, MPS, ROCM, XPU, index_of, kind_of, known_kind, plugins
from scalebench.suite.load import load_suite
from scalebench.suite.refusals import unoffered

ENTRY = "[scalebench.device_kinds]\nabacus = abacus_kind:ABACUS\n"
MODULE = """from scalebench.suite.device_kinds import DeviceKind
ABACUS = DeviceKind("abacus", "abacus", {"eager": frozenset({"fp32"})}, fork=False)
"""


@pytest.fixture
def abacus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that adds a kind."""
    (tmp_path / "abacus_kind.py").write_text(MODULE, encoding="utf-8")
    folder = tmp_path / "abacus-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: abacus\nVersion: 1.0\n", encoding="utf-8")
    (folder / "entry_points.txt").write_text(ENTRY, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    plugins.cache_clear()
    yield
    plugins.cache_clear()
    sys.modules.pop("abacus_kind", None)


@pytest.mark.parametrize(
    ("device", "kind", "index"),
    [
        ("cpu", CPU, 0),
        ("cuda", CUDA, 0),
        ("cuda:1", CUDA, 1),
        ("xpu:12", XPU, 12),
        ("mps:0", MPS, 0),
        ("rocm", ROCM, 0),
    ],
)
def test_a_device_has_a_kind_and_a_number(device: str, kind: object, index: int) -> None:
    assert (kind_of(device), index_of(device)) == (kind, index)


def test_a_device_is_named_as_torch_names_it() -> None:
    """AMD's devices are torch's ``cuda``; the host has no number."""
    assert [kind.device(1) for kind in KINDS.values()] == ["cpu", "cuda:1", "cuda:1", "xpu:1", "mps:1"]


def test_only_the_host_counts_threads_and_takes_turns() -> None:
    """A GPU of any maker works alone, and threads of the host do not name its configuration."""
    devices = ("cpu", "cuda:0", "xpu:0", "mps:0", "abacus:0", "meta")
    assert [Case("a", 64, device=device).by_turns for device in devices] == [True] + 5 * [False]
    texts = [configuration_text({"device": device, "threads": 4}) for device in devices]
    assert texts == ["cpu, 4 threads", "cuda:0", "xpu:0", "mps:0", "abacus:0", "meta"]


def test_targets_and_warm_up_are_those_of_a_gpu_on_every_gpu() -> None:
    """The half-width that is asked for, and the least warm-up: 1 % and 2 s, on the host 3 % and 1 s."""
    protocol = Case("a", 64).protocol
    assert [protocol.target_on(device) for device in ("cpu", "cuda:1", "xpu:0", "mps:0")] == [0.03, 0.01, 0.01, 0.01]
    assert [protocol.least_warmup_s(device) for device in ("cpu", "cuda:1", "xpu:0", "mps:0")] == [1, 2, 2, 2]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"device": "xpu:0", "precision": "bf16"}, None),
        ({"device": "xpu:0", "precision": "tf32"}, "eager offers no tf32 on xpu"),
        ({"device": "mps:0", "runtime": "compile"}, "compile does not run on mps"),
        ({"device": "mps:0", "runtime": "cuda_graph"}, "cuda_graph does not run on mps"),
        ({"device": "abacus:0"}, "eager does not run on abacus"),
        ({"device": "cuda:0", "cudnn_benchmark": True}, None),
        ({"device": "cpu", "cudnn_benchmark": True}, "cpu has no cuDNN"),
        ({"device": "cuda:0", "cache": "cold", "instances": 2}, "a cold cache is offered for whole models"),
    ],
)
def test_what_a_kind_does_not_offer_is_refused(change: dict[str, object], reason: str | None) -> None:
    found = unoffered(replace(Case("resnet18", 64), **change))  # type: ignore[arg-type]
    assert found is None if reason is None else found is not None and found.startswith(reason)


def test_keys_of_records_on_the_cpu_and_on_nvidia_are_as_ever() -> None:
    """Records of 0.1 keep their case: literal keys from before the table of kinds."""
    keys = [Case("resnet50", 224, device=device).case_key for device in ("cpu", "cuda:0")]
    assert keys == ["58f9568553e7", "fe9c5887f15b"]


def test_controls_are_cases_of_their_own() -> None:
    """Autotuned convolutions and a cold cache are not pooled with the usual; a cold cache cannot take turns."""
    usual = Case("resnet50", 224)
    controls = [replace(usual, cudnn_benchmark=True), replace(usual, cache="cold")]
    assert len({case.case_key for case in (usual, *controls)}) == 3
    assert [case.setting for case in controls] == ["cuDNN autotuned", "cold cache"]
    assert [case.by_turns for case in controls] == [True, False]


def test_a_kind_of_another_package_is_known_where_it_is_installed(abacus: None, tmp_path: Path) -> None:
    """An entry point is enough: suites may name it, and its traits are the package's own."""
    kind = known_kind("abacus")
    assert kind is not None
    assert (kind.fork, unoffered(Case("resnet18", 64, device="abacus:0"))) == (False, None)
    suite = tmp_path / "beads.yaml"
    text = "schema: 1\nname: beads\nmodels:\n  - timm: [resnet18]\ngrid:\n  device: ['abacus:1']\n"
    suite.write_text(text, encoding="utf-8")
    assert load_suite(suite).suite.grid.device == ["abacus:1"]


def test_a_record_of_an_unknown_kind_is_still_read() -> None:
    """It was measured elsewhere; here nothing offers it."""
    assert (kind_of("abacus:3").name, known_kind("abacus"), known_kind("meta")) == ("abacus", None, None)
