"""YAML text -> Suite. Every refusal names file, line and key, and the nearest valid word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ValidationError

from scalebench.errors import ScalebenchError, SuiteError
from scalebench.suite.case import CLASSIFYING
from scalebench.suite.labelled_entry import LabelledData
from scalebench.suite.located import Located, Location, parse_yaml, read_text
from scalebench.suite.protocol import PROTOCOLS, Protocol
from scalebench.suite.shipped_suites import hint_at, suite_file
from scalebench.suite.study_entry import StudyEntry
from scalebench.suite.suite_grid import DeviceGrid, Exclude, Grid
from scalebench.suite.suite_schema import ENTRY_KINDS, LimitsEntry, NearTarget, SceneEntry, Suite

_TAG_AT: dict[str | int, int] = {"models": 2, "protocol": 1, "grid": 3}
"""Where pydantic's locations name the branch of a union: not a key of the file."""


@dataclass(frozen=True)
class SuiteFile:
    """A suite with the text it came from, so that later refusals can still name the line.

    Attributes:
        suite: the validated content.
        source: the file and its lines.
    """

    suite: Suite
    source: Located

    @property
    def path(self) -> str:
        """File it was read from, as the user wrote it."""
        return self.source.path

    @property
    def text(self) -> str:
        """The YAML, verbatim."""
        return self.source.text

    def with_protocol(self, protocol: Protocol) -> SuiteFile:
        """The same suite with another protocol."""
        return replace(self, suite=self.suite.model_copy(update={"protocol": protocol}))

    def error(self, location: Location, message: str, hint: str = "") -> ScalebenchError:
        """Error at a key of this file: ``suites/x.yaml:12: models[0].timm: message``."""
        return self.source.error(location, message, hint)


def load_suite(path: str | Path) -> SuiteFile:
    """Read and validate a suite.

    Args:
        path: a file, or the name of a shipped suite.

    Raises:
        SuiteError: with file, line, key, and the nearest valid word where there is one.
    """
    found = suite_file(path)
    source = parse_yaml(str(found), read_text(found, SuiteError, hint_at(path)), dict, SuiteError)
    try:
        file = SuiteFile(Suite.model_validate(source.plain()), source)
    except ValidationError as error:
        raise source.explain(error, _known_keys, _in_file) from None
    _check_data(file)
    return file


def _check_data(file: SuiteFile) -> None:
    """Refuse modes that lack their images, and images that nothing uses."""
    suite = file.suite
    modes = [(keys, mode) for keys, values in suite.values("mode").items() for mode in values if mode in CLASSIFYING]
    int8 = any("int8" in values for values in suite.values("precision").values())
    if modes and suite.data is None:
        raise file.error(modes[0][0], f"{modes[0][1]} needs labelled images", "data: FOLDER names them")
    if suite.data is not None and not modes and not int8:
        uses = "mode: [accuracy] or [probe] classifies them, and precision: [int8] is calibrated on them"
        raise file.error(("data",), "nothing in the grid uses these images", uses)


def _in_file(loc: Location) -> Location:
    """Pydantic's location without the tags it adds for the branches of unions."""
    at = _TAG_AT.get(loc[0]) if loc else None
    keys = loc if at is None else loc[:at] + loc[at + 1 :]
    return keys[:4] + keys[5:] if keys[2:3] == ("target",) else keys


def _known_keys(loc: Location) -> list[str]:
    top = loc[0] if loc else ""
    if loc[3:4] == ("target",):
        return list(NearTarget.model_fields)
    if top == "models":
        kind = next((ENTRY_KINDS[str(step)] for step in loc[2:3] if step in ENTRY_KINDS), None)
        return list(kind.model_fields) if kind else list(ENTRY_KINDS)
    if top == "protocol":
        return [*Protocol.__dataclass_fields__, *PROTOCOLS]
    rooms: dict[str | int, type[BaseModel]] = {
        "grid": Grid, "grid_on": DeviceGrid, "exclude": Exclude, "limits": LimitsEntry, "scene": SceneEntry,
        "study": StudyEntry,
        "data": LabelledData,
    }  # fmt: skip
    model = rooms.get(top, Suite)
    return [field.alias or name for name, field in model.model_fields.items()]
