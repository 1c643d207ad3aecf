"""What would change the answer: the switching values of the worked examples, in words."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

from scalebench.procure.outcome import weigh
from scalebench.procure.switching import Switch
from scalebench.report.offers.turning_points import turning_points
from scalebench.report.questions.question import Answer
from tests.procure.literal_plan import CAPACITY, buy, capacity, plan, rent
from tests.report.offers.literal_outcome import CAPEX, outcome_of, tied


def texts(answer: Answer | None) -> list[str]:
    assert answer is not None
    return [*answer.sentences, *answer.points]


def test_switching_values_nearest_first() -> None:
    """Owning costs 10,308.17 a node and year, as rent at 1.17673 an hour; at a price of 22,090 it costs 9,636."""
    answer = turning_points(tied())
    assert answer is not None
    own_price = "own wins if the price of a node of own falls below 22,090 EUR (now 24,000)."
    hourly = "own wins if the hourly rent of rent rises above 1.18 EUR per h (now 1.1)."
    assert answer.sentences[0] == own_price, "the only one within a range"
    assert hourly in answer.points
    assert answer.sentences[1] == "Of 1 input with a range, 1 turns the choice within that range."
    assert abs(answer.numbers["at"]["offers.own.capex"] - 22_090) < 0.005


def test_outside_your_range_is_said() -> None:
    narrow = CAPEX | {"low": 23500, "high": 24500}
    answer = texts(turning_points(outcome_of(plan([buy(capex=narrow), rent()]), [capacity()])))
    assert "own wins if the price of a node of own falls below 22,090 EUR (now 24,000, outside your range)." in answer
    assert "Of 1 input with a range, none turns the choice within that range." in answer


def test_without_another_offer_no_price_changes_it() -> None:
    assert (
        texts(turning_points(outcome_of(plan([rent()]), [capacity()])))[0]
        == "No price: there is no other offer to take."
    )


def test_an_end_at_which_nothing_serves_is_named() -> None:
    latency = {"value": 60, "low": 5, "high": 60, "unit": "ms"}
    answer = texts(turning_points(weigh(plan(latency_ms=latency), [capacity()], (), lambda _: ())))
    assert "At the low end of the latency limit, 5.00 ms, no offer meets the constraints." in answer


def test_a_third_offer_that_wins_at_an_end_is_named() -> None:
    """far is third as planned, and at 0.9 an hour it is the cheapest."""
    far = rent("far", per_hour={"value": 1.3, "low": 0.9, "high": 1.4, "unit": "currency/h"})
    answer = texts(turning_points(outcome_of(plan([rent(), rent("second", per_hour=1.2), far]), [capacity()])))
    assert "At the low end of the hourly rent of far, 0.900 EUR per h, far is the cheapest." in answer


def test_nothing_to_change_without_an_offer() -> None:
    assert turning_points(outcome_of(plan(), [])) is None


def test_inputs_that_turn_it_only_together() -> None:
    """Prices from 1.07 to 1.14 and from 1.12 to 1.19: neither reaches the other's planned one, yet they overlap."""

    def hour(value: float) -> dict[str, Any]:
        return {"value": value, "low": value - 0.03, "high": value + 0.04, "unit": "currency/h"}

    answer = turning_points(
        outcome_of(plan([rent("a", per_hour=hour(1.10)), rent("b", per_hour=hour(1.15))]), [capacity()])
    )
    assert answer is not None
    assert answer.sentences[1] == "Of 2 inputs with a range, none turns the choice within that range."
    assert re.fullmatch(
        "Several can together: where the hourly rent of (a is in its highest|b is in its lowest) tenth, another offer "
        r"is cheaper in \d+ % of the cases\.",
        answer.sentences[2],
    )


def test_where_a_longer_plan_takes_another_node_the_reason_is_given() -> None:
    """2,500 images/s and 25 % more each year: 6 nodes of 505 images/s and a spare serve for 0.86 years, not longer."""
    growing = plan([buy(capex=CAPEX), rent()], growth_per_year=0.25, horizon_years=0.8)
    outcome = outcome_of(growing, [capacity()])
    at = outcome.decision.plan.finance.horizon_years.value
    switch = Switch("finance.horizon_years", "years", at, at, at, (0.4, 1.6), _full(6), False)
    answer = turning_points(replace(outcome, switches=(switch,)))
    assert answer is not None
    first = outcome.decision.ranked[0].offer.id
    assert f"From there on the demand grows longer, and {first} takes 8 nodes instead of 7." in answer.sentences
    assert answer.numbers["nodes"] == (7, 8)


def _full(nodes: int) -> float:
    """Years until so many nodes are full: 2,500 x 1.25^t images per second fill each to 60 % of what it serves."""
    return math.log(nodes * 0.6 * CAPACITY / 2500) / math.log(1.25)
