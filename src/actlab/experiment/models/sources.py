"""A Python file with what it imports from its own folder: read, kept as text, and put down again elsewhere."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from actlab.errors import OptionError


def local_sources(path: Path, who: str) -> tuple[tuple[str, str], ...]:
    """(path relative to the folder, text) of the file, then of everything local that it imports, directly or not.

    Raises
    ------
    OptionError
        If one of them is no text or not Python.
    """
    folder, found, waiting = path.parent, dict[str, str](), [path]
    while waiting:
        current = waiting.pop()
        name = current.relative_to(folder).as_posix()
        if name not in found:
            found[name] = _text(current, who)
            waiting += _imported(found[name], current, folder)
    (first, text), *others = found.items()
    return ((first, text), *sorted(others))


@lru_cache(maxsize=16)
def home(path: Path, files: tuple[tuple[str, str], ...]) -> str:
    """The file's own folder; on a machine that does not have it, a new one with the same files."""
    if path.is_file():
        return str(path.parent)
    folder = Path(mkdtemp(prefix="actlab-model-"))
    for name, text in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return str(folder)


def forget(names: Iterable[str]) -> None:
    """Have these files loaded anew when they are imported next: an earlier state of them may be there."""
    for name in names:
        sys.modules.pop(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."), None)


def _text(path: Path, who: str) -> str:
    try:
        text = path.read_text(encoding="utf-8")
        compile(text, str(path), "exec")
    except SyntaxError as error:
        raise OptionError(
            f"{who}: {path.name} must be valid Python; got {type(error).__name__}: {error.msg} "
            f"({path.name}, line {error.lineno})"
        ) from None
    except (OSError, ValueError) as error:  # no permission; not UTF-8, a null byte
        raise OptionError(
            f"{who}: {path.name} must be a readable Python file; got {type(error).__name__}: {error}"
        ) from None
    return text


def _imported(text: str, path: Path, folder: Path) -> Iterator[Path]:
    """Files of the folder that these imports may load."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = _package(path, folder, node.level)
            base = ".".join(filter(None, [*start, node.module]))
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            yield from _files(folder, name.split("."))


def _package(path: Path, folder: Path, level: int) -> tuple[str, ...]:
    """The package that a relative import of this level starts from."""
    parts = path.relative_to(folder).parts
    return parts[: len(parts) - level] if level else ()


def _files(folder: Path, parts: list[str]) -> Iterator[Path]:
    """Module and packages of a dotted name, if they lie in the folder."""
    for count in range(1, len(parts) + 1):
        base = folder.joinpath(*parts[:count])
        yield from (file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file())
