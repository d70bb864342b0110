"""Telling a box at once that it was replaced (Law 6).

What lives here: what is said when a claim was granted or learned anywhere. How that is heard is in hub/db, who publishes in service.py.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from hub.ingest.answers import Reply, answer_replaced
from hub.ingest.ports import Registry
from shared.protocol.subjects import Address

__all__ = ["ClaimNotices", "tell_replaced"]

log = logging.getLogger(__name__)


class ClaimNotices(Protocol):
    """Hears of claims, however often the control database goes and comes back."""

    async def watch(self, heard: Callable[[Sequence[Address]], Awaitable[None]]) -> None:
        """Call `heard` with the sites of which a claim was granted, until cancelled; some may be named twice, none is left out for long."""
        ...


async def tell_replaced(registry: Registry, addresses: Sequence[Address]) -> list[Reply]:
    """What to say to the boxes of these sites, unasked; their registrations are looked at anew. Of a site with one box, nothing."""
    registry.forget(addresses)
    found = await registry.find((address, "") for address in addresses)
    if found.out_of_reach:
        log.warning("replaced boxes of %d sites will be told when they say hello: the sites cannot be looked up", len(found.out_of_reach))
    return [
        Reply(address, answer_replaced(registration.epoch, registration.claim))
        for address, registration in found.registrations.items()
        if registration.claim and len(set(registration.boxes.values())) > 1
    ]
