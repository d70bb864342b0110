"""The menu of a running box: handed in as JSON or a spreadsheet, checked, compared, scheduled, exported, and what of it is in force."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest

from shared.domain.check import AddLine, OpenCheck
from shared.domain.menu import Menu, menu_document, menu_version
from shared.domain.menu.overrides import EightySixItem, SetCountdown, SetLocalPrice
from shared.domain.menu.schedule import UnscheduleMenu
from shared.domain.menu.schema import menu_schema
from tests.integration.edge.till import body_of, load_menu
from tests.support.boxes import new_id
from tests.support.programs import EdgeBox
from tests.support.waiting import eventually
from tests.unit.shared.domain.menu.rich import RICH
from tests.unit.shared.domain.world import MENU

CSV = {"content-type": "text/csv; charset=utf-8"}


def put(box: httpx.Client, menu: Menu, **query: Any) -> dict[str, Any]:
    answer = box.put("/v1/menu", content=msgspec.json.encode(menu), params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def do(box: httpx.Client, command: Any) -> None:
    answer = box.post("/v1/commands", json=body_of(command))
    assert answer.status_code == 200, answer.text


def local_now() -> datetime:
    return datetime.now(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)


def effective(client: httpx.Client, **query: str) -> dict[str, Any]:
    answer = client.get("/v1/menu/effective", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(autouse=True)
def usual_menu(shared_edge: EdgeBox) -> None:
    """Every test begins with the same menu in force and none scheduled."""
    with shared_edge.box_client() as box:
        for each in box.get("/v1/menu/scheduled").json()["scheduled"]:
            do(box, UnscheduleMenu(version=each["version"], effective_at=datetime.fromisoformat(each["effective_at"])))
    load_menu(shared_edge)


# --- handing one in --------------------------------------------------------------------------------


def test_a_menu_is_in_force_once_and_says_what_it_changes(box: httpx.Client) -> None:
    items = (*(each for each in MENU.items if each.id != "gold"), RICH.items_by_id["gift"])
    dearer = msgspec.structs.replace(MENU, items=tuple(msgspec.structs.replace(item, price_minor=item.price_minor + 10) for item in items))
    taken = put(box, dearer)
    assert (taken["version"], taken["applied"], taken["effective_at"]) == (menu_version(dearer), True, None)
    assert [each["item_id"] for each in taken["changes"]["changed"]] == ["soup", "pizza", "wine"]
    assert taken["changes"]["changed"][0] == {
        "item_id": "soup", "name": "Soup", "fields": ["price_minor"], "price_before_minor": 650, "price_minor": 660,
    }  # fmt: skip
    assert [each["item_id"] for each in taken["changes"]["added"]] == ["gift"]
    assert [each["item_id"] for each in taken["changes"]["removed"]] == ["gold"]
    again = put(box, dearer)
    assert (again["applied"], again["changes"]["changed"]) == (False, [])


def test_a_menu_may_be_checked_and_compared_without_being_put_in_force(box: httpx.Client) -> None:
    head = box.get("/v1/status").json()["head"]
    taken = put(box, RICH, check=True)
    assert not taken["applied"]
    assert [each["item_id"] for each in taken["changes"]["removed"]] == ["soup", "pizza", "gold"]
    assert box.get("/v1/status").json()["head"] == head
    assert box.get("/v1/menu").json()["version"] == menu_version(MENU)
    assert refused(box.get(f"/v1/menu/versions/{menu_version(RICH)}")) == (404, "menu.version_unknown")


def test_everything_that_is_wrong_with_a_menu_is_told_at_once(box: httpx.Client) -> None:
    document = msgspec.to_builtins(MENU)
    document["items"][0]["tax_ids"] = ["x"]
    document["items"][1]["modifier_group_ids"] = ["y"]
    answer = box.put("/v1/menu", json=document)
    assert refused(answer) == (422, "menu.inconsistent")
    assert answer.json()["facts"]["total"] == 2
    document["items"][0]["price_minor"] = "free"
    document["items"][2]["colour"] = "red"
    answer = box.put("/v1/menu", json=document)
    assert refused(answer) == (400, "menu.malformed")
    assert answer.json()["facts"]["problems"] == [
        "items['soup'].price_minor: expected `int`, got `str`", "items['wine'].colour: there is no such field",
    ]  # fmt: skip


def test_a_menu_in_another_currency_is_refused_before_it_is_kept(box: httpx.Client) -> None:
    menu = msgspec.structs.replace(MENU, currency="USD")
    assert refused(box.put("/v1/menu", content=menu_document(menu))) == (409, "menu.currency_differs")
    assert refused(box.get(f"/v1/menu/versions/{menu_version(menu)}")) == (404, "menu.version_unknown")


def test_a_waiters_tablet_hands_in_no_menu(client: httpx.Client) -> None:
    assert refused(client.put("/v1/menu", content=menu_document(MENU), params={"check": True})) == (403, "permission.missing")


def test_what_somebody_else_has_put_in_force_meanwhile_is_not_overwritten(box: httpx.Client) -> None:
    seen = box.get("/v1/menu.json").headers["etag"]
    put(box, RICH)
    answer = box.put("/v1/menu", content=menu_document(MENU), headers={"if-match": seen})
    assert refused(answer) == (409, "menu.changed")
    assert answer.json()["facts"]["version"] == menu_version(RICH)
    now = box.get("/v1/menu.json").headers["etag"]
    assert box.put("/v1/menu", content=menu_document(MENU), headers={"if-match": now}).status_code == 200


# --- spreadsheets and files ------------------------------------------------------------------------


@pytest.mark.parametrize("separator", ["comma", "semicolon", "tab"])
def test_an_export_changed_in_a_spreadsheet_is_imported_again(box: httpx.Client, separator: str) -> None:
    put(box, RICH)
    exported = box.get("/v1/menu.csv", params={"separator": separator})
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert exported.headers["content-disposition"] == 'attachment; filename="menu.csv"'
    assert exported.content.startswith(b"\xef\xbb\xbf")
    unchanged = box.put("/v1/menu", content=exported.content, headers=CSV).json()
    assert (unchanged["applied"], unchanged["version"]) == (False, menu_version(RICH))
    price = b"8,50" if separator == "semicolon" else b"8.50"
    taken = box.put(
        "/v1/menu", content=exported.content.replace(price, b"9.00"), headers=CSV | {"if-match": exported.headers["etag"]}
    ).json()
    assert taken["applied"]
    [change] = taken["changes"]["changed"]
    assert (change["item_id"], change["fields"], change["price_minor"]) == ("margherita", ["price_minor"], 900)


def test_a_spreadsheet_that_is_wrong_says_where_and_changes_nothing(box: httpx.Client) -> None:
    answer = box.put("/v1/menu", content=b"id;price\nsoup;1.250\nwine;free\n", headers=CSV)
    assert refused(answer) == (422, "menu.import_refused")
    assert answer.json()["detail"].startswith("2 problems; row 2, price: '1.250' can be read in two ways.")
    assert [(each["row"], each["column"], each["code"]) for each in answer.json()["facts"]["problems"]] == [
        (2, "price", "csv.price_ambiguous"), (3, "price", "csv.price_malformed"),
    ]  # fmt: skip
    assert box.get("/v1/menu").json()["version"] == menu_version(MENU)


def test_a_list_of_prices_keeps_what_it_does_not_name(box: httpx.Client) -> None:
    taken = box.put("/v1/menu", content=b"id,price\nsoup,7.00\n", headers=CSV, params={"keep": True}).json()
    assert (len(taken["changes"]["changed"]), taken["changes"]["removed"]) == (1, [])


def test_the_exported_document_is_the_one_that_its_version_names(box: httpx.Client) -> None:
    exported = box.get("/v1/menu.json")
    assert exported.content == menu_document(MENU)
    version = box.get(f"/v1/menu/versions/{menu_version(MENU)}")
    assert version.content == exported.content
    assert "immutable" in version.headers["cache-control"]
    assert box.put("/v1/menu", content=exported.content).json()["applied"] is False


def test_the_schema_is_published(client: httpx.Client) -> None:
    assert client.get("/v1/menu/schema").json() == msgspec.json.decode(msgspec.json.encode(menu_schema()))
    bodies = client.get("/schema/openapi.json").json()["paths"]["/v1/menu"]["put"]["requestBody"]["content"]
    assert set(bodies) == {"application/json", "text/csv"}


@pytest.mark.parametrize("path", ["/v1/menu.json", "/v1/menu.csv"])
def test_a_box_without_a_menu_says_so_and_takes_one_from_a_spreadsheet(new_edge: Callable[..., EdgeBox], path: str) -> None:
    edge = new_edge()
    edge.start_serve()
    with edge.box_client() as box:
        assert refused(box.get(path)) == (404, "menu.none")
        assert box.get("/v1/menu").json() == {"version": "", "menu": None}
        assert effective(box)["menu"]["items"] == []
        answer = box.put("/v1/menu", content="id;name;category;price;taxes\ntea;Tè;Bar;2,50;food=7% incl\n".encode(), headers=CSV)
        assert answer.json()["applied"], answer.text
        [item] = effective(box)["menu"]["items"]
        assert (item["price_minor"], item["station"], item["taxes"][0]["rate"]) == (250, "kitchen", "7%")


# --- later -----------------------------------------------------------------------------------------


def test_a_menu_is_scheduled_listed_and_taken_back(box: httpx.Client) -> None:
    moment = (local_now() + timedelta(days=2)).replace(microsecond=0)
    taken = put(box, RICH, effective_at=moment.isoformat())
    assert (taken["applied"], taken["effective_at"]) == (False, moment.isoformat())
    assert put(box, RICH, effective_at=moment.isoformat())["version"] == taken["version"]  # twice is no mistake
    answer = box.put("/v1/menu", content=menu_document(MENU), params={"effective_at": moment.isoformat()})
    assert refused(answer) == (409, "menu.already_scheduled")
    [scheduled] = box.get("/v1/menu/scheduled").json()["scheduled"]
    assert scheduled == {
        "version": menu_version(RICH), "effective_at": moment.isoformat(), "name": "Osteria", "items": len(RICH.items), "held": True,
    }  # fmt: skip
    assert effective(box)["menu"]["valid_until"] == moment.isoformat()
    do(box, UnscheduleMenu(version=menu_version(RICH), effective_at=moment))
    assert box.get("/v1/menu/scheduled").json()["scheduled"] == []


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2020-01-01T06:00", (422, "menu.effective_at_past")),
        ("2020-01-01", (400, "request.malformed")),
        ("tomorrow", (400, "request.malformed")),
        ("2036-01-01T06:00:00+01:00", (400, "request.malformed")),
        ("2036-01-01T06:00Z", (400, "request.malformed")),
    ],
)
def test_a_time_that_cannot_be_is_refused(box: httpx.Client, moment: str, expected: tuple[int, str]) -> None:
    assert refused(box.put("/v1/menu", content=menu_document(RICH), params={"effective_at": moment})) == expected


def test_a_menu_comes_into_force_at_its_time_though_nobody_sends_anything(box: httpx.Client) -> None:
    put(box, RICH, effective_at=(local_now() + timedelta(seconds=1.5)).isoformat())
    head = box.get("/v1/status").json()["head"]
    eventually(lambda: box.get("/v1/menu").json()["version"] == menu_version(RICH), "the scheduled menu")
    assert box.get("/v1/status").json()["head"] != head
    assert box.get("/v1/menu/scheduled").json()["scheduled"] == []
    assert box.get("/v1/status").json()["alarms"] == []


# --- in force now ----------------------------------------------------------------------------------


def test_what_has_run_out_is_counted_down_or_has_a_price_of_its_own_is_listed_so(box: httpx.Client, client: httpx.Client) -> None:
    put(box, RICH)
    do(client, EightySixItem(item_id="dish"))
    do(client, SetCountdown(item_id="ham", left=0))
    do(box, SetLocalPrice(item_id="margherita", price_minor=777))
    items = {item["id"]: item for item in effective(client)["menu"]["items"]}
    assert (items["dish"]["available"], items["dish"]["unavailable"]) == (False, "eighty_sixed")
    assert (items["ham"]["unavailable"], items["ham"]["left"]) == ("sold_out", 0)
    assert items["margherita"]["price_minor"] == 777
    check_id = new_id()
    do(client, OpenCheck(check_id=check_id))
    do(client, AddLine(check_id=check_id, line_id=new_id(), item_id="margherita"))
    assert client.get(f"/v1/checks/{check_id}").json()["lines"][0]["unit_price_minor"] == 777


def test_the_menu_is_read_for_a_dining_option_a_level_and_a_language(box: httpx.Client, client: httpx.Client) -> None:
    put(box, RICH)
    answer = effective(client, dining_option="take_away", price_level="happy", language="en")
    assert answer["menu"]["price_levels"] == ["happy", "togo"]
    items = {item["id"]: item for item in answer["menu"]["items"]}
    assert (items["margherita"]["name"], items["margherita"]["price_minor"], items["wine"]["price_minor"]) == ("Margherita pizza", 750, 350)
    assert refused(client.get("/v1/menu/effective", params={"dining_option": "moon"})) == (422, "dining_option.unknown")
    assert refused(client.get("/v1/menu/effective", params={"price_level": "moon"})) == (422, "price_level.unknown")
