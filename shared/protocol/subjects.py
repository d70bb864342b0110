"""NATS subjects: the one place where their spelling stands.

What lives here: names only. `journal.<org>.<site>` is mapped by the server to `up.<lane>.<org>.<site>` (lane =
partition of the site), and permissions are checked on the mapped subject (DESIGN.md, Uplink).
"""

from typing import NamedTuple

from shared.domain.ids import is_id
from shared.limits import UPLINK_LANES

__all__ = ["MAPPING", "Address", "answers", "box_permissions", "hello", "inbox_prefix", "journal", "lane_stream", "lane_subjects", "parse"]

MAPPING = ("journal.*.*", f"up.{{{{partition({UPLINK_LANES},2)}}}}.{{{{wildcard(1)}}}}.{{{{wildcard(2)}}}}")
"""(source, destination) of the account's subject mapping."""

HELLO_ALL = "hello.*.*"


class Address(NamedTuple):
    """The org and site that a subject names, both UUIDs."""

    org_id: str
    site_id: str


def journal(org_id: str, site_id: str) -> str:
    """Where a box publishes envelopes."""
    return f"journal.{org_id}.{site_id}"


def hello(org_id: str, site_id: str) -> str:
    """Where a box says hello: outside the lanes, so that it overtakes a backlog."""
    return f"hello.{org_id}.{site_id}"


def answers(org_id: str, site_id: str) -> str:
    """Where the hub answers a site."""
    return f"answers.{org_id}.{site_id}"


def inbox_prefix(site_id: str) -> str:
    """A box's own inbox: `_INBOX.>` would be shared with every other box."""
    return f"_INBOX_{site_id}"


def lane_stream(lane: int) -> str:
    """The JetStream stream of a lane."""
    return f"UP_{lane}"


def lane_subjects(lane: int) -> str:
    return f"up.{lane}.*.*"


def box_permissions(org_id: str, site_id: str) -> tuple[list[str], list[str]]:
    """(publish, subscribe): all that the credentials of a box allow."""
    return (
        [f"up.*.{org_id}.{site_id}", hello(org_id, site_id)],
        [answers(org_id, site_id), f"{inbox_prefix(site_id)}.>"],
    )


def parse(subject: str) -> Address | None:
    """The address that ends a subject of ours, or None if it holds none."""
    tokens = subject.split(".")
    if len(tokens) < 3 or not is_id(tokens[-2]) or not is_id(tokens[-1]):
        return None
    return Address(tokens[-2], tokens[-1])
