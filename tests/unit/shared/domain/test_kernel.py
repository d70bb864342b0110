"""The overlay in which a batch is tried: above it changes are seen, below it nothing has happened."""

from shared.domain.kernel import Draft
from shared.domain.site import Series, SiteState
from tests.unit.shared.domain.world import World


def test_a_batch_that_fails_leaves_nothing_behind() -> None:
    world = World()
    world.states["series", "1/check"] = Series(last=1)
    draft = Draft(world)
    draft.put({("series", "1/check"): Series(last=2), ("site", ""): SiteState(epoch=1)})
    inner = Draft(draft)
    inner.put({("series", "1/check"): Series(last=3)})
    assert [view.find(Series, "series", "1/check") for view in (world, draft, inner)] == [Series(last=1), Series(last=2), Series(last=3)]
    assert inner.find(SiteState, "site", "") == SiteState(epoch=1)
    assert world.find(SiteState, "site", "") is None
