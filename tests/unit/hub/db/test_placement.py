"""Buckets never move by themselves, and are spread evenly."""

from collections import Counter

import pytest

from hub.db.placement import bucket_of, spread
from shared.limits import PLACEMENT_BUCKETS
from tests.support.boxes import new_id


def test_buckets_are_frozen() -> None:
    """Another hash would send every tenant to a shard that has never heard of it."""
    assert bucket_of("00000000-0000-0000-0000-000000000000") == 0x374
    assert bucket_of("019a0000-0000-7000-8000-000000000001") == bucket_of("019A0000-0000-7000-8000-000000000001")


def test_buckets_are_within_the_directory() -> None:
    assert all(0 <= bucket_of(new_id()) < PLACEMENT_BUCKETS for _ in range(1_000))


@pytest.mark.parametrize("shards", [["only"], ["b", "a"], ["a", "b", "c"]])
def test_every_bucket_has_a_shard_and_shards_have_their_share(shards: list[str]) -> None:
    made = spread(shards)
    assert [bucket for bucket, _ in made] == list(range(PLACEMENT_BUCKETS))
    counts = Counter(shard for _, shard in made)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert set(counts) == set(shards)


def test_a_directory_without_shards_is_none() -> None:
    with pytest.raises(ValueError, match="at least one shard"):
        spread([])
