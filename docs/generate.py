"""Writes docs/errors.md, docs/settings.md and docs/menu.schema.json from the code, so that they list what there is.

What lives here: the pages as text around tables. `--check` writes nothing and fails when a page is stale; tests/tidy
runs it. What a code or setting means stands beside it in the code, never here.
"""

import ast
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

import click
from pydantic_settings import BaseSettings

from comanda import GROUPS
from shared.domain.errors import COMMON_ERRORS, ErrorInfo
from shared.domain.menu.csv_codes import CSV_CODES
from shared.domain.menu.schema import menu_schema
from shared.domain.registry import FEATURES
from shared.protocol.codes import WIRE_CODES

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("edge", "hub", "provisioning")
# Settings classes by the program that reads them.
SETTINGS = (
    ("edge.settings", "EdgeSettings"),
    ("edge.settings", "LinkSettings"),
    ("edge.settings", "MirrorSettings"),
    ("hub.settings", "HubSettings"),
)
API_ERRORS = (("edge.api.errors", "The box's HTTP API"), ("hub.api.errors", "The hub's HTTP API"))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; pipes in cells are escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines)


# --- errors --------------------------------------------------------------------------------------


def _error_table(errors: Mapping[str, ErrorInfo]) -> str:
    return table(
        ["Code", "Status", "What happened", "What to do"], [(f"`{c}`", str(i.status), i.title, i.hint) for c, i in sorted(errors.items())]
    )


def _text_of(node: ast.expr, constants: Mapping[str, str]) -> str | None:
    """A string literal, a constant, an f-string (values as `…`) or their sum, as text; None for anything else."""
    match node:
        case ast.Name(id=name):
            return constants.get(name)
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text_of(value, constants) or "…" for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return (_text_of(left, constants) or "…") + (_text_of(right, constants) or "…")
        case _:
            return None


def operator_errors() -> dict[str, tuple[str, str]]:
    """code -> (what happened, what to do) of every OperatorError that the source raises with a literal code."""
    paths = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py") if "node_modules" not in file.parts)
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text()))]
    constants = {
        node.targets[0].id: node.value.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    found: dict[str, tuple[str, str]] = {}
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "OperatorError":
            given = dict(zip(("code", "detail", "hint"), node.args, strict=False)) | {
                key.arg: key.value for key in node.keywords if key.arg
            }
            said = {name: (_text_of(value, constants) or "…").replace("……", "…") for name, value in given.items()}
            code, text = said.get("code", "…"), (said.get("detail", "…"), said.get("hint", "…"))
            # One code may be raised in several places; the one that tells most of itself is listed.
            if "…" not in code and (code not in found or text.count("…") < found[code].count("…")):
                found[code] = text
    return found


def errors_page() -> str:
    """docs/errors.md."""
    parts = [
        "# Errors",
        "<!-- Made by docs/generate.py (`make docs`): change the tables in the code, not this page. -->",
        (
            "Every refusal carries a code that stays the same for ever, what happened in this case, and what to do. Over HTTP it is a"
            " problem document (RFC 9457, `application/problem+json`) with `code`, `title`, `detail`, `hint` and `facts`; on the command"
            " line it is two lines on stderr and exit status 1. A refused command has written nothing and is not remembered: the same id"
            " may be sent again."
        ),
        "## Commands, common to every feature",
        _error_table(COMMON_ERRORS),
    ]
    for feature in FEATURES:
        parts += [f"## Commands of the feature `{feature.name}`", _error_table(feature.errors)]
    for module, title in API_ERRORS:
        parts += [f"## {title}", _error_table(import_module(module).API_ERRORS)]
    parts += [
        "## Menus as spreadsheets",
        "The codes in `facts.problems` of `menu.import_refused`, each with its row and column. The format stands in [menu.md](menu.md).",
        table(["Code", "What is wrong", "What to do"], [(f"`{c}`", what, hint) for c, (what, hint) in sorted(CSV_CODES.items())]),
        "## The wire",
        "What the hub answers to a frame (`code` of an answer), and what the link shows as an alarm.",
        table(["Code", "What happened", "What to do"], [(f"`{c}`", what, hint) for c, (what, hint) in sorted(WIRE_CODES.items())]),
        "## The mirror",
        "What `comanda edge mirror` logs and tells the box as an alarm.",
        table(
            ["Code", "What happened", "What to do"],
            [(f"`{c}`", what, hint) for c, (what, hint) in sorted(import_module("edge.mirror.disk").MIRROR_ALARMS.items())],
        ),
        "## The command line",
        "`…` stands for the names and numbers of the case.",
        table(
            ["Code", "What happened", "What to do"],
            [(f"`{c}`", what, hint if hint != "…" else "The message says.") for c, (what, hint) in sorted(operator_errors().items())],
        ),
    ]
    return "\n\n".join(parts) + "\n"


# --- settings ------------------------------------------------------------------------------------


def _settings_rows(settings: type[BaseSettings]) -> list[tuple[str, str, str, str]]:
    prefix = settings.model_config.get("env_prefix", "")
    rows: list[tuple[str, str, str, str]] = []
    for name, field in settings.model_fields.items():
        kind = getattr(field.annotation, "__name__", None) if not hasattr(field.annotation, "__args__") else None
        default = "required" if field.is_required() else f"`{field.default}`" if field.default not in (None, "", [], {}) else "none"
        rows.append((f"`{prefix}{name.upper()}`", kind or str(field.annotation).replace("pathlib.", ""), default, field.description or ""))
    return rows


def _options(command: click.Command, path: str) -> Iterable[tuple[str, str, str]]:
    """(environment variable, where it stands, help) of every option that has one, below `command`."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.envvar:
            variables = [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar
            yield ", ".join(f"`{variable}`" for variable in variables), f"`{path} {parameter.opts[-1]}`", parameter.help or ""
    if isinstance(command, click.Group):
        for name, child in sorted(command.commands.items()):
            yield from _options(child, f"{path} {name}")


def settings_page() -> str:
    """docs/settings.md."""
    parts = [
        "# Settings",
        "<!-- Made by docs/generate.py (`make docs`): change the descriptions in the code, not this page. -->",
        (
            "A process reads its settings once, at start, and refuses to start with a bad one. They come, first found first used, from"
            " the command line, the environment, and the TOML file named by `COMANDA_EDGE_CONFIG` or `COMANDA_HUB_CONFIG`, in which the"
            " keys are the names below without the prefix, in lower case. Bounds that nobody should need to set stand in"
            " [shared/limits.py](../shared/limits.py)."
        ),
    ]
    for module, name in SETTINGS:
        settings: type[BaseSettings] = getattr(import_module(module), name)
        purpose = " ".join((settings.__doc__ or "").split())
        parts += [
            f"## {module.split('.')[0]}: `{name}`",
            purpose,
            table(["Variable", "Type", "Default", "Meaning"], _settings_rows(settings)),
        ]
    options: dict[tuple[str, str], list[str]] = {}
    for name, info in GROUPS.items():
        for variable, option, meaning in _options(getattr(import_module(info.module), info.attribute), f"comanda {name}"):
            options.setdefault((variable, meaning), []).append(option)
    rows = [(variable, ", ".join(places), meaning) for (variable, meaning), places in options.items()]
    parts += ["## Options with a variable of their own", table(["Variable", "Option", "Meaning"], rows)]
    return "\n\n".join(parts) + "\n"


# --- the menu ------------------------------------------------------------------------------------


def menu_schema_page() -> str:
    """docs/menu.schema.json."""
    return json.dumps(menu_schema(), indent=2, ensure_ascii=False) + "\n"


PAGES = {"docs/errors.md": errors_page, "docs/settings.md": settings_page, "docs/menu.schema.json": menu_schema_page}


def stale_pages() -> list[str]:
    """The pages that differ from what the code says now."""
    return [name for name, page in PAGES.items() if not (ROOT / name).exists() or (ROOT / name).read_text() != page()]


def main() -> int:
    """Write the pages, or with --check name those that are stale; the exit status."""
    if "--check" in sys.argv[1:]:
        stale = stale_pages()
        for name in stale:
            print(f"{name} is stale: run `make docs` and commit it")
        return len(stale) > 0
    for name, page in PAGES.items():
        (ROOT / name).write_text(page())
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
