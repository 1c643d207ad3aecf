"""What the page shows, before any HTML."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from scalebench.claims.judge import Verdict
from scalebench.report.content import Absent
from scalebench.report.labels import plain, short, when
from scalebench.report.looks import drawn_family, series
from scalebench.report.sections.headline import LIMIT, count_words, effect, headline
from scalebench.report.sections.results import draw_figures
from scalebench.report.view import articles, compose
from tests.report.literal_report import CLAIMS, MACHINE, Built, make_record


def test_a_headline_has_at_most_sixty_words_and_says_the_counts(full: Built) -> None:
    text = headline(full.verdicts)
    assert len(text.split()) <= LIMIT
    for word, count in count_words(full.verdicts).items():
        assert f"{count} {word}" in text


def test_sentences_of_our_own_are_not_counted_among_refuted_papers(full: Built) -> None:
    paper = replace(full.verdicts[0], verdict="refuted")
    trap = replace(paper, claim=CLAIMS[1].model_copy(update={"stance": "trap"}))
    assert count_words([paper, trap, trap])["refuted"] == 1
    assert headline([paper, trap, trap]).startswith("1 claims, 1 verdicts: 0 supported, 1 refuted, 0 not reproduced")
    assert "2 on sentences of our own are not counted." in headline([paper, trap, trap])
    assert headline([trap]).startswith("1 sentences of our own, 1 verdicts: 0 supported, 1 refuted")


def test_a_headline_stays_short_with_a_long_claim_and_a_long_machine(full: Built) -> None:
    long = CLAIMS[0].model_copy(update={"claim": "word " * 200})
    verdicts = [replace(v, claim=long, machine="m" * 300) if v.claim.id == "EN-18" else v for v in full.verdicts]
    assert len(headline(verdicts).split()) <= LIMIT
    assert "m" * 50 not in headline(verdicts)


def test_a_headline_says_when_other_ways_of_running_disagree(full: Built) -> None:
    group = [v for v in full.verdicts if v.claim.id == "EN-18" and v.n]
    mixed = [replace(group[0], verdict="refuted"), replace(group[0], verdict="supported", machine="other")]
    text = headline(mixed)
    assert "EN-18 is refuted on cpu-a" in text
    assert "Elsewhere: 1 supported." in text


def test_without_claims_the_headline_says_so() -> None:
    assert headline([]) == "This suite names no claims, so there is no verdict."


def test_rulings_of_one_claim_share_an_article(full: Built) -> None:
    found = {article.name: article for article in articles(full.verdicts)}
    assert list(found) == ["EN-18", "EN-02", "EN-12"]
    assert found["EN-18"].id == "claim-EN-18"
    assert len(found["EN-18"].rulings) == 3  # batch 1 and 8 on one machine, batch 1 on another
    assert "cpu-a" in found["EN-18"].rulings[0].place


def test_an_effect_always_says_n_and_its_interval(full: Built) -> None:
    verdict = full.verdicts[0]
    assert f"n = {verdict.n}" in effect(verdict)
    assert "95 % interval [" in effect(verdict)
    assert "no interval" in effect(replace(verdict, low=math.nan, high=math.nan))
    assert "exact" in effect(replace(verdict, low=verdict.effect, high=verdict.effect, exact=True))
    assert effect(replace(verdict, effect=math.nan)) == "no number"


def test_a_figure_without_data_is_left_out_and_the_reason_is_told(build: Callable[..., Built]) -> None:
    built = build([make_record("resnet50", 128, 1e9, r) for r in range(3)])
    figures = draw_figures(built.analysis)
    drawn = [name for name, figure in figures.items() if not isinstance(figure, Absent)]
    assert drawn == ["f9"], "three rounds of one case have a spread, and nothing else"
    report = compose(built.analysis, built.verdicts, built.document)
    told = {row[0] for s in report.sections if s.id == "gaps" for t in s.tables for row in t.rows}
    assert any("Memory by model, batch and resolution: no model" in text for text in told)
    assert any("resnet50@192" in text for text in told), "missing cases are listed"


def test_provenance_names_machines_dates_and_rounds(full: Built) -> None:
    facts = compose(full.analysis, full.verdicts, full.document).facts
    assert facts["machines"] == "cpu-a and gpu-b"
    assert facts["measured"] == "2026-11-23, 22:00 to 22:00 UTC"
    assert facts["rounds"].startswith(f"{len(full.analysis.rounds)} stored")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("resnet50", "resnet"),
        ("resnet50[d=2]", "resnet, scaled"),
        ("tf_efficientnetv2_s", "efficientnetv2"),
        ("efficientnet_b0", "efficientnet"),
        ("convnext_tiny", "convnext"),
        ("vit_base", "other"),
    ],
)
def test_series(model: str, expected: str) -> None:
    assert series(model) == expected
    assert drawn_family(model) == expected.removesuffix(", scaled")


def test_times_in_words() -> None:
    assert when("2026-11-24T00:07:35+00:00", "2026-11-24T00:49:42+00:00") == "2026-11-24, 00:07 to 00:49 UTC"
    assert (
        when("2026-11-23T23:59:00+00:00", "2026-11-24T00:01:00+00:00") == "2026-11-23, 23:59 to 2026-11-24, 00:01 UTC"
    )
    assert when("<b>", "x") == "<b> to x"


def test_short_names() -> None:
    assert short("resnet50") == "resnet50"
    assert len(short("x" * 200)) <= 26
    assert short("a\x00b") == "a\ufffdb"
    assert [plain(v) for v in (2.0, 0.5, 2.5, 100.0, 1500.0)] == ["2", "0.5", "2.5", "100", "1500"]


def test_verdict_words_are_all_counted(full: Built) -> None:
    assert sum(count_words(full.verdicts).values()) == len(full.verdicts)
    assert isinstance(full.verdicts[0], Verdict)
    assert MACHINE.machine in full.document["machines"]
