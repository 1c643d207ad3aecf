"""What is installed: the wheel alone, unpacked in an empty folder, away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def installed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content; built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=root, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("scalebench-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def scalebench(installed: Path, cwd: Path, *arguments: str) -> str:
    """Standard output of a command of the unpacked wheel."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "scalebench", *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=environment, check=True, capture_output=True, encoding="utf-8", timeout=120
    )
    return done.stdout


def test_every_suite_travels_in_the_wheel(root: Path, installed: Path, tmp_path: Path) -> None:
    listed = json.loads(scalebench(installed, tmp_path, "suites", "--json"))
    assert {row["suite"] for row in listed} == {file.stem for file in (root / "suites").glob("*.yaml")}
    assert all(Path(row["file"]).is_relative_to(installed) for row in listed)


def test_a_suite_is_planned_by_name_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    assert "quickstart: 2 entries" in scalebench(installed, tmp_path, "plan", "quickstart", "--no-count")


def test_a_suite_is_printed_as_it_is_in_the_checkout(root: Path, installed: Path, tmp_path: Path) -> None:
    printed = scalebench(installed, tmp_path, "suites", "quickstart")
    assert printed == (root / "suites" / "quickstart.yaml").read_text(encoding="utf-8")


def test_claims_hardware_and_types_travel_too(installed: Path, tmp_path: Path) -> None:
    assert len(json.loads(scalebench(installed, tmp_path, "claims", "--json"))) > 90
    assert json.loads(scalebench(installed, tmp_path, "hardware", "--json"))
    assert (installed / "scalebench" / "py.typed").is_file()
