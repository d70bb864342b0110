"""What the bench's devices do: waiters who take checks from opening to close, and a kitchen that bumps their tickets.

What lives here: a menu, and for each device an endless series of commands, none of which is refused. How they travel, and
how long that takes, is not known here.
"""

import os
import time
from collections.abc import Iterator
from random import Random

import msgspec

from shared.domain.ids import derived_id, uuid7
from shared.domain.menu import Menu, MenuItem, Modifier, ModifierGroup, Tax

__all__ = ["MENU", "TABLE_REQUESTS", "commands_of", "tables_of"]

_STATIONS = ("kitchen", "grill", "bar")
_MILK = ModifierGroup(
    id="side", name="Side", modifiers=tuple(Modifier(id=f"side{n}", name=f"Side dish {n}", price_minor=n * 25) for n in range(6))
)
_COOKED = ModifierGroup(
    id="done", name="Cooked", modifiers=tuple(Modifier(id=name, name=name.title()) for name in ("rare", "medium", "well"))
)

MENU = Menu(
    name="Bench",
    currency="USD",
    items=tuple(
        MenuItem(
            id=f"item{n}",
            name=f"Dish of the house number {n}",
            category=f"Category {n % 6}",
            price_minor=350 + n * 45,
            station=_STATIONS[n % 3],
            tax_ids=("sales",),
            modifier_group_ids=("side", "done") if n % 2 else (),
        )
        for n in range(48)
    ),
    modifier_groups=(_MILK, _COOKED),
    taxes=(Tax(id="sales", name="Sales tax", rate="8.875%"),),
    tables=tuple(f"T{n}" for n in range(40)),
)
"""48 dishes at three stations, half of them with modifiers, and one tax that is added."""


def commands_of(seed: int) -> Iterator[tuple[str, bytes]]:
    """(command id, body of POST /v1/commands) for one device, for ever: one check after the other, in two courses.

    A check makes 15 to 17 commands: open, seven lines, one of them voided, two sends, the tickets bumped, paid, closed.
    """
    random = Random(seed)
    while True:
        yield from _check(random)


TABLE_REQUESTS = 4
"""Requests of one table: the order, the bumps, the split, the payments."""


def tables_of(seed: int) -> Iterator[tuple[str, bytes]]:
    """("", body of POST /v1/batches) for one device, for ever: one realistic table after the other, each in TABLE_REQUESTS requests.

    A table: opened, eight lines with modifiers, sent, all in one round trip; its tickets bumped; the check split in two; both paid
    and closed.
    """
    random = Random(seed)
    while True:
        yield from _table(random)


def _table(random: Random) -> Iterator[tuple[str, bytes]]:
    check_id, other_id = _new_id(), _new_id()
    opening = {"type": "OpenCheck", "check_id": check_id, "table_id": f"T{random.randrange(40)}", "covers": 4}
    items = [random.choice(MENU.items) for _ in range(8)]
    lines = [_line(random, check_id, _new_id(), item) for item in items]
    sent, send = _submit({"type": "SendCheck", "check_id": check_id})
    yield "", _batch([_submit(opening)[1], *[_submit(line)[1] for line in lines], send])
    stations = dict.fromkeys(item.station for item in items)
    bumps = [{"type": "BumpTicket", "ticket_id": derived_id(sent, ordinal)} for ordinal, _ in enumerate(stations, 1)]
    yield "", _batch([_submit(bump)[1] for bump in bumps])
    weights = [
        {"line_id": line["line_id"], "weights": [1, 1] if place == 0 else [place % 2, 1 - place % 2]} for place, line in enumerate(lines)
    ]
    yield "", _batch([_submit({"type": "SplitCheck", "check_id": check_id, "into": [other_id], "assignments": weights})[1]])
    acts = [
        act
        for id in (check_id, other_id)
        for act in ({"type": "PayCash", "check_id": id, "tendered_minor": 1_000_000}, {"type": "CloseCheck", "check_id": id})
    ]
    yield "", _batch([_submit(act)[1] for act in acts])


def _batch(submits: list[bytes]) -> bytes:
    return b'{"commands":[' + b",".join(submits) + b"]}"


def _new_id() -> str:
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


def _submit(command: dict[str, object]) -> tuple[str, bytes]:
    command_id = _new_id()
    return command_id, msgspec.json.encode({"id": command_id, "command": command, "actor_id": ""})


def _check(random: Random) -> Iterator[tuple[str, bytes]]:
    check_id = _new_id()
    yield _submit({"type": "OpenCheck", "check_id": check_id, "table_id": f"T{random.randrange(40)}", "covers": random.randint(1, 6)})
    for lines in (4, 3):
        held = []
        for _ in range(lines):
            line_id, item = _new_id(), random.choice(MENU.items)
            held.append((line_id, item.station))
            yield _submit(_line(random, check_id, line_id, item))
        if lines == 3:
            yield _submit({"type": "VoidLine", "check_id": check_id, "line_id": held.pop()[0], "reason": "changed their mind"})
        sent, body = _submit({"type": "SendCheck", "check_id": check_id})
        yield sent, body
        stations = dict.fromkeys(station for _, station in held)
        for ordinal, _ in enumerate(stations, 1):  # ordinal 0 says what was sent, each ticket has its own after it
            yield _submit({"type": "BumpTicket", "ticket_id": derived_id(sent, ordinal)})
    yield _submit({"type": "PayCash", "check_id": check_id, "tendered_minor": 100_000})
    yield _submit({"type": "CloseCheck", "check_id": check_id})


def _line(random: Random, check_id: str, line_id: str, item: MenuItem) -> dict[str, object]:
    chosen = [{"group_id": "side", "modifier_id": f"side{random.randrange(6)}"}, {"group_id": "done", "modifier_id": "medium"}]
    line: dict[str, object] = {
        "type": "AddLine",
        "check_id": check_id,
        "line_id": line_id,
        "item_id": item.id,
        "quantity": random.randint(1, 3),
    }
    if item.modifier_group_ids:
        line["modifiers"] = chosen[: random.randint(0, 2)]
    if random.random() < 0.1:
        line["note"] = "without onions, please"
    return line
