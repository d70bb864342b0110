"""Makes a failing world smaller: leaves out faults, people and time that the failure does not need.

What lives here: which parts of a profile may be left out, and the search for a smaller world that fails in the same way. It runs
worlds and compares how they fail; what a failure means it does not know.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from tests.sim.profile import Profile
from tests.sim.run import Failure, run

__all__ = ["arguments", "kind_of", "shrink"]

_KEPT = {"sites", "tablets", "commands", "trouble_s", "envelope_entries", "in_flight", "credit_entries", "held_in_cloud_s", "look_every_s"}
_DEPENDENT = {"partition_s", "shard_down_s"}  # how long something takes that does not happen: no fault of its own
_SEEDS_NEARBY = 3  # with other parts the dice fall otherwise: so many seeds are tried for each smaller world


def kind_of(cause: str) -> str:
    """The failure without what is different in every world: ids, numbers, names."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|site-[\w./-]*|\[.*|\{.*|\(.*|\d+", "", cause)[:80]


def _smaller(profile: Profile) -> Iterator[tuple[str, Profile]]:
    """Worlds that lack one thing."""
    for field in fields(profile):
        value = getattr(profile, field.name)
        if value and field.name not in _KEPT | _DEPENDENT:
            yield f"{field.name}=0", replace(profile, **{field.name: type(value)(0)})
    for name, least in (("sites", 1), ("tablets", 1), ("commands", 3)):
        value = getattr(profile, name)
        if value > least:
            yield f"{name} halved", replace(profile, **{name: max(least, value // 2)})
    if profile.trouble_s > 5:
        yield "shorter", replace(profile, trouble_s=profile.trouble_s * 0.6)


def shrink(failure: Failure, patience_s: float, tell: Callable[[str], None] = lambda text: None) -> Failure:
    """The smallest failure of the same kind that is found within `patience_s` seconds."""
    until = time.monotonic() + patience_s
    best, wanted = failure, kind_of(failure.cause)
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for what, profile in _smaller(best.profile):
            if time.monotonic() > until:
                return best
            found = _fails(best.seed, profile, wanted)
            if found is not None:
                tell(f"without {what}: fails still, at step {found.step} instead of {best.step}")
                best, is_smaller = found, True
                break
    return best


def _fails(seed: int, profile: Profile, wanted: str) -> Failure | None:
    for each in range(seed, seed + _SEEDS_NEARBY):
        try:
            run(each, profile=profile)
        except Failure as failure:
            if kind_of(failure.cause) == wanted:
                return failure
    return None


def arguments(failure: Failure, of_seed: int, drawn: Profile) -> str:
    """What of the profile is not as `of_seed` draws it, as arguments of `python -m tests.sim`."""
    changed = [field.name for field in fields(drawn) if getattr(drawn, field.name) != getattr(failure.profile, field.name)]
    origin = [f"--profile-of {of_seed}"] if of_seed != failure.seed else []
    return " ".join([*origin, *(f"--with {name}={getattr(failure.profile, name):g}" for name in changed)])
