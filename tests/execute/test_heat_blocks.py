"""Blocks: every case once, with those it is compared with, within memory."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from scalebench.execute.heat_blocks import MOST, Room, blocks
from scalebench.suite.case import Case

CASES = [Case(f"net{n}", 64) for n in range(30)]
FREE = Room(lambda case: 1, None, lambda case: 1.0)


@given(st.integers(1, 30), st.data())
def test_every_case_stands_in_one_block_and_the_reference_in_each(number: int, data: st.DataObject) -> None:
    cases = CASES[:number]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(cases), st.sampled_from(cases)), max_size=40))
    reference = data.draw(st.sampled_from([None, CASES[0], CASES[-1]]))
    made = blocks(cases, pairs, reference, FREE, "seed")
    counts = Counter(case for block in made for case in block if case != reference)
    assert counts == Counter(case for case in cases if case != reference)
    assert all(len(block) <= MOST and len(set(block)) == len(block) for block in made)
    assert reference is None or all(reference in block for block in made)


def test_compared_cases_take_turns_with_each_other() -> None:
    """Two groups of five, each compared with its first: two blocks, not mixed, with six cases and the reference."""
    groups = [CASES[1:6], CASES[6:11]]
    pairs = [(member, own[0]) for own in groups for member in own[1:]]
    made = blocks(CASES[:11], pairs, CASES[0], FREE)
    assert all(any(set(own) <= set(block) for block in made) for own in groups)


def test_a_block_fits_into_memory_and_a_case_too_large_for_it_stands_alone() -> None:
    room = Room(lambda case: 9 if case == CASES[3] else 2, 6, lambda case: 1.0)
    made = blocks(CASES[:6], [], None, room)
    assert (CASES[3],) in made
    assert all(len(block) <= 3 for block in made)


def test_short_cases_do_not_wait_for_long_ones() -> None:
    """Costs of 1 and 100: never in one block, unless they are compared."""
    room = Room(lambda case: 1, None, lambda case: 100.0 if case in CASES[:3] else 1.0)
    assert all(len({case in CASES[:3] for case in block}) == 1 for block in blocks(CASES[:8], [], None, room))
    made = blocks(CASES[:8], [(CASES[0], CASES[7])], None, room)
    assert any({CASES[0], CASES[7]} <= set(block) for block in made)


def test_other_sweeps_put_other_cases_together() -> None:
    first, second = ({frozenset(block) for block in blocks(CASES, [], None, FREE, seed)} for seed in "ab")
    assert first != second
    assert blocks(CASES, [], None, FREE, "a") == blocks(CASES, [], None, FREE, "a")


def test_the_reference_alone_is_a_block() -> None:
    assert blocks(CASES[:1], [], CASES[0], FREE) == [(CASES[0],)]
    assert blocks([], [], CASES[0], FREE) == []
