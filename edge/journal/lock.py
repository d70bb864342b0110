"""The lock of a box's directory: a journal has one writer.

What lives here: an advisory lock that ends with its process, however that ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.operator_error import OperatorError

__all__ = ["single_writer"]

LOCK = "edge.lock"


@contextmanager
def single_writer(data_dir: Path) -> Iterator[None]:
    """Hold the directory. Raises OperatorError `journal.in_use` when another process does, `box.not_enrolled` without one."""
    try:
        handle = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OperatorError(
            "box.not_enrolled", f"{data_dir} cannot be used: {error}", "Name the right directory with --data-dir."
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            hint = "Stop it first (systemctl stop comanda-edge); a journal has one writer."
            raise OperatorError("journal.in_use", f"Another process writes in {data_dir}.", hint) from error
        yield
    finally:
        os.close(handle)
