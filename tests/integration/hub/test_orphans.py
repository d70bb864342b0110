"""A box was replaced and sold on: what it still held is listed at the hub, adopted by the present box or set aside, and counts once.

The boxes are the shipped executor on real journal files, the hub is the shipped apply step on Postgres; between them the test carries.
"""

import json
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from edge.app.site import HUB, Outcome, RefusedCommand, Request
from hub.app.deciding import adopt, set_aside
from hub.app.errors import HubRefused
from hub.app.operating import Operations
from hub.app.orphans import Branch, read_branches
from hub.app.ports import Scope, Site
from hub.app.sites import find_site
from shared.domain.check import OpenCheck
from shared.domain.check.books import NO_SALES, DayBook
from shared.protocol.envelope import AnswerStatus, Figures, Hello, SiteCommand, pack_envelope, seal_envelope, seal_hello
from shared.protocol.session import Submit
from shared.protocol.subjects import hello, journal
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal
from tests.unit.edge.site_kit import SiteKit, service
from tests.unit.shared.domain.world import name_id


class Swap:
    """One site, the old box of epoch 1 and the present one of epoch 2, and what travels between them and the hub."""

    def __init__(self, rig: HubRig, journals: tuple[SiteJournal, SiteJournal], boxes: tuple[SiteKit, SiteKit]) -> None:
        self.rig = rig
        self.journals = journals
        self.old, self.new = boxes
        self.site: Site
        self.shard: Operations

    async def find(self) -> None:
        self.site = await find_site(self.rig.stores.control, Scope(None), self.journals[0].address.site_id)
        self.shard = self.rig.stores.operations[self.site.shard]

    async def upload(self, which: int, after: int = 0) -> AnswerStatus:
        """Send the journal of a box from after a sequence."""
        box, keys = ((self.old, self.new)[which]), self.journals[which]
        entries = box.store.entries(after, 10_000)
        before = box.store.entries(after - 1, 1)[0].hash if after else bytes(32)
        frames: list[tuple[str, bytes]] = []
        run: list[Any] = []
        for entry in [*entries, None]:
            if run and (entry is None or entry.epoch != run[0].epoch):
                envelope = pack_envelope(*keys.address, 1, before, run)
                frames.append((journal(*keys.address), seal_envelope(envelope, keys.key.public, keys.key.sign)))
                before, run = run[-1].hash, []
            if entry is not None:
                run.append(entry)
        return (await self.rig.send(*frames))[-1].status

    async def greet(self, refused: dict[str, str] | None = None) -> Sequence[SiteCommand]:
        """The present box says hello; the commands that it is given."""
        keys, head = self.journals[1], self.new.site.head
        figures = Figures(head_sequence=head.sequence, refused_commands=refused or {})
        frame = Hello(org=keys.address.org_id, site=keys.address.site_id, epoch=2, attempt=1, head=head, figures=figures)
        [reply] = await self.rig.greeter.greet([(hello(*keys.address), seal_hello(frame, keys.key.public, keys.key.sign))])
        return reply.answer.commands

    def obey(self, commands: Sequence[SiteCommand]) -> list[Outcome]:
        """The present box carries them out, as its link hands them over."""
        submits = [Submit(id=each.id, command=msgspec.Raw(each.command)) for each in commands]
        return [self.new.group(Request(device=HUB, commands=(each,)))[0][0] for each in submits]

    async def carry(self) -> list[Outcome]:
        """Hand over, carry out, upload what came of it."""
        outcomes = self.obey(await self.greet())
        await self.upload(1)
        await self.rig.project()
        return outcomes

    async def branch(self) -> Branch:
        [found] = await read_branches(self.shard, self.site)
        return found

    async def states(self) -> list[str]:
        return [each.state for each in (await self.branch()).commands]

    async def ensure_same_books(self) -> None:
        """The report of the present box and that of the hub, to the cent."""
        await self.rig.project()
        at_hub = {key: book for key, book in (await self.rig.books(self.journals[0])).items() if book.sales != NO_SALES}
        at_edge: dict[Any, DayBook] = {}
        for key in at_hub:
            found = self.new.site.find(DayBook, *key)
            assert found is not None
            at_edge[key] = found
        assert at_hub == at_edge
        assert at_hub


@pytest_asyncio.fixture
async def swap(rig: HubRig, tmp_path: Path) -> AsyncIterator[Swap]:
    """They parted after one sale. The old box then sold once more, and sent it; the present box is in the cloud."""
    first = await rig.add_site(currency="EUR")
    second = SiteJournal(*first.address, epoch=2)
    assert await rig.claim(second) == 2
    fields = {"org_id": first.address.org_id, "site_id": first.address.site_id}
    (tmp_path / "old").mkdir()
    old = SiteKit(tmp_path / "old", **fields)
    old.load_menu()
    for command in service("before"):
        old.one(command)
    old.close()
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    old, new = SiteKit(tmp_path / "old", **fields), SiteKit(tmp_path / "new", epoch=2, **fields)
    made = Swap(rig, (first, second), (old, new))
    await made.find()
    parted = old.site.head.sequence
    for command in service("orphaned", ("soup", "wine")):
        old.one(command)
    assert await made.upload(1) is AnswerStatus.OK
    assert await made.upload(0, parted) is AnswerStatus.FENCED
    yield made
    old.close()
    new.close()


async def test_an_orphaned_sale_is_adopted_and_counts_once_at_box_and_hub(swap: Swap) -> None:
    branch = await swap.branch()
    assert (branch.epoch, branch.undecided, {each.state for each in branch.commands}) == (1, 6, {"held"})
    done = await adopt(swap.shard, swap.site, 1, None, "anna")
    assert len(done.adopted) == 6
    assert await swap.states() == ["waiting"] * 6
    assert all(isinstance(each, tuple) for each in await swap.carry())
    assert await swap.states() == ["adopted"] * 6
    assert {each.decided_by for each in (await swap.branch()).commands} == {"anna"}
    await swap.ensure_same_books()
    orders = (await swap.rig.sales(swap.journals[0]))["2026-03-02"].orders
    assert orders == 2
    again = await adopt(swap.shard, swap.site, 1, None, "ben")
    assert (again.adopted, len(again.passed_over)) == ((), 6)
    assert await swap.greet() == ()


async def test_commands_that_are_handed_over_twice_have_one_effect(swap: Swap) -> None:
    await adopt(swap.shard, swap.site, 1, None, "anna")
    commands = await swap.greet()
    swap.obey(commands)
    head = swap.new.site.head
    assert all(isinstance(each, tuple) for each in swap.obey(commands))
    assert swap.new.site.head == head
    await swap.upload(1)
    await swap.ensure_same_books()


async def test_what_the_tablets_have_played_at_the_new_box_needs_nothing(swap: Swap) -> None:
    for command in service("orphaned", ("soup", "wine")):
        swap.new.one(command)
    await swap.upload(1)
    assert await swap.states() == ["in_effect"] * 6
    done = await adopt(swap.shard, swap.site, 1, None, "anna")
    assert (done.adopted, len(done.passed_over)) == ((), 6)
    await swap.ensure_same_books()


async def test_the_tablet_plays_it_while_the_adoption_is_on_its_way(swap: Swap) -> None:
    await adopt(swap.shard, swap.site, 1, None, "anna")
    commands = await swap.greet()
    for command in service("orphaned", ("soup", "wine")):
        swap.new.one(command)
    codes = {each.error.code for each in swap.obey(commands) if isinstance(each, RefusedCommand)}
    assert codes == {"orphan.in_effect"}
    await swap.upload(1)
    assert await swap.states() == ["in_effect"] * 6
    await swap.ensure_same_books()


async def test_what_does_not_fit_stays_held_with_the_word_of_the_box(swap: Swap) -> None:
    """A payment on a check that both boxes knew: the present one has taken it, too."""
    parted = swap.old.site.head.sequence
    swap.new.one(OpenCheck(check_id=name_id("orphaned")))
    await adopt(swap.shard, swap.site, 1, None, "anna")
    outcomes = swap.obey(await swap.greet())
    refused = {
        submit.command_id: outcome.error.code
        for submit, outcome in zip((await swap.branch()).commands, outcomes, strict=True)
        if isinstance(outcome, RefusedCommand)
    }
    assert "orphan.unfit" in refused.values()
    assert parted
    await swap.greet(refused)
    await swap.upload(1)
    branch = await swap.branch()
    unfit = [each for each in branch.commands if each.state == "refused"]
    assert {each.code for each in unfit} >= {"orphan.unfit"}
    assert branch.undecided == len(unfit)
    done = await set_aside(swap.shard, swap.site, 1, [each.first for each in unfit], "entered by hand", "ben")
    assert len(done.set_aside) == len(unfit)
    assert (await swap.branch()).undecided == 0
    await swap.rig.project()


async def test_a_command_without_what_it_follows_on_is_not_handed_over(swap: Swap) -> None:
    commands = (await swap.branch()).commands
    payment = next(each for each in commands if "PaymentTaken" in each.events)
    with pytest.raises(HubRefused) as refused:
        await adopt(swap.shard, swap.site, 1, [payment.first], "anna")
    assert refused.value.code == "orphan.out_of_order"
    await set_aside(swap.shard, swap.site, 1, [commands[0].first], "a test", "anna")
    with pytest.raises(HubRefused) as refused:
        await adopt(swap.shard, swap.site, 1, [commands[1].first], "anna")
    assert refused.value.code == "orphan.out_of_order"
    with pytest.raises(HubRefused) as refused:
        await adopt(swap.shard, swap.site, 1, [commands[0].first], "anna")
    assert refused.value.code == "orphan.decided"


async def test_what_is_set_aside_is_kept_with_the_reason_and_counts_nowhere(swap: Swap) -> None:
    await set_aside(swap.shard, swap.site, 1, None, "a demonstration", "anna")
    branch = await swap.branch()
    assert {(each.state, each.reason, each.decided_by) for each in branch.commands} == {("set_aside", "a demonstration", "anna")}
    assert await swap.greet() == ()
    await swap.ensure_same_books()
    assert (await swap.rig.sales(swap.journals[0]))["2026-03-02"].orders == 1


async def test_an_adoption_that_no_box_fetched_in_time_can_be_made_again(swap: Swap) -> None:
    first = (await swap.branch()).commands[0]
    await adopt(swap.shard, swap.site, 1, [first.first], "anna", ttl_s=-1.0)
    assert (await swap.states())[0] == "expired"
    assert await swap.greet() == ()
    await adopt(swap.shard, swap.site, 1, [first.first], "anna")
    assert [each.id for each in await swap.greet()] == [first.command_id]
    with pytest.raises(HubRefused) as refused:
        await set_aside(swap.shard, swap.site, 1, [first.first], "too late", "anna")
    assert refused.value.code == "orphan.waiting"


async def _time_is_over(swap: Swap) -> None:
    query = "update site_commands set expires_at = now() where site_id = $1::text::uuid returning command_id"
    assert await swap.rig.look_as(swap.journals[1], query)


async def test_an_adoption_that_a_box_took_before_it_went_off_the_line_is_not_called_expired(swap: Swap) -> None:
    """The line fails for days just after the box has carried it out: whoever entered by hand what "expired" would have it in effect twice."""
    first = (await swap.branch()).commands[0]
    await adopt(swap.shard, swap.site, 1, [first.first], "anna")
    assert all(isinstance(each, tuple) for each in swap.obey(await swap.greet()))
    await _time_is_over(swap)
    assert (await swap.states())[0] == "waiting"
    with pytest.raises(HubRefused) as refused:
        await set_aside(swap.shard, swap.site, 1, [first.first], "entered by hand", "anna")
    assert refused.value.code == "orphan.waiting"
    await swap.greet()
    assert (await swap.states())[0] == "waiting", "it is back, and what it wrote is on its way"
    await swap.upload(1)
    assert (await swap.states())[0] == "adopted"


async def test_an_adoption_that_was_lost_on_its_way_has_expired_once_the_box_is_heard_again(swap: Swap) -> None:
    first = (await swap.branch()).commands[0]
    await adopt(swap.shard, swap.site, 1, [first.first], "anna")
    await swap.greet()
    await _time_is_over(swap)
    assert (await swap.states())[0] == "waiting"
    await swap.greet()
    assert (await swap.states())[0] == "expired"


async def test_how_the_old_box_ran_itself_is_set_aside_with_all(swap: Swap) -> None:
    parted = swap.old.site.head.sequence
    swap.old.wait(days=1)
    swap.old.one(OpenCheck(check_id=name_id("next day")))
    await swap.upload(0, parted)
    commands = (await swap.branch()).commands
    turn = next(each for each in commands if each.events == ("BusinessDayTurned",))
    assert turn.state == "own"
    with pytest.raises(HubRefused) as refused:
        await adopt(swap.shard, swap.site, 1, [turn.first], "anna")
    assert refused.value.code == "orphan.box_own"
    done = await adopt(swap.shard, swap.site, 1, None, "anna")
    assert done.set_aside == (turn.first,)
    assert all(isinstance(each, tuple) for each in await swap.carry())
    await swap.ensure_same_books()


@pytest.mark.parametrize("epoch", [2, 7])
async def test_a_branch_that_nobody_left_is_not_there(swap: Swap, epoch: int) -> None:
    with pytest.raises(HubRefused) as refused:
        await adopt(swap.shard, swap.site, epoch, None, "anna")
    assert refused.value.code == "orphan.unknown"
    with pytest.raises(HubRefused) as refused:
        await adopt(swap.shard, swap.site, 1, [10**6], "anna")
    assert refused.value.code == "orphan.unknown"
    with pytest.raises(HubRefused) as refused:
        await set_aside(swap.shard, swap.site, 1, None, " ", "anna")
    assert refused.value.code == "decision.unsigned"


async def test_another_tenant_sees_nothing_of_it(swap: Swap) -> None:
    other = await swap.rig.add_org(swap.site.shard)
    foreign = msgspec.structs.replace(swap.site, org_id=other)
    assert await read_branches(swap.shard, foreign) == []
    assert await swap.shard.orphans(other, swap.site.site_id, 1, 0, 10) == []
    assert json.dumps([each for each in await swap.shard.branched_sites(Scope(other)) if each[0] != other]) == "[]"
