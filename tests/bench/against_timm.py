"""Wall time for the twelve core models: scalebench with five rounds each, beside timm's own benchmark script.

``python tests/bench/against_timm.py PATH/TO/benchmark.py``; the script is not part of this project. Each model at its
paper's size, batch 1, on the CPU. Nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESNETS = dict.fromkeys(("resnet18", "resnet50", "resnet101", "resnet152"), 224)
EFFICIENTNETS = dict(
    zip((f"efficientnet_b{i}" for i in range(8)), (224, 240, 260, 300, 380, 456, 528, 600), strict=True)
)
MODELS = {**RESNETS, **EFFICIENTNETS}
SUITE = """\
schema: 1
name: core
models:
  - timm: [resnet18, resnet50, resnet101, resnet152]
    resolution: [224]
  - family: efficientnet
    at: native
protocol: {rounds: 5, warmup_s: 0.3, warmup_max_s: 3.0, chunk_s: 0.4, chunk_max_s: 2.0, min_iterations: 6}
"""


def ours(folder: Path) -> float:
    """Seconds of ``scalebench run``, its start, its counting and its report included."""
    suite = folder / "core.yaml"
    suite.write_text(SUITE, encoding="utf-8")
    where = ["--results", str(folder / "results"), "--reports", str(folder / "reports")]
    start = time.monotonic()
    subprocess.run([sys.executable, "-m", "scalebench", "run", str(suite), *where], check=True)
    return time.monotonic() - start


def theirs(script: Path, model: str, side: int) -> float:
    """Seconds of timm's script with its own warm-up and iterations."""
    options = ["--bench", "inference", "--device", "cpu", "--batch-size", "1", "--img-size", str(side)]
    start = time.monotonic()
    subprocess.run([sys.executable, str(script), "--model", model, *options], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def main() -> None:
    """Print both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("script", type=Path)
    script = parser.parse_args().script
    with tempfile.TemporaryDirectory() as temporary:
        mine = ours(Path(temporary))
    each = {model: theirs(script, model, side) for model, side in MODELS.items()}
    print("; ".join(f"{model} {seconds:.0f} s" for model, seconds in each.items()))
    total = sum(each.values())
    print(
        f"12 models: scalebench {mine:.0f} s with 5 rounds each, timm's script {total:.0f} s; ratio {mine / total:.2f}"
    )


if __name__ == "__main__":
    main()
