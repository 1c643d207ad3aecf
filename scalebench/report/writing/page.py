"""Report -> one self-contained HTML file. Every name is text: the templates escape by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from scalebench.report.content import Explorer, Report, Table
from scalebench.report.writing.bundle import chart_script
from scalebench.report.writing.packing import packed, packed_json, source_hash

PREVIEW, SHORT = 5, 9
"""Rows of a long table that stand on the page from the start, and how many make no table long."""
MOST_COLUMNS = 24
_POLICY = "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def render(report: Report, scripts: bool = True) -> str:
    """HTML of a report; without ``scripts`` there is none, no explorer, and every table is whole."""
    return _written("report", report=report, pages=_Pages(scripts))


def render_index(groups: Mapping[str, Sequence[Any]], thumbnails: Mapping[str, str]) -> str:
    """HTML of an index, see ``index.Entry``; it needs no script.

    Args:
        groups: entries by heading.
        thumbnails: addresses of images by page, empty where there is none.
    """
    pages, policy = _Pages(scripts=False), f"default-src 'none'; {_POLICY}"
    return _written("index", groups=groups, thumbnails=thumbnails, pages=pages, policy=policy)


def render_fragment(title: str, text: Sequence[str], tables: Sequence[Table], most: int = 20) -> str:
    """A piece of HTML for a notebook: sentences, and tables of at most ``most`` rows."""
    return _written("fragment", title=title, text=text, tables=tables, most=most)


def _written(template: str, **content: Any) -> str:
    environment = Environment(
        loader=PackageLoader("scalebench.report", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(f"{template}.html.jinja").render(**content).lstrip()


class _Pages:
    """What templates ask for while one page is written, and the rows of its tables that do not stand on it.

    Args:
        scripts: whether the page may have any.
    """

    def __init__(self, scripts: bool) -> None:
        self.scripts = scripts
        self._tables = 0
        self._rest: dict[str, tuple[tuple[str, ...], ...]] = {}

    @property
    def css(self) -> Markup:
        """Our own style sheet; a class per column of numbers costs less than one per cell."""
        columns = ",".join(f".n{at} tr>:nth-child({at})" for at in range(1, MOST_COLUMNS + 1))
        return Markup(f"{_own('report.css')}:is({columns}){{text-align:right;white-space:nowrap}}")  # noqa: S704

    def numeric(self, table: Table) -> str:
        """Classes that name the columns of numbers, from 1 on: ``n2 n3``."""
        return " ".join(f"n{at}" for at, column in enumerate(table.columns, 1) if column.number)

    def drawn(self, svg: str) -> Markup:
        """A drawing; it was escaped when it was made."""
        return Markup(svg)  # noqa: S704

    def keep(self, table: Table) -> tuple[str, tuple[tuple[str, ...], ...]]:
        """The table's id and the rows that stand on the page; scripts show the others."""
        self._tables += 1
        name = f"t{self._tables}"
        if not self.scripts or table.whole or len(table.rows) <= SHORT:
            return name, table.rows
        self._rest[name] = table.rows[PREVIEW:]
        return name, table.rows[:PREVIEW]

    def data(self, report: Report) -> str:
        """Rows that do not stand on the page, and the explorer, for the scripts. Asked after every ``keep``."""
        chart = _explorer(report)
        content: dict[str, Any] = {"tables": self._rest}
        if chart is not None:
            names = ("columns", "titles", "lines", "spec", "channels", "limit")
            content["explorer"] = {name: getattr(chart, name) for name in names}
        return packed_json(content)

    def packed(self, report: Report) -> dict[str, str]:
        """Scripts that are unpacked when they are needed, by id."""
        return {"chart-script": packed(chart_script())} if _explorer(report) else {}

    def code(self, report: Report) -> list[Markup]:
        """Scripts that run when the page is opened."""
        names = ("page.js", "explorer.js") if _explorer(report) else ("page.js",)
        return [Markup(_own(name)) for name in names]  # noqa: S704

    def policy(self, report: Report) -> str:
        """No network at all, and no script but our own, each named by its hash."""
        allowed = ""
        if self.scripts:
            texts = [*self.code(report), *([chart_script()] if _explorer(report) else [])]
            allowed = f"script-src {' '.join(source_hash(text) for text in texts)}; "
        return f"default-src 'none'; {allowed}{_POLICY}"


def _explorer(report: Report) -> Explorer | None:
    return next((section.explorer for section in report.sections if section.explorer), None)


def _own(name: str) -> str:
    return resources.files("scalebench.report").joinpath(f"templates/{name}").read_text(encoding="utf-8")
