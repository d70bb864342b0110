"""Boxes that a test invents, enrolled without a hub."""

import os
import time
from pathlib import Path

from provisioning.enroll import Claimed, write_box
from provisioning.keys import KeyPair, new_user
from shared.domain.ids import uuid7
from tests.support.broker import Broker

__all__ = ["make_box", "new_id"]


def new_id() -> str:
    """A fresh UUIDv7."""
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


def make_box(
    data_dir: Path,
    *,
    broker: Broker | None = None,
    org_id: str = "",
    site_id: str = "",
    epoch: int = 1,
    currency: str = "USD",
    time_zone: str = "America/New_York",
    cut_over_minutes: int = 240,
    key: KeyPair | None = None,
) -> Claimed:
    """Write `box.toml` and `box.creds` as an enrolment would. Without a broker the credentials open no door."""
    key = key or new_user()
    org_id, site_id = org_id or new_id(), site_id or new_id()
    claimed = Claimed(
        org_id=org_id,
        site_id=site_id,
        epoch=epoch,
        site_name="Test site",
        currency=currency,
        time_zone=time_zone,
        cut_over_minutes=cut_over_minutes,
        jwt=broker.box_jwt(org_id, site_id, key.public) if broker else "none",
        nats_urls=[broker.url if broker else "nats://127.0.0.1:1"],
    )
    write_box(data_dir, claimed, key)
    return claimed
