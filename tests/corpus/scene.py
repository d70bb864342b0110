"""The scene that is frozen: one evening of one site, with fixed ids, clock and key, that makes every event there is.

What lives here: what happens. How it is written down is in freeze.py. A new event type is added to the scene before the next
version is frozen; versions that are frozen already are never touched.
"""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import nkeys

from edge.app.site import BOX, HUB, BoxIdentity, Device, RefusedCommand, Request, Site
from shared.domain.adopting import AdoptOrphan, OrphanedEntry
from shared.domain.check import AddLine, ChangeDiningOption, ChangeLine, ChosenModifier, CloseCheck, OpenCheck, PayCash, SendCheck, VoidLine
from shared.domain.check.charging import AddCharge, WaiveCharge
from shared.domain.check.discounting import CompLines, GiveDiscount, RemoveDiscount
from shared.domain.check.evenly import SplitEvenly
from shared.domain.check.exempting import ExemptTax, RemoveExemption
from shared.domain.check.firing import HoldLines, ReleaseLines
from shared.domain.check.merging import MergeChecks
from shared.domain.check.moving import MoveLines
from shared.domain.check.seating import AssignCheck, ChangeCheck, MoveChecks
from shared.domain.check.splitting import LineWeights, SplitCheck
from shared.domain.ids import derived_id
from shared.domain.kernel import Command
from shared.domain.kitchen.changes import MarkChangesSeen
from shared.domain.kitchen.making import BumpItem, BumpTicket, PrioritizeTicket, StartItem
from shared.domain.kitchen.recalling import RecallItem, RecallTicket
from shared.domain.kitchen.serving import ServeItems
from shared.domain.kitchen.showing import MarkPrinted, MarkShown
from shared.domain.menu import Menu, MenuItem, Modifier, ModifierGroup, Tax, menu_document, menu_version
from shared.domain.menu.rules import DiscountRule, Promotion, SellingRules, ServiceChargeRule
from shared.domain.registry import ROLES
from shared.domain.site import AcceptClock, ApplyMenu
from shared.limits import ENVELOPE_ENTRIES_MAX
from shared.protocol.claim import Claim, seal_claim
from shared.protocol.entry import START, StoredEntry
from shared.protocol.envelope import (
    Answer,
    AnswerStatus,
    DocumentPart,
    Fetch,
    FetchPage,
    Figures,
    Hello,
    Keepsake,
    SiteCommand,
    encode_answer,
    encode_page,
    pack_envelope,
    seal_document,
    seal_envelope,
    seal_fetch,
    seal_hello,
)
from shared.protocol.session import Submit
from tests.corpus.evening import play_evening
from tests.corpus.house import HOUSE
from tests.sim.store import Disk, SimStore

__all__ = ["ISSUER", "MENU", "ORG", "PUBLIC_KEY", "SITE", "Scene"]

ORG, SITE = derived_id("corpus", "org"), derived_id("corpus", "site")
_KEY = nkeys.from_seed(nkeys.encode_seed(bytes(range(32)), nkeys.PREFIX_BYTE_USER))
PUBLIC_KEY = _KEY.public_key.decode()
ISSUER = nkeys.from_seed(nkeys.encode_seed(bytes(range(32, 64)), nkeys.PREFIX_BYTE_ACCOUNT))
_BEGIN = datetime(2026, 10, 24, 16, 30, 0, 125_000, tzinfo=UTC)

MENU = Menu(
    name="Frozen · gefroren · 冷凍",
    currency="EUR",
    items=(
        MenuItem(id="soup", name="Soup of the day", category="Starters", price_minor=650, tax_ids=("food",)),
        MenuItem(id="pizza", name="Pizza", category="Mains", price_minor=1_250, station="oven", tax_ids=("food",), modifier_group_ids=("size",)),
        MenuItem(id="wine", name="Glass of wine", category="Drinks", price_minor=799, station="bar", tax_ids=("drink", "city")),
    ),
    modifier_groups=(
        ModifierGroup(id="size", name="Size", modifiers=(Modifier(id="big", name="Big", price_minor=175),), minimum=1, maximum=2),
    ),
    taxes=(
        Tax(id="food", name="VAT 7 %", rate="7%", inclusive=True),
        Tax(id="drink", name="VAT 19 %", rate="19%", inclusive=True),
        Tax(id="city", name="City levy", rate="1/80", rounding="half_even"),
    ),
    tables=("1", "2", "terrace"),
    rules=SellingRules(
        discounts=(DiscountRule(id="senior", name="Senior", rate="10%"),),
        promotions=(Promotion(id="soups", name="Two soups for one", kind="buy_get", item_ids=("soup",)),),
        service_charges=(
            ServiceChargeRule(id="party", name="Party of eight", rate="12.5%", taxable=True, from_covers=8),
            ServiceChargeRule(id="cutlery", name="Cutlery", amount_minor=150),
        ),
    ),
)  # fmt: skip


def name_id(name: str) -> str:
    return derived_id("corpus", name)


class Scene:
    """Plays the evening; afterwards `entries`, `commands` and `frames` are what there is to freeze."""

    def __init__(self) -> None:
        self.now = _BEGIN
        self.commands: dict[str, bytes] = {}
        self.store = SimStore(Disk())
        self._tablet = Device(device_id=name_id("tablet"), permissions=ROLES["import"])
        self._count = 0
        self._play()
        self.entries: list[StoredEntry] = self.store.entries(0, 10_000)

    def _box(self, epoch: int) -> Site:
        identity = BoxIdentity(org_id=ORG, site_id=SITE, epoch=epoch, currency="EUR", time_zone="Europe/Berlin", cut_over_minutes=240)
        site = Site(identity, self.store, lambda: self.now)
        site.start()
        return site

    def do(self, site: Site, command: Command, device: Device | None = None, id: str = "") -> str:
        """Have a command accepted; returns its id."""
        self._count += 1
        self.now += timedelta(seconds=37)
        body = msgspec.json.encode(command)
        submit = Submit(id=id or name_id(f"command {self._count}"), command=msgspec.Raw(body), actor_id="anna")
        [outcome], _ = site.execute([Request(device=device or self._tablet, commands=(submit,))])
        assert not isinstance(outcome, RefusedCommand), outcome
        self.commands.setdefault(type(command).__name__, body)
        return submit.id

    def id(self, name: str) -> str:
        return name_id(name)

    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    def _line(self, site: Site, check: str, line: str, item: str, **fields: object) -> None:
        self.do(site, AddLine(check_id=name_id(check), line_id=name_id(line), item_id=item, **fields))  # type: ignore[arg-type]

    def _play(self) -> None:
        site = self._box(epoch=1)
        site.put_menu(menu_version(MENU), msgspec.json.encode(MENU))
        self.do(site, ApplyMenu(version=menu_version(MENU)), BOX)
        self.do(site, OpenCheck(check_id=name_id("a"), table_id="terrace", covers=3))
        big = (ChosenModifier(group_id="size", modifier_id="big"),)
        self._line(site, "a", "a1", "pizza", quantity=2, modifiers=big, note="half without olives\nplease")
        self._line(site, "a", "a2", "wine", quantity=3)
        self._line(site, "a", "a3", "soup")
        self.do(site, VoidLine(check_id=name_id("a"), line_id=name_id("a3"), reason="Gast überlegt es sich"))
        send = self.do(site, SendCheck(check_id=name_id("a")))
        self.do(site, BumpTicket(ticket_id=derived_id(send, 1)))
        self.do(site, PayCash(check_id=name_id("a"), tendered_minor=1_000, amount_minor=1_000))
        self.now -= timedelta(hours=2)
        self.do(site, AcceptClock(reason="summer time"))
        self.now += timedelta(hours=13)
        self.do(site, PayCash(check_id=name_id("a"), tendered_minor=10_000))
        self.do(site, CloseCheck(check_id=name_id("a")))
        self.do(site, OpenCheck(check_id=name_id("b"), opened_at=datetime(2016, 10, 30, 2, 30)))
        self._line(site, "b", "b1", "soup", unit_price_minor=199)
        old = self._fork(epoch=1)
        site = self._box(epoch=2)
        self._adopt(site, old)
        self.do(site, SendCheck(check_id=name_id("b")))
        self.do(site, PayCash(check_id=name_id("b"), tendered_minor=200))
        self.do(site, CloseCheck(check_id=name_id("b")))
        self.do(site, OpenCheck(check_id=name_id("c")))
        self._line(site, "c", "c1", "wine")
        self._play_kitchen(site)
        self._play_lines(site)
        self._play_money(site)
        self._play_seating(site)
        play_evening(self, site)

    def _fork(self, epoch: int) -> Site:
        """A box that is about to be replaced, on a disk of its own."""
        disk = Disk()
        disk.synced = list(self.store.disk.synced)
        identity = BoxIdentity(org_id=ORG, site_id=SITE, epoch=epoch, currency="EUR", time_zone="Europe/Berlin", cut_over_minutes=240)
        return Site(identity, SimStore(disk), lambda: self.now)

    def _adopt(self, site: Site, old: Site) -> None:
        """The old box goes on by itself; what it accepted is adopted by the present one."""
        check = OpenCheck(check_id=name_id("orphan"), table_id="2", covers=1)
        self.now += timedelta(seconds=37)
        submit = Submit(id=name_id("orphaned command"), command=msgspec.Raw(msgspec.json.encode(check)), actor_id="anna")
        _, committed = old.execute([Request(device=self._tablet, commands=(submit,))])
        assert committed is not None
        entries = [OrphanedEntry(hash=each.hash.hex(), entry=msgspec.Raw(each.entry)) for each in committed.entries]
        self.do(site, AdoptOrphan(entries=tuple(entries)), HUB, submit.id)

    def _play_kitchen(self, site: Site) -> None:
        """Everything that a kitchen says and is told."""
        d, pizza, wine, soup = name_id("d"), name_id("d1"), name_id("d2"), name_id("d3")
        self.do(site, OpenCheck(check_id=d, table_id="1"))
        self._line(site, "d", "d1", "pizza", modifiers=(ChosenModifier(group_id="size", modifier_id="big"),))
        self._line(site, "d", "d2", "wine")
        self._line(site, "d", "d3", "soup")
        self.do(site, HoldLines(check_id=d, line_ids=(soup,)))
        self.do(site, ReleaseLines(check_id=d, line_ids=(soup,)))
        send = self.do(site, SendCheck(check_id=d))
        oven, bar, kitchen = (derived_id(send, ordinal) for ordinal in (1, 2, 3))
        self.do(site, MarkShown(ticket_ids=(oven, bar)))
        self.do(site, MarkPrinted(ticket_id=bar))
        self.do(site, PrioritizeTicket(ticket_id=oven))
        self.do(site, StartItem(ticket_id=oven, line_id=pizza))
        self.do(site, BumpItem(ticket_id=oven, line_id=pizza))
        self.do(site, RecallItem(ticket_id=oven, line_id=pizza))
        self.do(site, BumpTicket(ticket_id=oven))
        self.do(site, RecallTicket(ticket_id=oven))
        self.do(site, VoidLine(check_id=d, line_id=wine, reason="cork"))
        self.do(site, MarkChangesSeen(ticket_id=bar))
        self.do(site, MoveChecks(check_ids=(d,), table_id="2"))
        self.do(site, MoveLines(check_id=d, to_check_id=name_id("c"), line_ids=(soup,)))
        self.do(site, ServeItems(ticket_id=kitchen, line_ids=(soup,)))

    def _play_lines(self, site: Site) -> None:
        """Lines that are changed, and that are taken home after all."""
        check, wine = name_id("lines"), name_id("lines 1")
        self.do(site, OpenCheck(check_id=check, covers=2))
        self._line(site, "lines", "lines 1", "wine", seat=1)
        self.do(site, ChangeLine(check_id=check, line_id=wine, quantity=2, seat=2, note="kalt"))
        self.do(site, ChangeDiningOption(check_id=check, dining_option="take_away"))

    def _play_money(self, site: Site) -> None:
        """Everything that is taken off a check, or put on it."""
        check, soups, wine = name_id("money"), name_id("money 1"), name_id("money 2")
        self.do(site, OpenCheck(check_id=check, covers=8))
        self._line(site, "money", "money 1", "soup", quantity=3)
        self._line(site, "money", "money 2", "wine")
        self.do(site, GiveDiscount(check_id=check, discount_id=name_id("senior"), rule_id="senior"))
        self.do(
            site,
            GiveDiscount(check_id=check, discount_id=name_id("sorry"), name="Sorry", amount_minor=100, line_ids=(soups,), reason="late"),
        )
        self.do(site, RemoveDiscount(check_id=check, discount_id=name_id("senior")))
        self.do(site, CompLines(check_id=check, discount_id=name_id("comp"), line_ids=(wine,), reason="cork"))
        self.do(site, AddCharge(check_id=check, rule_id="cutlery"))
        self.do(site, WaiveCharge(check_id=check, charge_id=derived_id(check, "party"), reason="birthday"))
        self.do(site, ExemptTax(check_id=check, tax_ids=("food",), reason="embassy", certificate="D-77"))
        self.do(site, RemoveExemption(check_id=check))

    def _play_seating(self, site: Site) -> None:
        """A check that changes hands, and comes apart and together again."""
        check, soup, wine = name_id("seats"), name_id("seats 1"), name_id("seats 2")
        self.do(site, OpenCheck(check_id=check, table_id="1", covers=2))
        self._line(site, "seats", "seats 1", "soup", seat=1)
        self._line(site, "seats", "seats 2", "wine", seat=2)
        self._line(site, "seats", "seats 3", "soup")
        self.do(site, ChangeCheck(check_id=check, covers=3, name="Ümit"))
        self.do(site, AssignCheck(check_id=check, owner_id="berta"))
        self.do(site, GiveDiscount(check_id=check, discount_id=name_id("third"), name="Neighbour", rate="1/3", reason="regular"))
        self.do(site, SendCheck(check_id=check))
        thirds = (LineWeights(line_id=wine, weights=(1, 0, 2)),)
        children = (name_id("seats b"), name_id("seats c"))
        self.do(site, SplitCheck(check_id=check, into=children, seats=((1,), (2,), (3,)), assignments=thirds))
        self.do(site, SplitCheck(check_id=check, into=(name_id("seats d"),), assignments=(LineWeights(line_id=soup, weights=(1, 1)),)))
        self.do(site, MergeChecks(into_check_id=check, check_ids=(children[1], name_id("seats d"))))
        self.do(site, SplitEvenly(check_id=check, ways=3))

    def frames(self) -> dict[str, bytes]:
        """One frame of each kind, and one answer of each status."""
        entries = self.entries
        split = next(index for index, entry in enumerate(entries) if entry.epoch == 2)
        head = entries[-1].position
        figures = Figures(
            head_sequence=head.sequence,
            business_date="2026-10-25",
            open_checks=1,
            oldest_pending_at_ms=1_793_000_000_000,
            alarms=("disk.low",),
        )
        hello = Hello(org=ORG, site=SITE, epoch=2, attempt=1_793_000_002, head=head, figures=figures)
        made = {
            name: seal_envelope(pack_envelope(ORG, SITE, 1_793_000_001, before, run), PUBLIC_KEY, _KEY.sign)
            for name, before, run in _runs(entries[:split], entries[split:])
        }
        made["hello"] = seal_hello(hello, PUBLIC_KEY, _KEY.sign)
        for status in AnswerStatus:
            answer = Answer(
                attempt=1_793_000_001, incarnation="0c3b5a1e-aaaa-8bbb-8ccc-000000000001", status=status, watermark=entries[4].position,
                credit_until=6_405, credit_ttl_s=60.0, retry_after_s=2.5, code="" if status is AnswerStatus.OK else f"frozen.{status}", detail="…",
            )  # fmt: skip
            made[f"answer-{status}"] = encode_answer(answer)
        return made | self._swap_frames(hello)

    def _swap_frames(self, hello: Hello) -> dict[str, bytes]:
        """What the wire says since 0.3: claims, keepsakes, fetches and the hub's commands."""
        entries, menu = self.entries, menu_document(HOUSE)
        version, issuer = menu_version(HOUSE), ISSUER.public_key.decode()
        claim = Claim(org=ORG, site=SITE, epoch=3, key=PUBLIC_KEY, issued_at_ms=1_793_000_000_000)
        token = seal_claim(claim, issuer, ISSUER.sign)
        full = msgspec.structs.replace(
            hello, begins=entries[2].position, claim=token, keepsakes=(Keepsake("menu", version),), epoch_begins=(START, entries[3].position),
            figures=msgspec.structs.replace(hello.figures, refused_commands={derived_id("refused"): "orphan.unfit"}),
        )  # fmt: skip
        part = DocumentPart(
            org=ORG, site=SITE, epoch=2, attempt=1_793_000_003, kind="menu", version=version, index=0, count=1, data=zlib.compress(menu),
        )  # fmt: skip
        told = Answer(
            attempt=0, incarnation="frozen", status=AnswerStatus.FENCED, watermark=entries[3].position, code="epoch.fenced", claim=token,
            wanted=(version,), commands=(SiteCommand(id=derived_id("said"), command=b"{}", expires_at_ms=1_793_000_009_000),), backed_up=4,
            key=PUBLIC_KEY,
        )  # fmt: skip
        page = FetchPage(
            incarnation="frozen", watermark=entries[4].position, entries=tuple(entries[:5]), keepsakes=(Keepsake("menu", version),),
            document=menu,
        )  # fmt: skip
        return {
            "hello-full": seal_hello(full, PUBLIC_KEY, _KEY.sign),
            "document": seal_document(part, PUBLIC_KEY, _KEY.sign),
            "fetch": seal_fetch(Fetch(org=ORG, site=SITE, epoch=2, after=entries[4].position, limit=7), PUBLIC_KEY, _KEY.sign),
            "told": encode_answer(told),
            "page": encode_page(page),
            "claim": token.encode(),
        }


def _runs(*epochs: list[StoredEntry]) -> Iterator[tuple[str, bytes, list[StoredEntry]]]:
    """(name of the frame, hash of the entry before, entries) of every envelope, in order; none has more entries than one may."""
    before = START.hash
    for epoch in epochs:
        for first in range(0, len(epoch), ENVELOPE_ENTRIES_MAX):
            run = epoch[first : first + ENVELOPE_ENTRIES_MAX]
            yield f"envelope-epoch-{run[0].epoch}{f'-{first}' if first else ''}", before, run
            before = run[-1].hash
