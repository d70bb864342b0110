"""The writer thread: groups, the bounded queue, stopping, and answers when the file fails."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.app.fence import Fence
from edge.app.ports import StorageFullError
from edge.app.site import Committed, Outcome, RefusedCommand
from edge.journal import writer as writer_module
from edge.journal.writer import Writer
from shared.domain.check import AddLine, OpenCheck
from shared.domain.errors import Refused
from tests.unit.edge.site_kit import FailingStore, SiteKit, refusal, request
from tests.unit.shared.domain.world import name_id


class Bench:
    """A writer over a kit, and what it published."""

    def __init__(self, kit: SiteKit) -> None:
        self.kit = kit
        self.published: list[Committed] = []
        self.writer = Writer(kit.site, kit.store, self.published.append)

    def open(self, name: str) -> "asyncio.Future[Outcome]":
        """Ask for a check to be opened; not yet awaited."""
        return asyncio.ensure_future(self.writer.submit(request(OpenCheck(check_id=name_id(name)))))

    async def hold(self) -> Callable[[], None]:
        """Keep the thread busy until the returned function is called, so that what is asked meanwhile forms one group."""
        gate, entered, loop = threading.Event(), asyncio.Event(), asyncio.get_running_loop()

        def wait(*_: object) -> None:
            loop.call_soon_threadsafe(entered.set)
            gate.wait(10)

        self.held = asyncio.ensure_future(self.writer.call(wait))
        await entered.wait()
        return gate.set

    @property
    def sequences(self) -> list[int]:
        return [entry.sequence for committed in self.published for entry in committed.entries]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    kit = SiteKit(tmp_path)
    kit.load_menu()
    made = Bench(kit)
    made.writer.start()
    yield made
    await made.writer.stop()


async def test_requests_that_wait_together_are_one_commit(bench: Bench) -> None:
    release = await bench.hold()
    asked = [bench.open(str(number)) for number in range(20)]
    await asyncio.sleep(0)
    release()
    outcomes = await asyncio.gather(*asked)
    assert all(isinstance(each, tuple) for each in outcomes)
    assert (bench.writer.groups, bench.writer.requests, len(bench.published)) == (1, 20, 1)


async def test_what_was_queued_before_the_box_was_fenced_is_not_written_after_it(tmp_path: Path) -> None:
    kit = SiteKit(tmp_path)
    kit.load_menu()
    bench, fence, head = Bench(kit), Fence(kit.identity), kit.site.head
    bench.writer = Writer(kit.site, kit.store, bench.published.append, lambda _: fence.ensure_open())
    bench.writer.start()
    release = await bench.hold()
    queued = [bench.open(str(number)) for number in range(3)]
    await asyncio.sleep(0)
    fence.obey(2)
    release()
    assert [refusal(each) for each in await asyncio.gather(*queued)] == ["box.fenced"] * 3
    with pytest.raises(Refused, match=r"box\.fenced"):
        await bench.open("later")
    assert await bench.writer.call(lambda site, _: site.head) == head
    await bench.writer.stop()


async def test_followers_hear_of_a_group_before_its_devices_are_answered(bench: Bench) -> None:
    outcome = await bench.open("a")
    assert isinstance(outcome, tuple)
    assert outcome[0].events[0].sequence in bench.sequences


async def test_a_queue_that_is_full_says_busy_and_loses_nothing_that_it_took(bench: Bench) -> None:
    release = await bench.hold()
    maximum = bench.writer._queue.maxsize
    taken = [bench.open(f"{number}") for number in range(maximum)]
    await asyncio.sleep(0)
    for number in range(5):
        with pytest.raises(Refused, match=r"edge\.busy"):
            await bench.writer.submit(request(OpenCheck(check_id=name_id(f"late {number}"))))
    release()
    outcomes = await asyncio.gather(*taken)
    assert all(isinstance(each, tuple) for each in outcomes)
    assert len({entry["event"]["check_id"] for _, _, entry in bench.kit.entries() if entry["event"]["type"] == "CheckOpened"}) == len(taken)


async def test_what_is_queued_when_the_stop_comes_is_answered_and_what_comes_later_refused(tmp_path: Path) -> None:
    kit = SiteKit(tmp_path)
    bench = Bench(kit)
    bench.writer.start()
    release = await bench.hold()
    asked = [bench.open(str(number)) for number in range(150)]
    await asyncio.sleep(0)
    stopping = asyncio.ensure_future(bench.writer.stop())
    await asyncio.sleep(0)
    with pytest.raises(Refused, match=r"edge\.stopping"):
        await bench.writer.submit(request(OpenCheck(check_id=name_id("late"))))
    release()
    outcomes = await asyncio.gather(*asked)
    await stopping
    assert all(isinstance(each, tuple) for each in outcomes)
    assert len(bench.sequences) == len(set(bench.sequences))
    with pytest.raises(sqlite3.ProgrammingError):
        kit.store.head()


async def test_a_commit_that_fails_answers_everybody_in_the_group(bench: Bench) -> None:
    release = await bench.hold()
    asked = [bench.open(str(number)) for number in range(5)]
    await asyncio.sleep(0)
    bench.kit.store.fail = FailingStore.lose_power_before_commit
    release()
    assert {refusal(each) for each in await asyncio.gather(*asked)} == {"commit.unknown"}
    assert bench.published == []
    assert isinstance(await bench.open("0"), tuple)


async def test_a_commit_that_came_through_unheard_leaves_no_hole_in_the_feed(bench: Bench) -> None:
    first = await bench.open("a")
    bench.kit.store.fail = FailingStore.commit_and_fail_to_say_so
    assert refusal(await bench.open("b")) == "commit.unknown"
    again, after = await bench.open("b"), await bench.open("c")
    assert isinstance(first, tuple)
    assert isinstance(again, tuple)
    assert isinstance(after, tuple)
    assert bench.sequences == list(range(bench.sequences[0], bench.sequences[0] + 3))
    assert again[0].events[0].sequence == bench.sequences[1]


async def test_a_file_that_cannot_be_opened_is_told_until_it_can(bench: Bench) -> None:
    await bench.open("a")
    bench.kit.store.fail = FailingStore.commit_and_fail_to_say_so
    bench.kit.store.unopenable = True
    assert refusal(await bench.open("b")) == "storage.unavailable"
    assert refusal(await bench.open("c")) == "storage.unavailable"
    with pytest.raises(Refused, match=r"storage\.unavailable"):
        await bench.writer.call(lambda site, _: site.head)
    bench.kit.store.unopenable = False
    assert isinstance(await bench.open("b"), tuple)
    assert isinstance(await bench.open("c"), tuple)
    assert bench.sequences == list(range(bench.sequences[0], bench.sequences[0] + 3))


async def test_an_engine_that_dies_of_a_defect_is_survived(bench: Bench) -> None:
    """Two entries at one sequence cannot be: whatever made them, the group is refused and the next one decided on fresh state."""

    def collide(store: FailingStore, write: Any) -> None:
        raise sqlite3.IntegrityError("UNIQUE constraint failed: journal.sequence")

    bench.kit.store.fail = collide
    assert refusal(await bench.open("a")) == "storage.unavailable"
    assert isinstance(await bench.open("a"), tuple)


async def test_one_request_that_meets_a_defect_spoils_nothing_of_its_neighbours(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that trips over a mistake of ours is refused by itself; the others of its group must not pay for it, again and again."""
    real = writer_module.Site._decide_command

    def trip(self: Any, device: Any, submit: Any, trial: Any) -> Any:
        if submit.id == name_id("poison"):
            raise ZeroDivisionError("a defect")
        return real(self, device, submit, trial)

    monkeypatch.setattr(writer_module.Site, "_decide_command", trip)
    release = await bench.hold()
    asked = [bench.open("a")]
    poison = request(OpenCheck(check_id=name_id("p"))).commands[0]
    asked.append(asyncio.ensure_future(bench.writer.submit(request(type(poison)(id=name_id("poison"), command=poison.command)))))
    asked.append(bench.open("b"))
    await asyncio.sleep(0)
    release()
    first, second, third = await asyncio.gather(*asked)
    assert isinstance(first, tuple)
    assert isinstance(second, RefusedCommand)
    assert second.error.code == "edge.defect"
    assert isinstance(third, tuple)


async def test_a_job_keeps_its_place_between_requests(bench: Bench) -> None:
    release = await bench.hold()
    before, head, after = bench.open("a"), asyncio.ensure_future(bench.writer.call(lambda site, _: site.head)), bench.open("b")
    await asyncio.sleep(0)
    release()
    first, position, second = await asyncio.gather(before, head, after)
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    assert first[0].events[0].sequence == position.sequence < second[0].events[0].sequence


async def test_a_job_whose_caller_has_gone_is_done_and_forgotten(bench: Bench) -> None:
    release = await bench.hold()
    gone = bench.open("a")
    await asyncio.sleep(0)
    gone.cancel()
    release()
    outcome = await asyncio.ensure_future(
        bench.writer.submit(request(AddLine(check_id=name_id("a"), line_id=name_id("a/1"), item_id="soup")))
    )
    assert isinstance(outcome, tuple), "what was queued was decided although nobody waits for it"


async def test_a_job_that_meets_a_defect_hands_it_to_its_caller_and_the_writer_goes_on(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError):
        await bench.writer.call(lambda *_: 1 // 0)
    assert isinstance(await bench.open("a"), tuple)


async def test_a_document_that_could_not_be_written_is_told_and_the_writer_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_full(*_: object) -> None:
        raise StorageFullError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(bench.kit.store, "put_document", run_full)
        with pytest.raises(Refused, match=r"storage\.full"):
            await bench.writer.call(lambda site, _: site.put_menu("v", b"{}"))
    assert isinstance(await bench.open("a"), tuple)
