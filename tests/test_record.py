import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.errors import StoreError
from scalebench.record import OUTCOMES, SCHEMA, UPGRADES, Environment, Record, record_from_json
from scalebench.suite.case import Case
from scalebench.suite.protocol import PROTOCOLS

RECORD = Record(
    suite="a_suite",
    case=Case("resnet50[d=2]", 224, 8, protocol=PROTOCOLS["quick"]),
    round=2,
    outcome="ok",
    started="2026-11-23T22:00:00+00:00",
    environment=Environment("xeon-abc123", "aaaaaaaaaaaa", "bbbbbbbbbbbb", {"cores": 4}, {"torch": "2.9.0"}),
    samples={"latency_s": [0.1, 0.10000000000000002]},
    facts={"latency_s": 0.1, "memory_bytes": None},
    notes=("warmup_unsettled",),
    wall_s=3.25,
)
FAILED = replace(RECORD, outcome="oom", samples={}, facts={}, error={"type": "OutOfMemory", "message": "no room"})


def _stored(record: Record) -> dict[str, Any]:
    return json.loads(json.dumps(record.to_json()))  # type: ignore[no-any-return]


@pytest.mark.parametrize("record", [RECORD, FAILED], ids=["ok", "oom"])
def test_a_record_survives_json(record: Record) -> None:
    """Through JSON and back, a record is the same, however it ended."""
    assert record_from_json(_stored(record)) == record


@given(
    samples=st.lists(st.floats(min_value=0, allow_nan=False, allow_infinity=False), max_size=5),
    notes=st.lists(st.text(), max_size=3),
    outcome=st.sampled_from(OUTCOMES),
)
def test_samples_survive_unrounded(samples: list[float], notes: list[str], outcome: Any) -> None:
    """Samples come back bit for bit, and notes character for character."""
    record = replace(RECORD, samples={"latency_s": samples}, notes=tuple(notes), outcome=outcome)
    assert record_from_json(_stored(record)) == record


def test_a_stored_line_names_its_kind_schema_and_case() -> None:
    """A line can be understood, and found by its case, without this version of the program."""
    stored = _stored(RECORD)
    assert stored["kind"] == "record"
    assert stored["schema"] == SCHEMA
    assert stored["key"] == RECORD.case.key
    assert stored["case"]["model"] == "resnet50[d=2]"
    assert stored["case"]["protocol"]["rounds"] == 3


def test_reading_leaves_the_line_as_it_was() -> None:
    """Upgrading works on a copy."""
    stored = _stored(RECORD)
    before = json.dumps(stored)
    record_from_json(stored)
    assert json.dumps(stored) == before


@pytest.mark.parametrize("schema", [0, SCHEMA + 1, 999, -1, None, "1", 1.0, [1]])
def test_an_unknown_schema_is_refused(schema: object) -> None:
    """A line of another format is not guessed at; the formats that can be read are named."""
    with pytest.raises(StoreError) as caught:
        record_from_json({**_stored(RECORD), "schema": schema})
    assert repr(schema) in caught.value.message
    assert caught.value.hint == f"it reads schema 1 to {SCHEMA}"


def test_every_older_schema_has_its_step() -> None:
    """From each older format there is a step to the next."""
    assert set(UPGRADES) == set(range(1, SCHEMA))


def test_an_unknown_outcome_is_refused() -> None:
    """A record cannot end in a way that nobody has named, neither when made nor when read."""
    with pytest.raises(ValueError, match="unknown outcome 'meh'"):
        replace(RECORD, outcome="meh")  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="unknown outcome 'meh'"):
        record_from_json({**_stored(RECORD), "outcome": "meh"})


@pytest.mark.parametrize("missing", ["suite", "case", "round", "outcome", "environment", "samples", "notes", "error"])
def test_a_line_without_a_field_is_refused(missing: str) -> None:
    """A line that lacks a field is no record, and the field is named."""
    stored = _stored(RECORD)
    del stored[missing]
    with pytest.raises(StoreError, match=f"not a record: KeyError '{missing}'"):
        record_from_json(stored)


@pytest.mark.parametrize(
    "change",
    [
        {"environment": {"machine": "x"}}, {"environment": None}, {"case": None}, {"case": {}}, {"notes": None},
        {"environment": {"machine": "x", "hw_key": "a", "sw_key": "b", "user": "me"}},
    ],
    ids=str,
)  # fmt: skip
def test_a_line_of_another_shape_is_refused(change: dict[str, object]) -> None:
    """Whatever is wrong inside a line becomes a message, never a traceback."""
    with pytest.raises(StoreError, match="not a record"):
        record_from_json({**_stored(RECORD), **change})


def test_memory_of_schema_1_loses_the_two_spare_inputs() -> None:
    """Schema 1 kept three inputs resident; two of them, 4 bytes an element, are taken out on reading."""
    facts = {"memory_bytes": 50_000_000, "latency_s": 0.1}
    old = Record("s", Case("resnet18", 64, batch=2), 0, "ok", "", Environment("m", "h", "s"), facts=facts).to_json()
    found = record_from_json({**old, "schema": 1})
    assert found.facts == {"memory_bytes": 50_000_000 - 2 * 2 * 3 * 64 * 64 * 4, "latency_s": 0.1}
    assert record_from_json(old).facts == facts
    counted = {**old, "schema": 1, "facts": {"macs": 1}}
    assert record_from_json(counted).facts == {"macs": 1}
