"""What the routes of the API stand on, made once by the wiring.

What lives here: a value.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.app.fetching import Fetching
from hub.app.ports import BoxCredentials
from hub.db.control_store import PostgresControl
from hub.db.read_store import PostgresReadShard

__all__ = ["ApiState"]


@dataclass(frozen=True)
class ApiState:
    """Stores, the credentials that claims hand out, and the broker's addresses as boxes reach it."""

    control: PostgresControl
    shards: Mapping[str, PostgresReadShard]
    credentials: BoxCredentials
    box_nats_urls: list[str]
    fetching: Fetching = field(default_factory=lambda: Fetching(time.monotonic))
