"""The files of the repository and what the tidy tests ask of them.

What lives here: listing, parsing and telling where something stands. Which rules hold is said in the tests.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE_SUFFIXES = {".py", ".pyi", ".ts", ".tsx", ".mts", ".js", ".mjs", ".css", ".html", ".sql", ".sh"}
LOCK_FILES = {"uv.lock", "package-lock.json"}


@cache
def files() -> tuple[Path, ...]:
    """Every file that is committed or would be, relative to the root; deleted ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return tuple(sorted(Path(name) for name in set(listed.stdout.split("\0")) if name and (ROOT / name).is_file()))


@cache
def text(path: Path) -> str | None:
    """The file's text, or None for one that is none (pictures, frozen frames)."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def texts() -> Iterator[tuple[Path, str]]:
    """(path, text) of every text file but the lock files."""
    for path in files():
        content = text(path)
        if content is not None and path.name not in LOCK_FILES:
            yield path, content


def code() -> Iterator[tuple[Path, str]]:
    """(path, text) of everything that is written by hand to be run, generated code included."""
    for path, content in texts():
        if path.suffix in CODE_SUFFIXES or content.startswith("#!"):
            yield path, content


def python() -> Iterator[tuple[Path, ast.Module]]:
    """(path, syntax tree) of every Python file that is not empty."""
    for path, content in texts():
        if path.suffix in {".py", ".pyi"} and content.strip():
            yield path, tree(path)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path) or "", filename=str(path))


def name_of(node: ast.expr) -> str:
    """`a.b.c` for such an expression, the empty string for others."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{name_of(value)}.{attribute}".lstrip(".")
        case _:
            return ""


def at(path: Path, node: ast.AST | int, what: str) -> str:
    """`path:line: what`, which editors and terminals make a link of."""
    return f"{path}:{node if isinstance(node, int) else getattr(node, 'lineno', 1)}: {what}"


def matches(pattern: str, *, within: Iterator[tuple[Path, str]], what: str) -> list[str]:
    """Every line in which the pattern stands."""

    compiled = re.compile(pattern)
    return [
        at(path, number, f"{what}: {found.group(0).strip()}")
        for path, content in within
        for number, line in enumerate(content.splitlines(), 1)
        if (found := compiled.search(line))
    ]
