"""What an import came to, for a person at a terminal.

What lives here: text made of the box's answer. How the box is asked is not known here.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from shared.domain.money import format_amount
from shared.limits import IMPORT_LINES_SHOWN_MAX

__all__ = ["problem_lines", "summary"]


def summary(answer: dict[str, Any], *, checked: bool) -> str:
    """What changes, item by item, and from when on."""
    changes, currency = answer["changes"], answer["currency"]
    counts = [f"{len(changes[what])} {what}" for what in ("added", "changed", "removed")]
    return "\n".join([
        f"menu {answer['name']!r}, {answer['items']} items: {', '.join(counts)}",
        *_some([
            *(f"  + {each['item_id']}: {each['name']}, {format_amount(each['price_minor'], currency)}" for each in changes["added"]),
            *(f"  ~ {each['item_id']}: {each['name']}, {_fields(each, currency)}" for each in changes["changed"]),
            *(f"  - {each['item_id']}: {each['name']}" for each in changes["removed"]),
        ]),
        *(["  the items stand in another order"] if changes["reordered"] else []),
        *([f"  beside the items: {', '.join(changes['parts'])}"] if changes["parts"] else []),
        _outcome(answer, checked),
    ])  # fmt: skip


def problem_lines(problem: dict[str, Any]) -> Iterator[str]:
    """Every problem of a refused menu, one line each, with its place."""
    problems = problem.get("facts", {}).get("problems", [])
    for each in problems:
        if isinstance(each, str):
            yield each
        else:
            where = f"row {each['row']}" if each["row"] else "the file"
            yield f"{where}{', ' if each['column'] else ''}{each['column']}: {each['detail']} [{each['code']}]"
    more = problem.get("facts", {}).get("total", len(problems)) - len(problems)
    if more > 0:
        yield f"… and {more} more"


def _fields(change: dict[str, Any], currency: str) -> str:
    told = [each for each in change["fields"] if each != "price_minor"]
    if "price_minor" in change["fields"]:
        told.insert(0, f"{format_amount(change['price_before_minor'], currency)} -> {format_amount(change['price_minor'], currency)}")
    return ", ".join(told)


def _some(lines: list[str]) -> Iterable[str]:
    """As many lines as a person reads; --json has them all."""
    yield from lines[:IMPORT_LINES_SHOWN_MAX]
    if len(lines) > IMPORT_LINES_SHOWN_MAX:
        yield f"  … and {len(lines) - IMPORT_LINES_SHOWN_MAX} more (--json tells all)"


def _outcome(answer: dict[str, Any], checked: bool) -> str:
    if checked:
        return "checked: nothing was put in force"
    if answer["effective_at"]:
        return f"in force from {answer['effective_at'].replace('T', ' ')}, local time of the site: version {answer['version'][:12]}"
    if answer["applied"]:
        return f"in force now: version {answer['version'][:12]}"
    return f"that menu was in force already: version {answer['version'][:12]}"
