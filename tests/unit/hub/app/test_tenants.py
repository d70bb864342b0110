"""What may be made: names, currencies, time zones, cut-overs."""

from typing import Any, cast

import pytest

from hub.app.errors import HUB_ERRORS, HubRefused
from hub.app.ports import Control, Site
from hub.app.tenants import add_site, add_token, parse_cut_over, shard_of
from tests.support.boxes import new_id


class Everything:
    """A control database that takes whatever it is given."""

    async def add_site(self, site: Site) -> bool:
        return True

    async def add_token(self, *_: object) -> bool:
        return True


CONTROL = cast("Control", Everything())


def a_site(**fields: Any) -> Site:
    values: dict[str, Any] = {
        "org_id": new_id(), "site_id": new_id(), "name": "Altstadt", "currency": "EUR", "time_zone": "Europe/Berlin",
        "cut_over_minutes": 240, "shard": "",
    } | fields  # fmt: skip
    return Site(**values)


async def test_a_sound_site_is_made() -> None:
    await add_site(CONTROL, a_site())


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": ""}, "name.invalid"),
        ({"name": "  "}, "name.invalid"),
        ({"name": "a\x00b"}, "name.invalid"),
        ({"name": "x" * 121}, "name.invalid"),
        ({"currency": "usd"}, "site.setting_invalid"),
        ({"currency": "USDX"}, "site.setting_invalid"),
        ({"time_zone": "Mars/Olympus"}, "site.setting_invalid"),
        ({"time_zone": "../../etc/passwd"}, "site.setting_invalid"),
        ({"cut_over_minutes": 1440}, "site.setting_invalid"),
        ({"org_id": "nonsense"}, "organisation.unknown"),
    ],
)
async def test_a_site_that_is_none_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(HubRefused) as refused:
        await add_site(CONTROL, a_site(**fields))
    assert refused.value.code == code
    assert code in HUB_ERRORS


@pytest.mark.parametrize(("text", "minutes"), [("00:00", 0), ("04:00", 240), ("23:59", 1439)])
def test_cut_overs_are_read(text: str, minutes: int) -> None:
    assert parse_cut_over(text) == minutes


@pytest.mark.parametrize("text", ["", "4:00", "24:00", "12:60", "12-30", "١٢:٠٠", "12:00 "])
def test_cut_overs_that_are_none(text: str) -> None:
    with pytest.raises(HubRefused, match=r"site\.setting_invalid"):
        parse_cut_over(text)


async def test_a_token_of_an_organisation_that_cannot_be_is_refused() -> None:
    with pytest.raises(HubRefused, match=r"organisation\.unknown"):
        await add_token(CONTROL, bytes(32), "nonsense", "name")


def test_a_shard_that_the_settings_do_not_name_is_unavailable() -> None:
    with pytest.raises(HubRefused, match=r"shard\.unavailable"):
        shard_of({}, "s9")
