"""Organisations, sites and tokens: making them.

What lives here: the rules of what may be made. How it is kept is behind the ports; where clock and randomness come from is
the caller's business.
"""

import re
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from hub.app.errors import HubRefused
from hub.app.ports import Control, Organisation, ReadShard, Site
from shared.domain.errors import Refused
from shared.domain.ids import is_id
from shared.domain.text import ensure_text
from shared.limits import NAME_LENGTH_MAX, PLACEMENT_BUCKETS

__all__ = ["add_organisation", "add_site", "add_token", "parse_cut_over", "shard_of"]

_CURRENCY = re.compile(r"[A-Z]{3}")
_CUT_OVER = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


async def add_organisation(
    control: Control, shards: Mapping[str, ReadShard], new_id: Callable[[], str], name: str, wanted_shard: str | None = None
) -> Organisation:
    """A new organisation, placed on the shard of its bucket; with `wanted_shard` its id is one whose bucket lies there.

    The shard is told first: should the rest fail, a placement without an organisation is left there, which nobody misses.
    Raises HubRefused, `shard.not_found` when no id among PLACEMENT_BUCKETS tries lies on the wanted shard.
    """
    _ensure_name(name)
    for _ in range(PLACEMENT_BUCKETS):
        org_id = new_id()
        placement = await control.placement(org_id)
        if wanted_shard in (None, placement.shard):
            break
    else:
        raise HubRefused("shard.not_found", f"No bucket of the directory lies on shard {wanted_shard!r}.")
    await shard_of(shards, placement.shard).place(org_id, placement.epoch)
    await control.add_organisation(org_id, name)
    return Organisation(org_id=org_id, name=name, shard=placement.shard)


async def add_site(control: Control, site: Site) -> None:
    """A new site of an organisation. Raises HubRefused."""
    _ensure_name(site.name)
    _ensure_setting(_CURRENCY.fullmatch(site.currency) is not None, f"currency {site.currency!r}")
    _ensure_setting(_is_zone(site.time_zone), f"time zone {site.time_zone!r}")
    _ensure_setting(0 <= site.cut_over_minutes < 24 * 60, f"cut-over of {site.cut_over_minutes} minutes")
    if not is_id(site.org_id) or not await control.add_site(site):
        raise HubRefused("organisation.unknown", f"There is no organisation {site.org_id!r}.")


async def add_token(control: Control, token_sha256: bytes, org_id: str | None, name: str) -> None:
    """A bearer token, of one organisation or platform-wide. Raises HubRefused."""
    _ensure_name(name)
    if (org_id is not None and not is_id(org_id)) or not await control.add_token(token_sha256, org_id, name):
        raise HubRefused("organisation.unknown", f"There is no organisation {org_id!r}.")


def shard_of(shards: Mapping[str, ReadShard], name: str) -> ReadShard:
    """The shard of that name. Raises HubRefused when the settings name no such shard."""
    shard = shards.get(name)
    if shard is None:
        raise HubRefused("shard.unavailable", f"The directory names shard {name!r}, which is not in the settings of this process.")
    return shard


def parse_cut_over(text: str) -> int:
    """Minutes after midnight from `"04:00"`. Raises HubRefused."""
    match = _CUT_OVER.fullmatch(text)
    if match is None:
        raise HubRefused("site.setting_invalid", f"There is no cut-over {text!r}.")
    return int(match[1]) * 60 + int(match[2])


def _ensure_name(name: str) -> None:
    try:
        ensure_text(name)
    except Refused as error:
        raise HubRefused("name.invalid", error.detail) from error
    if not 1 <= len(name.strip()) <= len(name) <= NAME_LENGTH_MAX:
        raise HubRefused("name.invalid", f"{name[:NAME_LENGTH_MAX]!r} has {len(name)} characters.")


def _ensure_setting(is_valid: bool, what: str) -> None:
    if not is_valid:
        raise HubRefused("site.setting_invalid", f"There is no {what}.")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # ZoneInfoNotFoundError is a KeyError; a path out of the data is a ValueError
        return False
    return True
