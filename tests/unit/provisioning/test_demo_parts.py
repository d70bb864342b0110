"""Parts of the demo that need no servers: menus, ports, the judgement, the directory."""

import json
import os
import signal
import socket

import pytest

from provisioning.demo.home import DemoHome, DemoState, SiteState
from provisioning.demo.plan import MENUS, PORTS_USED, SITES, Ports, find_site
from provisioning.demo.runner import ensure_ports_free
from provisioning.demo.status import SiteStatus
from provisioning.demo.verdict import Sales, _Day, has_arrived, problems_of, totals_line
from provisioning.process import Child
from shared.domain.menu import decode_menu, menu_problems
from shared.operator_error import OperatorError


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.key)
def test_the_menus_of_the_demo_are_sound_and_in_the_currency_of_their_site(site):
    menu = decode_menu((MENUS / site.menu).read_bytes())
    assert menu_problems(menu) == []
    assert menu.currency == site.currency
    assert len(menu.tables) >= 10
    assert len({item.station for item in menu.items}) >= 3, "several kitchen screens"
    assert any(group.minimum for group in menu.modifier_groups), "a question that must be answered"


def test_the_menus_show_taxes_within_and_on_top_of_the_price():
    taxes = [tax for site in SITES for tax in decode_menu((MENUS / site.menu).read_bytes()).taxes]
    assert {tax.inclusive for tax in taxes} == {True, False}


def test_ports_are_distinct_and_within_their_block():
    ports = list(Ports(20_000).all().values())
    assert len(set(ports)) == len(ports) == 3 + 2 * len(SITES)
    assert all(20_000 <= port < 20_000 + PORTS_USED for port in ports)


def test_a_port_in_use_is_named_with_what_it_is_for_and_how_to_shift(stack):
    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    port = listener.getsockname()[1]
    with pytest.raises(OperatorError) as caught:
        ensure_ports_free(Ports(port - 2))
    assert f"Port {port}, meant for the hub, is in use" in caught.value.detail
    assert "DEMO_PORT_BASE=" in caught.value.hint


def test_a_site_is_found_by_key_name_or_id():
    ids = {site.key: f"id-of-{site.key}" for site in SITES}
    assert {find_site(name, ids) for name in ("cafe", "Café Linden", "CAFÉ LINDEN", "id-of-cafe")} == {SITES[2]}
    assert find_site("bar", ids) is None


# --- the judgement -------------------------------------------------------------------------------


def _day(date: str = "2026-11-20", gross: int = 1000, orders: int = 2) -> _Day:
    return _Day(business_date=date, orders=orders, lines=3, gross_minor=gross, net_minor=gross - 80, tax_minor=80)


def _site(**changed) -> SiteStatus:
    fields = {
        "site": "cafe", "name": "Café Linden", "organisation": "o", "org_id": "o", "site_id": "s", "url": "u", "position": "1.9.ab",
        "in_cloud": "1.9.ab", "sequence": 9, "cloud_sequence": 9, "projected_sequence": 9,
    }  # fmt: skip
    return SiteStatus(**(fields | changed))


def test_nothing_is_wrong_when_everything_agrees():
    assert problems_of(_site(), Sales([_day()]), Sales([_day()]), closed_before=0, closed_by_us=2) == []


@pytest.mark.parametrize(
    ("changed", "hub_days", "closed", "word"),
    [
        ({"in_cloud": "1.9.cd"}, [_day()], 2, "the hub at 1.9.cd"),  # same sequence, another hash: a fork
        ({"in_cloud": ""}, [_day()], 2, "the hub at nothing"),
        ({"projected_sequence": 8}, [_day()], 2, "read up to 8 of 9"),
        ({}, [_day(gross=1001)], 2, "sales of 2026-11-20 differ"),
        ({}, [], 2, "hub none"),
        ({}, [_day("2026-11-21")], 2, "2026-11-21"),
        ({}, [_day()], 3, "3 closed now"),
    ],
)
def test_each_disagreement_is_told(changed, hub_days, closed, word):
    problems = problems_of(_site(**changed), Sales([_day()]), Sales(hub_days), closed_before=0, closed_by_us=closed)
    assert any(word in problem for problem in problems), problems


def test_a_service_in_which_nothing_was_closed_proves_nothing():
    assert problems_of(_site(), Sales([_day()]), Sales([_day()]), closed_before=2, closed_by_us=0)


def test_a_journal_has_arrived_when_position_hash_and_reading_agree():
    assert has_arrived(_site())
    assert not has_arrived(_site(in_cloud="1.9.cd"))
    assert not has_arrived(_site(position="", in_cloud=""))
    assert not has_arrived(_site(projected_sequence=8))


def test_totals_are_told_by_currency():
    sales = {site.key: Sales([_day(gross=12_345)]) for site in SITES}
    assert totals_line(sales) == "EUR 246.90, USD 123.45"


# --- the directory -------------------------------------------------------------------------------


def _state() -> DemoState:
    return DemoState(owner_password="o", app_password="a", token="t", sites={"cafe": SiteState(org_id="o", site_id="s")}, port_base=1)


def test_two_demos_cannot_run_in_one_directory_and_the_second_is_told_which(short_dir):
    first, second = DemoHome(short_dir / "demo"), DemoHome(short_dir / "demo")
    first.acquire()
    assert second.running_pid() == os.getpid()
    with pytest.raises(OperatorError, match=rf"demo\.running.*{os.getpid()}"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()
    assert second.running_pid() is None


def test_a_pid_file_left_by_a_crash_stops_nobody(short_dir):
    home = DemoHome(short_dir / "demo")
    home.acquire()
    home.release()
    home.pid_file.write_text("1\n")  # somebody else's process by now
    assert home.running_pid() is None
    home.acquire()
    home.release()


def test_what_a_crash_left_running_is_ended_and_strangers_are_let_be(short_dir, stack):
    home = DemoHome(short_dir / "demo")
    home.acquire()
    stack.callback(home.release)
    ours, stranger = (Child(name, ["sleep", "600"], short_dir / "log") for name in ("ours", "stranger"))
    for child in (ours, stranger):
        child.start()
        stack.callback(child.stop)
    home.record([ours, stranger])
    records = json.loads((home.directory / "children.json").read_text())
    records[1]["began"] = "another boot/1"  # the pid was given to somebody else since
    (home.directory / "children.json").write_text(json.dumps(records))
    assert home.end_leftovers() == ["ours"]
    assert ours.exit_code == -signal.SIGKILL
    assert stranger.is_running
    assert home.end_leftovers() == []


def test_state_is_remembered_and_what_was_never_finished_is_not(short_dir):
    home = DemoHome(short_dir / "demo")
    home.acquire()
    half_made = home.site_dir("cafe")
    half_made.mkdir(parents=True)
    home.forget_unfinished()
    assert not half_made.exists()
    home.save(_state())
    half_made.mkdir(parents=True)
    home.forget_unfinished()
    assert half_made.exists()
    assert DemoHome(home.directory).state() == _state()
    home.release()


def test_clean_forgets_a_demo_and_nothing_else(short_dir):
    home = DemoHome(short_dir / "demo")
    assert not home.clean()
    home.acquire()
    with pytest.raises(OperatorError, match=r"demo\.running"):
        DemoHome(home.directory).clean()
    home.release()
    assert home.clean()
    assert not home.directory.exists()
    other = short_dir / "photos"
    other.mkdir()
    (other / "wedding.jpg").touch()
    with pytest.raises(OperatorError, match=r"demo\.not_ours"):
        DemoHome(other).clean()
    assert (other / "wedding.jpg").exists()


def test_a_path_too_long_for_sockets_is_told_before_anything_is_made(short_dir):
    home = DemoHome(short_dir / ("x" * 120))
    with pytest.raises(OperatorError, match=r"path\.too_long"):
        home.acquire()
    assert not home.directory.exists()
