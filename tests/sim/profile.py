"""What a seed has in store: the seed alone decides how much of each fault its world suffers.

What lives here: one table of faults with their ranges. About half of them are absent in any seed, so that some worlds are
nearly quiet and others suffer one thing badly.
"""

import random
from dataclasses import dataclass, fields, replace

__all__ = ["Profile", "draw"]


@dataclass(frozen=True)
class Profile:
    """Probabilities are per event; `_every_s` are mean simulated seconds between two of a kind, 0 for never. `retention_s` is how long
    an entry has to stay on its box, where it is months in a real one; 0 where none is ever let go of."""

    sites: int
    trouble_s: float  # simulated seconds with faults
    tablets: int
    commands: int  # that each tablet will think of
    lan_loss: float
    lan_doubling: float
    lan_delay_s: float
    wan_loss: float
    wan_doubling: float
    wan_delay_s: float
    partition_every_s: float
    partition_s: float
    power_cut_every_s: float
    power_cut_in_commit: float
    disk_full: float
    commit_unknown: float
    link_crash_every_s: float
    clock_back_s: float
    clock_ahead_s: float
    shard_down_every_s: float
    shard_down_s: float
    ingest_crash: float
    broker_drop: float
    broker_disorder: float
    broker_wipe_every_s: float
    restore_every_s: float
    forget_claims: float
    old_boxes: float
    swap_every_s: float
    adopt: float
    disk_lies_every_s: float
    mirror_lag_s: float
    mirror_rot: float
    poison: float
    look_every_s: float
    reload_every_s: float
    held_in_cloud_s: float
    envelope_entries: int
    in_flight: int
    credit_entries: int
    backup_every_s: float
    retention_s: float
    lost_backups: float

    def __str__(self) -> str:
        return " ".join(f"{field.name}={_short(getattr(self, field.name))}" for field in fields(self) if getattr(self, field.name))


def _short(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3g}"


def draw(seed: int) -> Profile:
    """The profile of a seed."""
    rng = random.Random(seed ^ 0x5EED)

    def sometimes(low: float, high: float) -> float:
        return rng.uniform(low, high) if rng.random() < 0.5 else 0.0

    def rarely(low: float, high: float) -> float:
        return rng.uniform(low, high) if rng.random() < 0.25 else 0.0

    envelope_entries, in_flight = rng.choice([(12, 16), (12, 3), (16, 5), (20, 1), (20, 16), (200, 16)])
    profile = Profile(
        sites=rng.choice([1, 1, 2]),
        trouble_s=150.0,
        tablets=rng.randint(1, 3),
        commands=rng.randint(20, 100),
        lan_loss=sometimes(0.01, 0.25),
        lan_doubling=sometimes(0.01, 0.25),
        lan_delay_s=rng.choice([0.01, 0.2, 1.5]),
        wan_loss=sometimes(0.01, 0.4),
        wan_doubling=sometimes(0.01, 0.4),
        wan_delay_s=rng.choice([0.05, 0.5, 6.0]),
        partition_every_s=sometimes(20, 120),
        partition_s=rng.uniform(1, 60),
        power_cut_every_s=sometimes(15, 120),
        power_cut_in_commit=sometimes(0.005, 0.1),
        disk_full=sometimes(0.01, 0.1),
        commit_unknown=sometimes(0.01, 0.1),
        link_crash_every_s=sometimes(10, 120),
        clock_back_s=sometimes(1, 4000),
        clock_ahead_s=sometimes(1, 4000),
        shard_down_every_s=sometimes(20, 120),
        shard_down_s=rng.uniform(1, 60),
        ingest_crash=sometimes(0.01, 0.2),
        broker_drop=sometimes(0.01, 0.3),
        broker_disorder=sometimes(0.01, 0.3),
        broker_wipe_every_s=sometimes(10, 120),
        restore_every_s=sometimes(20, 120),
        forget_claims=sometimes(0.2, 1),
        old_boxes=rarely(0.2, 1),
        swap_every_s=sometimes(30, 150),
        adopt=rng.choice([0.0, 0.5, 1.0]),
        disk_lies_every_s=rarely(20, 150),
        mirror_lag_s=sometimes(0.5, 20),
        mirror_rot=rarely(0.1, 1),
        poison=rarely(0.02, 0.3),
        look_every_s=rng.choice([1.0, 3.0, 30.0]),
        reload_every_s=rarely(20, 150),
        held_in_cloud_s=rng.choice([0.0, 10.0, 86_400.0]),
        envelope_entries=envelope_entries,
        in_flight=in_flight,
        credit_entries=rng.choice([20, 100, 6_400]),
        backup_every_s=rng.uniform(8, 50),
        retention_s=sometimes(5, 40),
        lost_backups=rarely(0.3, 1),
    )
    # Where a hole cannot be filled, nobody can swap the box: what calls for a swap must not come with lost backups.
    return replace(profile, lost_backups=0.0) if profile.disk_lies_every_s or profile.forget_claims else profile
