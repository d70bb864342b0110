"""Plants bugs and sees whether the simulator finds them: `make sim-mutants`.

What lives here: the copying of the tree, the planting of each diff of tests/sim/mutants, the runs, and the table. What is wrong with a
mutant is found by the simulator alone, which runs in the copy as it always does.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

__all__ = ["DIFFS", "applies", "headline"]

ROOT = Path(__file__).resolve().parents[2]
DIFFS = ROOT / "tests" / "sim" / "mutants"
_COPIED = ("shared", "edge", "hub", "tests/__init__.py", "tests/sim", "tests/support", "tests/corpus")
_LEFT_OUT = shutil.ignore_patterns("ui", "__pycache__", "node_modules", "*.db", "mutants")
_NOTICED = {"Violation": "the auditor", "AssertionError": "the world", "StepsExhausted": "the world"}
_FAILED = re.compile(r"seed (\d+) failed at step \d+: (.*)")


@dataclass(frozen=True)
class Found:
    """What became of a mutant: `seeds` it took, 0 when it survived; what the auditor said; seconds."""

    name: str
    headline: str
    seeds: int
    said: str
    took_s: float


def headline(diff: Path) -> str:
    """What a diff plants, in its first line."""
    return diff.read_text().split("\n", 1)[0]


def applies(diff: Path, tree: Path = ROOT) -> str:
    """Why the diff does not apply to the tree; empty when it does."""
    done = subprocess.run(["git", "apply", "--check", str(diff)], cwd=tree, capture_output=True, text=True, check=False)
    return done.stderr


def _copy(to: Path) -> None:
    for name in _COPIED:
        source, target = ROOT / name, to / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=_LEFT_OUT)
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def _try(diff: Path, bound: int, limit_s: float) -> Found:
    """Plant one bug in a tree of its own, and run seeds until one fails."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="comanda-mutant-") as directory:
        tree = Path(directory)
        _copy(tree)
        planted = subprocess.run(["git", "apply", str(diff)], cwd=tree, check=False, capture_output=True, text=True)
        if planted.returncode:
            return Found(diff.stem, headline(diff), 0, f"cannot be planted: {planted.stderr.strip()}", 0.0)
        command = [sys.executable, "-m", "tests.sim", "--seeds", str(bound), "--shrink-s", "0"]
        try:
            done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, timeout=limit_s)
            failed, tail = _FAILED.search(done.stderr), done.stderr.strip().splitlines()[-1:]
        except subprocess.TimeoutExpired:
            failed, tail = None, [f"not found within {limit_s:.0f} s"]
    seeds = int(failed[1]) if failed else 0
    said = failed[2] if failed else "".join(tail)
    return Found(diff.stem, headline(diff), seeds, said, time.monotonic() - began)


def _row(found: Found) -> str:
    said = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}", "…", found.said)
    noticed, _, what = said.partition(": ")
    who = _NOTICED.get(noticed, "the product")  # by an exception of its own
    said = said if who == "the product" else what
    return f"{found.name:<34} {found.seeds or 'survives':>8}  {who if found.seeds else '-':<12}  {said[:110]}"


@click.command(epilog="\b\nExample: python -m tests.sim.plant --only trust-the-broker")
@click.option("--bound", default=2_000, show_default=True, help="Seeds within which each has to be found.")
@click.option("--jobs", default=2, show_default=True, help="Mutants at once.")
@click.option("--limit-s", default=1_800.0, show_default=True, help="Seconds for one mutant at most.")
@click.option("--only", multiple=True, help="These alone, by name.")
def main(bound: int, jobs: int, limit_s: float, only: tuple[str, ...]) -> None:
    """Plant each bug of tests/sim/mutants, and show how many seeds it took to find it. Ends with status 1 if one survives."""
    diffs = [diff for diff in sorted(DIFFS.glob("*.diff")) if not only or diff.stem in only]
    click.echo(f"{'planted bug':<34} {'seeds':>8}  {'noticed by':<12}  what was said")
    survivors = 0
    with ThreadPoolExecutor(jobs) as pool:
        for found in pool.map(lambda diff: _try(diff, bound, limit_s), diffs):
            click.echo(_row(found))
            survivors += not found.seeds
    click.echo(f"{len(diffs) - survivors} of {len(diffs)} were found within {bound} seeds")
    if survivors:
        sys.exit(1)


if __name__ == "__main__":
    main()
