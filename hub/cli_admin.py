"""Commands that name organisations, sites and tokens, that show sites and sales, and that project a site anew.

What lives here: options in, use cases called, answers printed. No rule and no SQL.
"""

import os
import secrets
import time
from typing import Any

import click
import msgspec

from hub.app.claims import claim_site, new_code
from hub.app.errors import HUB_ERRORS
from hub.app.overview import SiteView, list_sites
from hub.app.ports import Scope, Site
from hub.app.sales import report_sales
from hub.app.sites import find_site
from hub.app.tenants import add_organisation, add_site, add_token, parse_cut_over
from hub.cli_common import age, as_json, moment, or_else, run_with, show, table
from hub.db.connect import DatabaseUnavailable, sha256
from hub.db.project_store import forget_site
from hub.settings import load_settings
from hub.stores import run
from shared.domain.ids import uuid7
from shared.domain.money import format_amount
from shared.limits import CLAIM_CODE_BYTES, EPOCH_ABOVE_MAX, SITES_PAGE_MAX, TOKEN_BYTES
from shared.operator_error import OperatorError

__all__ = ["COMMANDS"]


def _new_id() -> str:
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


# --- organisations and sites ---------------------------------------------------------------------


@click.group(help="Organisations: the tenants.")
def org() -> None: ...


@org.command("add")
@click.argument("name")
@click.option("--shard", metavar="SHARD", help="Give it an id whose bucket lies on this shard; any otherwise.")
@as_json
def add_org(name: str, shard: str | None, is_json: bool) -> None:
    """Add an organisation, placed on the shard of its bucket.

    \b
    Example:
      comanda hub org add "Trattoria Group" --json
    """
    added = run_with(lambda stores: add_organisation(stores.control, stores.shards, _new_id, name, shard))
    show(is_json, {"org_id": added.org_id, "name": name, "shard": added.shard}, added.org_id)


@click.group(help="Sites: the restaurants of an organisation.")
def site() -> None: ...


@site.command("add")
@click.option("--org", "org_id", required=True, metavar="ORG", help="The organisation that it belongs to.")
@click.option("--name", required=True, help="What people call it.")
@click.option("--currency", required=True, help="ISO 4217 code, such as USD.")
@click.option("--time-zone", required=True, help="IANA name, such as Europe/Berlin.")
@click.option("--cut-over", default="04:00", show_default=True, help="Local time at which the business date turns.")
@as_json
def add_site_command(org_id: str, name: str, currency: str, time_zone: str, cut_over: str, is_json: bool) -> None:
    """Add a site. It sells once a box has claimed it.

    \b
    Example:
      comanda hub site add --org ORG --name Altstadt --currency EUR --time-zone Europe/Berlin --json
    """
    site_id = _new_id()

    async def add(stores: Any) -> None:
        minutes = parse_cut_over(cut_over)
        wanted = Site(
            org_id=org_id, site_id=site_id, name=name, currency=currency, time_zone=time_zone, cut_over_minutes=minutes, shard=""
        )  # fmt: skip
        await add_site(stores.control, wanted)

    run_with(add)
    show(is_json, {"site_id": site_id, "org_id": org_id, "name": name}, site_id)


@site.command("claim")
@click.argument("site_id", metavar="SITE")
@click.option("--above", type=click.IntRange(min=0, max=EPOCH_ABOVE_MAX), default=0, metavar="EPOCH",
              help="Grant an epoch above this: that which a tablet or a stick knows, and a restored hub does not.")  # fmt: skip
@as_json
def claim(site_id: str, above: int, is_json: bool) -> None:
    """Make a code with which one box can claim the site, once, within a day.

    \b
    Examples:
      comanda hub site claim SITE --json
      comanda hub site claim SITE --above 203      (a tablet says that it knows box 203)
    """
    code = new_code(os.urandom(CLAIM_CODE_BYTES))
    expires_at = run_with(lambda stores: claim_site(stores.control, site_id, code, above))
    show(is_json, {"code": code, "expires_at": expires_at}, f"{code}  (valid until {expires_at:%Y-%m-%d %H:%M} UTC)")


@click.group(help="Bearer tokens of the API.")
def token() -> None: ...


@token.command("add")
@click.option("--name", required=True, help="What it is for.")
@click.option("--org", "org_id", metavar="ORG", help="Only this organisation; without it the token is platform-wide.")
@as_json
def add_token_command(name: str, org_id: str | None, is_json: bool) -> None:
    """Make a bearer token. It is shown once and kept as a hash.

    \b
    Example:
      comanda hub token add --name dashboards --org ORG --json
    """
    secret = f"chub_{secrets.token_urlsafe(TOKEN_BYTES)}"
    run_with(lambda stores: add_token(stores.control, sha256(secret), org_id, name))
    show(is_json, {"token": secret}, secret)


# --- showing -------------------------------------------------------------------------------------


@click.command("sites")
@as_json
def sites(is_json: bool) -> None:
    """Show every site: its position in the cloud, what it has beyond that and how old the first of it is, its last contact, its alarms.

    What waits for a person: entries in quarantine, orphans of replaced boxes, holes.

    \b
    Example:
      comanda hub sites
    """

    async def look(stores: Any) -> tuple[list[SiteView], set[str]]:
        found: list[SiteView] = []
        missing: set[str] = set()
        after: str | None = None
        while True:
            page = await list_sites(stores.control, stores.shards, Scope(None), org_id=None, after=after, limit=SITES_PAGE_MAX)
            found += page.sites
            missing |= set(page.missing_shards)
            after = page.next
            if after is None:
                return found, missing

    found, missing = run_with(look)
    rows = [("SITE", "ORGANISATION", "NAME", "SEQUENCE", "LAG", "AGE", "LAST CONTACT (UTC)", "WAITS FOR A PERSON", "ALARMS")]
    rows += [
        (each.site_id, each.org_id, each.name, str(each.position.sequence) if each.position else "?", or_else(each.lag_entries, "?"),
         age(each.oldest_pending_age_s), moment(each.last_contact_at) or "never", _waiting(each), " ".join(each.alarms))
        for each in found
    ]  # fmt: skip
    show(is_json, {"sites": found, "missing_shards": sorted(missing)}, table(rows))
    for name in sorted(missing):
        click.echo(f"shard {name} does not answer", err=True)


def _waiting(site: SiteView) -> str:
    counts = (("in quarantine", site.quarantined), ("orphans", site.orphans_held), ("holes", site.holes_open))
    return ", ".join(f"{count} {what}" for what, count in counts if count)


@click.command("sales")
@click.option("--site", "site_id", required=True, metavar="SITE", help="The site.")
@click.option("--from", "first", required=True, metavar="DATE", help="First business date, ISO.")
@click.option("--to", "last", required=True, metavar="DATE", help="Last business date, ISO.")
@as_json
def sales(site_id: str, first: str, last: str, is_json: bool) -> None:
    """Sales of a site by business date: closed checks, their lines, gross, discounts, comps, net, tax and refunds.

    \b
    Example:
      comanda hub sales --site SITE --from 2026-03-01 --to 2026-03-31 --json
    """
    report = run_with(lambda stores: report_sales(stores.control, stores.shards, Scope(None), site_id, first, last))
    value = {"site_id": site_id, "from": report.first, "to": report.last} | msgspec.to_builtins(report.total)
    value |= {"currency": report.site.currency, "is_current": report.is_current, "days": report.days, "totals": report.totals}
    rows: list[tuple[str, ...]] = [("DATE", "", "ORDERS", "LINES", "GROSS", "DISCOUNTS", "COMPS", "NET", "TAX", "TOTAL", "REFUNDS")]
    for name, each in [*((day.business_date, day) for day in report.days), *(("all", total) for total in report.totals)]:
        amounts = (each.gross_minor, each.discount_minor, each.comp_minor, each.net_minor, each.tax_minor, each.net_minor + each.tax_minor,
                   each.refund_minor)  # fmt: skip
        shown = [format_amount(amount, each.currency) for amount in amounts]
        rows.append((name, each.currency, str(each.orders), str(each.lines), *shown))
    show(is_json, value, f"{report.site.name}\n{table(rows)}")
    if not report.is_current:
        click.echo("more has arrived than is in these figures: they are still being projected", err=True)


@click.command("rebuild")
@click.argument("site_id", metavar="SITE")
@as_json
def rebuild(site_id: str, is_json: bool) -> None:
    """Forget the read models of a site, quarantine included, and make them anew from its journal.

    What could not be projected by an older release may be now. The projectors do the work; reports are incomplete until then.

    \b
    Example:
      comanda hub rebuild SITE
    """
    found = run_with(lambda stores: find_site(stores.control, Scope(None), site_id))
    try:
        run(forget_site(load_settings(("shards",)).shards[found.shard], found.org_id, found.site_id))
    except (DatabaseUnavailable, KeyError) as error:
        raise OperatorError("shard.unavailable", str(error), HUB_ERRORS["shard.unavailable"].hint) from error
    show(is_json, {"site_id": site_id}, f"{found.name} is projected anew")


COMMANDS: tuple[click.Command, ...] = (org, site, token, sites, sales, rebuild)
