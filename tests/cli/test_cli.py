"""Whole commands as a user types them, on real small models."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TINY = Path(__file__).parent.parent / "fixtures" / "tiny.yaml"


RUN = ("run", str(TINY), "--no-peaks")
"""Peaks take ten seconds and are tested by themselves."""
Run = Callable[..., Any]


def in_a_process(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "scalebench", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The tiny suite, run once."""
    folder = tmp_path_factory.mktemp("run")
    return folder, in_a_process(*RUN, cwd=folder)


def records(folder: Path) -> list[dict[str, Any]]:
    """Measured records, without a line that is being written just now."""
    whole = [line for file in sorted(folder.rglob("*.jsonl")) for line in file.read_text().split("\n")[:-1]]
    lines = [json.loads(line) for line in whole]
    return [line for line in lines if line["kind"] == "record" and line["case"]["mode"] != "count"]


def assert_each_case_has_its_rounds(found: list[dict[str, Any]]) -> None:
    """Two rounds of each of five cases; the one that stands in every heat may have more."""
    assert {r["outcome"] for r in found} == {"ok"}
    rounds = sorted(Counter(record["key"] for record in found).values())
    assert rounds[:4] == [2] * 4
    assert len(rounds) == 5
    assert rounds[4] <= len({record["heat"] for record in found})


def test_a_run_measures_reports_and_ends_with_the_page(finished: tuple[Path, Any]) -> None:
    folder, done = finished
    assert done.returncode == 0, done.stderr
    assert "5 cases measured" in done.stdout
    assert len(done.stdout.splitlines()) <= 15
    assert done.stdout.rstrip().endswith("report: reports/tiny.html")
    page = (folder / "reports" / "tiny.html").read_text()
    assert "SB-02" in page
    found = records(folder)
    assert_each_case_has_its_rounds(found)


def test_every_record_names_no_host(finished: tuple[Path, Any]) -> None:
    folder, _ = finished
    text = "".join(file.read_text() for file in folder.rglob("*.jsonl"))
    assert os.uname().nodename not in text
    assert str(folder) not in text


def test_the_report_json_keeps_its_contract(finished: tuple[Path, Any]) -> None:
    folder, _ = finished
    document = json.loads((folder / "reports" / "tiny.json").read_text())
    assert {"suite", "machines", "verdicts", "fits", "problems"} <= document.keys()
    wanted = {"claim", "verdict", "effect", "low", "high", "n", "machine", "why"}
    assert all(wanted <= verdict.keys() for verdict in document["verdicts"])
    assert {v["claim"]: v["verdict"] for v in document["verdicts"]}["EN-02"] == "supported"


def test_a_second_run_measures_nothing(finished: tuple[Path, Any], scalebench: Run) -> None:
    folder, first = finished
    before = {file: file.read_bytes() for file in folder.rglob("*.jsonl")}
    page = folder / "reports" / "tiny.html"
    written = page.stat().st_mtime_ns
    again = scalebench(*RUN, cwd=folder)
    assert again.returncode == 0
    assert {file: file.read_bytes() for file in folder.rglob("*.jsonl")} == before
    assert page.stat().st_mtime_ns == written, "the page is what these records give"
    assert again.stdout == first.stdout
    page.unlink()
    assert scalebench(*RUN, "--no-js", cwd=folder).returncode == 0
    assert "<script" not in page.read_text()


def test_json_goes_to_stdout_alone_and_a_report_needs_no_torch(finished: tuple[Path, Any]) -> None:
    folder, _ = finished
    code = (
        "import sys; from scalebench.cli import app; app(['report', 'results/tiny', '--json'], standalone_mode=False);"
        "sys.exit('torch' in sys.modules or 'timm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0
    assert json.loads(done.stdout)["suite"] == "tiny"


def test_a_run_stopped_in_the_middle_goes_on(tmp_path: Path, scalebench: Run) -> None:
    """Whatever is stored when it stops is kept; the next run makes only the rest. For SIGKILL see test_faults_run."""
    # A shell in the background leaves SIGINT ignored in its children; at a terminal it is not.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        f"from scalebench.cli import main; sys.argv[1:] = ['run', {str(TINY)!r}, '--no-peaks']; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    while len(records(tmp_path)) < 3 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    kept = records(tmp_path)
    assert len(kept) >= 3
    assert process.returncode == 130
    assert "cases are open: scalebench run" in said
    again = scalebench(*RUN)
    assert again.returncode == 0, again.stderr
    found = records(tmp_path)
    assert [r for r in found if r in kept] == kept
    assert_each_case_has_its_rounds(found)


def test_a_full_disk_stops_with_a_hint(tmp_path: Path) -> None:
    """Result files are limited to 20 kB: the record that does not fit is refused whole, the rest stay readable."""
    limited = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        f"from scalebench.cli import main; import sys; sys.argv[1:] = ['run', {str(TINY)!r}, '--no-peaks']; main()"
    )
    done = subprocess.run([sys.executable, "-c", limited], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "hint: every earlier record is safe" in done.stderr
    assert all(file.read_bytes().endswith(b"\n") for file in tmp_path.rglob("*.jsonl"))


def test_plan_shows_groups_with_residuals(
    finished: tuple[Path, Any], scalebench: Run, golden: Callable[[str, Any], None]
) -> None:
    folder, _ = finished
    document = json.loads(scalebench("plan", TINY, "--json", cwd=folder).stdout)
    assert document["estimate"]["seconds"] > 0
    for group in document["groups"]:
        assert all(abs(member["residual"]) <= group["tolerance"] for member in group["members"])
    golden("plan_tiny", {key: document[key] for key in ("suite", "cases", "groups", "rounds", "merged", "claims")})


def test_verdicts_on_paper_are_golden(finished: tuple[Path, Any], golden: Callable[[str, Any], None]) -> None:
    folder, _ = finished
    document = json.loads((folder / "reports" / "tiny.json").read_text())
    golden("verdicts_tiny", [v for v in document["verdicts"] if v["machine"] == "on paper"])


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("timm: [resnet18,", "timm: [resnet81,"), 7, "did you mean 'resnet18'"),
        (("resolution: [64]\n  - scale", "resolution: [8]\n  - scale"), 8, "too small"),
        (
            (
                "width, resolution, compound]\n    target: [2]",
                "resolution]\n    target: [2.01]\n    tolerance: 0.0001 #",
            ),
            11,
            "no rounding reaches",
        ),
        (("claims: [EN-02,", "claims: [EN-99,"), 16, "unknown claim 'EN-99'"),
        (("threads: [1]}", "threads: [1], device: [cuda:7]}"), 14, "has no NVIDIA GPU"),
        (("grid:", "gird:"), 14, "did you mean 'grid'"),
    ],
)
def test_bad_suites_are_refused_before_anything_is_measured(
    change: tuple[str, str], line: int, said: str, tmp_path: Path, scalebench: Run
) -> None:
    text = TINY.read_text().replace("    tolerance: 0.05\n", "") if "tolerance" in change[1] else TINY.read_text()
    assert change[0] in text
    bad = tmp_path / "bad.yaml"
    bad.write_text(text.replace(*change))
    done = scalebench("run", bad)
    assert done.returncode == 2
    assert said in done.stderr
    assert f"bad.yaml:{line}:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_a_missing_file_names_a_near_one(tmp_path: Path, scalebench: Run) -> None:
    (tmp_path / "suite.yaml").write_text("")
    done = scalebench("run", "siute.yaml")
    assert done.returncode == 2
    assert "no such file" in done.stderr
    assert "suite.yaml" in done.stderr
