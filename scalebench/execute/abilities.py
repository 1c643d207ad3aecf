"""Peaks of a machine: measured by the worker once a week, else read from disk; and its current noise."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from scalebench.errors import WorkerError
from scalebench.execute.client import Ending, Worker
from scalebench.machine.ability import Ability, Peak, ability_from_json
from scalebench.record import Environment
from scalebench.suite.device_kinds import kind_of
from scalebench.userdirs import cache_folder, write_cache

MAX_AGE_DAYS = 7.0
STEADY = 0.10
"""Peaks are used but not stored where the canary varied more meanwhile, or threads waited for a core."""
_TIMEOUT_S = 300.0


def abilities(
    worker: Worker,
    environment: Environment,
    device: str,
    threads: int,
    folder: Path | None = None,
    max_age_days: float = MAX_AGE_DAYS,
    timeout_s: float = _TIMEOUT_S,
) -> Ability:
    """Peaks of a device: from disk, or measured now, which takes 10 to 30 s.

    The caller holds the machine's lock.

    Args:
        worker: measures; forks, or starts afresh where the device needs it.
        environment: the machine, as the worker described it for this device.
        device: as in ``Case``.
        threads: on the CPU.
        folder: where abilities are stored; default the user's cache folder.
        max_age_days: older ones are measured again.
        timeout_s: measuring that takes longer is ended, seconds.

    Raises:
        WorkerError: the worker ended before it answered.
    """
    stored = kept(environment, device, threads, folder, max_age_days)
    if stored is not None:
        return stored
    started = _now()
    job = {"do": "peaks", "device": device, "threads": threads, "cap_s": kind_of(device).peaks_s}
    answers = _answers(worker.run(job, timeout_s), "peaks")
    ability = _ability(answers, environment, device, threads, started.isoformat(timespec="seconds"))
    if _undisturbed(ability):
        write_cache(_file(environment, device, threads, folder), json.dumps(asdict(ability)))
    return ability


def _undisturbed(ability: Ability) -> bool:
    contended = any(peak.contended for peaks in (ability.matmul, ability.bandwidth) for peak in peaks.values())
    return not contended and ability.canary_cv is not None and ability.canary_cv <= STEADY


def kept(
    environment: Environment,
    device: str,
    threads: int,
    folder: Path | None = None,
    max_age_days: float = MAX_AGE_DAYS,
) -> Ability | None:
    """Stored peaks of a device, arguments as for ``abilities``; None where there are none or only old ones."""
    try:
        content = json.loads(_file(environment, device, threads, folder).read_text(encoding="utf-8"))
        ability = ability_from_json(content)
        age = _now() - datetime.fromisoformat(ability.started)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    # A clock that was set back must not keep an ability valid for ever.
    return ability if timedelta() <= age <= timedelta(days=max_age_days) else None


def canary_series(
    worker: Worker,
    device: str,
    threads: int,
    blocks: int = 20,
    block_s: float = 0.25,
    on_block: Callable[[int, Any], None] = lambda _index, _seconds: None,
) -> list[float]:
    """Time a fixed matrix product block after block.

    Args:
        worker: as for ``abilities``.
        device, threads: where to measure.
        blocks: number of blocks.
        block_s: seconds of matrix products in each.
        on_block: called with (index, seconds) of each block.

    Returns: median seconds per product, one per block.

    Raises:
        WorkerError: the worker ended before it answered.
    """
    job = {"do": "canary", "device": device, "threads": threads, "blocks": blocks, "block_s": block_s}
    return [float(seconds) for seconds in _answers(worker.run(job, _TIMEOUT_S, on_block), "canary")]


def variation(values: Sequence[float]) -> float | None:
    """Coefficient of variation; None for fewer than two values."""
    return stdev(values) / fmean(values) if len(values) > 1 else None


def _answers(ending: Ending, what: str) -> list[Any]:
    if ending.error is not None or ending.timed_out or ending.exit != 0 or not ending.answers:
        raise WorkerError(f"measuring {what} ended early: {ending.reason}", "is enough memory free?")
    return [ending.answers[index] for index in sorted(ending.answers)]


def _ability(answers: Sequence[Any], environment: Environment, device: str, threads: int, started: str) -> Ability:
    """An ability from the answers of ``worker._peaks``: the last-level cache first, then one per peak."""
    first, *rest = answers
    peaks: dict[str, dict[str, Peak]] = {"matmul": {}, "bandwidth": {}}
    for answer in rest:
        peaks[answer["kind"]][answer["name"]] = Peak(**answer["peak"])
    return Ability(
        environment.machine,
        environment.hw_key,
        environment.sw_key,
        device,
        threads,
        started,
        **peaks,
        llc_bytes=first["llc_bytes"],
        canary_cv=variation([answer["canary_s"] for answer in rest]),
    )


def _file(environment: Environment, device: str, threads: int, folder: Path | None) -> Path:
    folder = folder or cache_folder("peaks")
    return folder / f"{environment.hw_key}-{environment.sw_key}-{device.replace(':', '')}-{threads}.json"


def _now() -> datetime:
    return datetime.now(timezone.utc)
