"""What to measure or ask for next: the most valuable input, with its worth."""

from __future__ import annotations

from scalebench.procure.serving import Refusal
from scalebench.report.offers.next_step import next_step, next_tables
from tests.procure.literal_plan import CAPACITY, capacity, plan, rent
from tests.report.offers.literal_outcome import outcome_of, tied


def test_a_capacity_that_would_save_a_node() -> None:
    """6 nodes are planned for the lower end; the node serves that or twice as much, 6 or 4 nodes: one on average."""
    outcome = outcome_of(plan([rent()]), [capacity(draws=(CAPACITY, 2 * CAPACITY) * 200)])
    answer = next_step(outcome)
    assert answer is not None
    assert answer.sentences == (
        "The measured capacity of box: measure it longer, in several sessions.",
        "Knowing it exactly saves 9,636 of the 57,816 EUR per year on average, as fewer nodes may be enough.",
        "You would then plan for what a node serves, and not for the lower end of what was measured.",
    )
    (table,) = next_tables(outcome)
    assert table.rows[0][2:] == ("9,636", "0", "9,636")


def test_a_price_that_decides_a_tie() -> None:
    """The price of a node of own runs from 20,000 to 30,000 and turns the choice at 22,090: it is worth most."""
    answer = next_step(tied())
    assert answer is not None
    assert answer.sentences[0] == "The price of a node of own: ask the vendor for a firm price."
    assert answer.sentences[1].endswith(" on average, as another offer may be cheaper.")
    assert answer.sentences[-1].startswith("Knowing every price and demand would save ")
    assert answer.sentences[-1].endswith(" of the 57,816 EUR per year, by another offer where that is cheaper.")
    assert 0 < answer.numbers["choice_per_year"]["offers.own.capex"] <= answer.numbers["everything_per_year"]


def test_nothing_uncertain_is_worth_nothing() -> None:
    outcome = outcome_of(plan(), [capacity()])
    answer = next_step(outcome)
    assert answer is not None
    assert answer.sentences[0] == "Nothing that was varied: no single input is worth 0.1 % of the yearly cost."
    assert next_tables(outcome) == ()


def test_a_lower_bound_asks_for_a_profile() -> None:
    """57,816 a year always on, 26,323.34 if nodes follow the demand."""
    answer = next_step(outcome_of(plan([rent(), rent("elastic", scaling="elastic")]), [capacity()]))
    assert answer is not None
    assert answer.points == (
        "Record the demand hour by hour: elastic may cost up to 31,493 EUR per year less, and only a profile can tell.",
    )


def test_what_a_measurement_might_make_usable_is_named_without_a_value() -> None:
    refusals = (Refusal("box", capacity(model="resnet18").setup, "percentile_not_established", "few iterations"),)
    answer = next_step(outcome_of(plan(), [capacity()], refusals))
    assert answer is not None
    assert answer.points == (
        "1 setup not counted (percentile not established), such as resnet18@288 fp32 onnxruntime: "
        "what it could save is unknown.",
    )


def test_where_no_offer_always_serves_there_is_no_value() -> None:
    answer = next_step(outcome_of(plan([rent()]), [capacity(draws=(0.0,) * 40 + (CAPACITY,) * 360)]))
    assert answer is not None
    assert answer.sentences == ("No value can be given: no offer meets the service level in every case.",)


def test_without_an_offer_there_is_no_question() -> None:
    assert next_step(outcome_of(plan(), [])) is None
