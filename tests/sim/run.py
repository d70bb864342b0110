"""Runs one seed, and reports a failure so that a person can find out why.

What lives here: `run`, the limits and cheap seals under which a world runs, and the report.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from shared import limits
from tests.sim import seals
from tests.sim.poison import Poison
from tests.sim.profile import Profile, draw
from tests.sim.world import Result, World

__all__ = ["Failure", "Result", "run", "surroundings"]


class Failure(AssertionError):
    """A seed that failed, with what a person needs to find out why. `cause` is the failure in one line."""

    def __init__(self, seed: int, step: int, cause: str, profile: Profile, trace: list[str]) -> None:
        self.seed, self.step, self.cause, self.profile, self.trace = seed, step, cause, profile, trace
        super().__init__(
            f"seed {seed} failed at step {step}: {cause}\nprofile: {profile}\nthe last events:\n"
            + "\n".join(trace)
            + f"\nreplay: make sim SEED={seed}"
        )


@contextmanager
def surroundings(profile: Profile, poison: Poison) -> Iterator[None]:
    """Small pipelines, so that a few hundred entries fill them, and seals that cost little."""
    logging.disable(logging.CRITICAL)  # thousands of outages a minute, each of them meant
    with (
        patch.multiple(
            limits,
            ENVELOPE_ENTRIES_MAX=profile.envelope_entries,
            ENVELOPES_IN_FLIGHT=profile.in_flight,
            UI_HELD_IN_CLOUD_S=profile.held_in_cloud_s,
        ),
        patch("tests.sim.store.TRIM_CHUNK_ENTRIES", 20),
        patch("hub.ingest.answers.CREDIT_ENTRIES", profile.credit_entries),
        patch("hub.ingest.check.verify", seals.verify),
        patch("hub.project.fold.evolve", poison.evolve),
    ):
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def run(seed: int, tell: Callable[[str], None] = lambda text: None, profile: Profile | None = None) -> Result:
    """Run one seed, under the profile that it draws or under another. Raises Failure."""
    profile = profile or draw(seed)
    tell(f"seed {seed}: {profile}")
    poison = Poison(profile.poison)
    with surroundings(profile, poison):
        world = World(seed, profile, poison)
        try:
            return world.run()
        # Whatever a world dies of is a finding, and needs its seed.
        except Exception as error:
            trace = list(world.scheduler.trace)
            raise Failure(seed, world.scheduler.step, f"{type(error).__name__}: {error}", profile, trace) from error
