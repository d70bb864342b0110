"""What an operator types when something waits for a person: quarantine, orphans, backups, restores."""

import json
from asyncio import to_thread
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.protocol.envelope import AnswerStatus
from tests.integration.hub.test_quarantine import ensure_whole, evening, projected, spoil
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal

Cli = Callable[..., str]


async def run(cli: Cli, *arguments: object) -> str:
    return await to_thread(cli, *arguments)


async def run_json(cli: Cli, *arguments: object) -> Any:
    return json.loads(await to_thread(cli, *arguments, "--json"))


# --- quarantine ---


async def test_an_operator_finds_looks_at_and_corrects_what_is_held(rig: HubRig, cli: Cli, tmp_path: Path) -> None:
    site, at, check_id = await evening(rig)
    id = site.address.site_id
    good = spoil(site, at, {"quantity": "two"})
    await projected(rig, site)
    counted = {each["site_id"]: each["entries"] for each in (await run_json(cli, "quarantine", "list"))["sites"]}
    assert counted[id] >= 5
    listed = (await run_json(cli, "quarantine", "list", id))["quarantine"]
    assert (listed[0]["sequence"], listed[0]["id"], listed[0]["code"]) == (at, check_id, "event.malformed")
    shown = await run_json(cli, "quarantine", "show", id, at)
    assert shown["entry"]["event"]["quantity"] == "two"
    assert next(each["sequence"] for each in shown["following"]) > at
    assert '"quantity": "two"' in await run(cli, "quarantine", "show", id, at)
    assert "still held" in await run(cli, "quarantine", "retry", id, check_id)
    corrected = tmp_path / "event.json"
    corrected.write_text(json.dumps(good), encoding="utf-8")
    resolve = ("quarantine", "resolve", id, at, "--event", corrected, "--reason", "a text")
    assert await run(cli, *resolve) == "exit 2", "nobody signs"
    assert await run(cli, *resolve, "--by", " ") == "decision.unsigned"
    assert await run(cli, *resolve, "--by", "anna", "--leave-out") == "exit 2"
    assert "entries projected" in await run(cli, *resolve, "--by", "anna")
    await ensure_whole(rig, site)
    assert "corrected by anna" in await run(cli, "quarantine", "show", id, at)
    assert await run(cli, "quarantine", "list", id) == "nothing\n"
    assert await run(cli, "quarantine", "show", id, at + 1) == "quarantine.unknown"
    assert await run(cli, "quarantine", "retry", id) == "quarantine.unknown"
    assert await run(cli, "quarantine", "retry", id, "x") == "id.malformed"


async def test_a_file_that_is_no_event_is_refused(rig: HubRig, cli: Cli, tmp_path: Path) -> None:
    site, at, _ = await evening(rig)
    spoil(site, at, {"quantity": "two"})
    await projected(rig, site)
    file = tmp_path / "event.json"
    for text in ("", "{", '{"type": "LineAdded"}'):
        file.write_text(text, encoding="utf-8")
        assert (
            await run(cli, "quarantine", "resolve", site.address.site_id, at, "--event", file, "--reason", "x", "--by", "a")
            == "correction.malformed"
        )


# --- orphans ---


async def branched(rig: HubRig) -> SiteJournal:
    """A site whose first box went on after it was replaced: three entries of it are orphans."""
    old = (await rig.add_site()).orders(1)
    await rig.send_all(old)
    new = SiteJournal(*old.address, epoch=2)
    await rig.claim(new)
    new.entries, new.memory.state = list(old.entries), dict(old.memory.state)
    new.begin()
    await rig.send(new.message(len(new.entries), len(new.entries)))
    first = len(old.entries) + 1
    check_id = old.open_check()
    old.add(check_id)
    old.add(check_id)
    [answer] = await rig.send(old.message(first, len(old.entries)))
    assert answer.status is AnswerStatus.FENCED
    return old


async def test_an_operator_sees_orphans_hands_some_over_and_sets_some_aside(rig: HubRig, cli: Cli) -> None:
    old = await branched(rig)
    id, last = old.address.site_id, len(old.entries)
    [listed] = (await run_json(cli, "orphans", "list", "--site", id))["branches"]
    assert (listed["epoch"], listed["undecided"], listed["kept"]) == (1, 3, last)
    assert id in await run(cli, "orphans", "list")
    shown = (await run_json(cli, "orphans", "show", id, 1))["commands"]
    assert [each["events"] for each in shown] == [["CheckOpened"], ["LineAdded"], ["LineAdded"]]
    assert "adopt it or set it aside" in await run(cli, "orphans", "show", id, 1)
    one = await run(cli, "orphans", "show", id, 1, last)
    assert f"entry {last} of epoch 1" in one
    assert '"type": "LineAdded"' in one
    assert await run(cli, "orphans", "adopt", id, 1, last, "--by", "anna") == "orphan.out_of_order"
    assert await run(cli, "orphans", "adopt", id, 1, "--by", "anna") == "exit 2"
    assert "2 commands handed" in await run(cli, "orphans", "adopt", id, 1, last - 2, last - 1, "--by", "anna")
    assert "1 set aside" in await run(cli, "orphans", "set-aside", id, 1, last, "--by", "ben", "--reason", "never served")
    text = await run(cli, "orphans", "show", id, 1)
    assert "waiting for the box (anna)" in text
    assert "set aside (ben): never served" in text
    [listed] = (await run_json(cli, "orphans", "list", "--site", id))["branches"]
    assert (listed["undecided"], listed["states"]) == (0, {"set_aside": 1, "waiting": 2})
    assert await run(cli, "orphans", "show", id, 1, 10**6) == "orphan.unknown"
    assert await run(cli, "orphans", "show", id, 9) == "orphan.unknown"


async def test_a_site_that_the_control_database_has_forgotten_hides_no_orphans_of_another(rig: HubRig, cli: Cli) -> None:
    here, gone = await branched(rig), await branched(rig)
    await rig.forget_site(gone)
    listed = await run_json(cli, "orphans", "list")
    sites = {each["site_id"] for each in listed["branches"]}
    assert here.address.site_id in sites
    assert gone.address.site_id not in sites
    assert gone.address.site_id in listed["unknown_sites"]
    assert await run(cli, "orphans", "list", "--site", gone.address.site_id) == "site.unknown"


# --- backups ---


async def test_what_is_in_a_backup_is_known_once_it_is_done(rig: HubRig, cli: Cli) -> None:
    site = (await rig.add_site()).orders(1)
    await rig.send(site.message(1, 5))
    name = f"nightly-{site.address.site_id[-8:]}"
    assert (await run_json(cli, "backup", "begin", name))["sites"] >= 1
    assert await run(cli, "backup", "begin", name) == "backup.exists"
    await rig.send(site.message(6, len(site.entries)))

    async def backed_up() -> int:
        [row] = await rig.look_as(site, "select backed_up from watermarks where site_id = $1::text::uuid")
        return row["backed_up"]

    assert await backed_up() == 0
    assert "under way" in await run(cli, "backup", "list")
    await run(cli, "backup", "done", name)
    assert await backed_up() == 5, "what came while it was made may not be in it"
    assert await run(cli, "backup", "done", name) == "backup.unknown"
    assert await run(cli, "backup", "begin", "x" * 65) == "backup.unnamed"


async def test_an_older_backup_that_is_done_late_takes_nothing_back(rig: HubRig, cli: Cli) -> None:
    site = (await rig.add_site()).orders(1)
    older, newer = (f"{name}-{site.address.site_id[-8:]}" for name in ("older", "newer"))
    await rig.send(site.message(1, 4))
    await run(cli, "backup", "begin", older)
    await rig.send(site.message(5, 8))
    await run(cli, "backup", "begin", newer)
    await run(cli, "backup", "done", newer)
    await run(cli, "backup", "done", older)
    [row] = await rig.look_as(site, "select backed_up from watermarks where site_id = $1::text::uuid")
    assert row["backed_up"] == 8


async def test_a_backup_that_was_begun_with_a_hole_in_the_journal_holds_nothing_behind_it(rig: HubRig, cli: Cli) -> None:
    """Found by the simulator, seed 695: the hole was filled from the mirror that the replacement had been restored from, and it let go of
    what no backup had."""
    site = (await rig.add_site()).orders(1)
    await rig.send(site.message(1, 3))
    await rig.greeter.greet([site.hello(begins=site.entries[4].position)])
    await rig.send(site.message(6, 8))
    name = f"torn-{site.address.site_id[-8:]}"
    await run(cli, "backup", "begin", name)
    await run(cli, "backup", "done", name)
    [row] = await rig.look_as(site, "select backed_up from watermarks where site_id = $1::text::uuid")
    assert row["backed_up"] == 3


async def test_a_shard_that_was_put_back_by_copying_is_said_to_be_another(rig: HubRig, cli: Cli) -> None:
    site = await rig.add_site(shard="s1")
    await rig.greeter.greet([site.hello()])
    first = (await rig.make_applier().apply([site.message(1, 1)]))[0].answer.incarnation
    said = await run_json(cli, "restored", "s1")
    assert said["incarnation"]
    second = (await rig.make_applier().apply([site.message(1, 1)]))[0].answer.incarnation
    assert first != second
    assert await run(cli, "restored", "s9") == "shard.not_found"


async def test_after_the_control_database_was_put_back_no_epoch_is_granted_twice(rig: HubRig, cli: Cli) -> None:
    """Two boxes had been enrolled since the backup, and the last of them has died."""
    site = await rig.add_site(shard="s1")
    boxes = [SiteJournal(*site.address) for _ in range(4)]
    assert [await rig.claim(box) for box in boxes[:2]] == [2, 3]
    await rig.forget_boxes(site, 2)
    await rig.look_as(site, "update watermarks set granted = 0, epoch = 1 where site_id = $1::text::uuid")
    assert (await run_json(cli, "restored", "control"))["incarnation"]
    assert [await rig.claim(box) for box in boxes[2:]] == [102, 103]
