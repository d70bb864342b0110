"""The metrics say how many sites are behind or silent, how far the furthest is, and what waits for a person."""

from prometheus_client import CollectorRegistry, generate_latest

from hub.db.connect import Role
from hub.metrics import CallbackCollector
from hub.standing import Standing, Standings, look
from shared.protocol.envelope import Figures
from tests.integration.hub.test_quarantine import spoil
from tests.support.hub_rig import HubRig


async def test_a_shard_is_summed_up(one_shard: HubRig) -> None:
    rig = one_shard
    near, far = (await rig.add_site()).orders(1), (await rig.add_site()).orders(2)
    spoil(far, 3, {"quantity": "two"})
    for site, sent in ((near, 9), (far, 5)):
        await rig.send(site.message(1, sent))
        await rig.greeter.greet(
            [site.hello(figures=Figures(head_sequence=len(site.entries), oldest_pending_at_ms=1_000, alarms=("disk.low",)))]
        )
    await rig.project()
    found = await look(rig.database(rig.shards["only"].app_dsn, Role.PLATFORM, "only"))
    assert (found.sites, found.silent, found.behind, found.alarmed) == (2, 0, 1, 2)
    assert (found.lag_entries, found.lag_entries_max, found.unprojected_max) == (12, 12, 0)
    assert found.oldest_pending_s_max > 10**9
    assert (found.quarantined, found.orphans_held, found.holes_open) == (3, 0, 0)
    assert found + found == Standing(
        sites=4, behind=2, alarmed=4, lag_entries=24, lag_entries_max=12, oldest_pending_s_max=found.oldest_pending_s_max, quarantined=6
    )


async def test_a_shard_that_is_down_keeps_its_last_figures_and_is_counted(rig: HubRig) -> None:
    await rig.greeter.greet([(await rig.add_site(shard="s1")).hello()])
    up = rig.database(rig.shards["s1"].app_dsn, Role.PLATFORM, "s1")
    down = rig.database("postgresql://nobody@127.0.0.1:9/none", Role.PLATFORM, "s2")
    standings = Standings([up, down])
    await standings.look_at_all()
    assert standings.unseen == 1
    assert standings.total.sites >= 1
    registry = CollectorRegistry()
    registry.register(CallbackCollector(standings.counted()))
    text = generate_latest(registry).decode()
    assert 'comanda_hub_sites{what="known"}' in text
    assert "comanda_hub_shards_unseen 1.0" in text
    assert "site_id" not in text
