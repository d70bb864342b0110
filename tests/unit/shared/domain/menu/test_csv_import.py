"""A menu as a spreadsheet: written and read again, in the ways of all countries, with every mistake told by row and column."""

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.menu import Menu, menu_problems
from shared.domain.menu.csv_codes import CSV_CODES, CsvProblem
from shared.domain.menu.csv_export import export_csv
from shared.domain.menu.csv_import import import_csv
from shared.limits import MENU_ITEMS_MAX
from tests.unit.shared.domain.menu.rich import RICH
from tests.unit.shared.domain.menu.strategies import simple_menus

BARE = Menu(name="Bare", currency="EUR")
HEADER = "id,name,category,price\n"


def imported(text: str | bytes, menu: Menu = BARE, *, keep: bool = False) -> Menu:
    found, problems = import_csv(text if isinstance(text, bytes) else text.encode(), menu, keep=keep)
    assert problems == []
    assert found is not None
    return found


def wrong(text: str | bytes, menu: Menu = RICH, *, keep: bool = False) -> list[tuple[int, str, str]]:
    """(row, column, code) of what is wrong; nothing is imported then."""
    found, problems = import_csv(text if isinstance(text, bytes) else text.encode(), menu, keep=keep)
    assert found is None
    assert all(problem.code in CSV_CODES and problem.detail.endswith(".") for problem in problems), problems
    return [(problem.row, problem.column, problem.code) for problem in problems]


# --- there and back --------------------------------------------------------------------------------


@given(simple_menus(), st.sampled_from([",", ";", "\t"]), st.booleans())
def test_a_simple_menu_comes_back_from_its_spreadsheet_as_it_was(menu: Menu, separator: str, marked: bool) -> None:
    """Onto a menu without items, and onto one that has neither items nor taxes: the file brings them."""
    assert menu_problems(menu) == []
    data = export_csv(menu, separator).encode("utf-8-sig" if marked else "utf-8")
    assert imported(data, msgspec.structs.replace(menu, items=())) == menu
    used = {id for item in menu.items for id in item.tax_ids}
    again = imported(data, msgspec.structs.replace(menu, items=(), taxes=()))
    assert again.items == menu.items
    assert {tax.id: tax for tax in again.taxes} == {tax.id: tax for tax in menu.taxes if tax.id in used}


@given(simple_menus())
def test_what_is_exported_and_imported_unchanged_changes_nothing(menu: Menu) -> None:
    assert imported(export_csv(menu), menu) == menu


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_menu_of_everything_survives_its_spreadsheet(separator: str) -> None:
    """What no column tells, combos, largest weights and taxes by dining option, is left as it is."""
    assert imported(export_csv(RICH, separator), RICH) == RICH


def test_an_export_has_the_usual_columns_and_those_that_are_used() -> None:
    lines = export_csv(RICH).splitlines()
    assert lines[0] == (
        "id,name,category,price,station,course,taxes,modifier_groups,description,also_stations,dayparts,prep_s,allergens,dietary,"
        "weight_unit,open_price,local_price,discountable,image,price:happy,price:togo,name:en"
    )
    assert (
        lines[1]
        == "margherita,Margherita,pizza,8.50,,,low=10% incl,toppings,,kitchen,,420,gluten|milk,vegetarian,,no,yes,yes,,,7.50,Margherita pizza"
    )
    assert export_csv(msgspec.structs.replace(RICH, items=RICH.items[3:4]), ";").splitlines() == [
        "id;name;category;price;station;course;taxes;modifier_groups;price:happy",
        "wine;Vino;drinks;5,00;;;high;;3,50",
    ]


def test_no_name_becomes_a_formula_in_a_spreadsheet() -> None:
    item = msgspec.structs.replace(RICH.items[3], name="=HYPERLINK(1)", description="+39", names={"en": "@x"})
    menu = msgspec.structs.replace(RICH, items=(*RICH.items[:3], item, *RICH.items[4:]))
    assert "'=HYPERLINK(1)" in export_csv(menu)
    assert not re.search(r"[,\n][=+@-]", export_csv(menu))
    assert imported(export_csv(menu), menu) == menu


# --- files of all countries ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        "id,name,category,price\ntea,Tè,Bar,2.50\n".encode(),
        "id,name,category,price\r\ntea,Tè,Bar,2.50\r\n".encode("utf-8-sig"),
        'id;name;category;price\n"tea";"Tè";"Bar";2,50'.encode(),
        "sep=;\nid;name;category;price\ntea;Tè;Bar;2,50\n".encode("utf-8-sig"),
        "id\tname\tcategory\tprice\ntea\tTè\tBar\t2.5".encode(),
        "\n\n id , name , category , price \n , , , \n tea , Tè , Bar , 2.50 \n,,,\n".encode(),
        "id;name;category;price;;\ntea;Tè;Bar;€ 2,50;;\n".encode(),
        "price,category,name,id\n2.500000,Bar,Tè,tea\n".encode(),
    ],
)
def test_one_menu_written_by_many_spreadsheets(data: bytes) -> None:
    if b";;" in data:  # columns without a name are told, not guessed
        assert {code for _, _, code in wrong(data, BARE)} == {"csv.column_unknown", "csv.column_twice"}
        return
    [item] = imported(data).items
    assert (item.id, item.name, item.category, item.price_minor, item.station) == ("tea", "Tè", "Bar", 250, "")


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.50", "EUR", 1250), ("12,50", "EUR", 1250), ("12,5", "EUR", 1250), ("12", "EUR", 1200), (",5", "EUR", 50), ("0,500", "EUR", 50),
        ("1,234.50", "EUR", 123450), ("1.234,50", "EUR", 123450), ("1.234.567", "EUR", 123456700), ("1,234,567.8", "EUR", 123456780),
        ("1\u00a0234,50", "EUR", 123450), ("€ 12,50", "EUR", 1250), ("12,50 €", "EUR", 1250), ("EUR 12.50", "EUR", 1250),
        ("1,250", "JPY", 1250), ("1.250", "JPY", 1250), ("1250", "JPY", 1250), ("12,345,678", "JPY", 12345678),
        ("1.250", "OMR", 1250), ("1,250", "OMR", 1250), ("1,234.5", "OMR", 1234500),
    ],
)  # fmt: skip
def test_a_price_is_read_as_it_was_meant(text: str, currency: str, minor: int) -> None:
    data = f'id\tname\tcategory\tprice\nx\tX\tY\t"{text}"'
    assert imported(data, Menu(name="T", currency=currency)).items[0].price_minor == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.250", "csv.price_ambiguous"), ("12,500", "csv.price_ambiguous"), ("12.345", "csv.price_ambiguous"),
        ("free", "csv.price_malformed"), ("-1", "csv.price_malformed"), ("1e3", "csv.price_malformed"), ("1,2,3", "csv.price_malformed"),
        ("1,23.45", "csv.price_malformed"), ("1.2345", "csv.price_malformed"), ("12 50", "csv.price_malformed"), ("$", "csv.price_malformed"),
        ("12\u00a050", "csv.price_malformed"), ("1,234.567,89", "csv.price_malformed"), ("1,2.3,4", "csv.price_malformed"),
        ("9" * 16, "csv.price_malformed"), ("99999999999.00", "csv.value_invalid"), ("", "csv.value_missing"), ("½", "csv.price_malformed"),
    ],
)  # fmt: skip
def test_a_price_that_could_mean_two_things_or_nothing_is_refused(text: str, code: str) -> None:
    assert wrong(f'id\tname\tcategory\tprice\nx\tX\tY\t"{text}"', BARE) == [(2, "price", code)]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"id,name\ntea,T\xe8\n", (2, "", "csv.encoding")),
        ("id,name\n".encode("utf-16"), (0, "", "csv.encoding")),
        (b"", (0, "", "csv.empty")),
        (b"\xef\xbb\xbf\n\n", (0, "", "csv.empty")),
        (b'id,name\ntea,"T\n', (2, "", "csv.unreadable")),
        (b'id,name\ntea,"T"x\n', (2, "", "csv.unreadable")),
        (b"name,price\nTea,1\n", (1, "id", "csv.column_missing")),
        (b"id,name,name\ntea,Tea,Tea\n", (1, "name", "csv.column_twice")),
        (b"id,colour\nwine,red\n", (1, "colour", "csv.column_unknown")),
        (b"id,price:staff\nwine,1\n", (1, "price:staff", "csv.level_unknown")),
        (b"id,name:de\nwine,Wein\n", (1, "name:de", "csv.language_unknown")),
        (b"id,name,price\nwine,Vino\n", (2, "price", "csv.cell_missing")),
        (b"id,price\nwine,1,50\n", (2, "", "csv.cell_extra")),
        (b"id,price\nwine,1\nham,2\nwine,3\n", (4, "id", "csv.id_twice")),
        (b"id,price\n,1\n", (2, "id", "csv.value_missing")),
        (b"id,name\nwine,\n", (2, "name", "csv.value_missing")),
        (b"id,price\ntea,1\n", (2, "name", "csv.value_missing")),
        (b"id,name\nwine," + b"x" * 121, (2, "name", "csv.value_invalid")),
        (b"id,prep_s\nwine,99999\n", (2, "prep_s", "csv.value_invalid")),
        (b"id,weight_unit\nwine,stone\n", (2, "weight_unit", "csv.value_invalid")),
        (b"id,price:togo\nwine,99999999999\n", (2, "price:togo", "csv.value_invalid")),
        (b"id,name:en\nwine," + b"x" * 121, (2, "name:en", "csv.value_invalid")),
        (b"id,name\nwine,a\x00b\n", (2, "name", "csv.control_character")),
        (b"id,allergens\nwine,nuts|nuts\n", (2, "allergens", "csv.named_twice")),
        (b"id,prep_s\nwine,soon\n", (2, "prep_s", "csv.number_malformed")),
        (b"id,prep_s\nwine,-1\n", (2, "prep_s", "csv.number_malformed")),
        (b"id,open_price\nwine,maybe\n", (2, "open_price", "csv.choice_malformed")),
        (b"id,taxes\nwine,vat\n", (2, "taxes", "csv.tax_unknown")),
        (b"id,taxes\nwine,vat=lots\n", (2, "taxes", "csv.rate_malformed")),
        (b"id,taxes\nwine,low=11% incl\n", (2, "taxes", "csv.tax_differs")),
        (b"id,taxes\nwine,low=10%\n", (2, "taxes", "csv.tax_differs")),
        (b"id,taxes\nwine,vat=1%\nham,vat=2%\n", (3, "taxes", "csv.tax_differs")),
        (b"id,taxes\nwine,low|low\n", (2, "taxes", "csv.named_twice")),
        (b"id,category\nwine,wines\n", (2, "category", "csv.category_unknown")),
        (b"id,station\nwine,cellar\n", (2, "station", "csv.station_unknown")),
        (b"id,also_stations\nwine,cellar\n", (2, "also_stations", "csv.station_unknown")),
        (b"id,course\nwine,third\n", (2, "course", "csv.course_unknown")),
        (b"id,modifier_groups\nwine,ice\n", (2, "modifier_groups", "csv.group_unknown")),
        (b"id,dayparts\nwine,dusk\n", (2, "dayparts", "csv.daypart_unknown")),
        (b"id,station\nwine,pass\nham,kitchen\n", (2, "", "csv.inconsistent")),
    ],
)  # fmt: skip
def test_every_mistake_has_its_row_its_column_and_its_code(data: bytes, problem: tuple[int, str, str]) -> None:
    assert problem in wrong(data)


def test_every_code_is_provoked_here() -> None:
    said = set(re.findall(r'"(csv\.[a-z_]+)"', Path(__file__).read_text(encoding="utf-8")))
    assert set(CSV_CODES) <= said


def test_all_mistakes_are_told_at_once_in_the_order_of_rows() -> None:
    text = "id,name,category,price,prep_s\na,,Bar,x,1\nb,B,Bar,1.00,soon\na,A,Bar,2.00,1\n"
    assert wrong(text, BARE) == [
        (2, "name", "csv.value_missing"),
        (2, "price", "csv.price_malformed"),
        (3, "prep_s", "csv.number_malformed"),
        (4, "id", "csv.id_twice"),
    ]


def test_a_file_of_more_rows_than_a_menu_has_items_is_refused() -> None:
    rows = "".join(f"i{n},I,C,1.00\n" for n in range(MENU_ITEMS_MAX + 1))
    assert (MENU_ITEMS_MAX + 2, "", "csv.too_many_rows") in wrong(HEADER + rows, BARE)


def test_a_row_within_quotes_counts_as_a_spreadsheet_counts_it() -> None:
    assert wrong('id,description,price\nwine,"two\nlines",1.00\nham,x,free\n') == [(3, "price", "csv.price_malformed")]


# --- what a file says, and what it leaves alone ----------------------------------------------------


def test_a_list_of_prices_changes_prices_and_nothing_else() -> None:
    menu = imported("id;price;price:happy\nmargherita;9,00;\nwine;5,50;4,00\n", RICH, keep=True)
    assert [item.id for item in menu.items] == [item.id for item in RICH.items]
    pizza, wine = menu.items_by_id["margherita"], menu.items_by_id["wine"]
    assert pizza == msgspec.structs.replace(RICH.items_by_id["margherita"], price_minor=900)
    assert wine.prices[0].price_minor == 400
    assert msgspec.structs.replace(menu, items=()) == msgspec.structs.replace(RICH, items=())


def test_a_file_is_the_whole_list_unless_others_are_kept() -> None:
    text = "id,name,category,price\ntea,Tea,drinks,3.00\nwine,Vino,drinks,5.00\n"
    assert wrong(text) == [(0, "", "csv.inconsistent")]  # the bundle still speaks of the pizza
    assert [item.id for item in imported(text, RICH, keep=True).items] == [*[item.id for item in RICH.items], "tea"]
    plain = msgspec.structs.replace(RICH, rules=Menu(name="x", currency="EUR").rules)
    assert [item.id for item in imported(text, plain).items] == ["tea", "wine"]


def test_an_empty_cell_takes_away_and_a_missing_column_does_not() -> None:
    pizza = imported("id,name,allergens,price:togo,name:en,open_price\nmargherita,M,,,,\n", RICH, keep=True).items_by_id["margherita"]
    assert (pizza.allergens, pizza.prices, pizza.names, pizza.open_price) == ((), (), {}, False)
    assert (pizza.dietary, pizza.prep_s, pizza.discountable) == (("vegetarian",), 420, True)


def test_categories_stations_and_courses_may_be_named_as_people_call_them() -> None:
    wine = imported("id,category,station,course\nwine,BEVANDE,Cucina,primo\n", RICH, keep=True).items_by_id["wine"]
    assert (wine.category, wine.station, wine.course) == ("drinks", "kitchen", "first")


def test_a_bare_box_takes_its_taxes_from_the_file() -> None:
    menu = imported("id;name;category;price;taxes\ntea;Tea;Bar;3,00;food=7,5% incl | city = 1%\nice;Ice;Bar;2,00;city\n")
    assert [(tax.id, tax.rate, tax.inclusive) for tax in menu.taxes] == [("food", "7.5%", True), ("city", "1%", False)]
    assert [item.tax_ids for item in menu.items] == [("food", "city"), ("city",)]


def test_a_weighed_item_keeps_its_largest_weight() -> None:
    ham = imported("id,weight_unit\nham,kg\n", RICH, keep=True).items_by_id["ham"]
    assert ham == RICH.items_by_id["ham"]
    weighed = imported("id,weight_unit\nham,lb\n", RICH, keep=True).items_by_id["ham"].weighing
    assert weighed is not None
    assert (weighed.unit, weighed.maximum) == ("lb", "20")


@given(st.binary(max_size=300))
def test_whatever_bytes_come_there_is_a_menu_or_a_reason(data: bytes) -> None:
    for prefix in (b"", b"id,name,price,taxes,allergens\n"):
        found, problems = import_csv(prefix + data, RICH, keep=True)
        assert (found is None) == bool(problems)


def test_a_problem_travels_as_json() -> None:
    problem = CsvProblem(row=2, column="price", code="csv.price_malformed", detail="x.")
    assert msgspec.json.decode(msgspec.json.encode(problem), type=CsvProblem) == problem
