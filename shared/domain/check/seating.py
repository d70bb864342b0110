"""Who sits where, and whose check it is: guests, names, price levels, tables, owners and tablets.

What lives here: ChangeCheck, MoveChecks, AssignCheck, their events and rules. Lines are not touched here; what a change of covers
means for automatic charges is settled in settling.py, what the kitchen reads of it in shared/domain/kitchen/labels.py.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, TypeVar

import msgspec

from shared.domain.check.acts import before, changed, ensure_unchanged, find_check
from shared.domain.check.opening import CheckName, TableId, ensure_named, ensure_table
from shared.domain.check.reckoning import noted
from shared.domain.check.settling import settle
from shared.domain.check.state import Check
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.labels import relabelled
from shared.domain.text import Id, ShortId, ensure_text
from shared.limits import CHECKS_MOVED_MAX, COVERS_MAX, ID_LENGTH_MAX

__all__ = ["FEATURE", "AssignCheck", "ChangeCheck", "CheckAssigned", "CheckChanged", "CheckMoved", "MoveChecks"]

T = TypeVar("T")
_Revision = Annotated[int, msgspec.Meta(ge=0, description="the revision that the device saw; another one is refused")]


class ChangeCheck(Command, frozen=True):
    """Change how many guests there are, the name, or the price level that holds for lines added from now on ("": none is chosen).
    What is absent stays."""

    check_id: Id
    covers: Annotated[int, msgspec.Meta(ge=0, le=COVERS_MAX)] | None = None
    name: CheckName | None = None
    price_level: Annotated[str, msgspec.Meta(max_length=ID_LENGTH_MAX)] | None = None
    revision: _Revision | None = None


class MoveChecks(Command, frozen=True):
    """Move checks to another table, all of them or none; "" takes them off the floor. With `from_table_id` they are moved only if
    they stand there still. Lines go to another check with MoveLines."""

    check_ids: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=CHECKS_MOVED_MAX)]
    table_id: TableId
    from_table_id: TableId | None = None


class AssignCheck(Command, frozen=True):
    """Hand a check to another owner, to another tablet, or to both. Any device that takes orders may, also for a check that is
    another's: a waiter who has gone home hands over nothing, and the entry says who took it."""

    check_id: Id
    owner_id: ShortId | None = None
    device_id: ShortId | None = None
    revision: _Revision | None = None


class CheckChanged(Event, frozen=True):
    """None is as it was."""

    check_id: str
    covers: int | None = None
    name: str | None = None
    price_level: str | None = None


class CheckMoved(Event, frozen=True):
    check_id: str
    table_id: str
    from_table_id: str = ""


class CheckAssigned(Event, frozen=True):
    """None is as it was. Who said so stands in the entry."""

    check_id: str
    owner_id: str | None = None
    device_id: str | None = None


def _change(view: View, command: ChangeCheck, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "change")
    ensure_unchanged(check, command.revision)
    covers, name, level = _new(check.covers, command.covers), _new(check.name, command.name), _new(check.price_level, command.price_level)
    _ensure_news(check, covers, name, level)
    if name is not None:
        ensure_text(name)
        ensure_named(check.service, name, check_id=check.check_id)
    if level and level not in {known.id for known in context.menu.price_levels}:
        known = [each.id for each in context.menu.price_levels]
        detail = f"The menu has no price level {level!r}."
        raise Refused("price_level.unknown", detail, check_id=check.check_id, price_levels=known)
    event = CheckChanged(check_id=command.check_id, covers=covers, name=name, price_level=level)
    yield event
    if covers is not None:
        yield from settle(_as_changed(check, event), context)
    yield from relabelled(view, check.check_id, check.table_id, name=name, covers=covers)


def _new(now: T, wanted: T | None) -> T | None:
    """What is wanted, if it is anything else than what is."""
    return None if wanted == now else wanted


def _ensure_news(check: Check, *wanted: object) -> None:
    if all(value is None for value in wanted):
        raise Refused("check.unchanged", f"Check {check.number} is so already.", check_id=check.check_id)


def _move(view: View, command: MoveChecks, context: Context) -> Iterable[Event]:
    ensure_text(command.table_id)
    ensure_table(context.menu, command.table_id)
    checks = [find_check(view, check_id, "move") for check_id in dict.fromkeys(command.check_ids)]
    for check in checks:
        if command.from_table_id is not None and check.table_id != command.from_table_id:
            detail = f"Check {check.number} has left table {command.from_table_id!r}: it is at {check.table_id!r}."
            raise Refused("check.changed", detail, check_id=check.check_id, revision=check.revision)
    moving = [check for check in checks if check.table_id != command.table_id]
    if not moving:
        raise Refused("check.unchanged", f"Check {checks[0].number} is there already.", check_id=checks[0].check_id)
    for check in moving:
        yield CheckMoved(check_id=check.check_id, table_id=command.table_id, from_table_id=check.table_id)
    for check in moving:
        yield from relabelled(view, check.check_id, command.table_id)


def _assign(view: View, command: AssignCheck, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "change")
    ensure_unchanged(check, command.revision)
    owner, device = _new(check.owner_id, command.owner_id), _new(check.device_id, command.device_id)
    _ensure_news(check, owner, device)
    ensure_text(owner or "", device or "")
    yield CheckAssigned(check_id=command.check_id, owner_id=owner, device_id=device)
    yield from relabelled(view, check.check_id, check.table_id, owner_id=owner)


def _changed(view: View, event: CheckChanged, meta: Meta) -> Mapping[Key, Aggregate]:
    return changed(_as_changed(before(view, event.check_id, "change"), event))


def _as_changed(check: Check, event: CheckChanged) -> Check:
    return _with(check, covers=event.covers, name=event.name, price_level=event.price_level)


def _moved(view: View, event: CheckMoved, meta: Meta) -> Mapping[Key, Aggregate]:
    return changed(_with(before(view, event.check_id, "move"), table_id=event.table_id))


def _assigned(view: View, event: CheckAssigned, meta: Meta) -> Mapping[Key, Aggregate]:
    return changed(_with(before(view, event.check_id, "change"), owner_id=event.owner_id, device_id=event.device_id))


def _with(check: Check, **fields: object) -> Check:
    return noted(check, **{name: value for name, value in fields.items() if value is not None})


FEATURE = Feature(
    name="check.seating",
    deciders={ChangeCheck: ("order", _change), MoveChecks: ("order", _move), AssignCheck: ("order", _assign)},
    evolvers={CheckChanged: _changed, CheckMoved: _moved, CheckAssigned: _assigned},
    errors={
        "check.unchanged": ErrorInfo(409, "The check is so already.", "Nothing needs to be done."),
        "price_level.unknown": ErrorInfo(422, "The menu has no such price level.", "Choose one that the menu lists, or none."),
    },
)
