"""Files that survive a power cut: written beside, synced, renamed, and the directory synced (Law 1).

What lives here: writing small files with an explicit mode. What is in them is not known here.
"""

import os
import secrets
from pathlib import Path

__all__ = ["PRIVATE", "PRIVATE_DIR", "PUBLIC", "make_private_dir", "write_file"]

PRIVATE = 0o600
PUBLIC = 0o644
PRIVATE_DIR = 0o700


def make_private_dir(path: Path) -> None:
    """The directory, made with mode 0700 if it is not there; an existing one keeps its mode."""
    path.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)


def write_file(path: Path, text: str, mode: int = PRIVATE) -> None:
    """Put `text` at `path` whole or not at all, whatever happens in between. Raises OSError."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)  # the umask may only have narrowed it
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_dir(path.parent)


def _sync_dir(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
