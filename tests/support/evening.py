"""An evening in a restaurant, through the API alone: waiters who do what waiters do, a kitchen, and a box that is killed under them.

What lives here: what is proposed. Each person knows only what the box has shown; every command is sent again with the same id
until it is answered. Whether what came of it is right is judged elsewhere (tests/sim/auditor.py).
"""

import itertools
import threading
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import msgspec

from shared.domain.menu.document import (
    Category,
    ComboChoice,
    ComboSlot,
    Course,
    LevelPrice,
    Menu,
    MenuItem,
    Modifier,
    ModifierGroup,
    OptionTaxes,
    Tax,
    Weighing,
)  # fmt: skip
from shared.domain.menu.floor import DiningOption, Floor, Station, Table
from shared.domain.menu.pricing import Daypart, PriceLevel, Window
from shared.domain.menu.rules import DiscountRule, Promotion, Reason, SellingRules, ServiceChargeRule
from shared.domain.registry import decode_command
from tests.support.boxes import new_id
from tests.support.waiting import eventually

__all__ = ["MENU", "Cook", "Person", "Waiter", "codes_of"]

_ALWAYS = Daypart(id="always", name="Always", windows=(Window(starts="00:00", ends="00:00"),))

MENU = Menu(
    name="An evening",
    currency="EUR",
    languages=("en", "de"),
    categories=(Category(id="food", name="Food", station="kitchen"), Category(id="drinks", name="Drinks", station="bar")),
    courses=(Course(id="starter", name="Starter"), Course(id="main", name="Main", waits=True), Course(id="sweet", name="Sweet", waits=True)),
    stations=(
        Station(id="kitchen", name="Kitchen", fires_by_prep=True), Station(id="grill", name="Grill", fires_by_prep=True),
        Station(id="bar", name="Bar"), Station(id="pass", name="Pass", kind="expo"),
    ),
    floors=(Floor(id="room", name="Room", tables=tuple(Table(id=f"T{n}", seats=4) for n in range(1, 13))),),
    dining_options=(DiningOption(id="dine_in", name="Eat in"), DiningOption(id="take_away", name="Take away", price_level="street")),
    price_levels=(PriceLevel(id="street", name="Street"),),
    dayparts=(_ALWAYS,),
    taxes=(
        Tax(id="food", name="Food", rate="7%", inclusive=True), Tax(id="drink", name="Drink", rate="19%", inclusive=True),
        Tax(id="city", name="City", rate="8.875%"), Tax(id="levy", name="Levy", rate="1.25%", on=("city",)),
    ),
    modifier_groups=(
        ModifierGroup(
            id="how", name="How", minimum=1, maximum=1,
            modifiers=(Modifier(id="rare", name="Rare"), Modifier(id="done", name="Done", price_minor=55, group_ids=("sauce",))),
        ),
        ModifierGroup(
            id="sauce", name="Sauce", minimum=1, maximum=2, included=1,
            modifiers=(Modifier(id="pepper", name="Pepper", price_minor=145), Modifier(id="butter", name="Butter", price_minor=95)),
        ),
        ModifierGroup(
            id="topping", name="Topping", maximum=3, halves=True,
            modifiers=tuple(Modifier(id=f"top{n}", name=f"Topping {n}", price_minor=75 + n * 50) for n in range(4)),
        ),
    ),
    items=(
        MenuItem(id="soup", name="Soup", category="food", price_minor=649, station="", tax_ids=("food",), course="starter", prep_s=240),
        MenuItem(
            id="steak", name="Steak", category="food", price_minor=2_795, station="grill", also_stations=("kitchen",), tax_ids=("food",),
            modifier_group_ids=("how",), course="main", prep_s=900,
        ),
        MenuItem(
            id="pizza", name="Pizza", category="food", price_minor=1_190, station="", tax_ids=("city", "levy"),
            modifier_group_ids=("topping",), course="main", prep_s=600,
            option_taxes=(OptionTaxes(dining_option="take_away", tax_ids=("food",)),), prices=(LevelPrice(level="street", price_minor=990),),
        ),
        MenuItem(id="wine", name="Wine", category="drinks", price_minor=783, station="", tax_ids=("drink",)),
        MenuItem(id="beer", name="Beer", category="drinks", price_minor=449, station="", tax_ids=("drink",)),
        MenuItem(id="cake", name="Cake", category="food", price_minor=431, station="", tax_ids=("city",), course="sweet", prep_s=60),
        MenuItem(id="fish", name="Fish by weight", category="food", price_minor=3_990, station="", tax_ids=("food",), weighing=Weighing()),
        MenuItem(id="other", name="Something else", category="food", price_minor=0, station="", tax_ids=("food",), open_price=True),
        MenuItem(
            id="lunch", name="Set menu", category="food", price_minor=1_650, station="", course="main",
            slots=(
                ComboSlot(id="dish", name="Dish", choices=(ComboChoice(item_id="pizza"), ComboChoice(item_id="steak", extra_minor=600))),
                ComboSlot(id="glass", name="Glass", choices=(ComboChoice(item_id="wine", extra_minor=100), ComboChoice(item_id="beer"))),
            ),
        ),
    ),
    rules=SellingRules(
        cash_step_minor=5,
        promotions=(
            Promotion(id="beers", name="Third beer free", kind="buy_get", item_ids=("beer",), buy=2, get=1),
            Promotion(id="pair", name="Soup and cake", kind="bundle", item_ids=("soup", "cake"), amount_minor=899),
        ),
        discounts=(
            DiscountRule(id="friends", name="Friends", scope="order", rate="12.5%"), DiscountRule(id="sorry", name="Sorry", scope="item", rate="20%"),
        ),
        service_charges=(ServiceChargeRule(id="large", name="Large party", rate="11%", taxable=True, from_covers=6),),
        reasons=(
            Reason(id="mistake", name="Our mistake", kind="void"), Reason(id="guest", name="Guest of the house", kind="comp"),
            Reason(id="cold", name="It was cold", kind="refund"), Reason(id="wrong", name="Wrong payment", kind="reopen"),
        ),
    ),
)  # fmt: skip
"""Courses that wait, two stations for one dish, nested modifiers and halves, a combo, weighed and open items, taxes of three kinds,
promotions, an automatic service charge, and a smallest coin of five cents."""


def _key(line: dict[str, Any]) -> str:
    """What a device names: the line, or the combo that it is a component of."""
    return line["combo"]["combo_id"] if line["combo"] else line["line_id"]


def codes_of(check: dict[str, Any]) -> dict[str, Any]:
    """What the terminal says when it gives back what it took."""
    terminal = [payment["payment_id"] for payment in check["payments"] if payment["kind"] == "external"]
    return {"approval_codes": [{"payment_id": id, "approval_code": "R9"} for id in terminal]}


_PASSING = frozenset({503, 507})  # refusals that pass: the same command is sent again


class Person(threading.Thread):
    """Somebody with a device. `asked` is every command with its body; `answers` what the box has said is on disk."""

    def __init__(self, name: str, url: str, token: str, seed: int) -> None:
        super().__init__(name=name, daemon=True)
        self.random = Random(f"{name} {seed}")
        self.asked: dict[str, bytes] = {}
        self.answers: dict[str, bytes] = {}
        self.refused: Counter[str] = Counter()
        self.error: BaseException | None = None
        self.stopped = threading.Event()
        self._client = httpx.Client(base_url=url, timeout=5.0, headers={"authorization": f"Bearer {token}"})

    def run(self) -> None:
        try:
            while not self.stopped.is_set():
                self.act()
            self.finish()
        except BaseException as error:  # handed to the test by `end`
            self.error = error

    @abstractmethod
    def act(self) -> None:
        """Do one thing."""

    def finish(self) -> None:
        """What is left to do at the end of the evening."""

    def end(self) -> None:
        """Ask to stop, wait, and raise what went wrong."""
        self.stopped.set()
        self.join(120.0)
        self.leave()
        assert not self.is_alive(), f"{self.name} does not come to an end"
        if self.error is not None:
            raise self.error

    def leave(self) -> None:
        """Close the connection to the box."""
        self._client.close()

    def ask(self, *commands: dict[str, Any]) -> bool:
        """Send commands as one batch until the box accepts or refuses them; whether it accepted."""
        submits = [{"id": new_id(), "command": command, "actor_id": self.name} for command in commands]
        # As a device of this release writes it, so that the digest in the journal can be told from the body alone.
        self.asked.update({submit["id"]: msgspec.json.encode(decode_command(msgspec.json.encode(submit["command"]))) for submit in submits})
        body = msgspec.json.encode({"commands": submits})
        answer = eventually(
            lambda: self._try(lambda: self._client.post("/v1/batches", content=body)), f"an answer to {commands}", deadline_s=60.0
        )
        if answer.status_code != 200:
            problem = answer.json()
            assert answer.status_code < 500, answer.text
            self.refused[problem["code"]] += 1
            return False
        raw = msgspec.json.decode(answer.content, type=dict[str, list[msgspec.Raw]])["answers"]
        self.answers.update({submit["id"]: bytes(each) for submit, each in zip(submits, raw, strict=True)})
        return True

    def get(self, path: str, **params: Any) -> Any:
        return eventually(lambda: self._try(lambda: self._client.get(path, params=params)), path, deadline_s=60.0).json()

    def _try(self, send: Callable[[], httpx.Response]) -> httpx.Response | None:
        try:
            answer = send()
        except httpx.HTTPError:
            return None  # the box is being killed, or is coming back
        return None if answer.status_code in _PASSING else answer


class Waiter(Person):
    """Opens, orders, fires, moves, splits, merges, voids, discounts, takes money and closes, in no wise order."""

    def act(self) -> None:
        checks = [check for check in self.get("/v1/checks")["checks"] if not check["training"]]
        if not checks or (len(checks) < 14 and self.random.random() < 0.15):
            self._open()
            return
        check = self.random.choice(checks)
        others = [each for each in checks if each["check_id"] != check["check_id"]]
        acts: list[tuple[int, Callable[[], object]]] = [
            (30, lambda: self._order(check)), (8, lambda: self._change(check)), (6, lambda: self._void(check)), (12, lambda: self._fire(check)),
            (6, lambda: self._discount(check)), (5, lambda: self._split(check)), (3, lambda: self._merge(check, others)),
            (4, lambda: self._move(check, others)), (3, lambda: self._reseat(check)), (14, lambda: self._pay(check)),
            (8, lambda: self._close(check)), (2, self._correct), (1, self._train),
        ]  # fmt: skip
        self.random.choices([act for _, act in acts], [weight for weight, _ in acts])[0]()

    def finish(self) -> None:
        """Everything is fired, paid and closed."""
        for _ in range(40):
            checks = self.get("/v1/checks")["checks"]
            if not checks:
                return
            self.random.shuffle(checks)
            for check in checks:
                self._settle(check)

    # --- ordering ---

    def _open(self) -> None:
        check_id, covers = new_id(), self.random.randint(1, 8)
        opening = {"type": "OpenCheck", "check_id": check_id, "table_id": f"T{self.random.randint(1, 12)}", "covers": covers}
        if self.random.random() < 0.2:
            opening = {
                "type": "OpenCheck",
                "check_id": check_id,
                "service": "quick",
                "dining_option": self.random.choice(["dine_in", "take_away"]),
            }
        lines = [self._line(check_id, covers) for _ in range(self.random.randint(0, 5))]
        send = [{"type": "SendCheck", "check_id": check_id}] if lines and self.random.random() < 0.3 else []
        self.ask(opening, *lines, *send)

    def _line(self, check_id: str, covers: int) -> dict[str, Any]:
        line: dict[str, Any] = {"type": "AddLine", "check_id": check_id, "line_id": new_id(), "item_id": self.random.choice(MENU.items).id}
        line["seat"] = self.random.randint(0, max(1, covers))
        if line["item_id"] == "fish":
            line["weight"] = f"0.{self.random.randint(100, 999)}"
        elif line["item_id"] == "other":
            line["unit_price_minor"] = self.random.randint(1, 2_500)
        else:
            line["quantity"] = self.random.choice([1, 1, 1, 2, 3])
        if line["item_id"] == "lunch":
            dish = self.random.choice(["pizza", "steak"])
            line["components"] = [
                {"slot_id": "dish", "item_id": dish, "modifiers": self._modifiers(dish)},
                {"slot_id": "glass", "item_id": self.random.choice(["wine", "beer"])},
            ]
        else:
            line["modifiers"] = self._modifiers(line["item_id"])
        return line

    def _modifiers(self, item_id: str) -> list[dict[str, Any]]:
        if item_id == "steak":
            sauces = self.random.sample(["pepper", "butter"], self.random.randint(1, 2))
            done = {
                "group_id": "how",
                "modifier_id": "done",
                "modifiers": [{"group_id": "sauce", "modifier_id": sauce} for sauce in sauces],
            }
            return [self.random.choice([done, {"group_id": "how", "modifier_id": "rare"}])]
        if item_id == "pizza":
            chosen = self.random.sample(range(4), self.random.randint(0, 3))
            portions = [self.random.choice(["whole", "left", "right"]) for _ in chosen]
            return [{"group_id": "topping", "modifier_id": f"top{n}", "portion": p} for n, p in zip(chosen, portions, strict=True)]
        return []

    def _order(self, check: dict[str, Any]) -> None:
        self.ask(*[self._line(check["check_id"], check["covers"]) for _ in range(self.random.randint(1, 3))])

    def _some_line(self, check: dict[str, Any], *states: str) -> dict[str, Any] | None:
        lines = [line for line in check["lines"] if line["status"] in states]
        return self.random.choice(lines) if lines else None

    def _change(self, check: dict[str, Any]) -> None:
        line = self._some_line(check, "held")
        if line is not None:
            revision = {"line_revision": line["revision"]} if self.random.random() < 0.5 and line["combo"] is None else {}
            line_id = _key(line)
            what = self.random.choice([{"note": "no salt"}, {"seat": self.random.randint(0, 4)}, {"quantity": self.random.randint(1, 4)}])
            self.ask({"type": "ChangeLine", "check_id": check["check_id"], "line_id": line_id, **what, **revision})

    def _void(self, check: dict[str, Any]) -> None:
        line = self._some_line(check, "held", "sent")
        if line is not None:
            line_id = _key(line)
            self.ask({"type": "VoidLine", "check_id": check["check_id"], "line_id": line_id, "reason": "mistake"})

    def _fire(self, check: dict[str, Any]) -> None:
        check_id = check["check_id"]
        line = self._some_line(check, "held")
        acts: list[dict[str, Any]] = [{"type": "SendCheck", "check_id": check_id}]
        acts += [{"type": "FireCourse", "check_id": check_id, "course": course.id} for course in MENU.courses]
        if line is not None:
            acts += [
                {"type": kind, "check_id": check_id, "line_ids": [line["line_id"]]} for kind in ("FireLines", "HoldLines", "ReleaseLines")
            ]
        self.ask(self.random.choice(acts))

    # --- money that comes off, or moves ---

    def _discount(self, check: dict[str, Any]) -> None:
        check_id, discount_id = check["check_id"], new_id()
        line = self._some_line(check, "held", "sent")
        acts: list[dict[str, Any]] = [{"type": "GiveDiscount", "check_id": check_id, "discount_id": discount_id, "rule_id": "friends"}]
        if line is not None:
            ids = [line["line_id"]]
            acts.append({"type": "GiveDiscount", "check_id": check_id, "discount_id": discount_id, "rule_id": "sorry", "line_ids": ids})
            acts.append({"type": "CompLines", "check_id": check_id, "discount_id": discount_id, "line_ids": ids, "reason": "guest"})
        given = [each["given"]["discount_id"] for each in check["discounts"] if each["given"]["scope"] != "promotion"]
        acts += [{"type": "RemoveDiscount", "check_id": check_id, "discount_id": id} for id in given]
        self.ask(self.random.choice(acts))

    def _split(self, check: dict[str, Any]) -> None:
        check_id, revision = check["check_id"], check["revision"]
        if self.random.random() < 0.3:
            self.ask({"type": "SplitEvenly", "check_id": check_id, "ways": self.random.randint(2, 5)})
            return
        keys = list(dict.fromkeys(_key(line) for line in check["lines"] if line["status"] != "voided"))
        ways = self.random.randint(2, 3)
        if self.random.random() < 0.4:
            seats = sorted({line["seat"] for line in check["lines"] if line["seat"] and line["status"] != "voided"})
            groups = [seats[:1], seats[1:]]
            split: dict[str, Any] = {"into": [new_id()], "seats": groups}
        else:
            held = {_key(line) for line in check["lines"] if line["status"] == "held"}
            weights = [self._weights(ways, key not in held) for key in keys]
            split = {
                "into": [new_id() for _ in range(ways - 1)],
                "assignments": [{"line_id": key, "weights": each} for key, each in zip(keys, weights, strict=True)],
            }
        self.ask({"type": "SplitCheck", "check_id": check_id, "revision": revision, **split})

    def _weights(self, ways: int, is_fired: bool) -> list[int]:
        """Who bears a line: anybody in any part, but what the kitchen does not have yet one alone."""
        drawn = [self.random.randint(0, 2) for _ in range(ways)]
        if is_fired and any(drawn):
            return drawn
        alone = self.random.randrange(ways)
        return [int(place == alone) for place in range(ways)]

    def _merge(self, check: dict[str, Any], others: list[dict[str, Any]]) -> None:
        if others:
            family = {check["check_id"], check["split_from"]} - {""}
            kin = [each for each in others if family & {each["check_id"], each["split_from"]}]
            other = self.random.choice(kin or others)
            self.ask({"type": "MergeChecks", "into_check_id": check["check_id"], "check_ids": [other["check_id"]]})

    def _move(self, check: dict[str, Any], others: list[dict[str, Any]]) -> None:
        line = self._some_line(check, "held", "sent")
        if others and line is not None and self.random.random() < 0.6:
            to = self.random.choice(others)["check_id"]
            line_id = _key(line)
            self.ask({"type": "MoveLines", "check_id": check["check_id"], "to_check_id": to, "line_ids": [line_id]})
        else:
            self.ask({"type": "MoveChecks", "check_ids": [check["check_id"]], "table_id": f"T{self.random.randint(1, 12)}"})

    def _reseat(self, check: dict[str, Any]) -> None:
        check_id = check["check_id"]
        acts = [
            {"type": "ChangeCheck", "check_id": check_id, "covers": self.random.randint(1, 8)},
            {"type": "ChangeDiningOption", "check_id": check_id, "dining_option": self.random.choice(["dine_in", "take_away"])},
            {"type": "AssignCheck", "check_id": check_id, "owner_id": f"waiter {self.random.randint(1, 5)}"},
        ]
        self.ask(self.random.choice(acts))

    # --- paying ---

    def _pay(self, check: dict[str, Any]) -> None:
        due, check_id = check["due_minor"], check["check_id"]
        if due <= 0:
            return
        amount = self.random.choice([due, due, self.random.randint(1, due)])
        share = self.random.randint(1, len(check["even_shares"])) if check["even_shares"] else 0
        cash: dict[str, Any] = {"type": "PayCash", "check_id": check_id, "tendered_minor": amount + self.random.choice([0, 1, 500, 5_000])}
        if amount != due or self.random.random() < 0.5:
            cash["amount_minor"] = amount
        if share:
            cash = {"type": "PayCash", "check_id": check_id, "tendered_minor": due + 1_000, "share": share}
        tip = self.random.choice([0, 0, 150])
        terminal = {
            "type": "Pay",
            "check_id": check_id,
            "tender": "external",
            "amount_minor": amount,
            "tip_minor": tip,
            "approval_code": "A1B2C3",
        }
        self.ask(self.random.choice([cash, terminal]))

    def _close(self, check: dict[str, Any]) -> None:
        self.ask({"type": "CloseCheck", "check_id": check["check_id"]})

    def _correct(self) -> None:
        """Something about a check that is closed: a refund, a tip, or that it was wrong altogether."""
        closed = self.get("/v1/checks", status="closed", limit=20)["checks"]
        if not closed:
            return
        check = self.random.choice(closed)
        check_id = check["check_id"]
        acts: list[dict[str, Any]] = [
            {"type": "ReopenCheck", "check_id": check_id, "reason": "wrong"},
            {
                "type": "RefundAmount",
                "check_id": check_id,
                "amount_minor": self.random.randint(1, 900),
                "reason": "cold",
                **codes_of(check),
            },
        ]
        line = self._some_line(check, "sent")
        if line is not None:
            line_id = _key(line)
            acts.append(
                {
                    "type": "RefundLines",
                    "check_id": check_id,
                    "lines": [{"line_id": line_id, "units": 1}],
                    "reason": "cold",
                    **codes_of(check),
                }
            )
        acts += [
            {"type": "AdjustTip", "check_id": check_id, "payment_id": payment["payment_id"], "tip_minor": self.random.randint(0, 900)}
            for payment in check["payments"]
        ]
        self.ask(self.random.choice(acts))

    def _train(self) -> None:
        check_id = new_id()
        self.ask(
            {"type": "OpenCheck", "check_id": check_id, "table_id": "T1", "training": True}, self._line(check_id, 1),
            {"type": "SendCheck", "check_id": check_id}, {"type": "CloseCheck", "check_id": check_id},
        )  # fmt: skip

    def _settle(self, check: dict[str, Any]) -> None:
        check_id = check["check_id"]
        held = [line["line_id"] for line in check["lines"] if line["status"] == "held"]
        if held:
            self.ask({"type": "FireLines", "check_id": check_id, "line_ids": held})
        elif check["due_minor"] < 0:
            self.ask({"type": "ReturnOverpaid", "check_id": check_id, "reason": "cold", **codes_of(check)})
        elif check["due_minor"] > 0:
            self.ask({"type": "PayCash", "check_id": check_id, "tendered_minor": check["due_minor"] + 10})
        else:
            self.ask({"type": "CloseCheck", "check_id": check_id})


class Cook(Person):
    """Looks at the tickets and makes what is on them, sees changes, bumps, serves, and sometimes calls one back."""

    def __init__(self, name: str, url: str, token: str, seed: int) -> None:
        super().__init__(name, url, token, seed)
        self._pace = itertools.count()

    def act(self) -> None:
        tickets = self.get("/v1/tickets")["tickets"]
        if len(tickets) < 3 and next(self._pace) % 4:
            self.get("/v1/status")
            return
        self._work(self.random.choice(tickets) if tickets else None)

    def _work(self, ticket: dict[str, Any] | None) -> None:
        if ticket is None:
            return
        id = ticket["ticket_id"]
        if any(change["seen_at"] is None for change in ticket["changes"]):
            self.ask({"type": "MarkChangesSeen", "ticket_id": id})
        elif ticket["status"] == "bumped":
            self.ask({"type": self.random.choice(["ServeTicket", "ServeTicket", "RecallTicket"]), "ticket_id": id})
        else:
            line_id = self.random.choice(ticket["lines"])["line_id"]
            acts: list[dict[str, Any]] = [{"type": "BumpTicket", "ticket_id": id}, {"type": "MarkShown", "ticket_ids": [id]}]
            acts += [{"type": kind, "ticket_id": id, "line_id": line_id} for kind in ("StartItem", "BumpItem")]
            self.ask(self.random.choice(acts))

    def finish(self) -> None:
        """Every ticket is made and handed over."""
        for _ in range(40):
            tickets = self.get("/v1/tickets")["tickets"]
            if not tickets:
                return
            for ticket in tickets:
                id = ticket["ticket_id"]
                if any(change["seen_at"] is None for change in ticket["changes"]):
                    self.ask({"type": "MarkChangesSeen", "ticket_id": id})
                self.ask({"type": "ServeTicket", "ticket_id": id})
