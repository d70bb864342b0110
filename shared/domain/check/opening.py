"""Opening a check: for a table, for a guest at the counter with a number, or as a tab.

What lives here: OpenCheck, its event and its rules. What becomes of the check afterwards is in the modules beside this one.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from shared.domain.check.acts import ACT_ERRORS, ensure_ids
from shared.domain.check.state import CHECK, Check, CheckStatus
from shared.domain.day import business_date_of_local
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.menu.document import Menu
from shared.domain.menu.floor import DINE_IN
from shared.domain.site import next_number, numbered
from shared.domain.text import Id, ensure_text
from shared.limits import CLOCK_BEHIND_MAX_S, COVERS_MAX, ID_LENGTH_MAX, NAME_LENGTH_MAX

__all__ = ["FEATURE", "CheckName", "CheckOpened", "OpenCheck", "TableId", "ensure_named", "ensure_table", "series_of"]

TableId = Annotated[str, msgspec.Meta(max_length=ID_LENGTH_MAX, description='a table of the floor; "" is none')]
CheckName = Annotated[str, msgspec.Meta(max_length=NAME_LENGTH_MAX)]

_IMPORT_YEAR_MIN = 1970  # no till wrote a file before


class OpenCheck(Command, frozen=True):
    """Open a check at a table, for a guest at the counter who gets a number, or as a tab in somebody's name. `opened_at` is a local
    time of the site for checks that are imported (permission `import`); they may be of tables that are no more."""

    check_id: Id
    table_id: TableId = ""
    covers: Annotated[int, msgspec.Meta(ge=0, le=COVERS_MAX)] = 0
    opened_at: datetime | None = None
    service: Literal["table", "quick", "tab"] = "table"
    name: CheckName = ""
    dining_option: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = DINE_IN
    training: bool = False


class CheckOpened(Event, frozen=True):
    """`order_number` is the number that a guest at the counter is called by; it runs by business date, 0 for none."""

    check_id: str
    number: int
    business_date: str
    currency: str
    table_id: str = ""
    covers: int = 0
    opened_at: datetime | None = None
    service: Literal["table", "quick", "tab"] = "table"
    order_number: int = 0
    name: str = ""
    dining_option: str = DINE_IN
    training: bool = False
    owner_id: str = ""
    device_id: str = ""


def series_of(name: str, training: bool) -> str:
    """The number series of a check: training has its own, so that it leaves no gap in those of documents."""
    return f"training/{name}" if training else name


def ensure_table(menu: Menu, table_id: str) -> None:
    """Raises Refused `table.unknown` for a table that stands on no floor of the menu; "" is no table. Menus without floors, as all
    of v0.1, know their tables by name alone, and any is taken."""
    if not table_id or not menu.floors:
        return
    known = {table.id for floor in menu.floors for table in floor.tables} | set(menu.tables)
    if table_id not in known:
        raise Refused("table.unknown", f"There is no table {table_id!r} on the floor.", table_id=table_id)


def ensure_named(service: str, name: str, **facts: object) -> None:
    """Raises Refused `tab.name_missing` for a tab without a name: it has no table by which it could be found."""
    if service == "tab" and not name.strip():
        raise Refused("tab.name_missing", "A tab is kept under a name.", **facts)


def _open(view: View, command: OpenCheck, context: Context) -> Iterable[Event]:
    ensure_ids(command.check_id)
    ensure_text(command.table_id, command.name, command.dining_option)
    if view.find(Check, CHECK, command.check_id) is not None:
        raise Refused("check.already_open", f"Check {command.check_id} has been opened.", check_id=command.check_id)
    if command.opened_at is None:
        ensure_table(context.menu, command.table_id)
    ensure_named(command.service, command.name)
    options = context.menu.dining_options
    if options and command.dining_option not in {option.id for option in options}:
        known = [option.id for option in options]
        raise Refused("dining_option.unknown", f"The menu has no dining option {command.dining_option!r}.", dining_options=known)
    date = _business_date(command, context)
    series = series_of("check", command.training)
    order_number = next_number(view, context.epoch, series_of(f"quick/{date}", command.training)) if command.service == "quick" else 0
    yield CheckOpened(
        check_id=command.check_id,
        number=next_number(view, context.epoch, series),
        business_date=date,
        currency=context.currency,
        table_id=command.table_id,
        covers=command.covers,
        opened_at=command.opened_at.replace(tzinfo=context.zone).astimezone(UTC) if command.opened_at else None,
        service=command.service,
        order_number=order_number,
        name=command.name,
        dining_option=command.dining_option,
        training=command.training,
        owner_id=context.actor_id,
        device_id=context.device_id,
    )


def _business_date(command: OpenCheck, context: Context) -> str:
    if command.opened_at is None:
        if context.head_at is not None and (context.head_at - context.now).total_seconds() > CLOCK_BEHIND_MAX_S:
            raise Refused("clock.behind", f"The clock says {context.now.isoformat()}, the last entry is of {context.head_at.isoformat()}.")
        return context.today
    if "import" not in context.permissions:
        raise Refused("permission.missing", "Opening a check in the past needs the permission 'import'.", permission="import")
    if command.opened_at.tzinfo is not None:
        raise Refused("check.opened_at_zone", "opened_at is a local time of the site and carries no zone.")
    if command.opened_at.year < _IMPORT_YEAR_MIN or business_date_of_local(command.opened_at, context.cut_over_minutes) > context.today:
        raise Refused("check.opened_at_range", f"{command.opened_at} lies before {_IMPORT_YEAR_MIN} or in the future.")
    return business_date_of_local(command.opened_at, context.cut_over_minutes)


def _opened(view: View, event: CheckOpened, meta: Meta) -> Mapping[Key, Aggregate]:
    if view.find(Check, CHECK, event.check_id) is not None:
        raise ValueError(f"check {event.check_id} was opened twice")
    check = Check(
        check_id=event.check_id,
        number=event.number,
        epoch=meta.epoch,
        business_date=event.business_date,
        currency=event.currency,
        status=CheckStatus.OPEN,
        opened_at=event.opened_at or meta.at,
        table_id=event.table_id,
        covers=event.covers,
        service=event.service,
        order_number=event.order_number,
        name=event.name,
        dining_option=event.dining_option,
        owner_id=event.owner_id or meta.actor_id,
        device_id=event.device_id or meta.device_id,
        training=event.training,
    )
    changes = {(CHECK, event.check_id): check, **numbered(meta.epoch, series_of("check", event.training), event.number)}
    if event.order_number:
        changes |= numbered(meta.epoch, series_of(f"quick/{event.business_date}", event.training), event.order_number)
    return changes


FEATURE = Feature(
    name="check.opening",
    deciders={OpenCheck: ("order", _open)},
    evolvers={CheckOpened: _opened},
    aggregates={CHECK: Check},
    errors=ACT_ERRORS
    | {
        "check.already_open": ErrorInfo(409, "A check of that id exists.", "Give every new check an id of its own."),
        "check.opened_at_zone": ErrorInfo(422, "opened_at carries a time zone.", "Send the local time of the site without an offset."),
        "check.opened_at_range": ErrorInfo(422, "opened_at is no time at which a check can have been opened.", "Send a time in the past."),
        "table.unknown": ErrorInfo(422, "There is no such table.", "Choose a table of the floor, or none."),
        "tab.name_missing": ErrorInfo(422, "The tab has no name.", "Say in whose name it is kept."),
        "dining_option.unknown": ErrorInfo(422, "The menu has no such dining option.", "Choose one that the menu lists."),
    },
)
