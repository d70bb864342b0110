"""The menu of every simulated site: each rule of arithmetic once, at prices that do not divide evenly.

What lives here: data only.
"""

from shared.domain.menu.document import Course, Menu, MenuItem, Modifier, ModifierGroup, Tax
from shared.domain.menu.floor import Station
from shared.domain.menu.rules import DiscountRule, Promotion, SellingRules, ServiceChargeRule

__all__ = ["MENU"]

MENU = Menu(
    name="Simulated",
    currency="EUR",
    courses=(Course(id="first", name="First"), Course(id="second", name="Second", waits=True)),
    stations=(Station(id="kitchen", name="Kitchen"), Station(id="grill", name="Grill", fires_by_prep=True), Station(id="bar", name="Bar")),
    items=(
        MenuItem(id="soup", name="Soup", category="Food", price_minor=649, tax_ids=("food",), course="first", prep_s=120),
        MenuItem(
            id="steak", name="Steak", category="Food", price_minor=2_795, station="grill", also_stations=("kitchen",), tax_ids=("food",),
            modifier_group_ids=("how",), course="second", prep_s=600,
        ),
        MenuItem(id="wine", name="Wine", category="Drinks", price_minor=783, station="bar", tax_ids=("drink",)),
        MenuItem(id="cake", name="Cake", category="Food", price_minor=431, tax_ids=("city", "levy")),
        MenuItem(id="water", name="Water", category="Drinks", price_minor=0, station="bar"),
    ),
    modifier_groups=(
        ModifierGroup(
            id="how", name="How", modifiers=(Modifier(id="rare", name="Rare"), Modifier(id="done", name="Done", price_minor=55)), minimum=1
        ),
    ),
    taxes=(
        Tax(id="food", name="Food", rate="7%", inclusive=True),
        Tax(id="drink", name="Drink", rate="19%", inclusive=True),
        Tax(id="city", name="City", rate="8.875%"),
        Tax(id="levy", name="Levy", rate="1.25%", on=("city",)),
    ),
    rules=SellingRules(
        cash_step_minor=5,
        promotions=(Promotion(id="third", name="Third cake free", kind="buy_get", item_ids=("cake",), buy=2, get=1),),
        discounts=(DiscountRule(id="friends", name="Friends", rate="12.5%"), DiscountRule(id="sorry", name="Sorry", scope="item", rate="20%")),
        service_charges=(ServiceChargeRule(id="large", name="Large party", rate="11%", taxable=True, from_covers=6),),
    ),
)  # fmt: skip
