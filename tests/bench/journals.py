"""Journals made beforehand: real commands through the product's own executor and store, without HTTP and without syncs.

What lives here: a site in process, and a program that fills the journal of an enrolled box. How journals travel is not known here.
"""

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from edge.app.ports import Store
from edge.app.site import BOX, BoxIdentity, Device, RefusedCommand, Request, Site
from edge.box import read_box
from edge.journal.store import SqliteStore
from shared.domain.menu import menu_version
from shared.domain.registry import ROLES
from shared.domain.site import ApplyMenu
from shared.protocol.session import Submit
from tests.bench.load import ROOT
from tests.bench.workload import MENU, commands_of
from tests.support.boxes import new_id

__all__ = ["DEVICE", "fill", "open_site"]

DEVICE = Device(device_id="unpaired", permissions=ROLES["pos"])
_GROUP = 64  # commands decided together
_DEVICES = 16


def open_site(store: Store, identity: BoxIdentity | None = None) -> Site:
    """A site with the bench's menu in force; one of nobody's unless an identity is given."""
    made_up = BoxIdentity(org_id=new_id(), site_id=new_id(), epoch=1, currency="USD", time_zone="America/New_York", cut_over_minutes=240)
    site = Site(identity or made_up, store, lambda: datetime.now(UTC))
    site.start()
    version = menu_version(MENU)
    site.put_menu(version, msgspec.json.encode(MENU))
    if site.state.menu_version != version:
        apply = Submit(id=new_id(), command=msgspec.Raw(msgspec.json.encode(ApplyMenu(version=version))))
        execute(site, [Request(device=BOX, commands=(apply,))])
    return site


def execute(site: Site, requests: Sequence[Request]) -> None:
    """Have them accepted, all of them."""
    outcomes, _ = site.execute(requests)
    refused = next((outcome for outcome in outcomes if isinstance(outcome, RefusedCommand)), None)
    if refused is not None:
        raise RuntimeError(f"a command of the bench was refused: {refused.error}")


def _fill(data_dir: Path, entries: int) -> int:
    """Write at least `entries` entries into the journal of the box; how many there are."""
    store = SqliteStore(data_dir / "journal.db")
    try:
        store.connection.execute("PRAGMA synchronous = OFF")
        site = open_site(store, read_box(data_dir).identity)
        tablets = [commands_of(number) for number in range(_DEVICES)]
        turn = 0
        while site.head.sequence < entries:
            bodies = [next(tablets[(turn + offset) % _DEVICES])[1] for offset in range(_GROUP)]
            turn += _GROUP
            execute(site, [Request(device=DEVICE, commands=(msgspec.json.decode(body, type=Submit),)) for body in bodies])
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return site.head.sequence
    finally:
        store.close()


def fill(boxes: Sequence[tuple[Path, int]], at_once: int = 2) -> list[int]:
    """Fill (data directory, entries) of each box up to that number, in some processes at once; how many entries each has."""
    shares = [share for share in (boxes[start::at_once] for start in range(at_once)) if share]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.journals", *(str(each) for box in share for each in box)], stdout=subprocess.PIPE, cwd=ROOT
        )
        for share in shares
    ]
    heads: dict[Path, int] = {}
    try:
        for process, share in zip(running, shares, strict=True):
            out, _ = process.communicate(timeout=240)
            if process.returncode:
                raise RuntimeError(f"a journal could not be made: the program ended with {process.returncode}")
            heads |= {path: int(line) for (path, _), line in zip(share, out.split(), strict=True)}
    finally:
        for process in running:
            process.kill()
            process.wait()
    return [heads[path] for path, _ in boxes]


if __name__ == "__main__":
    for given in range(1, len(sys.argv), 2):
        print(_fill(Path(sys.argv[given]), int(sys.argv[given + 1])), flush=True)
