"""What runs and which ports are free, as the kernel tells it."""

import random
from pathlib import Path

from provisioning.process import is_listening

__all__ = ["free_block", "processes_naming"]


def processes_naming(text: str) -> dict[int, str]:
    """Command lines, by pid, of the processes in whose arguments or environment `text` stands."""
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (entry / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue  # it has ended meanwhile, or is somebody else's
        if text in command or text in environment:
            found[int(entry.name)] = command
    return found


def free_block(size: int) -> int:
    """The first of `size` ports in a row, below those that the system hands out, that nobody listens on."""
    for _ in range(100):
        base = random.randrange(21_000, 32_000 - size)
        if not any(is_listening(base + offset) for offset in range(size)):
            return base
    raise AssertionError(f"no {size} free ports in a row")
