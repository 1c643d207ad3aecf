"""The simulated device is built once, by one process, and its tests are skipped with a reason where it cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.sim import build


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of builds."""
    monkeypatch.setenv(build.BUILD_FOLDER, str(tmp_path / "builds"))
    return tmp_path / "builds"


def test_without_a_compiler_it_cannot_be_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(build.CannotBuildError, match=r"there is no c\+\+"):
        build.built_extension()
    with pytest.raises(build.CannotBuildError, match="there is no cc"):
        build.built_nvml()


def test_its_tests_are_skipped_with_the_reason(tmp_path: Path, root: Path) -> None:
    """As pytest prints it."""
    environment = {**os.environ, "PATH": str(tmp_path), "CXX": "no-compiler"}
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests/sim/test_timeline.py"]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "no simulated device: there is no no-compiler" in done.stdout
    assert " passed" not in done.stdout


def test_of_two_that_want_it_at_once_one_builds(tmp_path: Path) -> None:
    source, builds = tmp_path / "source.c", []
    source.write_text("int one;")

    def compile_into(target: Path) -> None:
        builds.append(target)
        (target / "half").write_text("not finished")
        time.sleep(0.2)
        (target / "library").write_text("finished")

    def want(_: int) -> str:
        return build._built("test", [source], [], "library", compile_into).read_text()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(want, range(2))) == ["finished", "finished"]
    assert len(builds) == 1
    source.write_text("int two;")
    assert want(0) == "finished"
    assert len(builds) == 2, "another source is another build"


def test_a_build_that_was_broken_off_is_begun_again(tmp_path: Path) -> None:
    source = tmp_path / "source.c"
    source.write_text("int one;")

    def broken_off(target: Path) -> None:
        (target / "library").write_text("half")
        raise RuntimeError("the build failed")

    with pytest.raises(RuntimeError):
        build._built("test", [source], [], "library", broken_off)
    path = build._built("test", [source], [], "library", lambda target: (target / "library").write_text("whole"))
    assert path.read_text() == "whole"
