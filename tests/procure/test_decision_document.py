"""decision.json: its numbers are those of the worked examples of docs/procurement.md, worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scalebench.procure.decision_document import build_document
from scalebench.procure.outcome import weigh
from scalebench.procure.serving import Refusal
from scalebench.report.write_report import strict
from tests.procure.literal_plan import CAPACITY, box, buy, capacity, plan, rent


def ranged(value: float, low: float, high: float, unit: str) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "unit": unit, "source": "a quote", "date": "2026-07-01"}


@pytest.fixture
def document(tmp_path: Path) -> Any:
    """Three nodes, five offers, as JSON and back."""
    offers = [
        buy(capex=ranged(24000, 20000, 30000, "currency"), life_years=ranged(4, 3, 6, "years")),
        rent(per_hour=ranged(1.1, 1.0, 1.3, "currency/h")),
        rent("elastic", "large", per_hour=15.0, scaling="elastic", min_nodes=2),
        buy("gone", quote={"vendor": "x", "date": "2026-05-01", "valid_until": "2026-06-01"}),
        rent("weak", "weak"),
    ]
    nodes = [box(), box("large", idle_w=300, load_w=900), box("weak")]
    purchase = plan(offers, nodes, pue={"value": 1.5, "low": 1.1, "high": 1.8, "unit": ""},
                mean_images_per_s=ranged(875, 500, 1250, "img/s"))  # fmt: skip
    drawn = tuple(CAPACITY * (0.9 + 0.2 * k / 1999) for k in range(2000))
    serving = [capacity(draws=drawn), capacity(ips=300.0, model="resnet101", draws=(300.0,) * 2000),
               capacity("large", 2000.0, draws=(2000.0,) * 2000)]  # fmt: skip
    setup = serving[0].setup
    outcome = weigh(purchase, serving, [Refusal("weak", setup, "slo", "72 ms against 60 ms")], lambda _: serving)
    file = tmp_path / "plan.yaml"
    file.write_text("schema: scalebench.procure/1\n", encoding="utf-8")
    return json.loads(json.dumps(strict(build_document(outcome, {"plan.yaml": file}, "1"))))


# Of the two offers of node box (worked examples 5 and 6): 2,500 / (842.105 x 0.6) = 4.95, so 5 nodes and one that may
# fail, and 875 x 31.536 = 27,594 million images a year.


def test_the_ranking_has_the_costs_of_the_worked_examples(document: Any) -> None:
    per_million = {e["offer"]: e["numbers"]["per_million"]["value"] for e in document["ranked"] + document["bounds"]}
    assert list(per_million) == ["rent", "own", "elastic"]
    assert per_million["rent"] == pytest.approx(2.0952, abs=5e-5), "6 x 8,760 x 1.10 / 27,594"
    assert per_million["own"] == pytest.approx(2.2414, abs=5e-5), "6 x 10,308.17 / 27,594"
    # 875 / (2,000 x 0.6) + 1 = 1.73 nodes follow the demand, 2 are the fewest: 2 x 8,760 x 15 / 27,594.
    assert per_million["elastic"] == pytest.approx(9.5238, abs=5e-5)
    assert [entry["offer"] for entry in document["bounds"]] == ["elastic"]
    assert {entry["offer"]: entry["reason"] for entry in document["rejected"]} == {
        "gone": "price_expired",
        "weak": "slo",
    }


def test_the_tornado_has_the_costs_of_the_worked_examples(document: Any) -> None:
    """Worked example 8; rent is 57,816 a year over 15,768 and 39,420 million images, or 52,560 and 68,328 a year."""
    ends = {
        "offers.own.capex": ({"own": 1.9353, "rent": 2.0952}, {"own": 2.7005, "rent": 2.0952}),
        "offers.own.life_years": ({"own": 2.6346, "rent": 2.0952}, {"own": 1.8505, "rent": 2.0952}),
        "offers.rent.per_hour": ({"own": 2.2414, "rent": 1.9048}, {"own": 2.2414, "rent": 2.4762}),
        "workload.demand.mean_images_per_s": ({"own": 3.9002, "rent": 3.6667}, {"own": 1.5779, "rent": 1.4667}),
    }
    assert {bar["path"] for bar in document["tornado"]} == set(ends)
    for bar in document["tornado"]:
        assert (bar["at_low"], bar["at_high"]) == tuple(pytest.approx(end, abs=5e-5) for end in ends[bar["path"]])


def test_the_switching_values_are_those_of_the_worked_examples(document: Any) -> None:
    """Owning costs 10,308.17 a node and year, as rent at 1.17673 an hour; at a price of 22,090 it costs 9,636."""
    at = {entry["path"]: entry["at"] for entry in document["switching"]}
    assert at["offers.own.capex"] == pytest.approx(22_090.00, abs=5e-3)
    assert at["offers.rent.per_hour"] == pytest.approx(1.17673, abs=1e-5)


def test_every_input_has_what_stands_behind_it(document: Any) -> None:
    (capex,) = [entry for entry in document["inputs"] if entry["path"] == "offers.own.capex"]
    assert capex == {
        "path": "offers.own.capex", "value": 24000, "low": 20000, "high": 30000, "unit": "EUR", "standing": "assumed",
        "source": "a quote", "date": "2026-07-01",
    }  # fmt: skip


def test_files_are_named_by_their_hash(document: Any) -> None:
    (file,) = document["files"]
    assert file["name"] == "plan.yaml"
    assert len(file["sha256"]) == 64
    assert document["catalogue"] == "1"
    assert any("elastic" in text for text in document["not_measured"])
