"""Read models of whole evenings, written by the box's own executor: the hub comes to what the site comes to, to the cent (Law 8)."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from hub.db.project_store import forget_site
from hub.project import projector as projector_module
from hub.project.rows import TABLES
from shared.domain.check.state import Check
from tests.integration.hub.comparing import ensure_equal, rows_kept
from tests.integration.hub.evenings import Evenings
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal

MakeEvenings = Callable[[SiteJournal, int], Evenings]


@pytest_asyncio.fixture
async def make_evenings(tmp_path: Path) -> AsyncIterator[MakeEvenings]:
    made: list[Evenings] = []

    def make(journal: SiteJournal, seed: int) -> Evenings:
        directory = tmp_path / str(len(made))
        directory.mkdir()
        made.append(Evenings(directory, journal, seed))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("seed", range(3))
async def test_the_hub_comes_to_the_books_of_the_site_to_the_cent(rig: HubRig, make_evenings: MakeEvenings, seed: int) -> None:
    site = await rig.add_site(currency="EUR")
    make_evenings(site, seed).run()
    await rig.send_all(site)
    await rig.project()
    await ensure_equal(rig, site)
    checks = [each for each in site.memory.state.values() if isinstance(each, Check)]
    assert {each.status for each in checks} == {"open", "closed", "merged"}
    assert any(each.reopenings and len({closing.date for closing in each.closings}) > 1 for each in checks), "nothing was corrected later"
    assert any(refund.correction for each in checks for refund in each.refunds)
    assert any(each.split_from for each in checks)
    kept = await rows_kept(rig, site)
    assert [table for table in TABLES if not kept[table]] == []
    assert len(kept["daily_sales"]) > 2
    await ensure_adds_up(rig, site)


# Rows of checks that do not add up to their check, by table and figure.
CHECK_SUMS = """
select c.check_id, c.status
from guest_checks c
     left join lateral (select sum(gross_minor) gross, sum(discount_minor) discount, sum(comp_minor) comp, sum(void_minor) void,
                               sum(net_minor) net, sum(tax_minor) tax, count(*) filter (where status <> 'voided') lines
                        from check_lines l where (l.org_id, l.site_id, l.check_id) = (c.org_id, c.site_id, c.check_id)) l on true
     left join lateral (select sum(applied_minor) applied from check_discounts d
                        where (d.org_id, d.site_id, d.check_id) = (c.org_id, c.site_id, c.check_id)) d on true
     left join lateral (select sum(amount_minor) amount from check_charges s
                        where (s.org_id, s.site_id, s.check_id) = (c.org_id, c.site_id, c.check_id)) s on true
     left join lateral (select sum(tax_minor) tax from check_taxes t
                        where (t.org_id, t.site_id, t.check_id) = (c.org_id, c.site_id, c.check_id)) t on true
     left join lateral (select sum(amount_minor) amount, sum(tip_minor) tip from check_payments p
                        where (p.org_id, p.site_id, p.check_id) = (c.org_id, c.site_id, c.check_id)) p on true
     left join lateral (select coalesce(sum(total_minor) filter (where correction), 0) returned,
                               coalesce(sum(total_minor) filter (where not correction), 0) refunded from check_refunds r
                        where (r.org_id, r.site_id, r.check_id) = (c.org_id, c.site_id, c.check_id)) r on true
where c.site_id = $1::text::uuid and (
    (c.gross_minor, c.discount_minor, c.comp_minor, c.void_minor, c.lines)
        <> (coalesce(l.gross, 0), coalesce(l.discount, 0), coalesce(l.comp, 0), coalesce(l.void, 0), coalesce(l.lines, 0))
    or c.discount_minor + c.comp_minor <> coalesce(d.applied, 0) or c.service_minor <> coalesce(s.amount, 0)
    or c.tax_minor <> coalesce(t.tax, 0) or c.total_minor <> c.net_minor + c.tax_minor
    or (c.service_minor = 0 and (c.net_minor, c.tax_minor) <> (coalesce(l.net, 0), coalesce(l.tax, 0)))
    or c.paid_minor <> coalesce(p.amount, 0) - r.returned or c.tip_minor <> coalesce(p.tip, 0) or c.refund_minor <> r.refunded
    or (c.status <> 'merged' and c.due_minor <> c.total_minor - c.paid_minor)
    or (c.status = 'closed' and c.due_minor <> 0)
)
"""


async def ensure_adds_up(rig: HubRig, site: SiteJournal) -> None:
    """Lines, discounts, charges, taxes, payments and refunds add up to their check, and checks to the books: in SQL, past our code."""
    assert await rig.look_as(site, CHECK_SUMS) == []


@pytest.mark.parametrize("size", [1, 13])
async def test_an_evening_that_arrives_in_pieces_comes_to_the_same(
    rig: HubRig, make_evenings: MakeEvenings, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(projector_module, "PROJECT_BATCH_ENTRIES", size)
    site = await rig.add_site(currency="EUR")
    make_evenings(site, 7).run(days=1, acts=60)
    await rig.send_all(site, step=50)
    await rig.project()
    await ensure_equal(rig, site)


async def test_what_is_made_anew_is_what_was_kept_bit_by_bit(rig: HubRig, make_evenings: MakeEvenings) -> None:
    site = await rig.add_site(shard="s1", currency="EUR")
    evenings = make_evenings(site, 3)
    done = 0
    for _ in range(2):
        evenings.run(days=1, acts=60)
        await rig.send(*(site.message(first, min(first + 99, len(site.entries))) for first in range(done + 1, len(site.entries) + 1, 100)))
        await rig.project()
        done = len(site.entries)
    before = await rows_kept(rig, site)
    assert all(before.values())
    await forget_site(rig.shards["s1"].app_dsn, *site.address)
    assert all(not rows for rows in (await rows_kept(rig, site)).values())
    await rig.project()
    assert await rows_kept(rig, site) == before
    await ensure_equal(rig, site)
