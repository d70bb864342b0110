"""Sites that write real journals in memory: the domain decides, the protocol chains and signs. No disk, no broker."""

import hashlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from provisioning.keys import KeyPair, new_user
from shared.domain.check import AddLine, CloseCheck, OpenCheck, PayCash, SendCheck
from shared.domain.ids import derived_id
from shared.domain.kernel import Aggregate, Command, Context, Draft, Key, Meta
from shared.domain.menu import Menu, MenuItem, Tax
from shared.domain.registry import ROLES, decide, evolve
from shared.domain.site import StartEpoch
from shared.protocol.actions import Identity
from shared.protocol.entry import START, Entry, Position, StoredEntry, encode_entry, entry_hash
from shared.protocol.envelope import Hello, pack_envelope, seal_document, seal_envelope, seal_hello
from shared.protocol.keeping import parts_of
from shared.protocol.subjects import Address, hello, journal

__all__ = ["MENU", "SiteJournal"]

A = TypeVar("A", bound=Aggregate)
MENU = Menu(
    name="Tests",
    currency="USD",
    taxes=(Tax(id="sales", name="Sales tax", rate="8.875%"), Tax(id="vat", name="VAT", rate="7%", inclusive=True)),
    items=(
        MenuItem(id="soup", name="Soup", category="Food", price_minor=650, tax_ids=("sales",)),
        MenuItem(id="tea", name="Tea", category="Drinks", price_minor=299, station="bar", tax_ids=("vat",)),
    ),
)
_PERMISSIONS = frozenset().union(*ROLES.values())
_BEGIN = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)


class _Memory:
    def __init__(self) -> None:
        self.state: dict[Key, Aggregate] = {}

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        found = self.state.get((kind, id))
        assert found is None or isinstance(found, cls)
        return found


class SiteJournal:
    """A site's journal, its state, and the key of its box. `entries` holds everything ever written."""

    def __init__(self, org_id: str, site_id: str, *, key: KeyPair | None = None, epoch: int = 1, currency: str = "USD") -> None:
        self.address = Address(org_id, site_id)
        self.key = key or new_user()
        self.epoch = epoch
        self.currency = currency
        self.claim = ""  # the token that its box shows
        self.entries: list[StoredEntry] = []
        self.memory = _Memory()
        self._numbers = itertools.count(1)

    @property
    def head(self) -> Position:
        return self.entries[-1].position if self.entries else START

    # --- writing ---------------------------------------------------------------------------------

    def begin(self) -> "SiteJournal":
        """The first entry of the epoch."""
        self.run(StartEpoch(currency=self.currency, time_zone="America/New_York"))
        return self

    def run(self, command: Command, date: str = "2026-03-01") -> None:
        """Decide a command and append its events, as the box would."""
        number = next(self._numbers)
        command_id = derived_id(self.address.site_id, self.epoch, "command", number)
        now = _BEGIN + timedelta(seconds=number)
        context = Context(
            command_id=command_id, now=now, today=date, head_at=None, epoch=self.epoch, site_id=self.address.site_id,
            org_id=self.address.org_id, zone=ZoneInfo("America/New_York"), cut_over_minutes=240, currency=self.currency, menu=MENU,
            menu_version="v1", device_id="", actor_id="", permissions=_PERMISSIONS,
        )  # fmt: skip
        draft = Draft(self.memory)
        events = decide(draft, command, context)
        for ordinal, event in enumerate(events):
            meta = Meta(
                at=now, date=date, command_id=command_id, ordinal=ordinal, epoch=self.epoch, sequence=self.head.sequence + 1,
                device_id="", actor_id="",
            )  # fmt: skip
            draft.put(evolve(draft, event, meta))
            self.append(msgspec.json.encode(event), command_id=command_id, ordinal=ordinal, of=len(events), at=now, date=date)
        self.memory.state.update(draft.changes)

    def append(self, event: bytes, **fields: Any) -> None:
        """Append an event as it is, whether or not anybody can make sense of it."""
        number = next(self._numbers) if not fields else 0
        values: dict[str, Any] = {
            "command_id": derived_id(self.address.site_id, "raw", number), "ordinal": 0, "of": 1, "at": _BEGIN, "date": "2026-03-01",
        } | fields  # fmt: skip
        entry = Entry(
            org=self.address.org_id, site=self.address.site_id, epoch=self.epoch, sequence=self.head.sequence + 1, at=values["at"],
            date=values["date"], command=values["command_id"], ordinal=values["ordinal"], of=values["of"], event=msgspec.Raw(event),
        )  # fmt: skip
        self.append_bytes(encode_entry(entry))

    def append_bytes(self, data: bytes) -> None:
        """Append any bytes at all as an entry."""
        self.entries.append(StoredEntry(self.epoch, self.head.sequence + 1, entry_hash(self.head.hash, data), data))

    def open_check(self, date: str = "2026-03-01") -> str:
        check_id = derived_id(self.address.site_id, self.epoch, "check", next(self._numbers))
        self.run(OpenCheck(check_id=check_id, table_id="4", covers=2), date)
        return check_id

    def add(self, check_id: str, item_id: str = "soup", quantity: int = 1, date: str = "2026-03-01") -> None:
        line_id = derived_id(check_id, "line", next(self._numbers))
        self.run(AddLine(check_id=check_id, line_id=line_id, item_id=item_id, quantity=quantity), date)

    def finish(self, check_id: str, date: str = "2026-03-01") -> None:
        """Send, pay and close."""
        self.run(SendCheck(check_id=check_id), date)
        self.run(PayCash(check_id=check_id, tendered_minor=100_000_000), date)
        self.run(CloseCheck(check_id=check_id), date)

    def order(self, date: str = "2026-03-01") -> str:
        """A whole check: two lines, sent, paid, closed. Eight entries."""
        check_id = self.open_check(date)
        self.add(check_id, "soup", 1, date)
        self.add(check_id, "tea", 3, date)
        self.finish(check_id, date)
        return check_id

    def orders(self, count: int, date: str = "2026-03-01") -> "SiteJournal":
        for _ in range(count):
            self.order(date)
        return self

    # --- frames ----------------------------------------------------------------------------------

    def frame(self, first: int, last: int, *, attempt: int = 1, key: KeyPair | None = None, site_id: str = "") -> bytes:
        """A signed envelope of the entries from `first` to `last`; signed by `key` and naming `site_id` where they are given."""
        run = self.entries[first - 1 : last]
        before = self.entries[first - 2].hash if first > 1 else START.hash
        envelope = pack_envelope(self.address.org_id, site_id or self.address.site_id, attempt, before, run)
        signer = key or self.key
        return seal_envelope(envelope, signer.public, signer.sign)

    def message(self, first: int, last: int, **options: Any) -> tuple[str, bytes]:
        """(subject, frame), as they arrive at a lane."""
        return journal(*self.address), self.frame(first, last, **options)

    def hello(
        self, *, attempt: int = 1, key: KeyPair | None = None, head: Position | None = None, **fields: Any
    ) -> tuple[str, bytes]:  # fmt: skip
        """(subject, frame) of a hello, with the token of the box and other `fields` of the frame where they are given."""
        signer = key or self.key
        frame = Hello(
            org=self.address.org_id, site=self.address.site_id, epoch=self.epoch, attempt=attempt, head=head or self.head,
            **({"claim": self.claim} | fields),
        )  # fmt: skip
        return hello(*self.address), seal_hello(frame, signer.public, signer.sign)

    def parts(self, kind: str, document: bytes, *, version: str = "") -> list[tuple[str, bytes]]:
        """(subject, frame) of each part of a document of the box; under `version` where it is given, though it does not fit."""
        true_version = hashlib.sha256(document).hexdigest()
        me = Identity(org_id=self.address.org_id, site_id=self.address.site_id, epoch=self.epoch, key=self.key.public)
        return [
            (journal(*self.address), seal_document(replace(part, version=version or true_version), self.key.public, self.key.sign))
            for part in parts_of(me, kind, true_version, document)
        ]
