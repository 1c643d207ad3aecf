"""Wall time for the twelve core models: scalebench by turns, beside timm's own benchmark script.

``python -m tests.bench.against_timm PATH/TO/benchmark.py``; the script is not part of this project. Each model at its
paper's size, batch 1, on the CPU, in five heats. The intervals are those of each model's latency over ResNet-50's;
``--separate`` also measures five rounds that have the machine to themselves, for theirs. Wanted: at most half of timm's
time, and intervals of at most a third. Nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from scalebench.analysis.decisions import PairQuestion
from scalebench.jobs.questions import MARGIN, look
from scalebench.record import Record
from scalebench.store.jsonl import read_results, result_files

RESNETS = dict.fromkeys(("resnet18", "resnet50", "resnet101", "resnet152"), 224)
EFFICIENTNETS = dict(
    zip((f"efficientnet_b{i}" for i in range(8)), (224, 240, 260, 300, 380, 456, 528, 600), strict=True)
)
MODELS = {**RESNETS, **EFFICIENTNETS}
BASE = "resnet50"
BY_TURNS = "{rounds: 5}"
ALONE = "{rounds: 5, turns: 0, warmup_s: 0.3, warmup_max_s: 3.0, chunk_s: 0.4, chunk_max_s: 2.0, min_iterations: 6}"
SUITE = """\
schema: 1
name: core
models:
  - timm: [resnet18, resnet50, resnet101, resnet152]
    resolution: [224]
  - family: efficientnet
    at: native
protocol: """


def ours(folder: Path, protocol: str) -> float:
    """Seconds of ``scalebench run``, its start, its counting and its report included."""
    folder.mkdir()
    suite = folder / "core.yaml"
    suite.write_text(f"{SUITE}{protocol}\n", encoding="utf-8")
    where = ["--results", str(folder / "results"), "--reports", str(folder / "reports")]
    start = time.monotonic()
    subprocess.run([sys.executable, "-m", "scalebench", "run", str(suite), *where], check=True)
    return time.monotonic() - start


def half_width(folder: Path) -> float:
    """Median over the models of half the interval of latency over that of ``BASE``."""
    records: dict[str, list[Record]] = {}
    for record in read_results(result_files([folder / "results"])).records:
        if record.case.mode == "inference":
            records.setdefault(record.case.key, []).append(record)
    cases = [own[-1].case for own in records.values()]
    base = next(case for case in cases if case.model == BASE)
    estimates = look([PairQuestion(case, base, MARGIN) for case in cases if case != base], records)
    return median(estimate.half_width for _, estimate in estimates.values())


def theirs(script: Path, model: str, side: int) -> float:
    """Seconds of timm's script with its own warm-up and iterations."""
    options = ["--bench", "inference", "--device", "cpu", "--batch-size", "1", "--img-size", str(side)]
    start = time.monotonic()
    subprocess.run([sys.executable, str(script), "--model", model, *options], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def main() -> None:
    """Print the times, their ratio and the widths of the intervals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("script", type=Path)
    parser.add_argument("--separate", action="store_true", help="also measure rounds alone, for their intervals")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        seconds = ours(folder / "turns", BY_TURNS)
        lines = [f"by turns: {seconds:.0f} s, ratios known to {half_width(folder / 'turns'):.1%}"]
        if arguments.separate:
            alone = ours(folder / "alone", ALONE)
            lines.append(f"separate rounds: {alone:.0f} s, ratios known to {half_width(folder / 'alone'):.1%}")
    each = {model: theirs(arguments.script, model, side) for model, side in MODELS.items()}
    total = sum(each.values())
    print("; ".join(f"{model} {s:.0f} s" for model, s in each.items()))
    print(*lines, f"timm's script: {total:.0f} s; by turns over it: {seconds / total:.2f}", sep="\n")


if __name__ == "__main__":
    main()
