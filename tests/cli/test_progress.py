"""Progress on a pipe: a line now and then, and none where there is nothing to wait for."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from scalebench.cli.progress import Lines
from scalebench.execute.events import Counted


def lines_after(*events: tuple[float, Counted]) -> list[str]:
    """What is printed of events that come at these seconds."""
    text = StringIO()
    seconds = iter([at for at, _ in events])
    lines = Lines(Console(file=text), clock=lambda: next(seconds))
    for _, event in events:
        lines.hear(event)
    return text.getvalue().splitlines()


def test_counting_says_how_far_it_is_every_five_seconds() -> None:
    events = [(float(second), Counted("counting", second, 60)) for second in range(13)]
    assert lines_after(*events) == ["counting: 5 of 60", "counting: 10 of 60"]


def test_each_kind_of_work_has_its_own_clock() -> None:
    matching, counting = Counted("matching compute", 1, 25), Counted("counting", 0, 73)
    assert lines_after((0.0, matching), (4.0, matching), (6.0, counting), (9.0, counting)) == []


def test_a_plan_from_the_cache_prints_no_progress() -> None:
    assert lines_after((0.0, Counted("matching compute", 25, 25)), (0.0, Counted("counting", 73, 73))) == []
