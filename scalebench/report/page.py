"""Report -> one self-contained HTML file. Every name is text: the templates escape by themselves."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from scalebench.report.content import Report

ICONS = {"supported": "✓", "refuted": "✗", "inconclusive": "?", "not measured": "-"}


def render(report: Report) -> str:
    """HTML of a report."""
    loader = PackageLoader("scalebench.report", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    css = resources.files("scalebench.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    template = environment.get_template("report.html.jinja")
    # The style sheet is our own file; drawings were escaped when they were made.
    return template.render(report=report, css=Markup(css), icons=ICONS, drawn=Markup)  # noqa: S704
