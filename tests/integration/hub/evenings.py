"""Evenings of a restaurant written by the box's own executor into a journal file, for hubs to make read models of.

What lives here: the waiter and the cook of tests/support/evening.py at work on a site of this process, over several business dates.
What the site itself comes to by them is in `memory`, as in every journal of the tests; what hubs make of it is judged elsewhere.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from edge.app.site import BOX, RefusedCommand, Request
from shared.domain.check import AddLine, CloseCheck, OpenCheck, PayCash, SendCheck
from shared.domain.check.bearing import LineWeights
from shared.domain.check.charging import AddCharge
from shared.domain.check.exempting import ExemptTax
from shared.domain.check.merging import MergeChecks
from shared.domain.check.refund_tenders import RefundApproval
from shared.domain.check.refunding import RefundAmount, RefundLines, RefundUnits, ReturnOverpaid
from shared.domain.check.reopening import ReopenCheck
from shared.domain.check.splitting import SplitCheck
from shared.domain.check.state import Check, CheckStatus, LineStatus
from shared.domain.check.tipping import AdjustTip
from shared.domain.check.voiding import VoidLine
from shared.domain.kernel import Aggregate, Command, Key
from shared.domain.kitchen.state import Ticket
from shared.domain.menu import menu_version
from shared.domain.registry import decode_command
from shared.domain.site import ApplyMenu
from shared.domain.views import check_view
from shared.limits import EVENTS_PER_COMMAND_MAX
from shared.protocol.entry import decode_entry
from shared.protocol.fold import fold
from shared.protocol.session import Submit
from tests.support.boxes import new_id
from tests.support.evening import MENU, Cook, Person, Waiter
from tests.support.journals import SiteJournal
from tests.unit.edge.site_kit import SiteKit, device

__all__ = ["Evenings"]

_MANAGER = device("manager")
_PAUSE_S = 37.0  # seconds of the site's clock between two acts


class Evenings:
    """A box that serves evening after evening; its entries and its state are put into `journal` as they are committed."""

    def __init__(self, directory: Path, journal: SiteJournal, seed: int) -> None:
        self.journal = journal
        journal.entries.clear()
        journal.memory.state.clear()
        self.kit = SiteKit(directory, org_id=journal.address.org_id, site_id=journal.address.site_id)
        self.waiter, self.cook = _Waiter(self, seed), _Cook(self, seed)
        version = menu_version(MENU)
        self.kit.site.put_menu(version, msgspec.json.encode(MENU, order="deterministic"))
        self.kit.one(ApplyMenu(version=version), by=BOX)
        self._follow()

    @property
    def state(self) -> dict[Key, Aggregate]:
        return self.journal.memory.state

    def run(self, days: int = 3, acts: int = 90) -> "Evenings":
        """Whole days, each corrected on the next; the last is still going on when it ends."""
        for _ in range(days):
            self.serve(acts)
            self.settle()
            self.sleep()
            self.correct(12)
        self.serve(acts // 3)
        return self

    def close(self) -> None:
        self.kit.close()
        for person in (self.waiter, self.cook):
            person.leave()

    def serve(self, acts: int) -> None:
        """So many acts of a waiter and of the kitchen, in turns; what is open stays open."""
        for number in range(acts):
            self.kit.wait(seconds=_PAUSE_S)
            (self.cook if number % 3 == 2 else self.waiter).act()
            if number % 25 == 24:
                self._do_rare_things()

    def settle(self) -> None:
        """Everything is fired, paid, closed, made and handed over."""
        self.waiter.finish()
        self.cook.finish()

    def correct(self, count: int) -> None:
        """Refunds by amount and by line, tips and reopenings, one of them on each of the last checks that were closed."""
        closed = [each for each in self.checks(CheckStatus.CLOSED) if not each.training]
        for number, check in enumerate(closed[-count:]):
            check_id, payments = check.check_id, check.payments
            codes = tuple([RefundApproval(payment_id=each.payment_id, approval_code="R7") for each in payments])
            lines = [line for line in check.kept_lines if line.combo is None]
            acts: list[Command] = [
                RefundAmount(check_id=check_id, amount_minor=101 + number, reason="cold", approval_codes=codes),
                ReopenCheck(check_id=check_id, reason="wrong"),
            ]
            units = [RefundUnits(line_id=line.line_id) for line in lines[:1]]
            acts += [RefundLines(check_id=check_id, lines=(each,), reason="cold", approval_codes=codes) for each in units]
            acts += [
                AdjustTip(check_id=check_id, payment_id=each.payment_id, tip_minor=211) for each in payments if each.kind == "external"
            ]
            act = acts[number % len(acts)]
            if not self.do(act) and isinstance(act, ReopenCheck):
                for line in lines[:1]:
                    self.do(VoidLine(check_id=check_id, line_id=line.line_id, reason="mistake"))
                self.do(ReturnOverpaid(check_id=check_id, reason="cold", approval_codes=codes))

    def sleep(self) -> None:
        """Until the same time on the next day."""
        self.kit.wait(days=1)

    def _do_rare_things(self) -> None:
        """What the waiter of the evening does never, or not often enough to be sure of it."""
        self._train()
        checks = [each for each in self.checks(CheckStatus.OPEN) if not each.training]
        for check in checks[:1]:
            self.do(ExemptTax(check_id=check.check_id, tax_ids=("city",), certificate="Embassy 7"))
        for check in checks[-1:]:
            self.do(AddCharge(check_id=check.check_id, rule_id="large"))
        for number, check in enumerate(checks[1:5]):
            shared = [LineWeights(line_id=line.line_id, weights=(1, 2)) for line in check.kept_lines if line.status is LineStatus.SENT]
            child_id = new_id()
            refused = self.do(SplitCheck(check_id=check.check_id, into=(child_id,), assignments=tuple(shared)))
            if not refused and number % 2:
                self.do(MergeChecks(into_check_id=check.check_id, check_ids=(child_id,)))

    def _train(self) -> None:
        check_id = new_id()
        self.do(
            OpenCheck(check_id=check_id, table_id="T1", training=True), AddLine(check_id=check_id, line_id=new_id(), item_id="wine"),
            SendCheck(check_id=check_id), PayCash(check_id=check_id, tendered_minor=5_000), CloseCheck(check_id=check_id),
        )  # fmt: skip

    # --- the site, as a device finds it ------------------------------------------------------------

    def checks(self, status: CheckStatus) -> list[Check]:
        """By number."""
        found = [each for each in self.state.values() if isinstance(each, Check) and each.status is status]
        return sorted(found, key=lambda check: (check.training, check.number))

    def tickets(self) -> list[Ticket]:
        found = [each for each in self.state.values() if isinstance(each, Ticket) and each.is_live]
        return sorted(found, key=lambda ticket: (ticket.created_at, ticket.station, ticket.number))

    def do(self, *commands: Command) -> str:
        """Decide a batch; the code of its refusal, or nothing."""
        submits = tuple(Submit(id=new_id(), command=msgspec.Raw(msgspec.json.encode(each))) for each in commands)
        outcomes, _ = self.kit.site.execute([Request(device=_MANAGER, commands=submits)])
        self._follow()
        return outcomes[0].error.code if isinstance(outcomes[0], RefusedCommand) else ""

    def _follow(self) -> None:
        """Read what is on disk and fold it, as every follower does."""
        for stored in self.kit.store.entries(len(self.journal.entries), EVENTS_PER_COMMAND_MAX * 2):
            self.state.update(fold(self.journal.memory, decode_entry(stored.entry)) or {})
            self.journal.entries.append(stored)


class _Local(Person):
    """A person whose device is this process."""

    site: Evenings

    def leave(self) -> None:
        self._client.close()

    def ask(self, *commands: dict[str, Any]) -> bool:
        code = self.site.do(*(decode_command(msgspec.json.encode(each)) for each in commands))
        if code:
            self.refused[code] += 1
        return not code

    def get(self, path: str, **params: Any) -> Any:
        answers: dict[str, Callable[[], Any]] = {
            "/v1/checks": lambda: {"checks": [check_view(each) for each in self._checks(params)]},
            "/v1/tickets": lambda: {"tickets": self.site.tickets()},
            "/v1/status": dict,
        }
        return msgspec.to_builtins(answers[path]())

    def _checks(self, params: dict[str, Any]) -> list[Check]:
        return self.site.checks(CheckStatus(params.get("status", "open")))[-params.get("limit", 500) :]


class _Waiter(_Local, Waiter):
    def __init__(self, site: Evenings, seed: int) -> None:
        super().__init__("waiter", "http://site", "", seed)
        self.site = site


class _Cook(_Local, Cook):
    def __init__(self, site: Evenings, seed: int) -> None:
        super().__init__("cook", "http://site", "", seed)
        self.site = site
