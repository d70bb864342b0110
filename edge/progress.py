"""How far a long walk over a journal has come, for a person at a terminal.

What lives here: one line, written over and over. What is walked over is not known here.
"""

import sys
from collections.abc import Callable

import click

__all__ = ["progress_line"]


def progress_line(verb: str) -> Callable[[int], None]:
    """Tells how far a walk has come, on stderr, where a person looks."""
    shown = sys.stderr.isatty()

    def tell(sequence: int) -> None:
        if shown:
            click.echo(f"\r{verb} {sequence} entries", err=True, nl=False)

    return tell
