"""Matches the cases of two result sets."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from scalebench.analysis.compare.sides import Side, sides
from scalebench.analysis.fingerprint import Difference, changes, fingerprint_difference
from scalebench.errors import StoreError
from scalebench.record import Record
from scalebench.suite.case import COUNT, Case
from scalebench.suite.protocol import Protocol


@dataclass(frozen=True)
class Pair:
    """The same case on both sides, and how their environments differ."""

    a: Side
    b: Side
    difference: Difference


@dataclass(frozen=True)
class Pairing:
    """Two result sets, matched."""

    pairs: tuple[Pair, ...]
    only_a: tuple[Side, ...]
    only_b: tuple[Side, ...]
    differences: tuple[Difference, ...]  # between the machines that were paired
    notes: tuple[str, ...] = ()  # what was left out, in words


def pair_up(a: Sequence[Record], b: Sequence[Record], force: bool = False) -> Pairing:
    """Match the cases of two result sets.

    On one machine by the whole configuration; between machines without device and threads, which belong to the
    machine. Rounds that are in both sets are left out of B, so that no number is compared with itself.

    Args:
        a, b: records; counts are ignored.
        force: also pair rounds that were timed by different methods.

    Raises:
        StoreError: nothing in common, ambiguous machines, or different methods without ``force``.
    """
    fresh, shared = _not_in(a, b)
    (before, notes_a), (after, notes_b) = sides(a), sides(fresh)
    notes = [*(f"A: {note}" for note in notes_a), *(f"B: {note}" for note in notes_b)]
    notes += [f"{shared} rounds are in both sets; they were left out of B"] if shared else []
    if not before or not after:
        raise StoreError(_empty_side(bool(before), bool(shared)), "a comparison needs measured rounds on both sides")
    pairs: list[Pair] = []
    differences: list[Difference] = []
    for key_a, key_b in _machine_pairs(before, after):
        difference = fingerprint_difference(before[key_a][-1].environment, after[key_b][-1].environment)
        case_key = _without_device if difference.kind == "cross-hardware" else attrgetter("case.case_key")
        pairs += [Pair(x, y, difference) for x, y in _match(before[key_a], after[key_b], case_key, force)]
        differences.append(difference)
    if not pairs:
        raise StoreError("no case is in both sets", "compare results of one suite, or of suites that share cases")
    paired = {id(side) for pair in pairs for side in (pair.a, pair.b)}
    only_a, only_b = (tuple(s for own in x.values() for s in own if id(s) not in paired) for x in (before, after))
    return Pairing(tuple(pairs), only_a, only_b, tuple(differences), tuple(notes))


def _not_in(a: Sequence[Record], b: Sequence[Record]) -> tuple[list[Record], int]:
    in_a = {_identity(record) for record in a if record.case.mode != COUNT}
    measured = [record for record in b if record.case.mode != COUNT]
    fresh = [record for record in measured if _identity(record) not in in_a]
    return fresh, len(measured) - len(fresh)


def _identity(record: Record) -> Hashable:
    machine = record.environment.hw_key, record.environment.sw_key
    return record.suite, record.case.key, *machine, record.round, record.started, record.facts.get("latency_s")


def _empty_side(a: bool, shared: bool) -> str:
    if not a:
        return "A has no measured rounds"
    return "all rounds of B are also in A" if shared else "B has no measured rounds"


def _machine_pairs(a: Mapping[str, Sequence[Side]], b: Mapping[str, Sequence[Side]]) -> list[tuple[str, str]]:
    """Hardware keys to compare: common ones where there are any, else the only one of its kind on each side."""
    if common := [key for key in a if key in b]:
        return [(key, key) for key in common]
    kinds_a, kinds_b = _by_kind(a), _by_kind(b)
    if any(len(keys) > 1 for keys in (*kinds_a.values(), *kinds_b.values())):
        raise StoreError(
            f"no machine is in both sets, and the choice is ambiguous: {_names(a)} in A, {_names(b)} in B",
            "pass the files of one machine on each side",
        )
    same_kind = [(kinds_a[kind][0], kinds_b[kind][0]) for kind in kinds_a if kind in kinds_b]
    return same_kind or [(kinds_a[x][0], kinds_b[y][0]) for x in kinds_a for y in kinds_b]


def _by_kind(machines: Mapping[str, Sequence[Side]]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for hw_key, own in machines.items():
        kinds.setdefault(own[-1].case.kind.name, []).append(hw_key)
    return kinds


def _names(machines: Mapping[str, Sequence[Side]]) -> str:
    return ", ".join(own[-1].environment.machine for own in machines.values())


def _without_device(side: Side) -> Hashable:
    return replace(side.case, device="", threads=0, protocol=Protocol())


def _match(
    a: Sequence[Side], b: Sequence[Side], key: Callable[[Side], Hashable], force: bool
) -> list[tuple[Side, Side]]:
    """Pairs of one machine pair: by key and method, and by threads where several are left."""
    matched = []
    for name in dict.fromkeys(map(key, a)):
        xs, ys = ([side for side in sides_ if key(side) == name] for sides_ in (a, b))
        methods = [m for m in dict.fromkeys(x.case.method_key for x in xs) if any(y.case.method_key == m for y in ys)]
        if ys and not methods:
            if not (force or _one_takes_turns(xs[-1].case, ys[-1].case)):
                raise _methods_differ(xs[-1], ys[-1])
            matched += _unambiguous(xs[-1:], ys[-1:])
        for method in methods:
            matched += _unambiguous(*([s for s in both if s.case.method_key == method] for both in (xs, ys)))
    return matched


def _one_takes_turns(a: Case, b: Case) -> bool:
    """Whether one case takes turns with others on its CPU, and the other one, on a GPU, does not."""
    return a.by_turns != b.by_turns and a.kind.on_host != b.kind.on_host


def _unambiguous(xs: Sequence[Side], ys: Sequence[Side]) -> list[tuple[Side, Side]]:
    if len(xs) == len(ys) == 1:
        return [(xs[0], ys[0])]
    return [(x, y) for x in xs for y in ys if x.case.threads == y.case.threads and x.case.device == y.case.device]


def _methods_differ(a: Side, b: Side) -> StoreError:
    fields = ", ".join(map(str, changes(a.case.method, b.case.method))) or "its version"
    return StoreError(
        f"{a.case.label} was timed by different methods: {fields}",
        "measure both with one protocol, or pass --force to compare them anyway",
    )
