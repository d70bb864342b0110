"""A tavern with rules of every kind that takes money off or puts it on: discounts, promotions, service charges, exempt guests.

What lives here: the menu, its rules one by one, and the ordinary moves. World and ids are in tests/unit/shared/domain/world.py.
"""

from typing import Any

import msgspec

from shared.domain.check.discounting import CompLines, GiveDiscount
from shared.domain.check.paying import PayCash
from shared.domain.check.reckoning import sums_of
from shared.domain.check.state import GivenDiscount
from shared.domain.check.voiding import VoidLine
from shared.domain.menu import Menu, MenuItem, Modifier, ModifierGroup, Tax
from shared.domain.menu.document import Category, ComboChoice, ComboSlot, Weighing
from shared.domain.menu.floor import DiningOption
from shared.domain.menu.pricing import Daypart, Window
from shared.domain.menu.rules import DiscountRule, Promotion, Reason, SellingRules, ServiceChargeRule
from tests.unit.shared.domain.world import World, begun, name_id

A = name_id("a")
FOOD, DRINK = ("food",), ("drink",)

TWO_FOR_ONE = Promotion(id="two", name="Two for one", kind="buy_get", item_ids=("pizza", "calzone", "slice"))
THREE_TWO = Promotion(id="three", name="Three for two", kind="buy_get", category_ids=("drinks",), buy=2, rate="50%")
HAPPY = Promotion(id="happy", name="Happy hour", kind="happy_hour", category_ids=("drinks",), daypart_ids=("evening",), rate="20%")
MEAL = Promotion(id="meal", name="Meal deal", kind="bundle", item_ids=("burger", "fries", "cola"), amount_minor=1200)
STAFF = DiscountRule(id="staff", name="Staff", rate="50%", needs_approval=True)
SENIOR = DiscountRule(id="senior", name="Senior", rate="10%")
VOUCHER = DiscountRule(id="voucher", name="Voucher", amount_minor=500)
BURNT = DiscountRule(id="burnt", name="Burnt", rate="15%", scope="item")
PLATE = DiscountRule(id="plate", name="Plate", amount_minor=300, scope="item")
SERVICE = ServiceChargeRule(id="service", name="Service", rate="10%", from_covers=6)
TAXED = ServiceChargeRule(id="taxed", name="Room", rate="5%", taxable=True, from_covers=6, dining_options=("dine_in",))
DELIVERY = ServiceChargeRule(id="delivery", name="Delivery", amount_minor=350, dining_options=("delivery",))

TAVERN = Menu(
    name="Tavern",
    currency="EUR",
    items=(
        MenuItem(id="pizza", name="Pizza", category="mains", price_minor=1500, tax_ids=FOOD, modifier_group_ids=("extras",)),
        MenuItem(id="calzone", name="Calzone", category="mains", price_minor=1100, tax_ids=FOOD),
        MenuItem(id="slice", name="Slice", category="mains", price_minor=500, tax_ids=FOOD),
        MenuItem(id="burger", name="Burger", category="mains", price_minor=1000, tax_ids=FOOD, modifier_group_ids=("extras",)),
        MenuItem(id="fries", name="Fries", category="mains", price_minor=400, tax_ids=FOOD),
        MenuItem(id="cola", name="Cola", category="drinks", price_minor=300, tax_ids=DRINK),
        MenuItem(id="beer", name="Beer", category="beers", price_minor=500, tax_ids=DRINK),
        MenuItem(id="stout", name="Stout", category="beers", price_minor=617, tax_ids=("drink", "levy")),
        MenuItem(id="roast", name="Roast", category="mains", price_minor=3000, tax_ids=FOOD, weighing=Weighing()),
        MenuItem(id="card", name="Gift card", category="mains", price_minor=5000, discountable=False),
        MenuItem(id="lunch", name="Lunch", category="mains", price_minor=1400, slots=(
            ComboSlot(id="main", name="Main", choices=(ComboChoice(item_id="pizza"), ComboChoice(item_id="burger"))),
            ComboSlot(id="drink", name="Drink", choices=(ComboChoice(item_id="beer"), ComboChoice(item_id="cola"))),
        )),
    ),
    modifier_groups=(
        ModifierGroup(id="extras", name="Extras", modifiers=(
            Modifier(id="truffle", name="Truffle", price_minor=2000), Modifier(id="plain", name="Plain", price_minor=-400),
        )),
    ),
    taxes=(
        Tax(id="food", name="VAT 7 %", rate="7%", inclusive=True),
        Tax(id="drink", name="VAT 19 %", rate="19%", inclusive=True),
        Tax(id="levy", name="Beer levy", rate="2.5%"),
    ),
    categories=(Category(id="mains", name="Mains"), Category(id="drinks", name="Drinks"), Category(id="beers", name="Beers", parent="drinks")),
    dining_options=(DiningOption(id="dine_in", name="Here"), DiningOption(id="take_away", name="Away"), DiningOption(id="delivery", name="Out")),
    dayparts=(Daypart(id="evening", name="Evening", windows=(Window(starts="17:00", ends="19:00"),)),),
    rules=SellingRules(
        discounts=(STAFF, SENIOR, VOUCHER, BURNT, PLATE),
        reasons=(Reason(id="cold", name="Cold", kind="comp"),),
    ),
)  # fmt: skip


def tavern(*rules: Promotion | ServiceChargeRule, **fields: Any) -> World:
    """A check "a" opened in the tavern while these rules hold."""
    world = begun(menu=ruled(*rules))
    world.open(**fields)
    return world


def ruled(*rules: Promotion | ServiceChargeRule) -> Menu:
    """The menu with these promotions and service charges."""
    promotions = tuple(rule for rule in rules if isinstance(rule, Promotion))
    charges = tuple(rule for rule in rules if isinstance(rule, ServiceChargeRule))
    selling = msgspec.structs.replace(TAVERN.rules, promotions=promotions, service_charges=charges)
    return msgspec.structs.replace(TAVERN, rules=selling)


def give(world: World, rule: DiscountRule | None = None, *lines: str, role: str = "manager", **fields: Any) -> str:
    """Give a discount by rule, or as the fields make it up; returns its id."""
    discount_id = name_id(f"discount/{len(world.journal)}")
    made_up = {"name": "Sorry", "reason": "waited long"} if rule is None else {"rule_id": rule.id}
    world.do(GiveDiscount(**{"check_id": A, "discount_id": discount_id, "line_ids": lines} | made_up | fields), role=role)
    return discount_id


def comp(world: World, *lines: str, **fields: Any) -> str:
    discount_id = name_id(f"discount/{len(world.journal)}")
    world.do(CompLines(**{"check_id": A, "discount_id": discount_id, "line_ids": lines, "reason": "cold"} | fields), role="manager")
    return discount_id


def pay(world: World, amount_minor: int) -> None:
    world.do(PayCash(check_id=A, amount_minor=amount_minor, tendered_minor=amount_minor))


def void(world: World, line_id: str) -> None:
    world.do(VoidLine(check_id=A, line_id=line_id, reason="dropped"), role="manager")


def total(world: World) -> int:
    return sums_of(world.check()).total_minor


def promoted(world: World) -> dict[str, int]:
    """What each promotion takes off."""
    return {each.rule_id: each.amount_minor for each in promotions(world)}


def promotions(world: World) -> list[GivenDiscount]:
    return [each for each in world.check().discounts if each.scope == "promotion"]
