"""What headquarters sees of a site: how far it is behind, for how long, and what is wrong, also when it says nothing any more."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hub.app.overview import SiteView, view_site
from hub.app.ports import Scope, Site, SitePosition
from shared.limits import CLOUD_BEHIND_ALARM_S, SITE_BEHIND_ALARM_ENTRIES, SITE_SILENT_ALARM_S
from shared.protocol.entry import Position
from shared.protocol.envelope import Figures

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SITE = Site(org_id="o", site_id="s", name="Altstadt", currency="EUR", time_zone="Europe/Berlin", cut_over_minutes=240, shard="s1")


class OneShard:
    def __init__(self, position: SitePosition) -> None:
        self.position = position

    async def positions(self, scope: Scope, sites: Sequence[Site]) -> Mapping[str, SitePosition]:
        return {"s": self.position}


async def shown(*, lag: int = 0, silent_s: float = 1.0, pending_s: float | None = None, **fields: Any) -> SiteView:
    """The view of a site that has `lag` entries beyond the cloud, spoke `silent_s` ago, and then had one `pending_s` old by now."""
    oldest = None if pending_s is None else round((NOW - timedelta(seconds=pending_s)).timestamp() * 1000)
    figures = Figures(head_sequence=100 + lag, oldest_pending_at_ms=oldest, alarms=fields.pop("alarms", ()))
    position = SitePosition(
        position=Position(1, 100, bytes(32)), received_at=NOW, contact_at=NOW - timedelta(seconds=silent_s), head_sequence=100 + lag,
        figures=msgspec.json.encode(figures), projected_sequence=100, as_of=NOW, **fields,
    )  # fmt: skip
    return await view_site({"s1": OneShard(position)}, Scope(None), SITE)  # type: ignore[dict-item] - all that is asked of it


async def test_a_site_that_is_up_to_date_has_no_age_and_no_alarm() -> None:
    view = await shown()
    assert (view.lag_entries, view.oldest_pending_age_s, view.alarms) == (0, None, ())


@pytest.mark.parametrize(
    ("lag", "pending_s", "silent_s", "age_s"),
    [
        (3, 12.4, 1.0, 12),
        (3, 12.4, 40.0, 40),  # its clock is ahead of ours: what it had when it spoke is as old as that word
        (3, None, 40.0, 40),  # an old box, which does not say since when
        (3, -500.0, 1.0, 1),
        (0, 500.0, 1.0, None),  # it has arrived since
    ],
)
async def test_the_age_of_the_first_entry_that_is_not_in_the_cloud(
    lag: int, pending_s: float | None, silent_s: float, age_s: int | None
) -> None:
    assert (await shown(lag=lag, pending_s=pending_s, silent_s=silent_s)).oldest_pending_age_s == age_s


@pytest.mark.parametrize(
    ("told", "alarms"),
    [
        ({"lag": 1, "pending_s": CLOUD_BEHIND_ALARM_S - 1}, ()),
        ({"lag": 1, "pending_s": CLOUD_BEHIND_ALARM_S + 1}, ("cloud.behind",)),
        ({"lag": SITE_BEHIND_ALARM_ENTRIES + 1, "pending_s": 2.0}, ("cloud.behind",)),
        ({"silent_s": SITE_SILENT_ALARM_S + 1}, ("site.silent",)),
        ({"lag": 1, "silent_s": SITE_SILENT_ALARM_S + 1}, ("site.silent", "cloud.behind")),
        ({"alarms": ("disk.low", "cloud.behind"), "lag": 1, "pending_s": 99.0}, ("disk.low", "cloud.behind")),
    ],
)
async def test_alarms_of_the_box_and_of_what_the_hub_sees(told: dict[str, Any], alarms: tuple[str, ...]) -> None:
    assert (await shown(**told)).alarms == alarms


async def test_what_waits_for_a_person() -> None:
    view = await shown(quarantined=2, orphans_held=7, holes_open=1)
    assert (view.quarantined, view.orphans_held, view.holes_open) == (2, 7, 1)
