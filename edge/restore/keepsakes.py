"""Menus and devices for a replacement: what stands in no entry, from the hub or from mirrors.

What lives here: choosing, and putting them in the file. Of the lists of devices one is taken, the hub's before a mirror's, and never
several joined: a device that was taken away must not come back with an old list.
"""

from collections.abc import Sequence

import msgspec

from edge.app.keepsakes import DEVICES, MENU, KeptDevice, read_device_list
from edge.journal.refill import Refill
from edge.mirror.keepsakes import read_keepsakes
from edge.restore.hub import HubSource
from edge.restore.sources import MirrorSource
from shared.domain.registry import ROLES
from shared.limits import KEEPSAKES_MAX
from shared.protocol.envelope import Keepsake

__all__ = ["Keepsakes", "gather", "put"]

Keepsakes = list[tuple[Keepsake, bytes]]


def gather(hub: HubSource | None, mirrors: Sequence[MirrorSource], problems: list[str]) -> Keepsakes:
    """Every menu that a source has, and the list of devices that counts. What fails is noted in `problems`: a menu can be loaded again."""
    found: Keepsakes = []
    for keepsake in hub.keepsakes[:KEEPSAKES_MAX] if hub else ():
        document = hub.document(keepsake) if hub else None
        if document is None:
            problems.append(f"the hub does not hold the {keepsake.kind} {keepsake.version[:8]} that it names")
        else:
            found.append((keepsake, document))
    for mirror in mirrors:
        try:
            found += read_keepsakes(mirror.path.parent)
        except OSError as error:
            problems.append(f"what is kept beside {mirror.name} cannot be read: {error}")
    lists = [each for each in found if each[0].kind == DEVICES]
    menus = {each[0].version: each for each in found if each[0].kind == MENU}
    return [*menus.values(), *lists[:1]]


def put(journal: Refill, keepsakes: Keepsakes, problems: list[str]) -> tuple[int, int]:
    """Put them in the file of the journal; (menus, devices) that it knows now."""
    menus = devices = 0
    for keepsake, document in keepsakes:
        if keepsake.kind == MENU:
            journal.store.put_document(keepsake.version, MENU, document)
            menus += 1
        else:
            devices = journal.keep_devices(_devices_of(document, problems))
    return menus, devices


def _devices_of(document: bytes, problems: list[str]) -> list[KeptDevice]:
    try:
        listed = read_device_list(document)
    except msgspec.MsgspecError as error:
        problems.append(f"the list of devices cannot be read ({error}): pair the tablets anew")
        return []
    unknown = [device for device in listed if device.role not in ROLES]
    problems += [f"device {device.name} has the role {device.role}, which is none here: pair it anew" for device in unknown]
    return [device for device in listed if device.role in ROLES]
