"""A house that has everything a menu may hold, small enough to be read at once: what the browser tests order from.

What lives here: one menu. What becomes of it on a screen stands in the tests.
"""

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
    Tax,
    Weighing,
)  # fmt: skip
from shared.domain.menu.floor import DiningOption, Floor, Station, Table
from shared.domain.menu.pricing import Daypart, PriceLevel, Window
from shared.domain.menu.rules import DiscountRule, Promotion, Reason, SellingRules, ServiceChargeRule

__all__ = ["MENU"]

_SALES = ("sales",)

MENU = Menu(
    name="Corner house",
    currency="USD",
    taxes=(Tax(id="sales", name="Sales tax", rate="8.875%"),),
    courses=(Course(id="starter", name="Starter"), Course(id="main", name="Main", waits=True)),
    stations=(Station(id="kitchen", name="Kitchen"), Station(id="bar", name="Bar"), Station(id="pass", name="Pass", kind="expo")),
    categories=(
        Category(id="starters", name="Starters"), Category(id="mains", name="Mains"), Category(id="drinks", name="Drinks"),
        Category(id="rest", name="Anything else"),
    ),
    floors=(
        Floor(id="room", name="Dining room", tables=tuple(Table(id=f"{n}", seats=4) for n in range(1, 7))),
        Floor(id="garden", name="Garden", tables=(Table(id="Garden 1", seats=2), Table(id="Garden 2", seats=2))),
    ),
    dining_options=(DiningOption(id="dine_in", name="Eat in"), DiningOption(id="take_away", name="Take away", price_level="street")),
    dayparts=(Daypart(id="always", name="Always", windows=(Window(starts="00:00", ends="00:00"),)),),
    price_levels=(PriceLevel(id="street", name="Street"), PriceLevel(id="happy", name="Happy hour", daypart_ids=("always",))),
    modifier_groups=(
        ModifierGroup(
            id="how", name="How", minimum=1, maximum=1,
            modifiers=(Modifier(id="rare", name="Rare"), Modifier(id="medium", name="Medium"), Modifier(id="well", name="Well done")),
        ),
        ModifierGroup(
            id="side", name="Side", minimum=1, maximum=1,
            modifiers=(
                Modifier(id="fries", name="Fries", group_ids=("dip",)), Modifier(id="slaw", name="Coleslaw", price_minor=50),
            ),
        ),
        ModifierGroup(
            id="dip", name="Dips", minimum=1, maximum=2, included=1,
            modifiers=(
                Modifier(id="mayo", name="Mayonnaise", price_minor=50), Modifier(id="aioli", name="Aioli", price_minor=100),
                Modifier(id="curry", name="Curry", price_minor=75),
            ),
        ),
        ModifierGroup(
            id="topping", name="Toppings", maximum=2, halves=True,
            modifiers=(
                Modifier(id="ham", name="Ham", price_minor=200), Modifier(id="olives", name="Olives", price_minor=100),
                Modifier(id="basil", name="Basil", price_minor=50),
            ),
        ),
    ),
    items=(
        MenuItem(id="soup", name="Lentil soup", category="starters", price_minor=650, station="kitchen", tax_ids=_SALES, course="starter"),
        MenuItem(
            id="burger", name="Burger", category="mains", price_minor=1_400, station="kitchen", tax_ids=_SALES, course="main",
            modifier_group_ids=("how", "side"),
        ),
        MenuItem(
            id="pizza", name="Pizza", category="mains", price_minor=1_200, station="kitchen", tax_ids=_SALES, course="main",
            modifier_group_ids=("topping",), prices=(LevelPrice(level="street", price_minor=1_000),),
        ),
        MenuItem(
            id="fish", name="Trout by weight", category="mains", price_minor=3_990, station="kitchen", tax_ids=_SALES, course="main",
            weighing=Weighing(),
        ),
        MenuItem(
            id="lunch", name="Lunch for one", category="mains", price_minor=1_650, station="kitchen", tax_ids=_SALES, course="main",
            slots=(
                ComboSlot(id="dish", name="Dish", choices=(ComboChoice(item_id="burger", extra_minor=200), ComboChoice(item_id="pizza"))),
                ComboSlot(id="drink", name="Drink", choices=(ComboChoice(item_id="tea"), ComboChoice(item_id="beer", extra_minor=150))),
            ),
        ),
        MenuItem(id="tea", name="Mint tea", category="drinks", price_minor=350, station="bar", tax_ids=_SALES),
        MenuItem(
            id="beer", name="Pale ale", category="drinks", price_minor=600, station="bar", tax_ids=_SALES,
            prices=(LevelPrice(level="happy", price_minor=450),),
        ),
        MenuItem(id="other", name="Something else", category="rest", price_minor=0, station="kitchen", tax_ids=_SALES, open_price=True),
    ),
    rules=SellingRules(
        promotions=(Promotion(id="teas", name="Third tea free", kind="buy_get", item_ids=("tea",), buy=2, get=1),),
        discounts=(
            DiscountRule(id="friends", name="Friends of the house", scope="order", rate="10%"),
            DiscountRule(id="late", name="Came late", scope="item", rate="50%"),
            DiscountRule(id="staff", name="Staff meal", scope="order", rate="100%", needs_approval=True),
        ),
        service_charges=(ServiceChargeRule(id="large", name="Large party", rate="18%", from_covers=6),),
        reasons=(
            Reason(id="mistake", name="Our mistake", kind="void"), Reason(id="left", name="Guest left", kind="void"),
            Reason(id="sorry", name="With apologies", kind="comp"),
        ),
    ),
)  # fmt: skip
"""Nested questions with bounds, halves, a combo, weighed and open items, a course that waits, a pass, a price that is in force by
the clock and one by the dining option, promotions, discounts, a service charge and reasons."""
