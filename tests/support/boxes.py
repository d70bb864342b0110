"""Boxes that a test invents, enrolled without a hub."""

import os
import time
from pathlib import Path

from provisioning.enroll import Claimed, write_box
from provisioning.keys import KeyPair, new_user
from shared.domain.ids import uuid7
from shared.protocol.claim import Claim, seal_claim
from tests.support.broker import Broker

__all__ = ["claim_token", "make_box", "new_id"]

_ISSUED_AT_MS = 1_772_445_600_000  # 2026-03-02, noon in Berlin


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
    issuer: KeyPair | None = None,
) -> Claimed:
    """Write `box.toml` and `box.creds` as an enrolment would. Without a broker the credentials open no door; without an issuer the box
    has no signed claim, as one of release 0.2."""
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
        claim=claim_token(issuer, org_id, site_id, epoch, key.public) if issuer else "",
        issuers=[issuer.public] if issuer else [],
    )
    write_box(data_dir, claimed, key)
    return claimed


def claim_token(issuer: KeyPair, org_id: str, site_id: str, epoch: int, key: str = "") -> str:
    """The claim that a hub with this signing key would give to a box (`key`: its public key, of anybody's if left out)."""
    claim = Claim(org=org_id, site=site_id, epoch=epoch, key=key or new_user().public, issued_at_ms=_ISSUED_AT_MS)
    return seal_claim(claim, issuer.public, issuer.sign)
