"""decision.json holds all that a decision takes: another program, with formulas of its own, comes to the same."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from scalebench.procure.decision_document import build_document
from scalebench.procure.outcome import weigh
from scalebench.procure.serving import Refusal
from scalebench.report.write_report import strict
from tests.procure.literal_plan import CAPACITY, box, buy, capacity, plan, rent

HOURS, SECONDS = 8760, 31_536_000


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
    purchase = plan(offers, nodes, growth_per_year=0.1, pue={"value": 1.5, "low": 1.1, "high": 1.8, "unit": ""},
                mean_images_per_s=ranged(875, 500, 1250, "img/s"))  # fmt: skip
    drawn = tuple(CAPACITY * (0.9 + 0.2 * k / 1999) for k in range(2000))
    serving = [capacity(draws=drawn), capacity(ips=300.0, model="resnet101", draws=(300.0,) * 2000),
               capacity("large", 2000.0, draws=(2000.0,) * 2000)]  # fmt: skip
    setup = serving[0].setup
    outcome = weigh(purchase, serving, [Refusal("weak", setup, "slo", "72 ms against 60 ms")], lambda _: serving)
    file = tmp_path / "plan.yaml"
    file.write_text("schema: scalebench.procure/1\n", encoding="utf-8")
    return json.loads(json.dumps(strict(build_document(outcome, {"plan.yaml": file}, "1"))))


class Again:
    """The decision made again from the document alone."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.value = {entry["path"]: entry["value"] for entry in document["inputs"]}
        self.policy = document["policy"]

    def unit_cost(self, offer: Any, ips: float, value: dict[str, float]) -> float:
        own = {
            key.rpartition(".")[2]: number for key, number in value.items() if key.startswith(f"offers.{offer['id']}.")
        }
        node = {
            key.rpartition(".")[2]: number for key, number in value.items() if key.startswith(f"nodes.{offer['node']}.")
        }
        mean = value["workload.demand.mean_images_per_s"]
        peak = value["workload.demand.peak_images_per_s"]
        growth, years = value["workload.demand.growth_per_year"], value["finance.horizon_years"]
        use = value["policy.max_utilisation"]
        needed = math.ceil(peak * (1 + growth) ** years / (ips * use) - 1e-9) + self.policy["redundancy"]
        images = mean * SECONDS / 1e6
        if offer["kind"] == "rent":
            if offer["scaling"] == "elastic":
                return own["per_hour"] / (ips * use * 3600) * 1e6
            return max(needed, offer["min_nodes"]) * HOURS * own["per_hour"] / images
        rate, life = value["finance.discount_rate"], own["life_years"]
        annuity = rate * (1 + rate) ** life / ((1 + rate) ** life - 1) if rate else 1 / life
        capital = (own["capex"] - own["residual"] / (1 + rate) ** life) * annuity
        watts = node["idle_w"] + (node["load_w"] - node["idle_w"]) * mean / (needed * ips)
        energy = watts * value["site.pue"] * HOURS / 1000 * value["site.electricity_per_kwh"]
        return (
            needed * (capital + own["maintenance_fraction"] * own["capex"] + own["hosting_per_year"] + energy) / images
        )

    def costs(self, value: dict[str, float], ips: dict[int, float] | None = None) -> dict[str, float]:
        refused = {entry["offer"] for entry in self.document["rejected"]}
        cheapest = {}
        for offer in self.document["offers"]:
            options = [
                self.unit_cost(offer, ips[index] if ips else setup["counted_on"], value)
                for index, setup in enumerate(self.document["capacities"])
                if setup["node"] == offer["node"]
            ]
            if options and offer["id"] not in refused:
                cheapest[offer["id"]] = min(options)
        return cheapest

    def contest(self, costs: dict[str, float]) -> dict[str, float]:
        """Without elastic rent, whose cost is a lower bound."""
        bounds = {offer["id"] for offer in self.document["offers"] if offer.get("scaling") == "elastic"}
        return {name: cost for name, cost in costs.items() if name not in bounds}

    def drawn(self, chance: random.Random) -> dict[str, float]:
        return self.costs(
            {
                entry["path"]: chance.triangular(entry["low"], entry["high"], entry["value"])
                if entry["low"] < entry["high"] else entry["value"]
                for entry in self.document["inputs"]
            },
            {index: self._quantile(setup["draws"], chance) for index, setup in enumerate(self.document["capacities"])},
        )  # fmt: skip

    @staticmethod
    def _quantile(quantiles: dict[str, float], chance: random.Random) -> float:
        knots = sorted((float(at), value) for at, value in quantiles.items())
        place = chance.random() * (len(knots) - 1)
        low, high = knots[int(place)][1], knots[int(place) + 1][1]
        return low + (high - low) * (place - int(place))


def test_the_ranking_comes_out_again(document: Any) -> None:
    again = Again(document)
    costs = again.costs(again.value)
    order = sorted(again.contest(costs), key=lambda name: costs[name])
    assert [entry["offer"] for entry in document["ranked"]] == order
    assert [entry["offer"] for entry in document["bounds"]] == ["elastic"]
    for entry in (*document["ranked"], *document["bounds"]):
        assert entry["numbers"]["per_million"]["value"] == pytest.approx(costs[entry["offer"]], rel=1e-9)
    assert {entry["offer"]: entry["reason"] for entry in document["rejected"]} == {
        "gone": "price_expired",
        "weak": "slo",
    }


def test_the_tornado_comes_out_again(document: Any) -> None:
    again = Again(document)
    assert len(document["tornado"]) >= 2
    for bar in document["tornado"]:
        for end in ("low", "high"):
            costs = again.contest(again.costs(again.value | {bar["path"]: bar[end]}))
            assert bar[f"at_{end}"] == pytest.approx(costs, rel=1e-9)


def test_the_switching_values_come_out_again(document: Any) -> None:
    """A little on this side of it the leader is the cheaper of the two, a little beyond the runner-up."""
    again = Again(document)
    leader, runner = (entry["offer"] for entry in document["ranked"][:2])
    switches = [entry for entry in document["switching"] if entry["at"] is not None]
    assert switches
    for entry in switches:
        step = 1e-6 * (1 if entry["at"] > entry["value"] else -1)
        before, after = (
            again.costs(again.value | {entry["path"]: entry["at"] * (1 + side * step)}) for side in (-1, 1)
        )
        assert before[leader] < before[runner], entry["path"]
        assert after[runner] < after[leader], entry["path"]


def test_the_chances_come_out_again(document: Any) -> None:
    again, chance, count = Again(document), random.Random(1), 3000
    best = dict.fromkeys((entry["offer"] for entry in document["ranked"]), 0)
    for _ in range(count):
        costs = again.contest(again.drawn(chance))
        best[min(costs, key=lambda name: costs[name])] += 1
    for entry in document["ranked"]:
        assert entry["numbers"]["p_best"]["value"] == pytest.approx(best[entry["offer"]] / count, abs=0.04), entry[
            "offer"
        ]


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
