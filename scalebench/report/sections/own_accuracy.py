"""Accuracy of artefacts on labelled images, where `scalebench accuracy` classified any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from scalebench.analysis.measured_accuracy import AccuracyRow
from scalebench.analysis.stats import Estimate
from scalebench.report.content import Section
from scalebench.report.tables import PERCENT, Field, build_table, span
from scalebench.suite.case import PROBE
from scalebench.suite.labelled_images import timed_case
from scalebench.units import digits

ID, TITLE = "own-accuracy", "Accuracy on these images"
_HOW = (
    "Every configuration classified the same test images with the artefact that is timed. Differences are those to the "
    "same model as it stands in fp32, image by image; p is McNemar's, after Holm."
)
_PROBE = "A logistic regression on what the network returns gives the class; it was trained on the training images."


def own_accuracy_section(rows: Sequence[AccuracyRow]) -> Section:
    """What the differences come to, and the table; ``rows`` are not empty."""
    probed = [_PROBE] if any(row.record.case.mode == PROBE for row in rows) else []
    table = build_table(
        "Accuracy of each configuration", rows,
        Field("model", lambda row: f"{row.record.case.model}@{row.record.case.resolution}"),
        Field("configuration", lambda row: timed_case(row.record.case).configuration),
        Field("images", lambda row: row.record.case.data), Field("test images", lambda row: row.top1.n, number=True),
        *_share("top-1, %", lambda row: row.top1), *_share("macro-F1, %", lambda row: row.macro_f1),
        *_share("points to fp32", lambda row: row.against.share if row.against else None),
        Field("p", lambda row: digits(row.p) if row.against else "-", number=True),
    )  # fmt: skip
    return Section(ID, TITLE, (*_sentences(rows), _HOW, *probed), tables=(table,))


def _share(heading: str, estimate: Callable[[AccuracyRow], Estimate | None]) -> tuple[Field, Field]:
    def value(row: AccuracyRow) -> str:
        share = estimate(row)
        return f"{100 * share.value:.1f}" if share else "-"

    def bounds(row: AccuracyRow) -> str:
        share = estimate(row)
        return span(share.low, share.high, share.n, PERCENT) if share else "-"

    return Field(heading, value, number=True), Field("95 % interval", bounds, number=True)


def _sentences(rows: Sequence[AccuracyRow]) -> Iterator[str]:
    """The configurations that clearly lose or gain, or that none was shown to."""
    clear = [row for row in rows if row.against and not row.against.share.low <= 0 <= row.against.share.high]
    for row in clear:
        case, share = row.record.case, row.against.share  # type: ignore[union-attr]
        low, high = sorted(abs(100 * end) for end in (share.low, share.high))
        word = "gains" if share.value > 0 else "loses"
        configuration = f"{case.model}@{case.resolution} in {case.precision} {case.runtime}"
        yield f"{configuration} {word} {abs(100 * share.value):.1f} points ({low:.1f} to {high:.1f})."
    if not clear and any(row.against for row in rows):
        yield "No configuration was shown to differ from fp32."
