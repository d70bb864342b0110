"""Commands of every type, made at random from the types themselves: well formed, seldom sensible, about things that most often exist.

What lives here: a seeded generator. It remembers which checks, lines, payments and tickets the box has told of, and names them in
other commands, so that these come as far as the rules. What the box makes of it is judged by who sends them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from msgspec import inspect

from shared.domain.ids import derived_id
from shared.domain.menu import Menu, MenuItem
from shared.domain.registry import COMMANDS

__all__ = ["Anything"]

_OPEN_MAX = 8  # open checks after which no new one is thought of
_TEXTS = ("", "x", "Gäste an Tisch 3", "a\nb", "\x07", "'; DROP TABLE journal; --", "0")
_NUMBERS = (0, 1, 1, 2, 3, 5, 60, 999, 5_000, 100_000)
# Words that mean something, by field; what the menu knows is added to them.
_WORDS: dict[str, Sequence[str]] = {
    "approval_code": ("A1", "A1", ""), "reference": ("ref", ""), "certificate": ("C-1", ""), "business_date": ("2026-03-02", "tomorrow"),
    "effective_at": ("2100-01-01T06:00:00", "2020-01-01T06:00:00"), "opened_at": ("2025-05-05T12:00:00", "2100-01-01T00:00:00"),
    "currency": ("EUR", "USD"), "time_zone": ("Europe/Berlin", "Mars/Olympus"), "rate": ("10%", "100%", "1/3", "0%", "-5%", "much"),
    "weight": ("0.347", "1", "0", "-1", "heavy"), "owner_id": ("anna", "ben"), "device_id": ("tablet", "till"), "name": ("Ben", ""),
}  # fmt: skip
_ONE_OF = {
    "check_ids": "other_check_id", "into": "fresh_id", "into_check_id": "check_id", "to_check_id": "other_check_id", "line_ids": "line_id",
    "tax_ids": "tax_id", "ticket_ids": "ticket_id", "from_table_id": "table_id",
}  # fmt: skip
_GUARDS = {"revision", "line_revision", "expected_due_minor", "from_table_id", "training", "replaces", "opened_at", "share"}
"""Fields that are hardly ever right when they are made up, and then refuse everything."""
# What most often lets a command through, said in seven of ten.
_HINTS: dict[str, dict[str, Any]] = {
    "OpenCheck": {"covers": 8}, "GiveDiscount": {"rule_id": "friends"}, "CompLines": {"reason": "guest"}, "VoidLine": {"reason": "mistake"},
    "RefundLines": {"reason": "cold"}, "RefundAmount": {"reason": "cold"}, "ReturnOverpaid": {"reason": "cold"}, "ReopenCheck": {"reason": "wrong"},
    "WaiveCharge": {"reason": "regulars"}, "ExemptTax": {"reason": "embassy", "certificate": "C-1"}, "SplitCheck": {"seats": [[1], [2]]},
    "Pay": {"tender": "external", "approval_code": "A1"}, "PayCash": {"tendered_minor": 100_000},
}  # fmt: skip


class Anything:
    """Makes commands; `learn` tells it what has happened."""

    def __init__(self, seed: int, menu: Menu, version: str) -> None:
        self._random = Random(seed)
        self._menu = menu
        self._words = _words_of(menu) | {"version": (version, "nowhere")}
        self._open: list[str] = []
        self._closed: list[str] = []
        self._of_check: defaultdict[tuple[str, str], list[str]] = defaultdict(list)  # (field, check) -> ids
        self._tickets: list[tuple[str, list[str]]] = []  # (ticket, its lines)
        self._talkative = 0.0  # how often a field that may be left out is said
        self._check, self._ticket = "", ("", list[str]())  # what the command being made is about

    def command(self, name: str) -> dict[str, Any]:
        """A command of that type, as JSON would have it."""
        wants_closed = name in {"ReopenCheck", "RefundLines", "RefundAmount", "RefundToCard"} or self._random.random() < 0.05
        self._check = self._one(self._closed if wants_closed else self._open)
        self._ticket = self._random.choice(self._tickets) if self._tickets else (self._fresh(), [])
        if name == "OpenCheck":
            self._check = self._fresh() if len(self._open) < _OPEN_MAX or self._random.random() < 0.3 else self._one(self._open)
        self._talkative = self._random.choice((0.08, 0.4))
        made = {"type": name} | self._struct(COMMANDS[name], 0)
        if self._random.random() < 0.3:
            return made
        return made | (self._sensible(self._random.choice(self._menu.items)) if name == "AddLine" else _HINTS.get(name, {}))

    def learn(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Remember what happened."""
        for event in events:
            check_id, kind = event.get("check_id", ""), event["type"]
            if kind in {"CheckOpened", "CheckReopened"}:
                self._moved(check_id, self._open)
            elif kind == "CheckSplit":
                for child in event["children"]:
                    self._moved(child["check_id"], self._open)
            elif kind == "CheckClosed":
                self._moved(check_id, self._closed)
            elif kind == "ChecksMerged":
                self._open = [each for each in self._open if each not in str(event) or each == event.get("into_check_id", check_id)]
            for field in ("line_id", "payment_id", "discount_id", "charge_id"):
                if check_id and isinstance(event.get(field), str):
                    self._of_check[field, check_id].append(event[field])
            for charge in event.get("charges", ()):
                self._of_check["charge_id", check_id].append(charge.get("charge_id", ""))
            if kind == "TicketCreated":
                self._tickets = [*self._tickets, (event["ticket_id"], [line["line_id"] for line in event["lines"]])][-8:]

    def _moved(self, check_id: str, to: list[str]) -> None:
        for where in (self._open, self._closed):
            if check_id in where:
                where.remove(check_id)
        to.append(check_id)

    def _fresh(self) -> str:
        return derived_id("anything", self._random.getrandbits(64))

    def _one(self, known: Sequence[str]) -> str:
        return self._random.choice(known) if known and self._random.random() < 0.95 else self._fresh()

    def _sensible(self, item: MenuItem) -> dict[str, Any]:
        """The fields of a line that the menu allows."""
        chosen: dict[str, Any] = {"item_id": item.id, "line_id": self._fresh(), "modifiers": self._modifiers(item), "components": []}
        for slot in item.slots:
            part = self._menu.items_by_id[self._random.choice(slot.choices).item_id]
            chosen["components"].append({"slot_id": slot.id, "item_id": part.id, "modifiers": self._modifiers(part)})
        chosen["weight"] = "0.347" if item.weighing else ""
        chosen["unit_price_minor"] = 777 if item.open_price else None
        chosen["seat"] = self._random.randint(0, 2)
        return chosen | ({"quantity": 1} if item.weighing else {})

    def _modifiers(self, item: MenuItem) -> list[dict[str, Any]]:
        groups = [group for group in self._menu.modifier_groups if group.id in item.modifier_group_ids]
        return [self._modifier(group.id) for group in groups for _ in range(max(group.minimum, self._random.randint(0, 1)))]

    def _modifier(self, group_id: str) -> dict[str, Any]:
        group = self._menu.groups_by_id[group_id]
        modifier = self._random.choice(group.modifiers)
        portion = {"portion": self._random.choice(("whole", "left", "right"))} if group.halves else {}
        nested = [self._modifier(each) for each in modifier.group_ids]
        return {"group_id": group.id, "modifier_id": modifier.id} | portion | ({"modifiers": nested} if nested else {})

    def _struct(self, cls: type, depth: int) -> dict[str, Any]:
        if cls.__name__ == "ChosenModifier":
            return self._modifier(self._random.choice(self._menu.modifier_groups).id)
        info = inspect.type_info(cls)
        assert isinstance(info, inspect.StructType)
        made: dict[str, Any] = {} if info.tag is None else {"type": info.tag}
        for field in info.fields:
            if field.required or self._random.random() < (0.03 if field.name in _GUARDS else self._talkative):
                made[field.encode_name] = self._value(field.type, field.name, depth)
        return made

    def _value(self, kind: inspect.Type, field: str, depth: int) -> Any:
        match kind:
            case inspect.Metadata():
                return self._value(kind.type, field, depth)
            case inspect.UnionType():
                kinds = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
                return self._value(self._random.choice(kinds), field, depth)
            case inspect.VarTupleType():
                count = max(kind.min_length or 0, self._random.choice((0, 1, 1, 2)))
                return [self._value(kind.item_type, field, depth + 1) for _ in range(count)]
            case inspect.StructType():
                return self._struct(kind.cls, depth + 1)
            case inspect.LiteralType():
                return self._random.choice(list(kind.values))
            case inspect.BoolType():
                return self._random.random() < 0.2
            case inspect.IntType():
                return min(max(self._random.choice(_NUMBERS), kind.ge or 0), kind.le if kind.le is not None else 10**6)
            case _:
                return self._text(_ONE_OF.get(field, field))

    def _text(self, field: str) -> str:
        if field == "check_id":
            return self._check
        if field == "other_check_id":
            return self._one([each for each in self._open if each != self._check])
        if field == "ticket_id":
            return self._ticket[0]
        if field == "line_id":
            return self._one(self._of_check["line_id", self._check] or self._ticket[1])
        if field in self._words:
            return self._random.choice(self._words[field]) if self._random.random() < 0.97 else self._random.choice(_TEXTS)
        return self._one(self._of_check[field, self._check]) if field.endswith("_id") else self._random.choice(_TEXTS)


def _words_of(menu: Menu) -> dict[str, Sequence[str]]:
    rules = menu.rules
    return _WORDS | {
        "item_id": [*(item.id for item in menu.items), "unicorn"],
        "table_id": [table.id for floor in menu.floors for table in floor.tables][:4],
        "course": [*(course.id for course in menu.courses), ""],
        "station": [station.id for station in menu.stations],
        "dining_option": [option.id for option in menu.dining_options],
        "price_level": ["", *(level.id for level in menu.price_levels)],
        "tender": [*(tender.id for tender in rules.tenders), "external", "shells"],
        "rule_id": [each.id for each in (*rules.discounts, *rules.service_charges)],
        "reason": [*(reason.id for reason in rules.reasons), "because"],
        "tax_id": [tax.id for tax in menu.taxes],
        "slot_id": [slot.id for item in menu.items for slot in item.slots],
    }
