"""Which offer and how many, in words, for every way a decision can end."""

from __future__ import annotations

import re

from scalebench.procure.serving import Refusal
from scalebench.report.offers.take import take
from tests.procure.literal_plan import CAPACITY, DRAWS, box, buy, capacity, plan, rent
from tests.report.offers.literal_outcome import outcome_of, tied


def test_a_winner_with_its_nodes_and_cost() -> None:
    answer = take(outcome_of(plan(), [capacity()]))
    assert answer.sentences == (
        "Take rent: rent 6 nodes, 1 of them spare.",
        "The cost is 57,816 EUR per year, or 2.10 EUR per million images.",
    )
    assert answer.points == (
        "Each node runs resnet50@288 fp32 onnxruntime, with up to 16 images per batch.",
        "It costs 6.5 % less than own.",
    )
    assert (answer.numbers["nodes"], answer.numbers["spare"]) == (6, 1)


def test_a_tie_names_all_tied_offers_and_the_range_of_the_first() -> None:
    """6 nodes at 1 to 1.30 an hour are 52,560 to 68,328 a year, 1.90 to 2.48 per million of 27,594 million images."""
    hour = {"value": 1.15, "low": 1.0, "high": 1.3, "unit": "currency/h"}
    answer = take(outcome_of(plan([rent("a", per_hour=hour), rent("b", per_hour=hour)]), [capacity()]))
    assert answer.sentences[0] == "Take a: rent 6 nodes, 1 of them spare."
    (share,) = re.findall(r"It is not certain: b is cheaper in (\d+) % of the cases\.", answer.sentences[1])
    assert 45 <= int(share) <= 55
    assert answer.sentences[3].startswith("With prices, demand and measurements varied, 95 % of cases cost ")
    assert 52_560 < answer.numbers["per_year_low"] < 55_000
    assert 65_900 < answer.numbers["per_year_high"] < 68_328
    assert 1.9048 < answer.numbers["per_million_low"] < answer.numbers["per_million_high"] < 2.4762


def test_a_bought_offer_is_bought() -> None:
    assert take(outcome_of(plan([buy()], redundancy=0), [capacity()])).sentences[0] == "Take own: buy 5 nodes."


def test_a_leader_of_a_tie_that_is_not_measured_is_marked() -> None:
    guess = box("guess", machine="", estimate={"from": "box", "method": "flops_ratio"})
    offers = [rent(), rent("same", "guess")]
    answer = take(outcome_of(plan(offers, [box(), guess]), [capacity(), capacity("guess", origin="extrapolated")]))
    assert answer.sentences[1] == "It is not certain: same (not measured) is cheaper in 50 % of the cases."


def test_one_that_serves_too_rarely_is_not_established() -> None:
    drawn = (0.0,) * (DRAWS // 10) + (CAPACITY,) * (DRAWS - DRAWS // 10)
    answer = take(outcome_of(plan([rent()]), [capacity(draws=drawn)]))
    assert answer.sentences[0] == "No offer is established: rent serves in only 90 % of the cases."
    assert "It is the only offer that meets the constraints." in answer.points


def test_nothing_serves_with_the_reasons() -> None:
    answer = take(outcome_of(plan(), [], (Refusal("box", capacity().setup, "slo", "72 ms against 60 ms"),)))
    assert answer.sentences == ("None: no offer meets the constraints.",)
    assert answer.points == ("Service level: own and rent.",)


def test_what_was_not_measured_is_named() -> None:
    guess = box("guess", machine="", estimate={"from": "box", "method": "flops_ratio"})
    offers = [rent("far", "guess", per_hour=0.1), rent()]
    serving = [capacity(), capacity("guess", 5000.0, origin="extrapolated")]
    answer = take(outcome_of(plan(offers, [box(), guess]), serving))
    assert answer.sentences[0].startswith("Take far (not measured): rent 2 nodes")
    assert "Capacity not measured: extrapolated from box by flops_ratio." in answer.points
    assert "The best measured offer is rent, at 57,816 EUR per year." in answer.points


def test_board_power_is_not_a_measurement() -> None:
    answer = take(outcome_of(plan(nodes=[box(power_source="tdp_only")]), [capacity()]))
    assert answer.points[-2:] == (
        "Power not measured: board TDP, host excluded.", "No offer is measured throughout.",
    )  # fmt: skip


def test_a_lower_bound_is_called_one_and_does_not_win() -> None:
    answer = take(outcome_of(plan([buy(), rent("elastic", scaling="elastic")]), [capacity()]))
    assert answer.numbers["offer"] == "own"
    assert (
        "Elastic rent may cost less: elastic takes at least 26,323 EUR per year, if its nodes follow the demand "
        "perfectly."
    ) in answer.points


def test_where_every_cost_is_a_lower_bound_the_answer_says_so() -> None:
    answer = take(outcome_of(plan([rent("elastic", scaling="elastic")]), [capacity()]))
    assert "The cost is at least 26,323 EUR per year, or 0.954 EUR per million images." in answer.sentences
    assert "The cost of every offer here is a lower bound: it assumes that nodes follow the demand perfectly." in (
        answer.points
    )


def test_rent_that_follows_the_growth_says_so() -> None:
    """25 % a year for two years: 3,125 img/s take 7 nodes and a spare in the first year, 3,906 take 8 and one."""
    answer = take(outcome_of(plan([rent()], growth_per_year=0.25, horizon_years=2.0), [capacity()]))
    assert answer.numbers["nodes"] == 9
    assert any(point.startswith("The demand grows: 8.") and "9 at the highest peak" in point for point in answer.points)


def test_the_tie_of_the_page() -> None:
    answer = take(tied())
    assert answer.sentences[1].startswith("It is not certain: own is cheaper in ")
    assert answer.points[-1] == "Rejected: gone (price expired)."


def test_a_cost_per_image_under_growing_demand_says_what_it_rests_on() -> None:
    """875 images per second are 27,594 million a year; 25 % more is 34,493, and again 25 % more is 43,116."""
    answer = take(outcome_of(plan([rent()], growth_per_year=0.25, horizon_years=2.0), [capacity()]))
    (point,) = [point for point in answer.points if point.startswith("The cost per million images rests on 875 ")]
    (images,) = re.findall(r"now, growing by 25 % a year: (\S+) million a year on average\.$", point)
    assert 34_493 < int(images.replace(",", "")) < 43_116
    assert not any("rests on" in point for point in take(outcome_of(plan(), [capacity()])).points)
