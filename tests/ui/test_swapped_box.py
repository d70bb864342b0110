"""A box is replaced while tablets sell: screens say so, orders stay on the tablet, and the present box has each of them once."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from provisioning.keys import KeyPair, new_account
from tests.support.boxes import claim_token, make_box, new_id
from tests.support.programs import EdgeBox, Program, run
from tests.support.proxy import ThreadedProxy
from tests.support.waiting import eventually
from tests.ui.conftest import MENU
from tests.ui.hands import OpenPage, add, seat

SOON_MS = 20_000  # until a screen has noticed that it talks to another box


class Counter:
    """The address of a site on its LAN: whichever box stands there now."""

    def __init__(self, stack: ExitStack, make_edge: Callable[..., EdgeBox], directory: Path) -> None:
        self.issuer: KeyPair = new_account()
        self.org_id, self.site_id = new_id(), new_id()
        self._stack, self._make_edge, self._directory = stack, make_edge, directory
        self._proxy: ThreadedProxy | None = None
        self.port = 0

    def enrol(self, epoch: int) -> EdgeBox:
        """A box of the site under an epoch, as it comes from the technician."""
        data_dir = self._directory / f"box-{epoch}"
        make_box(data_dir, org_id=self.org_id, site_id=self.site_id, epoch=epoch, issuer=self.issuer)
        return self._make_edge(data_dir)

    def make(self, epoch: int) -> EdgeBox:
        """A box of the site under an epoch, with the menu in force."""
        made = self.enrol(epoch)
        if epoch > 1:
            # Nobody could give it anything but the menu: what the tablets hold they hand in when they find it selling.
            done = run("edge", "restore", "--data-dir", made.data_dir, "--no-hub", "--no-tablets", "--menu", MENU)
            assert not (made.data_dir / "restore.pending").exists(), done.stderr
        made.start_serve()
        with made.box_client() as client:
            client.put("/v1/menu", content=MENU.read_bytes()).raise_for_status()
        return made

    def claim(self, epoch: int) -> str:
        return claim_token(self.issuer, self.org_id, self.site_id, epoch)

    def put(self, box: EdgeBox) -> None:
        """From now on the address leads to this box."""
        if self._proxy is not None:
            self._proxy.stop()
        self._proxy = ThreadedProxy(box.port, self.port or None)
        self.port = self._proxy.port

    def take_away(self) -> None:
        """Nobody answers there."""
        if self._proxy is not None:
            self._proxy.stop()
        self._proxy = None

    def stop_at_end(self, program: Program) -> None:
        self._stack.callback(program.stop)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def counter(short_dir: Path, make_edge: Callable[..., EdgeBox], stack: ExitStack) -> Counter:
    made = Counter(stack, make_edge, short_dir)
    stack.callback(made.take_away)
    return made


def lines_of(box: EdgeBox) -> list[tuple[str, str, str]]:
    """(table, item, status) of what is on the open checks of a box."""
    checks = httpx.get(f"{box.url}/v1/checks", params={"status": "open"}).raise_for_status().json()["checks"]
    return sorted((check["table_id"], line["name"], line["status"]) for check in checks for line in check["lines"])


def fence(box: EdgeBox, claim: str) -> None:
    httpx.post(f"{box.url}/v1/fence", json={"claim": claim}).raise_for_status()


def order_soup(pos: Page) -> None:
    """Soup for table 1, in the kitchen."""
    seat(pos, "1", "1 guest")
    add(pos, "Lentil soup")
    pos.get_by_role("button", name="Send 1 line").click()
    expect(pos.get_by_text("In the kitchen")).to_be_visible()
    pos.get_by_role("button", name="Back to the tables").click()


def test_a_fenced_box_says_so_everywhere_and_what_is_ordered_goes_to_the_present_one_once(counter: Counter, open_page: OpenPage) -> None:
    old, new = counter.make(1), counter.make(2)
    counter.put(old)
    pos, kds = open_page(f"{counter.url}/pos/"), open_page(f"{counter.url}/kds/")
    order_soup(pos)
    expect(kds.get_by_role("button", name="Bump ticket 1, Table 1")).to_be_visible()

    fence(old, counter.claim(2))
    expect(pos.get_by_role("dialog", name="This box was replaced.")).to_contain_text("Nothing can be sold", timeout=SOON_MS)
    expect(kds.get_by_role("alert").filter(has_text="This box was replaced.")).to_be_visible(timeout=SOON_MS)
    pos.get_by_role("button", name="Keep orders on this tablet").click()
    seat(pos, "2", "2 guests")
    add(pos, "Mint tea")
    expect(pos.get_by_role("status")).to_contain_text("1 order of this tablet is kept and goes to it.")
    expect(pos.get_by_text("On this tablet", exact=True)).to_be_visible()
    assert lines_of(old) == [("1", "Lentil soup", "sent")]

    counter.put(new)
    expect(pos.get_by_text("On the box")).to_be_visible(timeout=SOON_MS)
    expect(pos.get_by_role("status")).to_have_count(0)
    expect(kds.get_by_role("alert").filter(has_text="replaced")).to_have_count(0, timeout=SOON_MS)
    expect(kds.get_by_role("button", name="Bump ticket 1, Table 1")).to_be_visible()
    assert lines_of(new) == [("1", "Lentil soup", "sent"), ("2", "Mint tea", "held")]
    assert lines_of(old) == [("1", "Lentil soup", "sent")]


def test_the_old_box_is_switched_on_again_and_the_tablet_shows_it_the_claim_of_the_present_one(
    counter: Counter, open_page: OpenPage
) -> None:
    old, new = counter.make(1), counter.make(2)
    counter.put(new)
    pos = open_page(f"{counter.url}/pos/")
    order_soup(pos)
    counter.put(old)
    expect(pos.get_by_role("dialog")).to_contain_text("replaced", timeout=SOON_MS)
    eventually(lambda: httpx.get(f"{old.url}/v1/status").json()["box"]["fenced_epoch"] == 2)
    assert lines_of(old) == []
    counter.put(new)
    expect(pos.get_by_role("dialog")).to_have_count(0, timeout=SOON_MS)
    expect(pos.get_by_role("button", name="Table 1", exact=True)).to_contain_text("Box")
    assert lines_of(new) == [("1", "Lentil soup", "sent")]


def test_a_strange_machine_calls_itself_the_newer_box_and_a_person_leads_the_tablet_back(counter: Counter, open_page: OpenPage) -> None:
    true, ours = counter.make(1), counter.issuer
    counter.issuer = new_account()  # its claim is signed by nobody whom a box of this house trusts
    strange, counter.issuer = counter.make(9), ours
    counter.put(true)
    pos = open_page(f"{counter.url}/pos/")
    order_soup(pos)
    counter.put(strange)
    eventually(lambda: lines_of(strange) == [("1", "Lentil soup", "sent")], "the tablet has handed in what it holds")
    seat(pos, "2", "1 guest")
    add(pos, "Mint tea")
    eventually(lambda: len(lines_of(strange)) == 2)

    counter.put(true)
    asked = pos.get_by_role("dialog", name="Which box is the right one?")
    expect(asked).to_contain_text("A manager decides", timeout=SOON_MS)
    expect(asked).to_contain_text("This is box 1. This tablet knows box 9.")
    assert lines_of(true) == [("1", "Lentil soup", "sent")]
    asked.get_by_role("button", name="Trust this box").click()
    expect(asked).to_have_count(0, timeout=SOON_MS)
    eventually(lambda: lines_of(true) == [("1", "Lentil soup", "sent"), ("2", "Mint tea", "held")])
    assert httpx.get(f"{true.url}/v1/status").json()["box"]["fenced_epoch"] == 0


def test_a_box_dies_and_its_replacement_is_made_from_what_the_tablets_hold(counter: Counter, open_page: OpenPage, short_dir: Path) -> None:
    old = counter.make(1)
    counter.put(old)
    pos = open_page(f"{counter.url}/pos/")
    order_soup(pos)
    old.serve.kill()
    seat(pos, "2", "1 guest")
    add(pos, "Mint tea")
    expect(pos.get_by_text("No connection to the box.")).to_be_visible(timeout=SOON_MS)

    new = counter.enrol(2)
    arguments = ("--data-dir", new.data_dir, "--port", str(new.port), "--no-hub", "--menu", MENU, "--tablets", "2", "--wait", "60")
    restore = Program("restore", short_dir, "edge", "restore", *arguments)
    counter.stop_at_end(restore)
    restore.start()
    counter.put(new)
    expect(pos.get_by_role("status")).to_contain_text("The box collects what the tablets hold.", timeout=SOON_MS)
    expect(pos.get_by_text("On this tablet", exact=True)).to_be_visible()
    kds = open_page(f"{counter.url}/kds/")  # the second tablet of the house
    eventually(lambda: not restore.is_running, "every tablet has handed in")
    new.start_serve()
    expect(pos.get_by_text("On the box")).to_be_visible(timeout=SOON_MS)
    expect(kds.get_by_role("button", name="Bump ticket 1, Table 1")).to_be_visible(timeout=SOON_MS)
    assert lines_of(new) == [("1", "Lentil soup", "sent"), ("2", "Mint tea", "held")]


def test_a_tablet_taken_to_another_restaurant_sends_nothing_of_the_first_until_told_to_forget_it(
    counter: Counter, open_page: OpenPage, box: EdgeBox
) -> None:
    counter.put(counter.make(1))
    pos = open_page(f"{counter.url}/pos/")
    order_soup(pos)
    counter.put(box)
    asked = pos.get_by_role("dialog", name="This box belongs to another restaurant.")
    expect(asked).to_be_visible(timeout=SOON_MS)
    asked.get_by_role("button", name="Stay here and forget the other").click()
    expect(asked).to_have_count(0, timeout=SOON_MS)
    seat(pos, "1", "1 guest")
    add(pos, "Mint tea")
    expect(pos.get_by_text("On the box")).to_be_visible()
    assert lines_of(box) == [("1", "Mint tea", "held")]
