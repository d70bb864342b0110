"""What a real nats-server makes of our tokens: mapping, permissions on the mapped subject, lanes, revocation."""

import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from nats.aio.client import Client, RawCredentials
from nats.errors import Error
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from provisioning.keys import KeyPair, new_user
from shared.limits import LANE_BYTES_MAX, LANE_MAX_AGE_S, UPLINK_LANES
from shared.protocol import subjects
from shared.protocol.nats_jwt import account_jwt
from tests.support.boxes import new_id
from tests.support.broker import Broker, settle
from tests.support.waiting import eventually_async


class _Peer:
    """A connection and the errors that its server reported to it."""

    def __init__(self, client: Client, errors: list[str]) -> None:
        self.client = client
        self.errors = errors


async def _connect(opened: AsyncExitStack, broker: Broker, credentials: str, inbox_prefix: str = "_INBOX") -> _Peer:
    errors: list[str] = []

    async def keep(error: Exception) -> None:
        errors.append(str(error).lower())

    client = Client()
    opened.push_async_callback(client.close)  # also after a refusal, which leaves the socket open
    await client.connect(
        broker.url, user_credentials=RawCredentials(credentials), allow_reconnect=False, error_cb=keep, inbox_prefix=inbox_prefix.encode()
    )
    return _Peer(client, errors)


async def _box(opened: AsyncExitStack, broker: Broker, org_id: str, site_id: str) -> _Peer:
    return await _connect(opened, broker, broker.box_creds(org_id, site_id), subjects.inbox_prefix(site_id))


async def _hub(opened: AsyncExitStack, broker: Broker) -> tuple[_Peer, JetStreamContext]:
    peer = await _connect(opened, broker, broker.hub_creds.read_text())
    stream = peer.client.jetstream()
    for lane in range(UPLINK_LANES):
        await stream.add_stream(
            StreamConfig(
                name=subjects.lane_stream(lane), subjects=[subjects.lane_subjects(lane)], max_bytes=LANE_BYTES_MAX, max_age=LANE_MAX_AGE_S
            )
        )
    return peer, stream


async def _counts(stream: JetStreamContext, total: int) -> list[int]:
    """Messages of each lane, once there are `total`: a flush says that the server has them, not that its streams do."""
    counts: list[int] = []

    async def arrived() -> bool:
        counts[:] = [(await stream.stream_info(subjects.lane_stream(lane))).state.messages for lane in range(UPLINK_LANES)]
        return sum(counts) >= total

    await eventually_async(arrived, f"{total} messages in the lanes")
    return counts


async def test_a_box_publishes_to_its_journal_and_the_server_puts_it_on_the_lane_of_its_site(broker):
    org_id, site_id = new_id(), new_id()
    async with AsyncExitStack() as opened:
        _, stream = await _hub(opened, broker)
        box = await _box(opened, broker, org_id, site_id)
        for _ in range(3):
            await box.client.publish(subjects.journal(org_id, site_id), b"envelope")
        await settle(box.client)
        counts = await _counts(stream, 3)
        assert sorted(counts) == [0] * (UPLINK_LANES - 1) + [3], "all of a site goes on one lane"
        lane = counts.index(3)
        assert (await stream.get_msg(subjects.lane_stream(lane), 1)).subject == f"up.{lane}.{org_id}.{site_id}"
        assert box.errors == []


async def test_sites_spread_over_every_lane(broker):
    async with AsyncExitStack() as opened:
        hub, stream = await _hub(opened, broker)
        org_id = new_id()
        for _ in range(100):
            await hub.client.publish(subjects.journal(org_id, new_id()), b"")
        await settle(hub.client)
        counts = await _counts(stream, 100)
        assert sum(counts) == 100
        assert all(counts), f"a lane stays empty: {counts}"


async def test_a_box_reaches_no_subject_of_another_site(broker):
    org_id, mine, other = new_id(), new_id(), new_id()
    async with AsyncExitStack() as opened:
        _, stream = await _hub(opened, broker)
        box = await _box(opened, broker, org_id, mine)
        forbidden = [
            subjects.journal(org_id, other),
            subjects.journal(new_id(), mine),
            f"up.0.{org_id}.{other}",
            subjects.hello(org_id, other),
            subjects.answers(org_id, mine),  # only the hub answers
            "$JS.API.STREAM.NAMES",
            f"$JS.API.STREAM.PURGE.{subjects.lane_stream(0)}",
        ]
        for subject in forbidden:
            await box.client.publish(subject, b"x")
        await eventually_async(lambda: len(box.errors) == len(forbidden), "a violation for each subject")
        assert all("permissions violation for publish" in error for error in box.errors)
        assert await _counts(stream, 0) == [0] * UPLINK_LANES


async def test_a_box_hears_its_own_answers_and_nobody_elses(broker):
    org_id, mine, other = new_id(), new_id(), new_id()
    async with AsyncExitStack() as opened:
        hub, _ = await _hub(opened, broker)
        box = await _box(opened, broker, org_id, mine)
        answers = await box.client.subscribe(subjects.answers(org_id, mine))
        await settle(box.client)
        await hub.client.publish(subjects.answers(org_id, mine), b"watermark")
        assert (await answers.next_msg(timeout=5)).data == b"watermark"
        assert box.errors == []
        forbidden = [
            subjects.answers(org_id, other),
            subjects.journal(org_id, mine),
            f"{subjects.inbox_prefix(other)}.>",
            "_INBOX.>",
            ">",
            "answers.>",
        ]
        for subject in forbidden:
            await box.client.subscribe(subject)
        await eventually_async(lambda: len(box.errors) == len(forbidden), "a violation for each subscription")
        assert all("permissions violation for subscription" in error for error in box.errors)


async def test_a_box_has_an_inbox_of_its_own(broker):
    org_id, site_id = new_id(), new_id()
    async with AsyncExitStack() as opened:
        hub, _ = await _hub(opened, broker)
        box = await _box(opened, broker, org_id, site_id)

        async def greet(message) -> None:
            await message.respond(b"welcome")

        await hub.client.subscribe(subjects.HELLO_ALL, cb=greet)
        await settle(hub.client)
        assert (await box.client.request(subjects.hello(org_id, site_id), b"hello", timeout=5)).data == b"welcome"
        assert box.errors == []


async def test_a_token_of_another_operator_is_refused(broker, short_dir, stack):
    other = Broker(short_dir / "other")
    with pytest.raises(Error):
        async with AsyncExitStack() as opened:
            await _connect(opened, broker, other.box_creds(new_id(), new_id()))


async def test_a_revoked_box_loses_its_connection_and_cannot_come_back(broker):
    org_id, site_id, key = new_id(), new_id(), new_user()
    home = Path(broker.home.directory)
    operator = KeyPair((home / "keys" / "operator.seed").read_text().strip())
    credentials, admin_credentials = broker.box_creds(org_id, site_id, key), (home / "system.creds").read_text()
    async with AsyncExitStack() as opened:
        box = await _connect(opened, broker, credentials, subjects.inbox_prefix(site_id))
        admin = await _connect(opened, broker, admin_credentials)
        now = int(time.time()) + 1  # a newer account than the one the server holds
        account = account_jwt(
            operator.public, operator.sign, broker.home.account_public, "APP", now,
            signing_public=broker.home.signing_public, jetstream=True, revoked={key.public: now},
        )  # fmt: skip
        await admin.client.request("$SYS.REQ.CLAIMS.UPDATE", account.encode(), timeout=5)
        await eventually_async(lambda: box.client.is_closed, "the connection of the revoked box is closed")
        broker.server.stop()
        broker.server.start()
        with pytest.raises(Error):
            await _connect(opened, broker, credentials, subjects.inbox_prefix(site_id))
