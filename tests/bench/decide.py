"""`domain.decide`: how long the rules take for one command on a check of fifty lines.

What lives here: one check with modifiers, combos, discounts, promotions, a service charge and taxes of three kinds, and one
command of each common kind decided on it. No storage, no HTTP. The raw limit is what any decision must do: read the
command's JSON and write that of its events.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from shared.domain.check.state import Check
from shared.domain.ids import derived_id
from shared.domain.kernel import Command, Context, Event
from shared.domain.menu import menu_version
from shared.domain.registry import ROLES, decide, decode_command
from shared.domain.site import site_of, today
from tests.bench.figures import Figure, Value, at_most, figure
from tests.bench.run import Run
from tests.support.evening import MENU
from tests.unit.shared.domain.world import ORG, SITE, World, begun, name_id

__all__ = ["bench_decide"]

_LINES = 50
_BATCH = 50  # decisions of one timing
_BATCHES = 40
_LIMIT = "reading the command and writing its events, as JSON"
_AIM_US = 200


def bench_decide(run: Run) -> Iterator[Figure]:
    """Microseconds of a decision, the median of each kind; the headline is the mean over the kinds, beside the worst of them."""
    run.say(f"domain.decide: {_LINES} lines")
    batches = _BATCHES // 8 if run.quick else _BATCHES
    rounds: list[dict[str, float]] = []
    limits: list[dict[str, float]] = []
    for number in range(run.rounds):
        world = _full_table()
        cases = _cases(world)
        rounds.append({name: _decision_us(world, command, batches) for name, command in cases.items()})
        limits.append({name: _raw_us(world, command, batches) for name, command in cases.items()})
        slowest = max(rounds[-1], key=rounds[-1].__getitem__)
        run.say(f"  round {number + 1}: {statistics.mean(rounds[-1].values()):.0f} us on average, {slowest} {rounds[-1][slowest]:.0f} us")
    names = list(rounds[0])
    setting: dict[str, Value] = run.setting | {"lines": _LINES} | {
        f"{name}_us": round(statistics.median(each[name] for each in rounds), 1) for name in names
    }  # fmt: skip
    means = [statistics.mean(each.values()) for each in rounds]
    bases = [statistics.mean(each.values()) for each in limits]
    yield figure("domain.decide", means, "us", limit_name=_LIMIT, limits=bases, setting=setting, aim=at_most(_AIM_US))
    worst = max(names, key=lambda name: statistics.median(each[name] for each in rounds))
    yield figure(
        "domain.decide.worst", [each[worst] for each in rounds], "us", limit_name=_LIMIT, limits=[each[worst] for each in limits],
        setting=run.setting | {"command": worst}, aim=at_most(_AIM_US),
    )  # fmt: skip


def _full_table() -> World:
    """A party of eight that has ordered fifty lines, most of them fired, with a discount on some."""
    world = begun(menu=MENU)
    world.open(covers=8, table_id="T1")
    for number in range(_LINES - 8):
        item = ("soup", "steak", "pizza", "wine", "beer", "cake")[number % 6]
        modifiers: list[dict[str, Any]] = [{"group_id": "how", "modifier_id": "rare"}] if item == "steak" else []
        if item == "pizza":
            modifiers = [{"group_id": "topping", "modifier_id": f"top{n}"} for n in range(2)]
        _do(
            world,
            {"type": "AddLine", "line_id": name_id(f"line {number}"), "item_id": item, "seat": number % 8 + 1, "modifiers": modifiers},
        )
    for discount, line in (("one", 0), ("two", 7)):
        _do(world, {"type": "GiveDiscount", "discount_id": name_id(discount), "rule_id": "sorry", "line_ids": [name_id(f"line {line}")]})
    _do(world, {"type": "SendCheck"})
    for number in range(_LINES - 8, _LINES):
        _do(
            world,
            {"type": "AddLine", "line_id": name_id(f"line {number}"), "item_id": ("wine", "cake")[number % 2], "seat": number % 8 + 1},
        )
    return world


def _do(world: World, command: dict[str, Any]) -> None:
    world.do(decode_command(msgspec.json.encode(command | {"check_id": name_id("a")})), role="manager")


def _cases(world: World) -> dict[str, Command]:
    check = world.check()
    ways = {line.line_id: [1, 0] if place % 2 else [0, 1] for place, line in enumerate(check.lines)}
    cases: dict[str, dict[str, Any]] = {
        "AddLine": {"line_id": name_id("new"), "item_id": "steak", "modifiers": [{"group_id": "how", "modifier_id": "rare"}]},
        "ChangeLine": {"line_id": name_id(f"line {_LINES - 1}"), "quantity": 2},
        "VoidLine": {"line_id": name_id(f"line {_LINES - 1}")},
        "SendCheck": {},
        "FireCourse": {"course": "main"},
        "GiveDiscount": {"discount_id": name_id("three"), "rule_id": "friends"},
        "CompLines": {"discount_id": name_id("three"), "line_ids": [name_id("line 3")], "reason": "guest"},
        "ChangeCheck": {"covers": 7},
        "SplitEvenly": {"ways": 4},
        "SplitCheck": {"into": [name_id("b")], "assignments": [{"line_id": id, "weights": each} for id, each in ways.items()]},
        "PayCash": {"tendered_minor": 500_000},
        "Pay": {"tender": "external", "amount_minor": 1_000, "approval_code": "A1"},
        "ShowBill": {},
    }
    return {name: decode_command(msgspec.json.encode({"type": name, "check_id": name_id("a")} | fields)) for name, fields in cases.items()}


def _context(world: World) -> Context:
    site = site_of(world)
    return Context(
        command_id=derived_id("bench"), now=world.now, today=today(site, world.now, world.zone), head_at=world.head_at, epoch=world.epoch,
        site_id=SITE, org_id=ORG, zone=world.zone, cut_over_minutes=site.cut_over_minutes, currency=site.currency, menu=world.menu,
        menu_version=menu_version(world.menu), device_id="tablet", actor_id="anna", permissions=ROLES["manager"],
    )  # fmt: skip


def _decision_us(world: World, command: Command, batches: int) -> float:
    """The median time of a decision on the check as the command before it left it: what a decision keeps beside the state is
    forgotten before each, as every change of the check makes it anew."""
    context, check = _context(world), world.check()
    kept = dict(vars(check))

    def once() -> float:
        _forget(check, kept)
        began = time.perf_counter()
        decide(world, command, context)
        return time.perf_counter() - began

    return _median_us(once, batches)


def _forget(check: Check, kept: dict[str, Any]) -> None:
    vars(check).clear()
    vars(check).update(kept)


def _raw_us(world: World, command: Command, batches: int) -> float:
    body, events = msgspec.json.encode(command), decide(world, command, _context(world))

    def once() -> float:
        began = time.perf_counter()
        decode_command(body)
        _write(events)
        return time.perf_counter() - began

    return _median_us(once, batches)


def _write(events: list[Event]) -> None:
    for event in events:
        msgspec.json.encode(event)


def _median_us(once: Callable[[], float], batches: int) -> float:
    once()
    return statistics.median(once() for _ in range(_BATCH * batches)) * 1e6
