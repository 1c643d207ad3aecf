"""Records -> tidy table: one row per record, failed ones included."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from functools import lru_cache
from statistics import fmean
from typing import Any

import pandas as pd

from scalebench.machine.watched import watches_of
from scalebench.metrics import COUNTED, MEASURED, STRUCTURE
from scalebench.record import Record
from scalebench.store.jsonl import finite
from scalebench.suite.case import COUNT, KEY_AXES, Case

CASE_COLUMNS = ("model", "resolution", *KEY_AXES, "setting", "instances", "camera")
EXACTNESS = ("relative_error", "top1_agreement")
"""Facts of a verification."""
MAKING = ("prepare_s", "load_s")
"""Seconds before the first pass: exporting or compiling once, and loading the result."""
PREPARING = ("decode_s", "resize_s", "normalise_s", "jpeg_bytes_per_pixel")
"""Facts of an input case: seconds per image of each step, and the compressed size."""
_DELIVERED = (*MEASURED, *EXACTNESS, *MAKING, *PREPARING)


def counts_frame(records: Iterable[Record]) -> pd.DataFrame:
    """Counted facts: one row per model and resolution, columns ``model, resolution, macs, params, ...``.

    Several counts of a model are merged, the newest value of each fact: one suite counts its static memory, another its
    blocks only. ``error`` is set where no count succeeded. ``imported`` marks numbers of a published table,
    which rounds them and has other counting rules.
    """
    counted = [record for record in records if record.case.mode == COUNT]
    by_model: dict[tuple[str, int], dict[str, Any]] = {}
    # A failed count replaces no number, and an imported one none that was counted.
    for record in sorted(counted, key=lambda record: (record.error is None, not record.environment.imported)):
        row = by_model.setdefault((record.case.model, record.case.resolution), {})
        row |= {name: value for name, value in record.facts.items() if value is not None}
        row |= {"error": (record.error or {}).get("message"), "imported": record.environment.imported}
    rows = [{"model": model, "resolution": resolution, **row} for (model, resolution), row in by_model.items()]
    columns = ["model", "resolution", "error", "imported", "uncounted", "work", "structure", *STRUCTURE, *COUNTED]
    return compact(pd.DataFrame(rows, columns=pd.Index(columns)))


def counted_here(counts: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``counts_frame`` that scalebench counted: the basis of claims and recounts."""
    return counts[~counts["imported"].astype(bool)] if "imported" in counts else counts


def compact(frame: pd.DataFrame) -> pd.DataFrame:
    """Same frame with one array for all columns of a type, text as objects: rows are taken from few arrays."""
    return frame.astype({name: object for name, kind in frame.dtypes.items() if kind == "str"}).copy()


def rounds_frame(records: Iterable[Record]) -> pd.DataFrame:
    """Measured rounds: one row per record with case, machine, outcome, notes, metrics and counted facts.

    ``case`` is the case's key; ``laps`` holds the timed iterations in seconds, ``turns`` the number of the turn of each
    in the heat named by ``heat``, both empty where the round was measured alone, ``retaken`` how often a turn was made
    again, ``canary_s`` the mean of the canary before and after the laps, ``watched`` and ``unwatched`` the checks that
    ran and that did not; a metric that a round did not measure is NaN.
    """
    records = list(records)
    rows = [_row(record) for record in records if record.case.mode != COUNT]
    columns = [
        "case", *CASE_COLUMNS, "protocol", "base", "depth", "width", "machine", "hw_key", "sw_key", "round", "outcome",
        "ending", "why", "notes", "wall_s", "laps", "canary_s", "watched", "unwatched",
        "heat", "turns", "retaken", "process_bytes", *_DELIVERED,
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=pd.Index(columns))
    numbers = ["process_bytes", *_DELIVERED]
    frame[numbers] = frame[numbers].astype(float)
    unwanted = ["error", "imported", "uncounted", "work", "structure", *STRUCTURE[1:]]
    return frame.merge(counts_frame(records).drop(columns=unwanted), on=["model", "resolution"], how="left")


def protocol_text(case: Case) -> str:
    """How a case is timed: the value of the column ``protocol``."""
    return json.dumps(case.method, sort_keys=True)


def _row(record: Record) -> dict[str, Any]:
    watched, unwatched = watches_of(record)
    return {
        **_case_row(record.case),
        "machine": record.environment.machine,
        "hw_key": record.environment.hw_key,
        "sw_key": record.environment.sw_key,
        "round": record.round,
        "outcome": record.outcome,
        "ending": record.ending or record.outcome,
        "why": (record.error or {}).get("message", ""),
        "notes": record.notes,
        "wall_s": record.wall_s,
        "laps": tuple(record.samples.get("latency_s", ())),
        "canary_s": _canary(record),
        "watched": watched,
        "unwatched": unwatched,
        "heat": record.heat,
        "turns": record.turns,
        "retaken": record.telemetry.get("retaken", 0),
        "process_bytes": record.facts.get("process_bytes"),
        **{name: record.facts[name] for name in _DELIVERED if finite(record.facts.get(name))},
    }


@lru_cache(maxsize=1 << 16)  # several rounds are of one case
def _case_row(case: Case) -> dict[str, Any]:
    return {
        "case": case.key,
        **{name: getattr(case, name) for name in CASE_COLUMNS},
        "protocol": protocol_text(case),
        "base": case.variant.unscaled,
        "depth": case.variant.depth,
        "width": case.variant.width,
    }


def _canary(record: Record) -> float:
    times = [reading["matmul_s"] for reading in record.telemetry.get("canary", {}).values()]
    return fmean(times) if times else math.nan
