"""`python -m tests.sim`: run seeds and show how it goes; `--seed` runs one and tells it in full."""

import sys
import time

import click

from tests.sim.run import Failure, run


@click.command(epilog="\b\nExample: python -m tests.sim --seeds 500 --seed-base 1000")
@click.option("--seeds", default=50, show_default=True, help="How many seeds (SEEDS=).")
@click.option("--seed-base", default=1, show_default=True, help="The first seed (SEED_BASE=).")
@click.option("--seed", type=int, help="This seed alone, with its profile (SEED=).")
def main(seeds: int, seed_base: int, seed: int | None) -> None:
    """Run the simulator. Ends with status 1 at the first seed that fails, and says how to replay it."""
    chosen = [seed] if seed is not None else range(seed_base, seed_base + seeds)
    began = time.monotonic()
    commands = entries = steps = 0
    for done, each in enumerate(chosen, 1):
        try:
            result = run(each, click.echo if seed is not None else lambda _: None)
        except Failure as failure:
            click.echo(f"\n{failure}", err=True)
            sys.exit(1)
        commands, entries, steps = commands + result.commands, entries + result.entries, steps + result.steps
        if sys.stderr.isatty() or done % 25 == 0 or done == len(chosen):
            end = "\r" if sys.stderr.isatty() and done < len(chosen) else "\n"
            print(f"sim: {done} of {len(chosen)} seeds, {entries} entries, {steps} steps", end=end, file=sys.stderr, flush=True)
    click.echo(
        f"sim: ok: {len(chosen)} seeds, {commands} acknowledgements, {entries} entries, {steps} steps, {time.monotonic() - began:.1f} s"
    )


main()
