"""The lanes as JetStream knows them: one stream a lane, one durable pull consumer on it, without filter.

What lives here: their configuration and how they are made sure of, at the start and whenever the broker turns out to have
forgotten them. What passes through is not known here.
"""

from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError

from shared.limits import INGEST_BATCH_MESSAGES, LANE_ACK_WAIT_S, LANE_BYTES_MAX, LANE_MAX_AGE_S
from shared.protocol.subjects import lane_stream, lane_subjects

__all__ = ["DURABLE", "ensure_lane"]

DURABLE = "ingest"
_STREAM_EXISTS = 10058  # the broker's code for a stream of that name with another configuration
_UNACKED_MAX = 4 * INGEST_BATCH_MESSAGES  # messages given out and not acknowledged: two owners by accident get on


async def ensure_lane(client: Client, lane: int, replicas: int) -> None:
    """The stream and the consumer of `lane`, made where they are missing, brought up to date where they differ.

    Raises nats.errors.Error while the broker cannot do it. Old messages go first when a lane is full: what is dropped is
    still at the edges, which send it again (Law 4).
    """
    jetstream = client.jetstream()
    stream = StreamConfig(
        name=lane_stream(lane),
        subjects=[lane_subjects(lane)],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_bytes=LANE_BYTES_MAX,
        max_age=LANE_MAX_AGE_S,
        num_replicas=replicas,
    )
    try:
        await jetstream.add_stream(stream)
    except BadRequestError as error:
        if error.err_code != _STREAM_EXISTS:
            raise
        await jetstream.update_stream(stream)
    await jetstream.add_consumer(
        lane_stream(lane),
        ConsumerConfig(
            durable_name=DURABLE,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=LANE_ACK_WAIT_S,
            max_deliver=-1,
            max_ack_pending=_UNACKED_MAX,
        ),
    )
