"""Checks of a site: a list by business date, and one check with everything on it.

What lives here: the two reports and the cursor by which a list is asked on. Sums are not made here: they are the read models'.
"""

import re
from collections.abc import Mapping

import msgspec

from hub.app.dates import ensure_range
from hub.app.errors import HubRefused
from hub.app.ports import FIRST_CHECK, CheckContents, CheckCursor, ChecksAsked, Control, ReadShard, Scope
from hub.app.sites import ask
from hub.records.checks import CheckSummary
from shared.domain.ids import is_id

__all__ = ["CheckPage", "CheckReport", "list_checks", "view_check"]

_CURSOR = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d{1,9})\.(\d{1,18})\.([0-9a-f-]{36})", re.ASCII)


class CheckPage(msgspec.Struct, frozen=True, kw_only=True):
    """Checks in the order of business date, epoch and number, those of training among them. `next` asks on, null at the end. Not
    `is_current`: more has arrived than is in it yet."""

    site_id: str
    is_current: bool
    checks: tuple[CheckSummary, ...]
    next: str | None


class CheckReport(CheckContents, frozen=True, kw_only=True):
    """A check with its lines, discounts, service charges, taxes, payments and refunds, and the tickets that were made for it with
    their times. Lines, discounts, charges, taxes and payments are as they are now; what was booked when is in the reports by
    business date. Not `is_current`: more has arrived than is in it yet."""

    site_id: str
    is_current: bool


async def list_checks(
    control: Control, shards: Mapping[str, ReadShard], scope: Scope, site_id: str, asked: ChecksAsked, after: str | None
) -> CheckPage:
    """Checks of the site. Raises HubRefused, `page.malformed` for an `after` that no answer gave."""
    first, last = ensure_range(asked.first, asked.last)
    asked = msgspec.structs.replace(asked, first=first, last=last, after=_cursor(after) if after is not None else FIRST_CHECK)
    site, shard, is_current = await ask(control, shards, scope, site_id)
    checks = tuple(await shard.checks(site.org_id, site.site_id, asked))
    end = checks[-1] if len(checks) == asked.limit else None
    return CheckPage(
        site_id=site.site_id,
        is_current=is_current,
        checks=checks,
        next=str(CheckCursor(end.business_date, end.epoch, end.number, end.check_id)) if end else None,
    )


async def view_check(control: Control, shards: Mapping[str, ReadShard], scope: Scope, site_id: str, check_id: str) -> CheckReport:
    """One check. Raises HubRefused, `check.unknown` also while it is not projected."""
    site, shard, is_current = await ask(control, shards, scope, site_id)
    found = await shard.check(site.org_id, site.site_id, check_id) if is_id(check_id) else None
    if found is None:
        raise HubRefused("check.unknown", f"Site {site.name!r} has no check {check_id[:64]!r}.")
    return CheckReport(site_id=site.site_id, is_current=is_current, **msgspec.structs.asdict(found))


def _cursor(text: str) -> CheckCursor:
    match = _CURSOR.fullmatch(text)
    if match is None or not is_id(match[4]):
        raise HubRefused("page.malformed", f"{text[:80]!r} is no `next` of an answer.")
    date, _ = ensure_range(match[1], match[1])
    return CheckCursor(date, int(match[2]), int(match[3]), match[4])
