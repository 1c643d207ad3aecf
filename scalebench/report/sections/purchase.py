"""Sections of the decision page: ranked offers, assumptions, what would change the answer, what was not measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from scalebench.procure.decide import Decision
from scalebench.procure.eligible import reason_text
from scalebench.procure.outcome import PurchaseOutcome, assumed
from scalebench.procure.purchase_plan import Buy, PurchasePlan
from scalebench.procure.quantity import quantities
from scalebench.procure.serving import Capacity
from scalebench.report import tables
from scalebench.report.content import Absent, Chart, Column, Section, Table
from scalebench.report.figures.demand import demand_figure
from scalebench.report.figures.offerfront import offer_front
from scalebench.report.figures.tornado import tornado_figure
from scalebench.report.naming import amount, given, name, percentage, with_unit
from scalebench.report.ranking import headings, remarks, rows, with_interval
from scalebench.units import digits

Cell = TypeVar("Cell")


def offers_section(decision: Decision) -> Section:
    """Every offer, ranked or rejected."""
    columns = [Column(text, number=number) for text, number in headings(decision)]
    caption = "Offers, cheapest first; then those with only a lower bound on cost; rejected ones last"
    table = tables.whole(caption, _status_second(columns), map(_status_second, rows(decision)))
    slo, policy = decision.plan.workload.slo, decision.plan.policy
    end = "slow end" if policy.capacity_bound == "lower95" else "values"
    text = (
        f"Each offer runs the cheapest setup of its node that meets the service level. The p{slo.percentile} latency "
        f"at the planned rate, overhead included, is then at most {given(slo.latency_ms.value)} ms. It is simulated "
        f"with random arrivals and the {end} of the measured service times. Nodes are whole and include spare ones. "
        "Costs are those of the plan's own numbers. Beside them stand the median and the central 95 % of the cost in "
        f"{decision.draws:,} cases, in which measured capacities and assumed ranges vary together. P(best) is the "
        "share of these cases in which the offer serves and is cheapest."
    )
    careful = (
        "The planned cost counts on the lower end of a capacity's 95 % interval, the cases on the capacity itself. The "
        "planned cost can therefore lie above their central 95 %."
    )
    texts = (text, careful) if policy.capacity_bound == "lower95" else (text,)
    reasons = tables.whole("Remarks on the status", [Column("offer"), Column("remark")], remarks(decision))
    return Section("offers", "Ranked offers", texts, tables=tables.filled(table, reasons))


def _status_second(row: Sequence[Cell]) -> list[Cell]:
    """The last column next to the offer: a page narrower than the table cuts off the last one."""
    return [row[0], row[-1], *row[1:-1]]


def assumptions_section(decision: Decision) -> Section:
    """Every input with its range, status, source and date."""
    plan = decision.plan
    inputs = quantities(plan)
    table = tables.whole(
        f"Inputs of the decision as of {plan.as_of}",
        [Column("input"), Column("value", number=True), Column("low", number=True), Column("high", number=True),
         Column("unit"), Column("status"), Column("source"), Column("date")],
        [
            [name(path), given(q.value), *((given(q.least), given(q.most)) if q.least < q.most else ("-", "-")),
             q.unit.replace("currency", plan.currency), q.status, q.source or "-", str(q.date or "-")]
            for path, q in inputs.items()
        ],
    )  # fmt: skip
    ranged = sum(q.least < q.most for q in inputs.values())
    text = f"{ranged} of {len(inputs)} inputs have a range; the others are taken as certain."
    warnings = tuple(f"Warning: {warning}." for warning in decision.warnings)
    return Section(
        "assumptions", "Assumptions and prices", (text, *warnings), tables=(table, _prices(plan), _machines(plan))
    )


def _prices(plan: PurchasePlan) -> Table:
    columns = [Column(text) for text in ("offer", "kind", "node", "from", "dated", "valid until")]
    lines = [
        [offer.id, "buy", offer.node, offer.quote.vendor, str(offer.quote.date), str(offer.quote.valid_until or "-")]
        if isinstance(offer, Buy)
        else [offer.id, f"rent, {offer.commitment.replace('_', ' ')}, {offer.scaling.replace('_', ' ')}", offer.node,
              offer.region or "-", str(offer.date), "-"]
        for offer in plan.offers
    ]  # fmt: skip
    return tables.whole(f"Prices; a warning is given after {plan.prices_max_age_days} days", columns, lines)


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


def capacities_section(decision: Decision) -> Section:
    """Every setup that meets the service level."""
    usable = decision.plan.policy.max_utilisation.value
    columns = [
        Column("node"), Column("setup"), Column("batch", number=True),
        Column(f"p{decision.plan.workload.slo.percentile} [95 %], ms", number=True),
        Column("at the planned rate, ms", number=True),
        Column("full batches, img/s [95 %]", number=True), Column("service level met up to, img/s [95 %]", number=True),
        Column("planned at most, img/s", number=True), Column("limit"),
        Column("origin"), Column("n, rounds", number=True), *_accuracy_columns(decision),
    ]  # fmt: skip
    lines = [
        [
            c.node, c.setup.label, str(c.batch), with_interval(c.tail_s, 1e-3), digits(c.latency_s * 1e3),
            with_interval(c.images_per_s), with_interval(c.slo_images_per_s), digits(c.planned_ips(usable)),
            c.limit, c.origin, str(c.n), *_accuracy_cells(c),
        ]
        for c in sorted(decision.capacities, key=lambda c: (c.node, -c.planned_ips(usable)))
    ]  # fmt: skip
    table = tables.capped("Setups that meet the service level, highest capacity first", columns, lines)
    by_note: dict[str, list[str]] = {}
    for capacity in decision.capacities:
        for note in capacity.notes:
            by_note.setdefault(note, []).append(f"{capacity.node}, {capacity.setup.label}")
    notes = tables.capped(
        "Notes on their records",
        [Column("note"), Column("setups", number=True), Column("the first three")],
        [[note, str(len(setups)), "; ".join(setups[:3])] for note, setups in by_note.items()],
    )
    text = (f"{len(lines)} setups meet the constraints, {len(decision.refusals)} do not.",) if lines else ()
    return Section("capacities", "What the nodes serve", text, tables=tables.filled(table, notes))


def _accuracy_columns(decision: Decision) -> list[Column]:
    """Empty where no accuracy was measured."""
    asked = decision.plan.workload.accuracy
    if asked is None or not any(c.accuracy for c in decision.capacities):
        return []
    return [Column(f"{asked.metric} [95 %]", number=True), Column("test images", number=True),
            Column(f"P(at least {given(asked.min.value)})", number=True)]  # fmt: skip


def _accuracy_cells(capacity: Capacity) -> list[str]:
    share = capacity.accuracy
    return [with_interval(share), f"{share.n:,}", percentage(capacity.accurate)] if share else []


def sensitivity_section(outcome: PurchaseOutcome) -> Section:
    """Tornado, and cost over demand."""
    decision = outcome.decision
    return _figures("sensitivity", "Sensitivity", tornado_figure(decision, outcome.bars, "d1"),
                    demand_figure(decision, outcome.curve, "d2"))  # fmt: skip


def pareto_section(decision: Decision) -> Section:
    """Pareto front of the offers."""
    return _figures("pareto", "Pareto front", offer_front(decision, "d3"))


def _figures(anchor: str, title: str, *figures: Chart | Absent) -> Section:
    """Without any figure it is empty, and does not appear."""
    charts = tuple(figure for figure in figures if isinstance(figure, Chart))
    absent = tuple(f"{figure.title}: not drawn, {figure.why}." for figure in figures if isinstance(figure, Absent))
    return Section(anchor, title, absent if charts else (), charts)


def switching_section(outcome: PurchaseOutcome) -> Section:
    """Table of the switching values, and buying against renting."""
    texts: tuple[str, ...] = ()
    if outcome.switches:
        first, second = outcome.decision.ranked[:2]
        texts = (
            f"{first.offer.id} against the runner-up {second.offer.id}. One input changes at a time, the others stay "
            "as planned; the search covers half to twice the value and the range of the plan.",
        )
    filled = tables.filled(_switches(outcome), _break_even(outcome))
    return Section("switching", "Switching values", texts, tables=filled)


def _switches(outcome: PurchaseOutcome) -> Table:
    plan = outcome.decision.plan
    columns = [
        Column("input"), Column("planned", number=True), Column("searched", number=True),
        Column("switches at", number=True), Column("in your range"), Column("how"),
    ]  # fmt: skip
    lines = [
        [
            name(s.path), with_unit(given(s.value), s.unit, plan), f"{given(s.searched[0])} to {given(s.searched[1])}",
            "nowhere" if s.at is None else with_unit(amount(s.at), s.unit, plan),
            "-" if not s.has_range else "yes" if s.in_range else "no",
            "-" if s.at is None else "closed form" if s.closed else "root finding",
        ]
        for s in outcome.switches
    ]  # fmt: skip
    return tables.whole("Values at which the answer switches", columns, lines)


def _break_even(outcome: PurchaseOutcome) -> Table:
    money = outcome.decision.plan.currency
    columns = [
        Column("bought"), Column("rented"), Column(f"break-even rent, {money} per h", number=True),
        Column("break-even hours per year", number=True), Column("break-even share of the year", number=True),
        Column("payback, months", number=True), Column("meaning"),
    ]  # fmt: skip
    lines = [
        [
            pair.buy, pair.rent, digits(pair.per_hour, 4), amount(pair.hours), digits(pair.utilisation),
            digits(pair.payback_months) if math.isfinite(pair.payback_months) else "never",
            "renting always costs less" if pair.utilisation > 1
            else f"owning costs less above {digits(100 * pair.utilisation)} % of the year",
        ]
        for pair in outcome.break_evens
    ]  # fmt: skip
    return tables.whole("One node, bought against rented", columns, lines)


def gaps_section(decision: Decision) -> Section:
    """What was not measured, and the setups that do not serve."""
    columns = [Column("node"), Column("setup"), Column("reason"), Column("details")]
    refused = [[r.node, r.setup.label if r.setup else "all", reason_text(r.reason), r.text] for r in decision.refusals]
    assumptions = [text.split(": ", 1) for text in assumed(decision)]
    assumed_table = tables.whole("Assumed, not measured", [Column("what"), Column("why")], assumptions)
    table = tables.capped("Setups that do not serve", columns, refused)
    return Section("gaps", "What was not measured", tables=tables.filled(assumed_table, table))
