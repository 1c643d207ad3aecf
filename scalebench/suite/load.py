"""YAML text -> Suite. Every refusal names file, line and key, and the nearest valid word."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from scalebench.errors import SuiteError, did_you_mean
from scalebench.suite.protocol import PROTOCOLS, Protocol
from scalebench.suite.schema import ENTRY_KINDS, Exclude, Grid, Suite

MAX_BYTES = 1_000_000
MAX_NODES = 100_000
"""Nodes of the file with every alias written out; a file that grows beyond this is an attack or a mistake."""

Location = tuple[str | int, ...]

_TAG_AT: dict[str | int, int] = {"models": 2, "protocol": 1, "grid": 3}
"""Where pydantic's locations name the branch of a union: not a key of the file."""


@dataclass(frozen=True)
class SuiteFile:
    """A suite with the text it came from, so that later refusals can still name the line.

    Attributes:
        suite: the validated content.
        path: file it was read from, as the user wrote it.
        text: the YAML, verbatim.
        tree: ruamel's round-trip tree, which knows the lines.
    """

    suite: Suite
    path: str
    text: str
    tree: CommentedMap

    def with_protocol(self, protocol: Protocol) -> SuiteFile:
        """The same suite, timed another way."""
        return replace(self, suite=self.suite.model_copy(update={"protocol": protocol}))

    def error(self, location: Location, message: str, hint: str = "") -> SuiteError:
        """Error at a key of this file: ``suites/x.yaml:12: models[0].timm: message``."""
        return SuiteError(_place(self.path, self.tree, location, message), hint)


def load_suite(path: str | Path) -> SuiteFile:
    """Read and validate a suite file.

    Raises:
        SuiteError: with file, line, key, and the nearest valid word where there is one.
    """
    name = str(path)
    text = _read(Path(path), name)
    tree = _parse(text, name)
    try:
        suite = Suite.model_validate(_plain(tree))
    except ValidationError as error:
        raise _explain(error, tree, name) from None
    return SuiteFile(suite, name, text, tree)


def _read(path: Path, name: str) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        near = did_you_mean(path.name, [p.name for p in path.parent.glob("*.yaml")]) if path.parent.is_dir() else ""
        raise SuiteError(f"{name}: no such file", near or "shipped suites are in suites/") from None
    except OSError as error:
        raise SuiteError(f"{name}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise SuiteError(f"{name}: {len(data)} bytes; a suite file has at most {MAX_BYTES}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SuiteError(f"{name}: not UTF-8 text (byte {error.start})") from None


def _parse(text: str, name: str) -> CommentedMap:
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise SuiteError(f"{name}{line}: not valid YAML: {error.problem or error.context}") from None
    except (YAMLError, ValueError) as error:
        raise SuiteError(f"{name}: not valid YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise SuiteError(f"{name}: nested too deeply") from None
    if not isinstance(tree, CommentedMap):
        found = "nothing" if tree is None else f"a {type(tree).__name__.removeprefix('Commented').lower()}"
        raise SuiteError(f"{name}:1: a suite file is a mapping of keys, found {found}", "start with: schema: 1")
    if _size(tree, name, frozenset(), {}) > MAX_NODES:
        raise SuiteError(f"{name}: aliases expand to more than {MAX_NODES} nodes", "write the lists out")
    return tree


def _size(node: Any, name: str, above: frozenset[int], known: dict[int, int]) -> int:
    """Nodes of the tree with every alias written out, in time linear in the text."""
    if not isinstance(node, (CommentedMap, CommentedSeq)):
        return 1
    if id(node) in above:
        raise SuiteError(f"{name}:{node.lc.line + 1}: an alias contains itself")
    if id(node) not in known:
        children = node.values() if isinstance(node, CommentedMap) else node
        known[id(node)] = 1 + sum(_size(child, name, above | {id(node)}, known) for child in children)
    return known[id(node)]


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    if isinstance(node, str):
        return str(node)
    return node


def _explain(error: ValidationError, tree: CommentedMap, name: str) -> SuiteError:
    lines, hints = [], []
    for problem in error.errors():
        location = _in_file(problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            message = "unknown key"
        lines.append(_place(name, tree, location, message))
        hints.append(_hint(problem, location))
    unique = dict.fromkeys(lines)  # a union reports the same key once for each of its branches
    return SuiteError("\n".join(unique), next(filter(None, hints), ""))


def _in_file(loc: Location) -> Location:
    """Pydantic's location without the tag it adds for the branch of a union."""
    at = _TAG_AT.get(loc[0]) if loc else None
    return loc if at is None else loc[:at] + loc[at + 1 :]


def _hint(problem: Any, location: Location) -> str:
    known = _known_keys(problem["loc"])
    if problem["type"] == "models_entry" and isinstance(problem["input"], dict):
        return next(filter(None, (did_you_mean(key, known) for key in problem["input"])), "keys: timm, family, scale")
    if problem["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return did_you_mean(str(location[-1]), known) or f"keys here: {', '.join(sorted(known))}"
    if problem["type"] == "literal_error" and isinstance(problem["input"], str):
        return did_you_mean(problem["input"], re.findall(r"'([^']*)'", str(problem["ctx"]["expected"])))
    return ""


def _known_keys(loc: tuple[str | int, ...]) -> list[str]:
    top = loc[0] if loc else ""
    if top == "models":
        kind = next((ENTRY_KINDS[str(step)] for step in loc[2:3] if step in ENTRY_KINDS), None)
        return list(kind.model_fields) if kind else list(ENTRY_KINDS)
    if top == "protocol":
        return [*Protocol.__dataclass_fields__, *PROTOCOLS]
    rooms: dict[str | int, type[BaseModel]] = {"grid": Grid, "exclude": Exclude}
    model = rooms.get(top, Suite)
    return [field.alias or name for name, field in model.model_fields.items()]


def _place(name: str, tree: CommentedMap, location: Location, message: str) -> str:
    key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")
    where = f"{name}:{_line(tree, location)}"
    return f"{where}: {key}: {message}" if key else f"{where}: {message}"


def _line(tree: CommentedMap, location: Location) -> int:
    node: Any = tree
    line = tree.lc.line
    for step in location:
        if isinstance(node, CommentedMap) and step in node:
            line = (node.lc.data or {}).get(step, (line,))[0]  # a key that was merged in has no line of its own
            node = node[step]
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line = node.lc.item(step)[0]
            node = node[step]
    return int(line) + 1
