"""Python factories named by the user: where their source is, and which files beside it they import. Nothing runs."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scalebench.errors import BuildError


@dataclass(frozen=True)
class Factory:
    """A function in a source file.

    Attributes:
        path: of the source.
        name: of the function.
        root: folder that absolute imports start from.
        module: dotted name below the root.
    """

    path: Path
    name: str
    root: Path
    module: str


def find_factory(source: str, folder: Path) -> Factory:
    """Find ``file.py:factory`` from ``folder``, or ``package.module:factory`` there or on Python's path.

    Raises:
        BuildError: it is not written so, there is no such file, or its text defines no such name.
    """
    place, mark, name = source.rpartition(":")
    if not mark or not name.isidentifier():
        raise BuildError(f"{source!r} names no factory", "write file.py:factory or package.module:factory")
    if place.endswith(".py"):
        path = (folder / place).resolve()
        factory = Factory(path, name, path.parent, path.stem)
    else:
        factory = _module(place, name, folder)
    if not factory.path.is_file():
        raise BuildError(f"{factory.path}: no such file", "write file.py:factory or package.module:factory")
    _refuse_unnamed(factory)
    return factory


def _module(module: str, name: str, folder: Path) -> Factory:
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        raise BuildError(f"{module!r} is not the name of a module", "write package.module:factory or file.py:factory")
    for root in dict.fromkeys((folder.resolve(), *(Path(entry or ".").resolve() for entry in sys.path))):
        path = _source(root.joinpath(*parts))
        if path is not None:
            return Factory(path, name, root, module)
    raise BuildError(f"no module {module!r} in {folder.resolve()} or on Python's path", "write file.py:factory")


def _source(path: Path) -> Path | None:
    """Source of the module or package at a path without suffix."""
    candidates = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)


def _refuse_unnamed(factory: Factory) -> None:
    """Names that only a star import or ``setattr`` gives are left to the import."""
    tree = _parsed(factory.path)
    names = {alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))
             for alias in node.names}  # fmt: skip
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    functions = [n.name for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef))]
    if factory.name not in {*names, *functions} and "*" not in names:
        raise BuildError(
            f"{factory.path.name} defines no {factory.name!r}", f"it defines {', '.join(functions) or 'no functions'}"
        )


def imported_files(path: Path, root: Path) -> tuple[Path, ...]:
    """Sources below ``root`` that a source imports, directly or through others, sorted; what is installed is left out.

    Only import statements count; what is imported under a computed name is not seen.
    """
    seen: dict[Path, None] = {path.resolve(): None}
    queue = [path.resolve()]
    while queue:
        for file in _imports(queue.pop(), root.resolve()):
            if file not in seen:
                seen[file] = None
                queue.append(file)
    return tuple(sorted(file for file in seen if file != path.resolve()))


def _imports(path: Path, root: Path) -> Iterator[Path]:
    installed = root.name in ("site-packages", "dist-packages")  # packages with versions of their own
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            names = [(root, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = path.parents[node.level - 1] if node.level else root
            module = node.module or ""
            names = [(base, module), *((base, f"{module}.{alias.name}".lstrip(".")) for alias in node.names)]
        else:
            continue
        for base, name in names:
            parts = name.split(".") if name and not installed else []
            for number in range(1, len(parts) + 1):  # a package's own file runs first
                file = _source(base.joinpath(*parts[:number]))
                if file is not None and file.resolve().is_relative_to(root):
                    yield file.resolve()


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        text = error.text.strip() if isinstance(error, SyntaxError) and error.text else ""
        raise BuildError(f"{path}{line}: not valid Python: {getattr(error, 'msg', error)}", text) from None
    except OSError as error:
        raise BuildError(f"{path}: cannot be read: {error.strerror}") from None
