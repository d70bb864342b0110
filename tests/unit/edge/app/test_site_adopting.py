"""A box was replaced and went on selling: what it still held comes to the present box by the hub, once."""

import json
import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.app.site import HUB, RefusedCommand, Request
from edge.journal.verify import verify
from shared.domain.adopting import AdoptOrphan, OrphanedEntry
from shared.domain.check import AddLine, OpenCheck
from shared.domain.check.books import DAY, DayBook
from shared.domain.check.state import CHECK, Check
from shared.protocol.entry import StoredEntry
from shared.protocol.session import Submit
from tests.unit.edge.site_kit import POS, SiteKit, service, submit
from tests.unit.shared.domain.world import SITE, name_id


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[tuple[SiteKit, SiteKit]]:
    """(the old box, the present one), of the same site: they part after one check."""
    (tmp_path / "old").mkdir()
    old = SiteKit(tmp_path / "old")
    old.load_menu()
    for command in service("before"):
        old.one(command)
    old.close()
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    old, new = SiteKit(tmp_path / "old"), SiteKit(tmp_path / "new", epoch=2)
    yield old, new
    old.close()
    new.close()


def orphans_of(box: SiteKit, after: int) -> list[tuple[str, AdoptOrphan]]:
    """(id, adoption) of each command of the branch."""
    rows: list[StoredEntry] = box.store.entries(after, 1_000)
    made: list[tuple[str, AdoptOrphan]] = []
    for command, run in groupby(rows, key=lambda row: json.loads(row.entry)["command"]):
        entries = tuple(OrphanedEntry(hash=row.hash.hex(), entry=msgspec.Raw(row.entry)) for row in run)
        made.append((command, AdoptOrphan(entries=entries)))
    return made


def adopt(box: SiteKit, orphan: tuple[str, AdoptOrphan]) -> Any:
    [outcome], _ = box.group(_request(orphan))
    return outcome


def _request(orphan: tuple[str, AdoptOrphan]) -> Request:
    return Request(device=HUB, commands=(Submit(id=orphan[0], command=msgspec.Raw(msgspec.json.encode(orphan[1]))),))


def book(box: SiteKit) -> DayBook:
    found = box.site.find(DayBook, DAY, "2026-03-02/EUR")
    assert found is not None, "the id of a day's book has changed"
    return found


def test_a_sale_of_the_old_box_is_in_the_books_of_the_new_one_to_the_cent_and_once(boxes: tuple[SiteKit, SiteKit]) -> None:
    old, new = boxes
    parted = old.site.head.sequence
    for command in service("orphaned", ("soup", "wine")):
        old.one(command)
    for orphan in orphans_of(old, parted):
        assert isinstance(adopt(new, orphan), tuple)
    assert new.site.find(Check, CHECK, name_id("orphaned")) == old.site.find(Check, CHECK, name_id("orphaned"))
    assert book(new) == book(old)
    head = new.site.head
    for orphan in orphans_of(old, parted):
        assert isinstance(adopt(new, orphan), tuple), "adopted again: the first answer"
    assert (new.site.head, book(new)) == (head, book(old))
    new.store.close()
    assert verify(new.path, SITE).bad_sequence is None


def test_the_tablet_that_repeats_an_adopted_command_gets_its_answer(boxes: tuple[SiteKit, SiteKit]) -> None:
    old, new = boxes
    parted = old.site.head.sequence
    command = OpenCheck(check_id=name_id("orphaned"))
    told = old.one(command)
    [orphan] = orphans_of(old, parted)
    adopted = adopt(new, orphan)
    again = new.one(command)
    assert (again,) == adopted
    assert (again.command_id, again.at, again.business_date) == (told.command_id, told.at, told.business_date)
    assert [bytes(each.event) for each in again.events] == [bytes(each.event) for each in told.events]
    assert new.refused(submit(OpenCheck(check_id=name_id("other")), id=again.command_id)) == "command.id_reused"


def test_what_a_tablet_has_brought_already_is_in_effect(boxes: tuple[SiteKit, SiteKit]) -> None:
    old, new = boxes
    parted = old.site.head.sequence
    command = OpenCheck(check_id=name_id("orphaned"))
    old.one(command)
    new.one(command)
    outcome = adopt(new, orphans_of(old, parted)[0])
    assert isinstance(outcome, RefusedCommand)
    assert outcome.error.code == "orphan.in_effect"


def test_what_does_not_fit_leaves_nothing_behind(boxes: tuple[SiteKit, SiteKit]) -> None:
    old, new = boxes
    parted = old.site.head.sequence
    old.one(OpenCheck(check_id=name_id("orphaned")))
    old.one(AddLine(check_id=name_id("orphaned"), line_id=name_id("wine"), item_id="wine"))
    head = new.site.head
    outcome = adopt(new, orphans_of(old, parted)[1])
    assert isinstance(outcome, RefusedCommand)
    assert outcome.error.code == "orphan.unfit"
    assert new.site.head == head


def test_no_device_adopts(boxes: tuple[SiteKit, SiteKit]) -> None:
    old, new = boxes
    parted = old.site.head.sequence
    old.one(OpenCheck(check_id=name_id("orphaned")))
    [(id, orphan)] = orphans_of(old, parted)
    assert new.refused(submit(orphan, id=id), by=POS) == "permission.missing"
