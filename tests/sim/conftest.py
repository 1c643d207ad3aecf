"""Fixtures: the simulated device in this process, and in worker processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from scalebench.execute.client import Worker
from scalebench.suite.device_kinds import plugins
from tests.sim.build import BUILD_FOLDER, CannotBuildError, build_folder, built_extension, built_nvml
from tests.sim.model import CARD_FILE, MODEL_FILE, NVML_FILE, Model

PLUGIN = Path(__file__).parent / "plugin"
ROOT = Path(__file__).parent.parent.parent
BUILDS = build_folder()
"""Read before the tests get a cache folder of their own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test waits for the build, on a busy machine for minutes."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def extension() -> Path:
    """The built extension; a test that needs it is skipped with the reason where it cannot be built."""
    os.environ[BUILD_FOLDER] = str(BUILDS)
    try:
        return built_extension()
    except CannotBuildError as reason:
        pytest.skip(f"no simulated device: {reason}")


@dataclass
class Simulator:
    """The device in this process."""

    module: Any
    model: Model

    def set(self, **changes: Any) -> None:
        """Change the model; streams are empty and the clock is at its beginning again."""
        self.model = replace(self.model, **changes)
        self.module.extension.restart()
        self.module.configure(self.model)

    @property
    def now_s(self) -> float:
        """The host's virtual clock."""
        return self.module.extension.now_ns() * 1e-9

    @property
    def kernels(self) -> int:
        """Kernels launched since the last ``set``."""
        return int(self.module.extension.kernels())


@pytest.fixture
def sim(extension: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Two devices in this process, whose host clock is virtual; afterwards there are none."""
    import torch

    from tests.sim.backend import NO_DEVICES, loaded, virtual_clock

    module = loaded()
    simulator = Simulator(module, Model())
    simulator.set()
    for index in range(simulator.model.devices):
        torch.accelerator.reset_peak_memory_stats(index)
    for name, function in virtual_clock(module).items():
        monkeypatch.setattr(time, name, function)
    yield simulator
    module.extension.restart()  # a failed device cannot be emptied
    module.configure(Model())
    module.set_device(0)
    torch.accelerator.empty_cache()
    module.configure(NO_DEVICES)


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process knows the kind, as one with the plugin on its path does."""
    monkeypatch.syspath_prepend(PLUGIN)
    plugins.cache_clear()
    yield
    plugins.cache_clear()


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of all processes that a test starts."""
    return tmp_path_factory.mktemp("sim") / "model.json"


@pytest.fixture(scope="session")
def environment(extension: Path, model_file: Path) -> dict[str, str]:
    """Variables of a process that finds the simulated device, and the fake NVML."""

    def with_path(name: str, *folders: Path) -> str:
        return os.pathsep.join(filter(None, [*map(str, folders), os.environ.get(name, "")]))

    return {
        "PYTHONPATH": with_path("PYTHONPATH", PLUGIN, ROOT),
        "LD_LIBRARY_PATH": with_path("LD_LIBRARY_PATH", built_nvml().parent),
        NVML_FILE: str(model_file.with_name("nvml")),
        MODEL_FILE: str(model_file),
        BUILD_FOLDER: str(BUILDS),
        CARD_FILE: str(model_file.with_name("cards")),
    }


@pytest.fixture
def simulate(
    environment: dict[str, str], model_file: Path, plugin: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Sets the model of the processes that start or fork from now on."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def set_model(**changes: Any) -> None:
        Model(**changes).write(model_file)

    set_model()
    return set_model


@pytest.fixture(scope="session")
def sim_server(environment: dict[str, str], model_file: Path, own_cache: None) -> Iterator[Worker]:
    """One warm server for all tests: the model is read anew after every fork."""
    Model().write(model_file)
    with Worker() as warm:
        with pytest.MonkeyPatch.context() as patch:  # only while it starts: later tests have a real clock
            for name, value in environment.items():
                patch.setenv(name, value)
            warm.run({"do": "environment", "devices": ["cpu"]}, 60)
        yield warm


@pytest.fixture
def sim_worker(sim_server: Worker, simulate: Callable[..., None]) -> Worker:
    """The warm server."""
    return sim_server


@pytest.fixture(scope="session")
def run_suite(environment: dict[str, str]) -> Callable[..., None]:
    """Runs a suite in a process of its own, as a user does."""

    def run(folder: Path, suite: str, model: Model, *options: str) -> None:
        (folder / "suite.yaml").write_text(suite)
        model.write(folder / "model.json")
        own = {**environment, MODEL_FILE: str(folder / "model.json"), CARD_FILE: str(folder / "cards")}
        done = subprocess.run(
            [sys.executable, "-m", "tests.sim.command", "run", "suite.yaml", "--no-peaks", *options],
            cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    return run


def stored_records(folder: Path, **settings: Any) -> list[dict[str, Any]]:
    """Records of the measured cases with these settings, below ``folder``."""
    lines = [line for file in folder.rglob("*.jsonl") for line in file.read_text().splitlines(keepends=True)]
    stored = [json.loads(line) for line in lines if '"kind": "record"' in line and line.endswith("\n")]
    measured = [record for record in stored if record["case"]["mode"] != "count"]
    return [r for r in measured if all(r["case"][name] == value for name, value in settings.items())]


def page_words(folder: Path, suite: str, section: str) -> str:
    """The text of a section of the suite's page, with one blank between words."""
    page = (folder / "reports" / f"{suite}.html").read_text()
    text = page.partition(f'<section id="{section}"')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())
