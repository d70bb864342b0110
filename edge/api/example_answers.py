"""Examples of answers for the OpenAPI document: what a box really says, played by the domain when the document is first asked for.

What lives here: a small menu, a site in memory, and what the example order of examples.py leaves there. So no example can tell of
what the box would not do.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec

from edge.api.examples import BATCH, example_id
from edge.app.identity import BoxIdentity
from edge.app.ports import CommandRecord, Head, Write
from edge.app.site import BOX, RefusedCommand, Request, Site
from shared.domain.check import Check
from shared.domain.kernel import Aggregate, Key
from shared.domain.kitchen.state import Ticket
from shared.domain.menu import Menu, document_version, menu_document
from shared.domain.site import ApplyMenu
from shared.domain.views import check_view
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.session import Accepted, Batch, BatchAccepted, ChangesFrame, Submit

__all__ = ["EXAMPLE_MENU", "answer_examples"]

EXAMPLE_MENU: dict[str, Any] = {
    "name": "Evening",
    "currency": "EUR",
    "taxes": [
        {"id": "food", "name": "VAT 7 %", "rate": "7%", "inclusive": True},
        {"id": "drink", "name": "VAT 19 %", "rate": "19%", "inclusive": True},
    ],
    "items": [
        {
            "id": "pizza", "name": "Pizza", "category": "Mains", "price_minor": 1_150, "station": "oven", "course": "mains", "tax_ids": ["food"],
            "modifier_group_ids": ["size", "toppings"],
        },
        {"id": "wine", "name": "Glass of wine", "category": "Drinks", "price_minor": 650, "station": "bar", "tax_ids": ["drink"]},
        {
            "id": "lunch", "name": "Pizza and wine", "category": "Mains", "price_minor": 1_590, "station": "oven",
            "slots": [
                {"id": "main", "name": "Main", "choices": [{"item_id": "pizza"}]},
                {"id": "drink", "name": "Drink", "choices": [{"item_id": "wine"}]},
            ],
        },
    ],
    "modifier_groups": [
        {
            "id": "size", "name": "Size", "minimum": 1, "maximum": 1,
            "modifiers": [{"id": "small", "name": "Small"}, {"id": "big", "name": "Big", "price_minor": 250}],
        },
        {
            "id": "toppings", "name": "Toppings", "maximum": 4, "included": 1, "halves": True,
            "modifiers": [
                {"id": "olives", "name": "Olives", "price_minor": 80},
                {"id": "cheese", "name": "Extra cheese", "price_minor": 150, "group_ids": ["cheese"]},
            ],
        },
        {
            "id": "cheese", "name": "Which cheese", "minimum": 1, "maximum": 1,
            "modifiers": [{"id": "goat", "name": "Goat"}, {"id": "blue", "name": "Blue"}],
        },
    ],
    "courses": [{"id": "mains", "name": "Mains"}],
    "default_station": "oven",
    "stations": [{"id": "oven", "name": "Oven"}, {"id": "bar", "name": "Bar"}],
    "floors": [{"id": "hall", "name": "Hall", "tables": [{"id": "12", "seats": 4}, {"id": "14", "seats": 6}]}],
}  # fmt: skip
"""A menu on which the example order can be placed; also the example of PUT /v1/menu."""

_NOW = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
_IDENTITY = BoxIdentity(
    org_id=example_id(1), site_id=example_id(2), epoch=1, currency="EUR", time_zone="Europe/Berlin", cut_over_minutes=240
)  # fmt: skip
_TILL = msgspec.structs.replace(BOX, device_id=example_id(4), permissions=BOX.permissions | {"order"})


class _Memory:
    """A journal that is kept nowhere."""

    def __init__(self) -> None:
        self._head = Head(START, None)
        self._documents: dict[str, bytes] = {}
        self._states: dict[Key, bytes] = {}

    def head(self) -> Head:
        return self._head

    def find_commands(self, command_ids: Collection[str]) -> dict[str, CommandRecord]:
        return {}

    def entries(self, after_sequence: int, limit: int) -> list[StoredEntry]:
        return []

    def load(self, kind: str, id: str) -> bytes | None:
        return self._states.get((kind, id))

    def document(self, version: str) -> bytes | None:
        return self._documents.get(version)

    def put_document(self, version: str, kind: str, body: bytes) -> None:
        self._documents[version] = body

    def commit(self, write: Write) -> None:
        self._head = Head(write.entries[-1].position, write.at)
        self._states |= {key: row.state for key, row in write.aggregates.items()}

    def begins(self) -> Position:
        return START

    def trim(self, through: int) -> Position:
        return START

    def reopen(self) -> None:
        pass


def _play() -> tuple[tuple[Accepted, ...], Position, dict[Key, Aggregate]]:
    """(answers, head, what it changed) of the example order."""
    site = Site(_IDENTITY, _Memory(), lambda: _NOW)
    site.start()
    document = menu_document(msgspec.convert(EXAMPLE_MENU, Menu))
    version = document_version(document)
    site.put_menu(version, document)
    apply = Submit(id=example_id(3), command=msgspec.Raw(msgspec.json.encode(ApplyMenu(version=version))))
    batch = msgspec.json.decode(msgspec.json.encode(BATCH), type=Batch)
    for commands in ((apply,), batch.commands):
        (outcome,), committed = site.execute([Request(device=_TILL, commands=commands)])
        assert not isinstance(outcome, RefusedCommand), outcome.error
        assert committed is not None
    return outcome, committed.head, committed.changes


@cache
def _examples() -> dict[str, Any]:
    answers, head, changes = _play()
    checks = tuple([check_view(each) for each in changes.values() if isinstance(each, Check)])
    tickets = tuple([each for each in changes.values() if isinstance(each, Ticket)])
    frame = ChangesFrame(position=str(head), checks=checks, tickets=tickets)
    found = [answers[0], BatchAccepted(answers=answers), checks[0], tickets[0], frame]
    return {type(each).__name__: msgspec.json.decode(msgspec.json.encode(each)) for each in found}


def answer_examples(name: str) -> list[Any]:
    """The examples of a component by its name; none for most."""
    found = _examples().get(name)
    return [] if found is None else [found]
