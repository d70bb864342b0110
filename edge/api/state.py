"""What routes lean on: the running parts of one edge, handed to every route as `edge`.

What lives here: a bundle and the two questions that every route asks it. How the parts are made is main.py's business.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from litestar.di import NamedDependency

from edge.api.identity import Connection, identify
from edge.api.metrics import Metrics
from edge.app.cards import CardDesk
from edge.app.devices import Devices
from edge.app.epochs import epoch_beginnings
from edge.app.feed import Feed
from edge.app.fence import Fence
from edge.app.followers import Followers
from edge.app.hand_in import HandInDesk
from edge.app.site import Device
from edge.box import Box
from edge.journal.handed_in import HandedInFile
from edge.journal.reader import Reader
from edge.journal.writer import Writer
from edge.settings import EdgeSettings
from shared.domain.menu import EMPTY_MENU, Menu, decode_menu
from shared.domain.site import SiteState
from shared.protocol.entry import START, Position
from shared.protocol.session import CloudState

__all__ = ["Edge", "Here", "HubRefusal"]


class HubRefusal(NamedTuple):
    """That a command of the hub was refused: with which code, and which asking of it, by the `expires_at_ms` that came with it."""

    code: str
    expires_at_ms: int


@dataclass
class Edge:
    """One running edge."""

    box: Box
    settings: EdgeSettings
    writer: Writer
    reader: Reader
    feed: Feed
    devices: Devices
    metrics: Metrics
    site: SiteState
    cloud: CloudState
    cards: CardDesk
    fence: Fence
    told: Followers
    hand_ins: HandInDesk
    refused_hand_ins: HandedInFile
    followers: int = 0  # WebSockets that follow the feed
    kept_sequence: int = 0  # of a fenced box: how far the hub keeps the branch that this box wrote apart
    backed_up: int = 0  # the last sequence that is in a backup of the hub, as the link last told
    begins: Position = START  # the checkpoint behind which the journal was trimmed, or the beginning
    hub_refusals: dict[str, HubRefusal] = field(default_factory=dict)  # of commands of the hub, by id
    is_unshown: bool = False  # whether a ticket has been shown by nobody for too long, as last looked at
    is_behind: bool = False  # whether the oldest entry that is not in the cloud is too old, as last looked at
    _epoch_begins: tuple[Position, ...] = ()
    _menu: tuple[str, Menu] = ("", EMPTY_MENU)

    def identify(self, connection: Connection) -> Device:
        """Who asks; raises Refused."""
        return identify(connection, self.devices, self.settings.trust_loopback)

    @property
    def is_recovering(self) -> bool:
        """Whether the box collects what tablets hold and sells only afterwards."""
        return self.fence.is_recovering

    @property
    def safe_sequence(self) -> int:
        """The last sequence that the hub has on its disk: in the site's journal, or, from a fenced box, apart."""
        return max(self.cloud.sequence, self.kept_sequence if self.fence.is_fenced else 0)

    async def epoch_begins(self) -> tuple[Position, ...]:
        """The positions before the first entry of each epoch in the journal, looked for once; none while the box's own has not begun."""
        head = self.feed.head
        if not self._epoch_begins and head.epoch >= self.box.identity.epoch:
            self._epoch_begins = await epoch_beginnings(self.reader.entry, self.begins, head)
        return self._epoch_begins

    async def menu(self) -> Menu:
        """The menu in force, decoded once for each version; EMPTY_MENU where there is none yet."""
        version = self.site.menu_version
        if version != self._menu[0]:
            document = await self.reader.document(version)
            self._menu = (version, await asyncio.to_thread(decode_menu, document) if document else EMPTY_MENU)
        return self._menu[1]

    def now(self) -> datetime:
        return datetime.now(UTC)


Here = NamedDependency[Edge]
"""The edge as routes are handed it."""
