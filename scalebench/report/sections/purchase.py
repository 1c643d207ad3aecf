"""Sections of the page of a decision: ranked offers, assumptions, what would change it, what was not measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from scalebench.procure.decide import Decision
from scalebench.procure.eligible import in_words
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.procure.plan_values import quantities
from scalebench.procure.purchase_plan import Buy, PurchasePlan
from scalebench.procure.unmeasured import not_measured
from scalebench.report import tables
from scalebench.report.content import Absent, Chart, Column, Section, Table
from scalebench.report.figures.demand import demand_figure
from scalebench.report.figures.offerfront import offer_front
from scalebench.report.figures.tornado import tornado_figure
from scalebench.report.naming import amount, given, name, with_unit
from scalebench.report.ranking import headings, remarks, rows, what_changes_it, with_interval
from scalebench.units import digits

Cell = TypeVar("Cell")


def offers_section(decision: Decision) -> Section:
    """Every offer, ranked or rejected."""
    columns = [Column(text, number=number) for text, number in headings(decision)]
    caption = "Offers, cheapest first; then those whose cost is only a lower bound; rejected ones last"
    table = tables.whole(caption, _status_second(columns), map(_status_second, rows(decision)))
    slo, policy = decision.plan.workload.slo, decision.plan.policy
    end = "upper end" if policy.capacity_bound == "lower95" else "value"
    text = (
        f"An offer serves where p{slo.percentile} of a batch keeps the service level, twice its {end} and the "
        f"overhead within {given(slo.latency_ms.value)} ms. Each offer runs the cheapest setup of its node that does; "
        f"nodes are whole, with those that may fail. The interval of a cost is the central 95 % of "
        f"{decision.draws:,} joint draws over what was measured and what was assumed; P(best) is the share of them in "
        f"which the offer serves and is cheapest."
    )
    careful = (
        "Costs count on the lower end of the 95 % interval of a capacity, the draws on the capacity itself, so that a "
        "cost can lie above its interval."
    )
    said = (text, careful) if policy.capacity_bound == "lower95" else (text,)
    behind = tables.whole("What stands behind the status", [Column("offer"), Column("remark")], remarks(decision))
    return Section("offers", "Ranked offers", said, tables=tables.filled(table, behind))


def _status_second(row: Sequence[Cell]) -> list[Cell]:
    """The last column beside the offer: a page that is narrower than the table cuts the last one off."""
    return [row[0], row[-1], *row[1:-1]]


def assumptions_section(decision: Decision) -> Section:
    """Every input with its range, standing, source and date."""
    plan = decision.plan
    leaves = quantities(plan)
    table = tables.whole(
        f"Inputs of the decision as of {plan.as_of}",
        [Column("input"), Column("value", number=True), Column("low", number=True), Column("high", number=True),
         Column("unit"), Column("standing"), Column("source"), Column("date")],
        [
            [name(path), given(leaf.value), *_range(leaf.least, leaf.most),
             leaf.unit.replace("currency", plan.currency), leaf.status, leaf.source or "-",
             leaf.date.isoformat() if leaf.date else "-"]
            for path, leaf in leaves.items()
        ],
    )  # fmt: skip
    ranged = sum(leaf.least < leaf.most for leaf in leaves.values())
    text = f"{ranged} of {len(leaves)} inputs have a range; the others count as certain."
    warnings = tuple(f"Warning: {warning}." for warning in decision.warnings)
    shown = (table, _prices(plan), _machines(plan))
    return Section("assumptions", "Assumptions and prices", (text, *warnings), tables=shown)


def _prices(plan: PurchasePlan) -> Table:
    columns = [Column(text) for text in ("offer", "kind", "node", "from", "dated", "valid until")]
    lines = [
        [offer.id, "buy", offer.node, offer.quote.vendor, str(offer.quote.date), str(offer.quote.valid_until or "-")]
        if isinstance(offer, Buy)
        else [offer.id, f"rent, {offer.commitment.replace('_', ' ')}, {offer.scaling.replace('_', ' ')}", offer.node,
              offer.region or "-", str(offer.date), "-"]
        for offer in plan.offers
    ]  # fmt: skip
    return tables.whole(f"Prices; older than {plan.prices_max_age_days} days is a warning", columns, lines)


def _machines(plan: PurchasePlan) -> Table:
    columns = [Column(text) for text in ("node", "accelerator", "capacity from", "power from")]
    lines = [
        [
            node.id, f"{node.count} x {node.accelerator}",
            f"records of {node.machine}" if node.estimate is None
            else f"not measured: {node.estimate.method} from {node.estimate.from_}",
            node.power_source.replace("_", " "),
        ]
        for node in plan.nodes
    ]  # fmt: skip
    return tables.whole("Nodes", columns, lines)


def _range(low: float, high: float) -> tuple[str, str]:
    return (given(low), given(high)) if low < high else ("-", "-")


def capacities_section(decision: Decision) -> Section:
    """Every setup that keeps the service level."""
    columns = [
        Column("node"), Column("setup"), Column("batch", number=True),
        Column(f"p{decision.plan.workload.slo.percentile} [95 %], ms", number=True), Column("worst, ms", number=True),
        Column("img/s [95 %]", number=True), Column("counted on, img/s", number=True), Column("limit"),
        Column("origin"), Column("n, rounds", number=True),
    ]  # fmt: skip
    lines = [
        [
            c.node, c.setup.label, str(c.batch), with_interval(c.tail_s, 1e-3), digits(c.worst_s * 1e3),
            with_interval(c.images_per_s), digits(c.counted_on), c.limit, c.origin, str(c.n),
        ]
        for c in sorted(decision.capacities, key=lambda c: (c.node, -c.counted_on))
    ]  # fmt: skip
    table = tables.capped("Setups that keep the service level, most images first", columns, lines)
    about: dict[str, list[str]] = {}
    for capacity in decision.capacities:
        for note in capacity.notes:
            about.setdefault(note, []).append(f"{capacity.node}, {capacity.setup.label}")
    noted = [[note, str(len(setups)), "; ".join(setups[:3])] for note, setups in about.items()]
    heads = [Column("note"), Column("setups", number=True), Column("the first of them")]
    notes = tables.capped("What has to be said of their records", heads, noted)
    text = f"{len(lines)} setups keep the service level, {len(decision.refusals)} do not."
    return Section("capacities", "What the nodes serve", (text,), tables=tables.filled(table, notes))


def sensitivity_section(outcome: PurchaseOutcome) -> Section:
    """Tornado, and cost over the demand."""
    decision = outcome.decision
    return _drawn("sensitivity", "Sensitivity", tornado_figure(decision, outcome.bars, "d1"),
                  demand_figure(decision, outcome.curve, "d2"))  # fmt: skip


def pareto_section(decision: Decision) -> Section:
    """Pareto front of the offers."""
    return _drawn("pareto", "Pareto front", offer_front(decision, "d3"))


def _drawn(anchor: str, title: str, *figures: Chart | Absent) -> Section:
    absent = tuple(f"{one.title}: not drawn, {one.why}." for one in figures if isinstance(one, Absent))
    return Section(anchor, title, absent, tuple(one for one in figures if isinstance(one, Chart)))


def switching_section(outcome: PurchaseOutcome) -> Section:
    """Switching values in words, and buying against renting."""
    if len(outcome.decision.ranked) < 2:
        said: tuple[str, ...] = ("There is no runner-up, so nothing can make it win.",)
    else:
        first, second = outcome.decision.ranked[:2]
        said = (
            f"One input at a time, the others as planned; {first.offer.id} against the runner-up {second.offer.id}; "
            "searched from half to twice the value and over the range of the plan.",
            *what_changes_it(outcome),
        )
    shown = tables.filled(_switches(outcome), _break_even(outcome))
    return Section("switching", "What would change the answer", said, tables=shown)


def _switches(outcome: PurchaseOutcome) -> Table:
    plan = outcome.decision.plan
    columns = [
        Column("input"), Column("planned", number=True), Column("searched", number=True),
        Column("switches at", number=True), Column("in your range"), Column("how"),
    ]  # fmt: skip
    lines = [
        [
            name(one.path), with_unit(given(one.value), one.unit, plan),
            f"{given(one.searched[0])} to {given(one.searched[1])}",
            "nowhere" if one.at is None else with_unit(amount(one.at), one.unit, plan),
            "-" if not one.has_range else "yes" if one.in_range else "no",
            "-" if one.at is None else "closed form" if one.closed else "bisection",
        ]
        for one in outcome.switches
    ]  # fmt: skip
    return tables.whole("Switching values", columns, lines)


def _break_even(outcome: PurchaseOutcome) -> Table:
    money = outcome.decision.plan.currency
    columns = [
        Column("bought"), Column("rented"), Column(f"break-even rent, {money} per h", number=True),
        Column("break-even hours of a year", number=True), Column("break-even use of the year", number=True),
        Column("payback, months", number=True), Column("meaning"),
    ]  # fmt: skip
    lines = [
        [
            one.buy, one.rent, digits(one.per_hour, 4), amount(one.hours), digits(one.utilisation),
            digits(one.payback_months) if math.isfinite(one.payback_months) else "never",
            "renting costs less at any use" if one.utilisation > 1
            else f"owning costs less above {digits(100 * one.utilisation)} % of the year",
        ]
        for one in outcome.break_evens
    ]  # fmt: skip
    return tables.whole("One node, bought against rented", columns, lines)


def gaps_section(decision: Decision) -> Section:
    """What was not measured, and the setups that do not serve."""
    said = [f"{text}." for text in not_measured(decision)]
    columns = [Column("node"), Column("setup"), Column("reason"), Column("with the numbers")]
    refused = [
        [one.node, one.setup.label if one.setup else "all", in_words(one.reason), one.text] for one in decision.refusals
    ]
    most = 12
    more = [f"{len(said) - most} more of this kind stand in the table or in the JSON file."] if len(said) > most else []
    table = tables.capped("Setups that do not serve", columns, refused)
    return Section("gaps", "What was not measured", (*said[:most], *more), tables=tables.filled(table))
