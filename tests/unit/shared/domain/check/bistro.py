"""A small bistro whose menu has one of everything that can be asked about a line.

What lives here: the menu, and short words for choices. World and ids are in tests/unit/shared/domain/world.py.
"""

from collections.abc import Sequence
from typing import Literal

from shared.domain.check.selection import ChosenComponent, ChosenModifier
from shared.domain.menu import Menu, MenuItem, Modifier, ModifierGroup, Tax
from shared.domain.menu.document import ComboChoice, ComboSlot, Course, IngredientUse, LevelPrice, OptionTaxes, Weighing
from shared.domain.menu.floor import DiningOption
from shared.domain.menu.pricing import Daypart, PriceLevel, Window
from shared.domain.menu.rules import Reason, SellingRules
from tests.unit.shared.domain.world import World, begun

FOOD, DRINK = "food", "drink"


def _topping(id: str, price_minor: int, **fields: object) -> Modifier:
    return Modifier(id=id, name=id.capitalize(), price_minor=price_minor, **fields)  # type: ignore[arg-type]


BISTRO = Menu(
    name="Bistro",
    currency="EUR",
    items=(
        MenuItem(id="soup", name="Soup", category="Starters", price_minor=650, tax_ids=(FOOD,), course="starters", prep_s=300),
        MenuItem(id="beer", name="Beer", category="Drinks", price_minor=500, station="bar", tax_ids=(DRINK,),
                 prices=(LevelPrice(level="happy", price_minor=400),)),
        MenuItem(id="coffee", name="Coffee", category="Drinks", price_minor=300, station="bar", tax_ids=(DRINK,), modifier_group_ids=("milk",),
                 prices=(LevelPrice(level="away", price_minor=250),), option_taxes=(OptionTaxes(dining_option="take_away", tax_ids=(FOOD,)),)),
        MenuItem(id="pizza", name="Pizza", category="Mains", price_minor=1200, station="oven", tax_ids=(FOOD,), course="mains",
                 modifier_group_ids=("toppings", "extras")),
        MenuItem(id="burger", name="Burger", category="Mains", price_minor=1400, tax_ids=(FOOD,), course="mains",
                 modifier_group_ids=("side",), allergens=("gluten",), ingredients=(IngredientUse(name="Bun"),), also_stations=("garnish",)),
        MenuItem(id="steak", name="Steak", category="Mains", price_minor=8_000, tax_ids=(FOOD,), weighing=Weighing(unit="kg", maximum="2"),
                 modifier_group_ids=("extras",)),
        MenuItem(id="fish", name="Fish of the day", category="Mains", price_minor=0, tax_ids=(FOOD,), open_price=True),
        MenuItem(id="pancakes", name="Pancakes", category="Breakfast", price_minor=700, tax_ids=(FOOD,), daypart_ids=("morning",)),
        MenuItem(id="lunch", name="Lunch", category="Combos", price_minor=1500, local_price=True,
                 prices=(LevelPrice(level="away", price_minor=1300),),
                 slots=(
                     ComboSlot(id="main", name="Main", choices=(ComboChoice(item_id="burger"), ComboChoice(item_id="soup"),
                                                                ComboChoice(item_id="pancakes"), ComboChoice(item_id="ghost"))),
                     ComboSlot(id="drink", name="Drink", choices=(ComboChoice(item_id="beer", extra_minor=100), ComboChoice(item_id="coffee")),
                               minimum=0, maximum=2),
                 )),
        MenuItem(id="gold", name="Gold leaf", category="Specials", price_minor=10**12),
    ),
    modifier_groups=(
        ModifierGroup(id="toppings", name="Toppings", included=2, halves=True, maximum=4, modifiers=(
            _topping("olives", 80), _topping("ham", 151), _topping("truffle", 500, allergens=("fungi",)), _topping("none", -50),
        )),
        ModifierGroup(id="extras", name="Extras", halves=True, half_price="full", maximum=3, modifiers=(
            _topping("rocket", 90, prices=(LevelPrice(level="away", price_minor=120),)), _topping("egg", 111), _topping("bare", -5_000),
        )),
        ModifierGroup(id="side", name="Side", minimum=1, maximum=1, modifiers=(
            _topping("fries", 0, group_ids=("sauce",)), _topping("salad", 150, ingredients=(IngredientUse(name="Salad"),)), _topping("nothing", -200),
        )),
        ModifierGroup(id="sauce", name="Sauce", minimum=1, maximum=2, included=1, modifiers=(
            _topping("mayo", 60, allergens=("egg", "gluten")), _topping("bbq", 80, group_ids=("heat",)),
        )),
        ModifierGroup(id="heat", name="Heat", modifiers=(_topping("mild", 0), _topping("hot", 10, group_ids=("more",)))),
        ModifierGroup(id="more", name="More", modifiers=(_topping("hotter", 20, group_ids=("more",)),)),
        ModifierGroup(id="milk", name="Milk", maximum=1, modifiers=(_topping("oat", 50),)),
    ),
    taxes=(Tax(id=FOOD, name="VAT 7 %", rate="7%", inclusive=True), Tax(id=DRINK, name="VAT 19 %", rate="19%", inclusive=True)),
    courses=(Course(id="starters", name="Starters"), Course(id="mains", name="Mains", waits=True)),
    dining_options=(DiningOption(id="dine_in", name="Eat in"), DiningOption(id="take_away", name="Take away", price_level="away")),
    price_levels=(PriceLevel(id="away", name="Take away"), PriceLevel(id="happy", name="Happy hour", daypart_ids=("evening",))),
    dayparts=(
        Daypart(id="morning", name="Morning", windows=(Window(starts="07:00", ends="11:00"),)),
        Daypart(id="evening", name="Happy hour", windows=(Window(starts="17:00", ends="19:00"),)),
    ),
    rules=SellingRules(reasons=(Reason(id="spilled", name="Spilled", kind="void"),)),
)  # fmt: skip

Portion = Literal["whole", "left", "right"]


def mod(name: str, *below: ChosenModifier, portion: Portion = "whole") -> ChosenModifier:
    """`mod("side/fries", mod("sauce/mayo"))`"""
    group_id, _, modifier_id = name.partition("/")
    return ChosenModifier(group_id=group_id, modifier_id=modifier_id, portion=portion, modifiers=below)


def part(name: str, *modifiers: ChosenModifier) -> ChosenComponent:
    """`part("main/burger", FRIES)`"""
    slot_id, _, item_id = name.partition("/")
    return ChosenComponent(slot_id=slot_id, item_id=item_id, modifiers=modifiers)


FRIES = mod("side/fries", mod("sauce/mayo"))
BURGER = part("main/burger", FRIES)
BEER = part("drink/beer")
COFFEE = part("drink/coffee")


def at_the_bistro(menu: Menu = BISTRO, **fields: object) -> World:
    """A world with the check "a" open."""
    world = begun(menu=menu)
    world.open(**fields)
    return world


def prices(world: World, name: str = "a") -> Sequence[int]:
    """What each line that is not voided comes to."""
    return [line.amount_minor for line in world.check(name).kept_lines]
