"""Opening a check: at a table of the floor, at the counter with a number, as a tab in somebody's name."""

from datetime import datetime

import msgspec
import pytest

from shared.domain.check import OpenCheck
from shared.domain.menu.floor import Floor, Table
from shared.domain.site import Series
from tests.unit.shared.domain.check.till import refused
from tests.unit.shared.domain.world import MENU, World, begun, name_id

A = name_id("a")
HALL = msgspec.structs.replace(MENU, floors=(Floor(id="hall", name="Hall", tables=(Table(id="h1"),)),), tables=("1",))


def refused_code(world: World, command: OpenCheck) -> str:
    with pytest.raises(Exception, match=r"^\w+\.\w+:") as caught:
        world.do(command)
    return str(caught.value).partition(":")[0]


@pytest.mark.parametrize("table", ["h1", "1", ""])
def test_a_check_is_opened_at_a_table_of_the_floor_or_at_none(table: str) -> None:
    world = begun(menu=HALL)
    world.open(table_id=table)
    assert world.check().table_id == table


def test_a_table_that_stands_nowhere_is_refused() -> None:
    assert refused_code(begun(menu=HALL), OpenCheck(check_id=A, table_id="h2")) == "table.unknown"


def test_a_menu_without_floors_knows_its_tables_by_name_alone_as_ever() -> None:
    world = begun()
    world.open(table_id="a table that no menu lists")
    assert world.check().table_id == "a table that no menu lists"


def test_a_check_of_the_past_stood_at_a_table_of_the_past() -> None:
    world = begun(menu=HALL)
    world.do(OpenCheck(check_id=A, table_id="old 7", opened_at=datetime(2016, 1, 1, 12)), role="import")
    assert world.check().table_id == "old 7"


@pytest.mark.parametrize("name", ["", "  "])
def test_a_tab_without_a_name_could_not_be_found_again(name: str) -> None:
    assert refused_code(begun(), OpenCheck(check_id=A, service="tab", name=name)) == "tab.name_missing"


def test_a_check_is_opened_once_and_whoever_asks_again_is_shown_it() -> None:
    world = begun()
    world.open()
    assert refused(world, OpenCheck(check_id=A)).code == "check.already_open"


def test_numbers_at_the_counter_run_by_business_date_without_gaps() -> None:
    world = begun()
    for name in ("a", "b"):
        world.open(name, service="quick")
    world.open("at a table", table_id="1")
    refused_code(world, OpenCheck(check_id=A, service="quick"))
    world.open("c", service="quick")
    assert [world.check(name).order_number for name in ("a", "b", "at a table", "c")] == [1, 2, 0, 3]
    world.wait(days=1)
    world.open("d", service="quick")
    assert (world.check("d").order_number, world.check("d").number) == (1, 5)


def test_training_takes_no_number_of_those_that_count() -> None:
    world = begun()
    world.open("a", service="quick")
    world.open("t", service="quick", training=True)
    world.open("b", service="quick")
    assert [(world.check(name).number, world.check(name).order_number) for name in "atb"] == [(1, 1), (1, 1), (2, 2)]
    assert world.states["series", "1/check"] == Series(last=2)
