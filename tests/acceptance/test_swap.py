"""The drill: a box dies with the WAN cut and its stick a moment behind, and is replaced from every combination of what is left.

Measured is the loss: of every command that a tablet was told is accepted, what is not in effect on the new box. It is nothing wherever
hub, stick or tablets still have it. Then the evening goes on, the totals are compared to the cent, and the old box comes back.
"""

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from edge.box import read_box, read_signer
from edge.mirror.file import JOURNAL, Walk
from edge.restore.hub import HubSource
from provisioning.enroll import enroll
from tests.integration.edge.till import load_menu
from tests.support.hub import HubStack
from tests.support.programs import EdgeBox, Program, run
from tests.support.proxy import ThreadedProxy
from tests.support.tablets import Tablet
from tests.support.waiting import eventually
from tests.unit.shared.domain.world import MENU

SOURCES = ("hub", "mirror", "tablets")
COMBINATIONS = [chosen for count in (1, 2, 3) for chosen in combinations(SOURCES, count)]
PRICES = {"soup": 650, "wine": 800}  # minor units, taxes included
DEADLINE_S = 60.0


def _entries(data_dir: Path) -> list[dict[str, Any]]:
    connection = sqlite3.connect(f"file:{data_dir / 'journal.db'}?mode=ro", uri=True)
    try:
        return [json.loads(row[0]) for row in connection.execute("SELECT entry FROM journal ORDER BY sequence")]
    finally:
        connection.close()


def _commands(data_dir: Path) -> set[str]:
    return {entry["command"] for entry in _entries(data_dir)}


def _tickets(data_dir: Path) -> list[str]:
    return sorted(entry["event"]["ticket_id"] for entry in _entries(data_dir) if entry["event"]["type"] == "TicketCreated")


def _pair(box: EdgeBox, name: str) -> Tablet:
    with box.box_client() as client:
        return Tablet(name, client.post("/v1/devices", json={"name": name, "role": "manager"}).raise_for_status().json()["token"])


def _get(box: EdgeBox, path: str) -> Any:
    return httpx.get(f"{box.url}{path}", timeout=10.0).raise_for_status().json()


class _Evening:
    """What was ordered, and until when who has it: sequences at which the WAN was cut, the stick ended, and the box died."""

    def __init__(self, ana: Tablet, ben: Tablet) -> None:
        self.ana, self.ben = ana, ben
        self.sold: Counter[str] = Counter()
        self.open: list[str] = []
        self.in_cloud = self.on_stick = 0

    def go_on(self, url: str) -> None:
        """Each tablet opens a table, adds to the other's, and pays what the other began before."""
        for check_id in self.open:
            self.ana.pay(url, check_id)
        first, second = self.ana.order(url, ["soup", "wine"], table_id="1"), self.ben.order(url, ["soup"], table_id="2")
        self.ben.add(url, first, "soup")
        self.ana.send(url, {"type": "SendCheck", "check_id": first})
        self.sold.update({"soup": 3, "wine": 1})
        self.open = [first, second]

    def end(self, url: str) -> None:
        for check_id in self.open:
            self.ben.pay(url, check_id)
        self.open = []

    @property
    def gross_minor(self) -> int:
        return sum(PRICES[item] * count for item, count in self.sold.items())

    def told(self, after: int = 0, to: int = 10**9) -> set[str]:
        """Ids of the commands that were acknowledged with a sequence in a stretch."""
        held = self.ana.held + self.ben.held
        return {each["submit"]["id"] for each in held if after < int(each["position"].split(".")[1]) <= to}

    def recoverable(self, chosen: tuple[str, ...]) -> set[str]:
        """What at least one of the sources still has."""
        found: set[str] = set()
        if "hub" in chosen:
            found |= self.told(to=self.in_cloud)
        if "mirror" in chosen:
            found |= self.told(to=self.on_stick)
        if "tablets" in chosen:
            found |= self.told(after=self.in_cloud)  # what is in the cloud they have let go of
        return found


class _Restoring:
    """A new box that is restored from some of the sources, with the report at its end."""

    def __init__(self, box: EdgeBox, program: Program, chosen: tuple[str, ...]) -> None:
        self.box, self.program, self.chosen = box, program, chosen

    def hand_in(self, evening: _Evening) -> None:
        if "tablets" not in self.chosen:
            return
        eventually(self.box.is_ready, f"{self.chosen} collects", deadline_s=DEADLINE_S)
        for tablet in (evening.ana, evening.ben):
            shown = tablet
            if not tablet.is_known(self.box.url):  # nobody had the list of devices
                shown = _pair(self.box, tablet.name)
                shown.held = tablet.held
            shown.hand_in(self.box.url, beyond=evening.in_cloud)

    def report(self) -> dict[str, Any]:
        eventually(lambda: not self.program.is_running, f"{self.chosen} is restored", deadline_s=DEADLINE_S)
        assert not (self.box.data_dir / "restore.pending").exists(), self.program.log_text()
        return json.loads((self.box.data_dir / "restore.json").read_bytes())


@pytest.mark.timeout(300)
def test_a_box_is_replaced_from_every_combination_of_hub_stick_and_tablets_and_nothing_that_any_of_them_has_is_lost(
    hub: HubStack, short_dir: Path, make_proxy: Callable[[int], ThreadedProxy], make_edge: Callable[..., EdgeBox],
    make_program: Callable[..., Program],
) -> None:  # fmt: skip
    hub.start()
    _, site_id = hub.add_site(currency="EUR", time_zone="Europe/Berlin")
    hub.enroll(site_id, short_dir / "old")
    line = make_proxy(int(hub.broker.url.rsplit(":", 1)[1]))
    old = make_edge(short_dir / "old", nats_url=f"nats://127.0.0.1:{line.port}")
    old.start()
    load_menu(old)
    evening = _Evening(_pair(old, "Ana"), _pair(old, "Ben"))
    stick = short_dir / "stick"
    stick.mkdir()
    mirror = make_program("mirror", "edge", "mirror", stick, "--data-dir", old.data_dir, "--same-disk")
    mirror.start()

    _run_the_evening(hub, site_id, old, evening, line, mirror, stick)
    tickets = _tickets(old.data_dir)
    _die(old)

    code = hub.command("site", "claim", site_id)["code"]
    enroll(hub.url, code, short_dir / "new")
    restorings = _restore_from_each(short_dir, stick, make_edge, make_program)
    for restoring in restorings:
        restoring.hand_in(evening)
    for restoring in restorings:
        _judge_loss(restoring, evening, tickets)

    present = next(each.box for each in restorings if each.chosen == SOURCES)
    again = make_program("mirror-again", "edge", "mirror", stick, "--data-dir", present.data_dir, "--same-disk")
    again.start()
    _sell_on(hub, site_id, present, evening)
    eventually(lambda: _stick_end(stick, site_id) == len(_entries(present.data_dir)), "the same stick goes on in the new box")
    assert list(stick.glob("*/forked-*")) == []
    _the_old_box_comes_back(hub, site_id, old, present, line, evening)


def _run_the_evening(
    hub: HubStack, site_id: str, old: EdgeBox, evening: _Evening, line: ThreadedProxy, mirror: Program, stick: Path
) -> None:
    """Orders while all is well; then without the WAN; then with the stick pulled as well."""
    evening.go_on(old.url)
    eventually(lambda: _get(old, "/v1/status")["pending_entries"] == 0, "everything is in the cloud", deadline_s=DEADLINE_S)
    eventually(lambda: _has_keepsakes(hub, old), "menu and devices are in the cloud", deadline_s=DEADLINE_S)
    line.cut()
    evening.in_cloud = len(_entries(old.data_dir))
    evening.go_on(old.url)
    evening.on_stick = len(_entries(old.data_dir))
    eventually(lambda: _stick_end(stick, site_id) == evening.on_stick, "the stick has it")
    eventually(lambda: b'"devices"' in (stick / site_id / "keepsakes.json").read_bytes(), "and menu and devices")
    mirror.kill()
    evening.go_on(old.url)


def _has_keepsakes(hub: HubStack, old: EdgeBox) -> bool:
    """Whether a replacement would get the menu and both tablets."""
    box = read_box(old.data_dir)
    source = HubSource(box, read_signer(old.data_dir, box.public_key), hub.url)
    try:
        held = {keepsake.kind: source.document(keepsake) or b"" for keepsake in reversed(source.keepsakes)}
        return "menu" in held and b"Ben" in held.get("devices", b"")
    finally:
        source.close()


def _stick_end(stick: Path, site_id: str) -> int:
    path = stick / site_id / JOURNAL
    return max([entry.sequence for found in Walk(path).runs() for entry in found], default=0) if path.exists() else 0


def _die(old: EdgeBox) -> None:
    """The power of the box is gone, and with it, as far as anybody can tell, its disk."""
    old.serve.kill()
    old.link.kill()
    old.data_dir.rename(old.data_dir.with_name("old-in-a-drawer"))


def _restore_from_each(
    short_dir: Path, stick: Path, make_edge: Callable[..., EdgeBox], make_program: Callable[..., Program]
) -> list[_Restoring]:
    """A copy of the one new box for each combination, all at once. Only one of them will ever sell."""
    menu = short_dir / "menu.json"
    menu.write_bytes(msgspec.json.encode(MENU))
    made: list[_Restoring] = []
    for chosen in COMBINATIONS:
        name = "-".join(chosen)
        shutil.copytree(short_dir / "new", short_dir / name)
        box = make_edge(short_dir / name)
        options: list[str | Path] = ["--hub" if "hub" in chosen else "--no-hub"]
        options += ["--mirror", stick] if "mirror" in chosen else []
        options += ["--tablets", "2", "--wait", "90"] if "tablets" in chosen else ["--no-tablets"]
        options += ["--menu", menu] if chosen == ("tablets",) else []
        program = make_program(f"restore-{name}", "edge", "restore", "--data-dir", box.data_dir, "--port", str(box.port), *options)
        program.start()
        made.append(_Restoring(box, program, chosen))
    return made


def _judge_loss(restoring: _Restoring, evening: _Evening, tickets: list[str]) -> None:
    report, chosen = restoring.report(), restoring.chosen
    in_effect = _commands(restoring.box.data_dir) & evening.told()
    kept = {each["command_id"] for each in report["refused"]}
    assert in_effect | kept == evening.recoverable(chosen), f"{chosen}: {restoring.program.log_text()}"
    made = _tickets(restoring.box.data_dir)
    assert len(set(made)) == len(made), f"{chosen}: a ticket stands twice"
    if chosen != ("tablets",):
        assert kept == set(), chosen
    if "tablets" in chosen and len(chosen) > 1:
        assert in_effect == evening.told(), f"{chosen}: nothing that was acknowledged is lost"
        assert made == tickets, chosen
        assert report["missing"] == [], chosen
        assert restoring.program.exit_code == 0
    assert {each["source"].split()[0] for each in report["came"]} <= set(chosen), chosen
    done = run("edge", "verify", "--data-dir", restoring.box.data_dir)
    assert done.returncode == 0, f"{chosen}: {done.stdout}"


def _sell_on(hub: HubStack, site_id: str, present: EdgeBox, evening: _Evening) -> None:
    """The evening goes on at the new box, and its books are those of the hub and of whoever can add up."""
    present.start()
    evening.go_on(present.url)
    evening.end(present.url)
    eventually(lambda: _get(present, "/v1/status")["pending_entries"] == 0, "everything is in the cloud", deadline_s=DEADLINE_S)
    (day,) = _get(present, "/v1/sales")["days"]
    assert day["gross_minor"] == evening.gross_minor
    date = day["business_date"]

    def at_hub() -> bool:
        told = hub.command("sales", "--site", site_id, "--from", date, "--to", date)
        names = ("orders", "lines", "gross_minor", "net_minor", "tax_minor")
        return [told[name] for name in names] == [day[name] for name in names]

    eventually(at_hub, "the hub has the same totals", deadline_s=DEADLINE_S)
    made = _tickets(present.data_dir)
    assert len(set(made)) == len(made)


def _the_old_box_comes_back(hub: HubStack, site_id: str, old: EdgeBox, present: EdgeBox, line: ThreadedProxy, evening: _Evening) -> None:
    """Somebody finds it in the drawer and plugs it in: it says that it was replaced, takes nothing, and what it held is shown."""
    old.data_dir.with_name("old-in-a-drawer").rename(old.data_dir)
    line.heal()
    old.start()
    eventually(lambda: "epoch.fenced" in _get(old, "/v1/status")["alarms"], "the old box is fenced", deadline_s=DEADLINE_S)
    command = {"id": evening.told().pop(), "command": {"type": "OpenCheck", "check_id": site_id, "table_id": "1", "covers": 1}}
    refused = httpx.post(f"{old.url}/v1/commands", json=command, timeout=10.0)
    assert refused.json()["code"] == "box.fenced"

    def branch() -> dict[str, Any] | None:
        found = hub.command("orphans", "list", "--site", site_id)["branches"]
        last = len(_entries(old.data_dir))
        return found[0] if found and found[0]["kept"] == last else None

    found = eventually(branch, "its tail is kept apart", deadline_s=DEADLINE_S)
    assert found is not None
    assert (found["epoch"], found["parted"], found["undecided"]) == (1, evening.on_stick, 0)
    assert set(found["states"]) == {"in_effect"}, "the stick had brought the rest of it, and the tablets all of this"
    assert _get(present, "/v1/status")["alarms"] == []
