"""The menu of the house that the scene moves into: everything that a menu of release 0.2 can say.

What lives here: one document. It is frozen with the scene, so what a later release adds goes into a menu of its own.
"""

from shared.domain.menu import Menu, MenuItem, Modifier, ModifierGroup, Tax
from shared.domain.menu.document import Category, ComboChoice, ComboSlot, Course, IngredientUse, LevelPrice, OptionTaxes, Weighing
from shared.domain.menu.floor import DiningOption, Floor, Station, Table
from shared.domain.menu.pricing import Daypart, PriceLevel, Window
from shared.domain.menu.rules import DEFAULT_TENDERS, DiscountRule, Promotion, Reason, SellingRules, ServiceChargeRule, TenderRule

__all__ = ["HOUSE"]

_ITEMS = (
    MenuItem(
        id="soup", name="Soup", category="starters", price_minor=690, station="", tax_ids=("eat_in",), names={"de": "Suppe"},
        option_taxes=(OptionTaxes(dining_option="take_away", tax_ids=("to_go",)),), allergens=("celery",), dietary=("vegan",),
    ),
    MenuItem(
        id="pizza", name="Pizza", category="mains", price_minor=1_190, station="oven", also_stations=("cold",), prep_s=540,
        tax_ids=("eat_in",), modifier_group_ids=("toppings",), ingredients=(IngredientUse(name="dough"),), image="sha256:00",
    ),
    MenuItem(id="ribs", name="Ribs", category="mains", price_minor=2_350, station="", tax_ids=("eat_in",), local_price=True, prep_s=1_200),
    MenuItem(id="fish", name="Fish of the day", category="mains", price_minor=3_980, station="", weighing=Weighing(maximum="5"), tax_ids=("eat_in",)),
    MenuItem(
        id="beer", name="Beer", category="drinks", price_minor=450, station="", tax_ids=("drink", "city"),
        prices=(LevelPrice(level="happy", price_minor=390), LevelPrice(level="staff", price_minor=200)),
    ),
    MenuItem(
        id="cake", name="Cake of the day", category="drinks", price_minor=0, station="", open_price=True, tax_ids=("to_go",),
        discountable=False,
    ),
    MenuItem(
        id="lunch", name="Lunch", category="mains", price_minor=1_690, station="", tax_ids=("eat_in",),
        slots=(
            ComboSlot(id="first", name="First", choices=(ComboChoice(item_id="soup"),)),
            ComboSlot(id="second", name="Second", choices=(ComboChoice(item_id="ribs", extra_minor=400), ComboChoice(item_id="pizza"))),
        ),
    ),
)  # fmt: skip

_GROUPS = (
    ModifierGroup(
        id="toppings", name="Toppings", maximum=4, included=1, halves=True,
        modifiers=(
            Modifier(id="ham", name="Ham", price_minor=150, ingredients=(IngredientUse(name="ham", count=2),), group_ids=("cut",)),
            Modifier(id="olives", name="Olives", price_minor=95, names={"de": "Oliven"}, is_default=True),
            Modifier(id="no_cheese", name="No cheese", price_minor=-50, prices=(LevelPrice(level="happy", price_minor=0),)),
        ),
    ),
    ModifierGroup(
        id="cut", name="Cut", maximum=1, modifiers=(Modifier(id="thin", name="Thin", allergens=("celery",)), Modifier(id="thick", name="Thick"))
    ),
)  # fmt: skip

_RULES = SellingRules(
    discounts=(DiscountRule(id="friends", name="Friends", rate="12.5%"),),
    promotions=(
        Promotion(id="beers", name="Third beer free", kind="buy_get", item_ids=("beer",), buy=2),
        Promotion(id="late", name="Late soup", kind="happy_hour", category_ids=("starters",), daypart_ids=("evening",), rate="20%"),
        Promotion(id="deal", name="Soup and ribs", kind="bundle", item_ids=("soup", "ribs"), amount_minor=2_790),
    ),
    service_charges=(ServiceChargeRule(id="party", name="Party of six", rate="10%", taxable=True, from_covers=6),),
    tenders=(*DEFAULT_TENDERS, TenderRule(id="voucher", name="Voucher", kind="other")),
    reasons=(Reason(id="cold", name="cold", kind="void"), Reason(id="again", name="again", kind="reopen")),
    cash_step_minor=5,
)

HOUSE = Menu(
    name="Haus", currency="EUR", languages=("en", "de"), items=_ITEMS, modifier_groups=_GROUPS, rules=_RULES, default_station="hot",
    taxes=(
        Tax(id="eat_in", name="VAT 19 %", rate="19%", inclusive=True),
        Tax(id="to_go", name="VAT 7 %", rate="7%", inclusive=True, per_line=True),
        Tax(id="drink", name="VAT 19 % on drinks", rate="19%", inclusive=True, valid_from="2007-01-01"),
        Tax(id="city", name="City levy", rate="1/80", rounding="half_even", on=("drink",)),
    ),
    categories=(
        Category(id="food", name="Food", names={"de": "Speisen"}),
        Category(id="starters", name="Starters", parent="food", station="cold", course="first"),
        Category(id="mains", name="Mains", parent="food", course="main"),
        Category(id="drinks", name="Drinks", station="bar"),
    ),
    courses=(Course(id="first", name="First"), Course(id="main", name="Main", waits=True)),
    stations=(
        Station(id="hot", name="Hot", fires_by_prep=True), Station(id="cold", name="Cold"), Station(id="oven", name="Oven", fires_by_prep=True),
        Station(id="bar", name="Bar"), Station(id="pass", name="Pass", kind="expo"),
    ),
    floors=(Floor(id="room", name="Room", tables=(Table(id="5", seats=4), Table(id="6", seats=2, x=10, y=4, shape="round"))),),
    dining_options=(DiningOption(id="dine_in", name="Here"), DiningOption(id="take_away", name="To go")),
    price_levels=(PriceLevel(id="happy", name="Happy hour", daypart_ids=("evening",)), PriceLevel(id="staff", name="Staff")),
    dayparts=(Daypart(id="evening", name="Evening", windows=(Window(starts="17:00", ends="02:00", days=(5, 6)),)),),
)  # fmt: skip
