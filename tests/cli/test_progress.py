"""Progress on a pipe: a line now and then, and none where there is nothing to wait for."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from scalebench.cli.progress import Lines, RoundsBar, progress_bar
from scalebench.execute.events import Counted, Event, HeatStarted, RoundEnded, RoundStarted
from scalebench.record import Environment, Record
from scalebench.suite.case import Case


def lines_after(*events: tuple[float, Counted]) -> list[str]:
    """What is printed of events that come at these seconds."""
    text = StringIO()
    seconds = iter([at for at, _ in events])
    lines = Lines(Console(file=text), clock=lambda: next(seconds))
    for _, event in events:
        lines.hear(event)
    return text.getvalue().splitlines()


def test_counting_says_how_far_it_is_every_ten_seconds() -> None:
    events = [(float(second), Counted("counting", second, 60)) for second in range(23)]
    assert lines_after(*events) == ["counting: 10 of 60", "counting: 20 of 60"]


def test_each_kind_of_work_has_its_own_clock() -> None:
    matching, counting = Counted("matching compute", 1, 25), Counted("counting", 0, 73)
    assert lines_after((0.0, matching), (9.0, matching), (11.0, counting), (19.0, counting)) == []


def test_a_plan_from_the_cache_prints_no_progress() -> None:
    assert lines_after((0.0, Counted("matching compute", 25, 25)), (0.0, Counted("counting", 73, 73))) == []


def _line_of(record: Record) -> str:
    text = StringIO()
    Lines(Console(file=text, width=200)).hear(RoundEnded(record, 1, 2, None))
    return text.getvalue()


def test_a_disturbed_round_of_a_heat_counts_and_is_not_doubtful() -> None:
    """Flags of a round that took turns set nothing aside; those of one measured alone do."""
    alone = Record(
        "a_suite", Case("resnet50", 224), 0, "ok", "", Environment("epyc", "h", "s"), facts={"latency_s": 0.02},
        notes=("steal_heavy: 4 %",),
    )  # fmt: skip
    assert "20.0 ms (steal_heavy: 4 %: doubtful)" in _line_of(alone)
    turns = _line_of(replace(alone, heat="heat 0", turns=(0,)))
    assert "20.0 ms (steal_heavy: 4 %: counts, because its whole heat shares it)" in turns
    assert "doubtful" not in turns


LONGEST = Case("efficientnet_b0[d=1.0975,w=1.0499]", 241)
"""The longest label of suites/compound_vs_single.yaml."""


def _drawn(width: int, event: Event) -> str:
    """Last line that a bar draws on a terminal of this width, during a round that others preceded."""
    console = Console(file=StringIO(), width=width, force_terminal=True, color_system=None, legacy_windows=False)
    bar = progress_bar(console)
    display = RoundsBar(bar)
    display.hear(event)
    display.hear(RoundEnded(_timed(LONGEST), 128, 387, 1260.0))
    display.hear(event)
    with console.capture() as lines:
        console.print(bar.get_renderable())
    (line,) = lines.get().splitlines()
    return line.rstrip()


def _timed(case: Case) -> Record:
    return Record("a_suite", case, 0, "ok", "", Environment("epyc", "h", "s"), facts={"latency_s": 0.02})


@pytest.mark.parametrize(
    ("width", "name"),
    [
        (60, "efficie…@241 batch 1 +14 "),
        (80, "efficientnet_…w=1.0499]@241 batch 1 +14 ━"),
        (120, "efficientnet_b0[d=1.0975,w=1.0499]@241 batch 1 fp32 eager cpu +14 ━"),
    ],
)
def test_a_long_name_gives_way_and_the_counts_never(width: int, name: str) -> None:
    """One line at any width: the model, its resolution and batch, rounds done and in all, and the time left."""
    line = _drawn(width, HeatStarted((LONGEST,) * 15, 128, 387))
    assert line.startswith(name)
    assert " 128/387 " in line
    assert line.endswith(" 21 min 0 s left")
    assert len(line) <= width


def test_usual_words_go_before_the_name_is_cut() -> None:
    """What sets a case apart outlives the words that most cases share."""
    case = Case("tf_efficientnetv2_b2", 224, batch=2, precision="amp_bf16", layout="channels_last", runtime="compile")
    drawn = _drawn(115, RoundStarted(case, 128, 387))
    assert drawn.startswith("tf_efficientnetv2_b2@224 batch 2 amp_bf16 channels_last compile  ")
    drawn = _drawn(80, RoundStarted(Case("mobilenetv3_large_100", 224), 128, 387))
    assert drawn.startswith("mobilenetv3_large_100@224 batch 1  ")
