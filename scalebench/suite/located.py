"""YAML whose every refusal names file, line and key: the reader of suites, claims and plans."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from scalebench.errors import ScalebenchError, did_you_mean

MAX_BYTES = 1_000_000
MAX_NODES = 100_000
"""Nodes of the file with every alias written out; a file beyond this is an attack or a mistake."""

Location = tuple[str | int, ...]
ErrorKind = type[ScalebenchError]
_UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")


@dataclass(frozen=True)
class Located:
    """A YAML file's content with the lines it came from.

    Attributes:
        path: file it was read from, as the user wrote it.
        text: the YAML, verbatim.
        tree: ruamel's round-trip tree, which knows the lines.
        kind: class of the errors about it.
    """

    path: str
    text: str
    tree: CommentedMap | CommentedSeq
    kind: ErrorKind

    def plain(self) -> Any:
        """The content as plain lists, dicts and scalars."""
        return _plain(self.tree)

    def error(self, location: Location, message: str, hint: str = "") -> ScalebenchError:
        """Error at a key of this file: ``suites/x.yaml:12: models[0].timm: message``."""
        key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")
        where = f"{self.path}:{_line(self.tree, location)}"
        return self.kind(f"{where}: {key}: {message}" if key else f"{where}: {message}", hint)

    def explain(
        self,
        error: ValidationError,
        known_keys: Callable[[Location], Iterable[str]],
        in_file: Callable[[Location], Location] = lambda location: location,
    ) -> ScalebenchError:
        """Every problem of a validation at its line, with the nearest valid word for the first that has one.

        Args:
            error: pydantic's.
            known_keys: keys that are valid where pydantic's location points.
            in_file: pydantic's location without the tags it adds for the branches of unions.
        """
        lines, hints = [], []
        for problem in error.errors():
            location = in_file(problem["loc"])
            message = problem["msg"].removeprefix("Value error, ")
            if problem["type"] in _UNKNOWN_KEY:
                message = "unknown key"
            lines.append(self.error(location, message).message)
            hints.append(_hint(problem, location, list(known_keys(problem["loc"]))))
        unique = dict.fromkeys(lines)  # a union reports the same key once for each of its branches
        return self.kind("\n".join(unique), next(filter(None, hints), ""))


def read_text(path: Path, kind: ErrorKind, shipped: str = "") -> str:
    """Text of a YAML file.

    Args:
        path: the file.
        kind: class of the errors about it.
        shipped: where the project ships such files, for the hint.
    """
    name = str(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        near = did_you_mean(path.name, [p.name for p in path.parent.glob("*.yaml")]) if path.parent.is_dir() else ""
        raise kind(f"{name}: no such file", near or shipped) from None
    except OSError as error:
        raise kind(f"{name}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise kind(f"{name}: {len(data)} bytes; such a file has at most {MAX_BYTES}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise kind(f"{name}: not UTF-8 text (byte {error.start})") from None


def parse_yaml(name: str, text: str, top: type[dict[Any, Any] | list[Any]], kind: ErrorKind) -> Located:
    """Read YAML whose top is a mapping or a list.

    Raises:
        an error of ``kind``: not YAML, nested or aliased beyond reason, or something else at the top.
    """
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise kind(f"{name}{line}: not valid YAML: {error.problem or error.context}") from None
    except (YAMLError, ValueError) as error:
        raise kind(f"{name}: not valid YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise kind(f"{name}: nested too deeply") from None
    if not isinstance(tree, top) or not isinstance(tree, (CommentedMap, CommentedSeq)):
        actual = "nothing" if tree is None else f"a {type(tree).__name__.removeprefix('Commented').lower()}"
        expected = "a mapping of keys" if top is dict else "a list of entries"
        raise kind(
            f"{name}:1: this file must be {expected}, not {actual}", "start with: schema: 1" if top is dict else ""
        )
    located = Located(name, text, tree, kind)
    if _size(located, tree, frozenset(), {}) > MAX_NODES:
        raise kind(f"{name}: aliases expand to more than {MAX_NODES} nodes", "write the lists out")
    return located


def _size(file: Located, node: Any, above: frozenset[int], sizes: dict[int, int]) -> int:
    """Nodes of the tree with every alias written out, in time linear in the text."""
    if not isinstance(node, (CommentedMap, CommentedSeq)):
        return 1
    if id(node) in above:
        raise file.kind(f"{file.path}:{node.lc.line + 1}: an alias contains itself")
    if id(node) not in sizes:
        children = node.values() if isinstance(node, CommentedMap) else node
        sizes[id(node)] = 1 + sum(_size(file, child, above | {id(node)}, sizes) for child in children)
    return sizes[id(node)]


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    if isinstance(node, str):
        return str(node)
    return node


def _hint(problem: Any, location: Location, valid_keys: list[str]) -> str:
    if problem["type"] in _UNKNOWN_KEY:
        return did_you_mean(str(location[-1]), valid_keys) or f"valid keys: {', '.join(sorted(valid_keys))}"
    if problem["type"] in ("literal_error", "union_tag_invalid"):
        given = problem["input"] if problem["type"] == "literal_error" else problem["ctx"]["tag"]
        expected = problem["ctx"].get("expected") or problem["ctx"]["expected_tags"]
        return did_you_mean(given, re.findall(r"'([^']*)'", str(expected))) if isinstance(given, str) else ""
    # A branch of a union that none of the keys selects: one of them may be misspelt.
    if problem["type"].endswith("_entry") and isinstance(problem["input"], dict):
        return next(
            filter(None, (did_you_mean(key, valid_keys) for key in problem["input"])),
            f"valid keys: {', '.join(valid_keys)}",
        )
    return ""


def _line(tree: Any, location: Location) -> int:
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


def keys_at(
    model: type[BaseModel], location: Location, branches: Mapping[str | int, type[BaseModel]] | None = None
) -> list[str]:
    """Keys that are valid in the mapping that pydantic's location points into, from the root ``model`` on.

    ``branches`` are the models of a discriminated union by their tag.
    """
    branches = branches or {}
    for step in location:
        if step in branches and model in branches.values():
            model = branches[step]
            continue
        field = next((f for name, f in model.model_fields.items() if step in (name, f.alias)), None)
        model = (_model_in(field.annotation) if field else None) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model in an annotation, also as the entry of a list or mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)
