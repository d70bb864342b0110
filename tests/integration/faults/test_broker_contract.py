"""What the simulator assumes of a broker, shown on a real nats-server: it may forget everything it took, it gives what was not
acknowledged again, it keeps the order of one publisher, and it takes the same thing twice. And a lane that was forgotten is made anew.

The hub's own reader and lanes stand on it (hub/ingest), the box's own shapes of subjects go through it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import nats
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.aio.msg import Msg

from hub.ingest import streams
from hub.ingest.reader import LaneMissing, LaneReader
from hub.ingest.streams import ensure_lane
from shared.limits import INGEST_BATCH_MESSAGES, UPLINK_LANES
from shared.protocol.subjects import journal
from tests.support.boxes import new_id
from tests.support.broker import Broker, settle
from tests.support.waiting import eventually_async


@asynccontextmanager
async def hub_client(broker: Broker) -> AsyncIterator[Client]:
    client = await nats.connect(broker.url, user_credentials=str(broker.hub_creds), max_reconnect_attempts=-1, reconnect_time_wait=1)
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def box_client(broker: Broker, org_id: str, site_id: str, path: Path) -> AsyncIterator[Client]:
    creds = path / f"{site_id}.creds"
    creds.write_text(broker.box_creds(org_id, site_id))
    client = await nats.connect(broker.url, user_credentials=str(creds), max_reconnect_attempts=-1, reconnect_time_wait=1)
    try:
        yield client
    finally:
        await client.close()


class Lanes:
    """A reader of every lane, as one ingest process has them that owns them all."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.readers = [LaneReader(client, lane) for lane in range(UPLINK_LANES)]

    async def ensure(self) -> None:
        for lane in range(UPLINK_LANES):
            await ensure_lane(self._client, lane, 1)

    async def take(self, count: int) -> list[Msg]:
        """The next messages of whichever lane, at least so many, in their order of each lane; none is acknowledged."""
        taken: list[Msg] = []

        async def look() -> bool:
            for batch in await asyncio.gather(*(reader.batch() for reader in self.readers)):
                taken.extend(batch)
            return len(taken) >= count

        await eventually_async(look, f"{count} messages come")
        return taken

    async def close(self) -> None:
        for reader in self.readers:
            await reader.close()


def told(messages: Sequence[Msg]) -> list[bytes]:
    return [message.data for message in messages]


@pytest_asyncio.fixture
async def lanes(broker: Broker) -> AsyncIterator[Lanes]:
    async with hub_client(broker) as client:
        made = Lanes(client)
        await made.ensure()
        yield made
        await made.close()


async def test_what_one_box_publishes_comes_in_its_order_in_one_lane(broker: Broker, lanes: Lanes, tmp_path: Path) -> None:
    org_id, site_id = new_id(), new_id()
    count = 3 * INGEST_BATCH_MESSAGES
    async with box_client(broker, org_id, site_id, tmp_path) as box:
        for number in range(count):
            await box.publish(journal(org_id, site_id), b"%d" % number)
        await settle(box)
        messages = await lanes.take(count)
    assert told(messages) == [b"%d" % number for number in range(count)]
    assert len({message.subject.split(".")[1] for message in messages}) == 1
    assert {message.subject.split(".", 2)[2] for message in messages} == {f"{org_id}.{site_id}"}


async def test_the_same_is_taken_as_often_as_it_is_sent(broker: Broker, lanes: Lanes, tmp_path: Path) -> None:
    """No memory of ids hides a rightful resend: the watermark is the only dedupe."""
    org_id, site_id = new_id(), new_id()
    async with box_client(broker, org_id, site_id, tmp_path) as box:
        for _ in range(2):
            await box.publish(journal(org_id, site_id), b"envelope")
        await settle(box)
        assert told(await lanes.take(2)) == [b"envelope"] * 2


async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LANE_ACK_WAIT_S", 4.0)  # the product waits longer than a test should; looking at all lanes takes a second
    org_id, site_id = new_id(), new_id()
    async with hub_client(broker) as client, box_client(broker, org_id, site_id, tmp_path) as box:
        lanes = Lanes(client)
        await lanes.ensure()
        for number in range(4):
            await box.publish(journal(org_id, site_id), b"%d" % number)
        await settle(box)
        first = await lanes.take(4)
        for message in first[:2]:
            await message.ack()
        await client.flush()
        again = await lanes.take(2)
        assert told(again) == [b"2", b"3"]
        assert {message.metadata.num_delivered for message in again} == {2}
        await lanes.close()


async def test_an_owner_that_goes_gives_back_what_it_did_not_take_and_the_next_has_it_at_once(
    broker: Broker, lanes: Lanes, tmp_path: Path
) -> None:
    org_id, site_id = new_id(), new_id()
    count = INGEST_BATCH_MESSAGES + 10
    async with box_client(broker, org_id, site_id, tmp_path) as box, hub_client(broker) as other:
        for number in range(count):
            await box.publish(journal(org_id, site_id), b"%d" % number)
        await settle(box)
        taken = await lanes.take(1)
        for message in taken:
            await message.ack()
        await lanes.close()
        rest = await Lanes(other).take(count - len(taken))
    assert sorted({*map(int, told(taken)), *map(int, told(rest))}) == list(range(count))


async def test_an_ordinary_restart_keeps_what_was_taken(broker: Broker, lanes: Lanes, tmp_path: Path) -> None:
    org_id, site_id = new_id(), new_id()
    async with box_client(broker, org_id, site_id, tmp_path) as box:
        await box.publish(journal(org_id, site_id), b"kept")
        await settle(box)
    broker.server.stop()
    broker.server.start()
    async with hub_client(broker) as client:
        assert told(await Lanes(client).take(1)) == [b"kept"]


async def test_a_wiped_broker_has_lost_all_it_took_says_that_the_lane_is_missing_and_takes_more_once_it_is_made_anew(
    broker: Broker, lanes: Lanes, tmp_path: Path
) -> None:
    """Its word for a message is worth nothing (Law 4): what was published and not applied is gone without a trace."""
    org_id, site_id = new_id(), new_id()
    async with box_client(broker, org_id, site_id, tmp_path) as box:
        for number in range(3):
            await box.publish(journal(org_id, site_id), b"%d" % number)
        await settle(box)
        broker.server.kill()
        broker.wipe()
        await eventually_async(lambda: not box.is_connected, "the box has noticed")
        broker.server.start()

        async def is_missing() -> bool:
            for reader in lanes.readers:
                reader.reconnected()
            try:
                await asyncio.gather(*(reader.batch() for reader in lanes.readers))
            except LaneMissing:
                return True
            except nats.errors.Error as error:
                raise AssertionError(f"not connected yet: {error}") from error
            return False

        await eventually_async(is_missing, "the lane is missed")

        async def is_made() -> bool:
            try:
                await lanes.ensure()
            except nats.errors.Error as error:
                raise AssertionError(f"JetStream is not ready: {error}") from error
            return True

        await eventually_async(is_made, "the lanes are made anew")
        await eventually_async(lambda: box.is_connected, "the box is back")
        await box.publish(journal(org_id, site_id), b"3")
        await settle(box)
        messages = await _until_there(lanes)
    assert told(messages) == [b"3"]


async def _until_there(lanes: Lanes) -> list[Msg]:
    """The next messages, whatever the readers still have to say of lanes that were missing."""
    taken: list[Msg] = []

    async def look() -> bool:
        for reader in lanes.readers:
            try:
                taken.extend(await reader.batch())
            except LaneMissing:
                reader.reconnected()
        return bool(taken)

    await eventually_async(look, "something comes")
    return taken


async def test_a_restart_in_the_middle_of_publishing_leaves_gaps_and_repeats_at_most_never_another_order(
    broker: Broker, lanes: Lanes, tmp_path: Path
) -> None:
    """What the sender is built for: after a reconnection it begins anew from the watermark."""
    org_id, site_id = new_id(), new_id()
    async with box_client(broker, org_id, site_id, tmp_path) as box:
        for number in range(50):
            await box.publish(journal(org_id, site_id), b"%d" % number)
        broker.server.stop()
        await eventually_async(lambda: not box.is_connected, "the box has noticed")
        broker.server.start()
        await eventually_async(lambda: box.is_connected, "the box is back")
        for number in range(50, 60):
            await box.publish(journal(org_id, site_id), b"%d" % number)
        await settle(box)
    async with hub_client(broker) as client:
        numbers: list[int] = []
        reading = Lanes(client)

        async def has_last() -> bool:
            numbers.extend(int(message.data) for message in await reading.take(0))
            return 59 in numbers

        await eventually_async(has_last, "the last one comes")
    assert all(before < after for before, after in pairwise(numbers)), numbers
    assert set(range(50, 60)) <= set(numbers)
