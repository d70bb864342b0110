"""Rows of state: what a change replaces is what has changed, and what is left in the end is the rows of the end."""

from datetime import timedelta

import msgspec
import pytest

from hub.project.rows import OF_CHECK, OF_DAY, TABLES, Owned, Owner, replacements, rows_of
from hub.records import Record
from hub.records.checks import CheckSummary, LineRecord
from hub.records.kitchen import TicketRecord
from shared.domain.arithmetic.types import Tax
from shared.domain.check import LineStatus
from shared.domain.check.books import DayBook, Sales, TaxSum, TenderSum
from shared.domain.check.state import Check, Payment, Voiding
from shared.domain.check.view import check_view
from shared.domain.kernel import Aggregate, Key
from shared.domain.kitchen.state import Ticket, TicketLine, TicketStatus
from shared.protocol.entry import decode_entry
from shared.protocol.fold import fold
from tests.corpus.reading import Follower
from tests.corpus.scene import Scene
from tests.unit.shared.domain.world import NOON, begun, name_id


@pytest.fixture(scope="module")
def steps() -> list[tuple[Aggregate | None, Aggregate]]:
    """Every change of an evening that makes every event there is, in order."""
    scene = Scene()
    follower, found = Follower(), list[tuple[Aggregate | None, Aggregate]]()
    for stored in scene.entries:
        changes = fold(follower, decode_entry(stored.entry)) or {}
        found += [(follower.states.get(key), after) for key, after in changes.items()]
        follower.states.update(changes)
    return found


Kept = dict[tuple[str, Owner], tuple[Record, ...]]


def put(kept: Kept, changes: list[tuple[Aggregate | None, Aggregate]]) -> None:
    """As a table would: rows that come must not be there, rows that go must."""
    for table, (gone, new) in replacements(changes).items():
        for owner in gone:
            del kept[table, owner]
        for owned in new:
            assert (table, Owner(owned.business_date, owned.owner)) not in kept
            kept[table, Owner(owned.business_date, owned.owner)] = tuple(owned.rows)


def test_replacing_step_by_step_leaves_the_rows_of_the_end(steps: list[tuple[Aggregate | None, Aggregate]]) -> None:
    kept: Kept = {}
    last: dict[tuple[type[Aggregate], Owner | None], Aggregate] = {}
    for step in steps:
        put(kept, [step])
        last[type(step[1]), rows_of(step[1])[0]] = step[1]
    expected: Kept = {}
    for aggregate in last.values():
        owner, tables = rows_of(aggregate)
        expected |= {(table, owner): tuple(rows) for table, rows in tables.items() if rows and owner}
    assert kept == expected
    assert {table for table, _ in kept} == set(TABLES)


def a_check(**fields: object) -> Check:
    world = begun()
    world.open(covers=2)
    world.add("soup", quantity=2)
    world.add("wine")
    return msgspec.structs.replace(world.check(), **fields)


def a_payment(name: str) -> Payment:
    return Payment(
        payment_id=name_id(name), tender="cash", amount_minor=100, tendered_minor=100, change_minor=0, date="2026-03-03", at=NOON
    )


def test_a_payment_touches_the_check_and_its_payments_and_no_line() -> None:
    before = a_check()
    after = msgspec.structs.replace(before, payments=(a_payment("p"),), revision=9)
    assert set(replacements([(before, after)])) == {"guest_checks", "check_payments"}
    gone, new = replacements([(before, after)])["check_payments"]
    assert gone == []
    assert [(owned.owner, len(owned.rows)) for owned in new] == [(before.check_id, 1)]


def test_what_stays_as_it_is_is_left_alone() -> None:
    check = a_check()
    assert replacements([(check, check)]) == {}


def test_a_check_that_changes_its_date_moves_with_everything_on_it() -> None:
    before = a_check(payments=(a_payment("p"),))
    after = msgspec.structs.replace(before, business_date="2026-03-05")
    found = replacements([(before, after)])
    for table in ("guest_checks", "check_lines", "check_taxes", "check_payments"):
        assert found[table].gone == [Owner(before.business_date, before.check_id)]
        assert [owned.business_date for owned in found[table].new] == ["2026-03-05"]
    assert found.get("check_refunds", ([], [])) == ([], [])


def summary_of(check: Check) -> CheckSummary:
    [row] = rows_of(check)[1]["guest_checks"]
    assert isinstance(row, CheckSummary)
    return row


def lines_of(check: Check) -> list[LineRecord]:
    return [row for row in rows_of(check)[1]["check_lines"] if isinstance(row, LineRecord)]


def test_a_summary_says_what_screens_are_shown(steps: list[tuple[Aggregate | None, Aggregate]]) -> None:
    for _, check in steps:
        if isinstance(check, Check):
            summary, view = summary_of(check), check_view(check)
            same = set(CheckSummary.__struct_fields__) & set(view.__struct_fields__) - {"lines", "split_from", "merged_into"}
            assert len(same) > 25
            assert {name: getattr(summary, name) for name in same} == {name: getattr(view, name) for name in same}
            assert summary.refund_minor == view.refunded_minor
            assert (summary.split_from or "", summary.merged_into or "") == (view.split_from, view.merged_into)


def test_what_was_voided_after_fire_is_waste_and_before_fire_nothing() -> None:
    check = a_check()
    soup, wine = check.lines
    late = Voiding(reason="cold", after_fire=True, approved_by="anna", at=NOON)
    voided = (
        msgspec.structs.replace(soup, status=LineStatus.VOIDED, void=late),
        msgspec.structs.replace(wine, status=LineStatus.VOIDED, void=Voiding()),
    )
    waste, nothing = lines_of(msgspec.structs.replace(check, lines=voided))
    assert (waste.void_minor, waste.voided_after_fire, waste.void_reason, waste.void_approved_by) == (1300, True, "cold", "anna")
    assert (nothing.void_minor, nothing.voided_after_fire) == (0, False)
    assert waste.gross_minor == waste.price_minor == waste.net_minor == waste.tax_minor == nothing.gross_minor == 0


def test_the_name_of_a_guest_is_in_no_row() -> None:
    check = a_check(name="Annegret Mustermann")
    assert "Mustermann" not in repr(rows_of(check))


def test_two_groups_of_one_tax_are_one_row_by_the_key_of_the_books() -> None:
    check = a_check()
    first, second = check.lines
    taxes = (Tax(id="food", name="VAT", rate="7%", inclusive=True), Tax(id="food", name="VAT", rate="7%", inclusive=True, rounding="up"))
    lines = (msgspec.structs.replace(first, taxes=taxes[:1]), msgspec.structs.replace(second, taxes=taxes[1:]))
    [row] = rows_of(msgspec.structs.replace(check, lines=lines))[1]["check_taxes"]
    assert msgspec.structs.asdict(row)["tax_minor"] == 85 + 53


def a_ticket(**fields: object) -> TicketRecord:
    lines = tuple(
        [TicketLine(line_id=str(n), name="Soup", quantity=1, fire_at=NOON + timedelta(minutes=n) if n else None) for n in range(3)]
    )
    ticket = Ticket(
        ticket_id=name_id("t"), station="oven", number=1, epoch=1, check_id=name_id("a"), check_number=1, table_id="", business_date="2026-03-02",
        lines=lines, status=TicketStatus.OPEN, created_at=NOON,
    )  # fmt: skip
    [row] = rows_of(msgspec.structs.replace(ticket, **fields))[1]["tickets"]
    assert isinstance(row, TicketRecord)
    return row


def test_a_ticket_is_due_when_the_first_of_its_lines_is_to_begin() -> None:
    assert a_ticket().due_at == NOON
    later = tuple([TicketLine(line_id=str(n), name="Soup", quantity=1, fire_at=NOON + timedelta(minutes=n)) for n in (9, 4)])
    assert a_ticket(lines=later).due_at == NOON + timedelta(minutes=4)
    assert a_ticket(lines=()).due_at == NOON


def test_a_day_on_which_nothing_is_left_has_no_rows() -> None:
    empty = DayBook(business_date="2026-03-02", currency="EUR")
    assert rows_of(empty) == (Owner("2026-03-02", "EUR"), dict.fromkeys(OF_DAY, ()))
    full = msgspec.structs.replace(empty, sales=Sales(orders=1), tenders={"cash": TenderSum(count=1)}, taxes={"a|b|7%|inclusive": TaxSum()})
    assert set(replacements([(full, empty)])) == set(OF_DAY)
    assert all(not new for _, new in replacements([(full, empty)]).values())
    [tax] = rows_of(full)[1]["daily_taxes"]
    assert (msgspec.structs.asdict(tax)["tax_id"], msgspec.structs.asdict(tax)["rate"]) == ("a|b", "7%")


def test_what_stands_in_no_read_model_replaces_nothing() -> None:
    site: dict[Key, Aggregate] = begun().states
    assert replacements([(None, each) for each in site.values()]) == {}
    assert rows_of(None) == (None, {})


def test_rows_are_written_as_the_tables_name_them() -> None:
    owned = replacements([(None, a_check())])[OF_CHECK[0]].new
    written = msgspec.json.decode(msgspec.json.encode(owned), type=list[dict[str, object]])
    assert set(written[0]) == set(Owned.__struct_fields__) == {"business_date", "owner", "rows"}
