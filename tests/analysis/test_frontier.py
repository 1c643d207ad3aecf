import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.frontier import pareto

POINT = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6), st.just(math.nan))


def _on_front(points: list[tuple[float, float]]) -> list[bool]:
    """The definition: no other point costs less and gains as much, or gains more and costs no more."""
    known = [point for point in points if not any(map(math.isnan, point))]

    def beaten(cost: float, gain: float) -> bool:
        return any((c < cost and g >= gain) or (c <= cost and g > gain) for c, g in known)

    return [point in known and not any(map(math.isnan, point)) and not beaten(*point) for point in points]


@given(points=st.lists(st.tuples(POINT, POINT), max_size=12))
def test_the_front_is_what_nothing_else_beats(points: list[tuple[float, float]]) -> None:
    """Row by row the front agrees with its definition, with ties and missing numbers."""
    frame = pd.DataFrame(points, columns=pd.Index(["cost", "gain"]), dtype=float)
    assert pareto(frame, "cost", "gain").tolist() == _on_front(points)


@given(points=st.lists(st.tuples(POINT, POINT), max_size=12), data=st.data())
def test_the_order_of_rows_does_not_matter(points: list[tuple[float, float]], data: st.DataObject) -> None:
    """Shuffled rows keep their answers, found by their index."""
    frame = pd.DataFrame(points, columns=pd.Index(["cost", "gain"]), dtype=float)
    order = data.draw(st.permutations(range(len(points))))
    shuffled = pareto(frame.iloc[list(order)], "cost", "gain")
    assert shuffled.sort_index().tolist() == pareto(frame, "cost", "gain").tolist()


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
    frame = pd.DataFrame(points, columns=pd.Index(["cost", "gain"]), dtype=float)
    assert pareto(frame, "cost", "gain").tolist() == front


def test_whole_numbers_will_do() -> None:
    """Counted MACs are whole numbers: a column of them gives the same front, without a warning."""
    frame = pd.DataFrame({"cost": [0.1, 0.2, 0.3], "gain": [4_000_000_000, 3_000_000_000, 5_000_000_000]})
    assert pareto(frame, "cost", "gain").tolist() == [True, False, True]
