import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.frontier import on_front

POINT = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6), st.just(math.nan))


def _front(points: list[tuple[float, float]]) -> list[bool]:
    cost, gain = np.array(points, dtype=float).reshape(-1, 2).T
    return on_front(cost, gain).tolist()


def _by_definition(points: list[tuple[float, float]]) -> list[bool]:
    """The definition: no other point costs less and gains as much, or gains more and costs no more."""
    known = [point for point in points if not any(map(math.isnan, point))]

    def beaten(cost: float, gain: float) -> bool:
        return any((c < cost and g >= gain) or (c <= cost and g > gain) for c, g in known)

    return [point in known and not any(map(math.isnan, point)) and not beaten(*point) for point in points]


@given(points=st.lists(st.tuples(POINT, POINT), max_size=12))
def test_the_front_is_what_nothing_else_beats(points: list[tuple[float, float]]) -> None:
    """Row by row the front agrees with its definition, with ties and missing numbers."""
    assert _front(points) == _by_definition(points)


@given(points=st.lists(st.tuples(POINT, POINT), max_size=12), data=st.data())
def test_the_order_of_rows_does_not_matter(points: list[tuple[float, float]], data: st.DataObject) -> None:
    """Shuffled points keep their answers."""
    order = data.draw(st.permutations(range(len(points))))
    front = _front(points)
    assert _front([points[place] for place in order]) == [front[place] for place in order]


@pytest.mark.parametrize(
    ("points", "front"),
    [
        ([], []),
        ([(1, 1)], [True]),
        ([(1, 1), (1, 1)], [True, True]),
        ([(1, 1), (1, 2)], [False, True]),
        ([(1, 2), (2, 2)], [True, False]),
        ([(1, 1), (2, 3), (3, 2), (4, 4)], [True, True, False, True]),
        ([(1, math.nan), (math.nan, 9), (2, 1)], [False, False, True]),
    ],
)
def test_literal_fronts(points: list[tuple[float, float]], front: list[bool]) -> None:
    """Equal points stand or fall together, dearer equals fall, a missing number is never on the front."""
    assert _front(points) == front


def test_whole_numbers_will_do() -> None:
    """Counted MACs are whole numbers: a column of them gives the same front, without a warning."""
    gain = np.array([4_000_000_000, 3_000_000_000, 5_000_000_000])
    assert on_front(np.array([0.1, 0.2, 0.3]), gain).tolist() == [True, False, True]
