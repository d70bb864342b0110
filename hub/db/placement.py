"""Where a tenant lives: the bucket of an organisation, and the first spread of buckets over shards.

What lives here: two pure functions. The directory itself is a table of the control database.
"""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from shared.limits import PLACEMENT_BUCKETS

__all__ = ["bucket_of", "spread"]


def bucket_of(org_id: str) -> int:
    """The bucket, 0 to 4,095: the first 12 bits of SHA-256 over the id's 16 bytes. It never changes."""
    digest = hashlib.sha256(UUID(org_id).bytes).digest()
    return int.from_bytes(digest[:2], "big") >> 4


def spread(shards: Sequence[str]) -> list[tuple[int, str]]:
    """(bucket, shard) for every bucket, evenly: how the directory begins. Raises ValueError without shards."""
    if not shards:
        raise ValueError("a directory needs at least one shard")
    names = sorted(shards)
    return [(bucket, names[bucket % len(names)]) for bucket in range(PLACEMENT_BUCKETS)]
