"""How the page says that its numbers were obtained."""

from __future__ import annotations

from scalebench.report.sections.method import method
from tests.report.literal_report import Built


def test_the_method_names_every_way_in_which_ratios_are_compared(full: Built) -> None:
    """It said "ratios use Welch's interval", and that every flagged round is replaced, also of rounds by turns."""
    text = method(full.analysis, full.document).text[0]
    assert "Two cases that took turns are compared turn by turn" in text
    assert "through the reference case of their heats" in text
    assert "Those measured alone are compared by Welch's interval" in text
    assert "One that took turns counts" in text
