"""A check, or lines of it, are taken away after all, or eaten in: sold under another dining option (golden rule 1).

What lives here: ChangeDiningOption, its event and its rules. It is the one act that gives lines other prices and taxes than those
they were added at, and it says so line by line. Prices and taxes themselves are asked of the menu through offering.py; whether a
dish goes on a plate or into a box the kitchen is told by its own functions.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from shared.domain.arithmetic.types import Tax
from shared.domain.check.acts import (
    allow_line,
    before,
    changed,
    ensure_lines,
    ensure_no_share,
    ensure_unchanged,
    ensure_whole,
    find_check,
    lines_of,
)  # fmt: skip
from shared.domain.check.lines import ensure_amount
from shared.domain.check.offering import Terms, ensure_dining_option, price_at, shared_out, taxes_at, terms_of
from shared.domain.check.reckoning import money_changed
from shared.domain.check.selection import repriced
from shared.domain.check.settling import settle
from shared.domain.check.state import Check, Line, LineStatus
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.labels import lines_packed, relabelled
from shared.domain.menu.document import MenuItem
from shared.domain.text import Id, ShortId, ensure_text
from shared.limits import CHECK_LINES_MAX

__all__ = ["FEATURE", "ChangeDiningOption", "LinesRerated", "RatedLine"]


class ChangeDiningOption(Command, frozen=True):
    """Sell the check, with all that stands on it, under another dining option; or only `line_ids` of it (a combo's id names all of it)."""

    check_id: Id
    dining_option: ShortId
    line_ids: Annotated[tuple[Id, ...], msgspec.Meta(max_length=CHECK_LINES_MAX)] = ()
    revision: int | None = None


class RatedLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a line costs from now on; `modifiers_minor` are the prices of its modifiers in their order, `combo_minor` is of its combo."""

    line_id: str
    unit_price_minor: int
    modifiers_minor: tuple[int, ...] = ()
    price_level: str = ""
    taxes: tuple[Tax, ...] = ()
    combo_minor: int = 0


class LinesRerated(Event, frozen=True):
    """`lines` have new prices and taxes; `kept` keep theirs, for their item has left the menu. With `is_whole` the check itself, and
    all that stands on it, is under the dining option; else only the lines named here are."""

    check_id: str
    dining_option: str
    lines: tuple[RatedLine, ...] = ()
    kept: tuple[str, ...] = ()
    is_whole: bool = True


# --- decision --------------------------------------------------------------------------------------


def _rerate(view: View, command: ChangeDiningOption, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "change")
    ensure_text(command.dining_option)
    ensure_unchanged(check, command.revision)
    ensure_dining_option(context.menu, command.dining_option)
    is_whole = not command.line_ids
    lines = check.kept_lines if is_whole else _named(check, command.line_ids)
    ensure_no_share(check, lines)
    others = [line for line in lines if (line.dining_option or check.dining_option) != command.dining_option]
    if not others and (not is_whole or check.dining_option == command.dining_option):
        detail = f"That is {command.dining_option} already on check {check.number}."
        raise Refused("dining_option.unchanged", detail, check_id=check.check_id, dining_option=command.dining_option)
    rated = _rated(view, check, others, command.dining_option, context)
    known = {line.line_id for line in rated}
    event = LinesRerated(
        check_id=check.check_id,
        dining_option=command.dining_option,
        lines=tuple(rated),
        kept=tuple([line.line_id for line in others if line.line_id not in known]),
        is_whole=is_whole,
    )
    after = _after(check, event)
    for line in after.kept_lines:
        ensure_amount(line)
    yield event
    if is_whole:
        yield from relabelled(view, check.check_id, check.table_id, dining_option=command.dining_option)
    packed = [line.line_id for line, other in zip(check.lines, after.lines, strict=True) if line.dining_option != other.dining_option]
    yield from lines_packed(view, check.check_id, packed, "" if is_whole else _label(check.dining_option, command.dining_option))
    yield from settle(after, context)


def _named(check: Check, line_ids: Iterable[str]) -> list[Line]:
    """The lines of these ids, each once, in the order of the check."""
    ids: set[str] = set()
    for line_id in line_ids:
        for line in lines_of(check, line_id):
            ensure_whole(check, line, line_id)
            if line.status is LineStatus.VOIDED:
                allow_line(check, line, "change")
            ids.add(line.line_id)
    return [line for line in check.lines if line.line_id in ids]


def _rated(view: View, check: Check, lines: Sequence[Line], dining_option: str, context: Context) -> list[RatedLine]:
    """What the lines cost under the dining option, those whose items the menu has. They are priced as of the moment when each was
    ordered: what somebody ordered in the happy hour stays so when they take it home."""
    rated: list[RatedLine] = []
    combos: dict[str, list[Line]] = {}
    known: dict[datetime | None, Terms] = {}

    def terms_at(ordered_at: datetime | None) -> Terms:
        minute = ordered_at.replace(second=0, microsecond=0) if ordered_at else None  # levels turn on the minute; a table orders at once
        if minute not in known:
            known[minute] = terms_of(check, context, dining_option, minute)
        return known[minute]

    for line in lines:
        if line.combo is not None:
            combos.setdefault(line.combo.combo_id, []).append(line)
            continue
        item = context.menu.items_by_id.get(line.item_id)
        if item is not None:
            terms = terms_at(line.added_at)
            price, level = (line.unit_price_minor, "") if line.own_price else price_at(view, terms, item)
            rated.append(_rate(line, item, terms, price, level))
    for components in combos.values():
        rated += _rated_combo(view, components, terms_at(components[0].added_at))
    return rated


def _rated_combo(view: View, lines: Sequence[Line], terms: Terms) -> list[RatedLine]:
    """The components with the combo's new price divided anew; none of them if the menu lacks the combo or one of its parts."""
    combo = lines[0].combo
    assert combo is not None
    item = terms.menu.items_by_id.get(combo.item_id)
    items = [found for line in lines if (found := terms.menu.items_by_id.get(line.item_id)) is not None]
    if item is None or len(items) < len(lines):
        return []
    price, level = (combo.price_minor, "") if lines[0].own_price else price_at(view, terms, item)
    units = shared_out(view, terms, price, items, [line.combo.extra_minor for line in lines if line.combo is not None])
    return [
        _rate(line, component, terms, unit, level, combo_minor=price) for line, component, unit in zip(lines, items, units, strict=True)
    ]


def _rate(line: Line, item: MenuItem, terms: Terms, price_minor: int, level: str, combo_minor: int = 0) -> RatedLine:
    return RatedLine(
        line_id=line.line_id,
        unit_price_minor=price_minor,
        modifiers_minor=tuple([each.price_minor for each in repriced(terms.menu, line.modifiers, terms.levels)]),
        price_level=level,
        taxes=taxes_at(terms, item),
        combo_minor=combo_minor,
    )


# --- evolution -------------------------------------------------------------------------------------


def _label(of_check: str, dining_option: str) -> str:
    """How a line says its dining option: "" is that of its check."""
    return "" if dining_option == of_check else dining_option


def _after(check: Check, event: LinesRerated) -> Check:
    rated = {line.line_id: line for line in event.lines}
    ensure_lines(check, [*rated, *event.kept])
    of_check = event.dining_option if event.is_whole else check.dining_option
    option = _label(of_check, event.dining_option)
    relabelled = {line.line_id for line in check.kept_lines} if event.is_whole else rated.keys() | set(event.kept)
    lines = tuple([
        _line_after(line, rated.get(line.line_id), option) if line.line_id in relabelled else line for line in check.lines
    ])  # fmt: skip
    return money_changed(check, lines=lines, dining_option=of_check)


def _line_after(line: Line, rated: RatedLine | None, option: str) -> Line:
    if rated is None:
        return line if line.dining_option == option else msgspec.structs.replace(line, dining_option=option, revision=line.revision + 1)
    modifiers = tuple([
        msgspec.structs.replace(each, price_minor=price) for each, price in zip(line.modifiers, rated.modifiers_minor, strict=True)
    ])  # fmt: skip
    combo = msgspec.structs.replace(line.combo, price_minor=rated.combo_minor) if line.combo is not None else None
    return msgspec.structs.replace(
        line, unit_price_minor=rated.unit_price_minor, modifiers=modifiers, price_level=rated.price_level, taxes=rated.taxes,
        combo=combo, dining_option=option, revision=line.revision + 1,
    )  # fmt: skip


def _rerated(view: View, event: LinesRerated, meta: Meta) -> Mapping[Key, Aggregate]:
    return changed(_after(before(view, event.check_id, "change"), event))


FEATURE = Feature(
    name="check.rerating",
    deciders={ChangeDiningOption: ("order", _rerate)},
    evolvers={LinesRerated: _rerated},
    errors={
        "dining_option.unchanged": ErrorInfo(409, "That is under this dining option already.", "Nothing needs to be done."),
    },
)
