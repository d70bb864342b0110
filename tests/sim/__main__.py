"""`python -m tests.sim`: run seeds and show how it goes; `--seed` runs one and tells it in full."""

import multiprocessing
import sys
import time
from collections.abc import Iterator
from dataclasses import fields, replace

import click

from tests.sim.profile import Profile, draw
from tests.sim.run import Failure, Result, run
from tests.sim.shrink import arguments, shrink

Changes = tuple[int | None, tuple[str, ...]]
"""The seed whose profile it is, None for its own; NAME=VALUE of what is to be otherwise."""
_CHUNK = 25  # seeds that one process runs between two words


@click.command(epilog="\b\nExample: python -m tests.sim --seeds 500 --seed-base 1000 --jobs 2")
@click.option("--seeds", default=50, show_default=True, help="How many seeds (SEEDS=).")
@click.option("--seed-base", default=1, show_default=True, help="The first seed (SEED_BASE=).")
@click.option("--seed", type=int, help="This seed alone, with its profile (SEED=).")
@click.option("--jobs", default=1, show_default=True, help="Processes at once.")
@click.option("--with", "changes", multiple=True, metavar="NAME=VALUE", help="Another value for a part of the profile.")
@click.option("--profile-of", type=int, help="Under the profile of this seed instead of its own.")
@click.option("--shrink-s", default=60.0, show_default=True, help="Seconds to look for a smaller world that fails alike; 0 for none.")
def main(
    seeds: int, seed_base: int, seed: int | None, jobs: int, changes: tuple[str, ...], profile_of: int | None, shrink_s: float
) -> None:  # fmt: skip
    """Run the simulator. Ends with status 1 at the first seed that fails, and says how to replay it."""
    also = profile_of, changes
    chosen = [seed] if seed is not None else list(range(seed_base, seed_base + seeds))
    began = time.monotonic()
    if seed is not None:
        click.echo(f"seed {seed}: {_profile(seed, also)}")
    results: list[Result] = []
    try:
        for result in _results(chosen, also, jobs):
            results.append(result)
            _progress(results, len(chosen))
    except Failure as failure:
        _report(failure, shrink_s, "".join(f" --with {change}" for change in changes))
        sys.exit(1)
    click.echo(
        f"sim: ok: {len(results)} seeds, {sum(each.commands for each in results)} acknowledgements, "
        f"{sum(each.entries for each in results)} entries, {sum(each.boxes for each in results)} boxes, "
        f"{sum(each.steps for each in results)} steps, {time.monotonic() - began:.1f} s"
    )


def _profile(seed: int, changes: Changes) -> Profile:
    profile_of, said_changes = changes
    profile = draw(seed if profile_of is None else profile_of)
    types = {field.name: type(getattr(profile, field.name)) for field in fields(profile)}
    said = dict(change.split("=", 1) for change in said_changes)
    return replace(profile, **{name: types[name](float(value)) for name, value in said.items()})


def _results(chosen: list[int], changes: Changes, jobs: int) -> Iterator[Result]:
    """Of every seed, in order; raises the first Failure."""
    tasks = [(chosen[at : at + _CHUNK], changes) for at in range(0, len(chosen), _CHUNK)]
    if jobs == 1 or len(tasks) == 1:
        for seed in chosen:
            yield run(seed, profile=_profile(seed, changes))
        return
    with multiprocessing.Pool(jobs) as pool:
        for found in pool.imap(_chunk, tasks):
            for each in found:
                if isinstance(each, tuple):
                    raise Failure(*each)
                yield each


def _chunk(task: tuple[list[int], Changes]) -> list[Result | tuple[int, int, str, Profile, list[str]]]:
    """The results of some seeds, up to the first that fails."""
    found: list[Result | tuple[int, int, str, Profile, list[str]]] = []
    for seed in task[0]:
        try:
            found.append(run(seed, profile=_profile(seed, task[1])))
        except Failure as failure:
            return [*found, (failure.seed, failure.step, failure.cause, failure.profile, failure.trace)]
    return found


def _progress(results: list[Result], of: int) -> None:
    done = len(results)
    if sys.stderr.isatty() or done % 100 == 0:
        end = "\r" if sys.stderr.isatty() and done < of else "\n"
        print(f"sim: {done} of {of} seeds, {sum(each.entries for each in results)} entries", end=end, file=sys.stderr, flush=True)


def _report(failure: Failure, shrink_s: float, said: str) -> None:
    click.echo(f"\n{failure}{said and f' ARGS={said.strip()!r}'}", err=True)
    if not shrink_s:
        return
    click.echo(f"\nlooking for less that fails alike, for {shrink_s:.0f} s:", err=True)
    smallest = shrink(failure, shrink_s, lambda text: click.echo(f"  {text}", err=True))
    if smallest is failure:
        click.echo("  nothing smaller was found", err=True)
        return
    click.echo(f"\nthe smallest that was found:\n{smallest} ARGS='{arguments(smallest, failure.seed, draw(failure.seed))}'", err=True)


if __name__ == "__main__":
    main()
