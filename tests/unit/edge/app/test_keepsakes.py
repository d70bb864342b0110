"""The list of devices as a document: the same devices are the same version, and no token is in it."""

import hashlib

import msgspec
import pytest

from edge.app.keepsakes import KeptDevice, device_list, read_device_list, version_of

BAR = KeptDevice(device_id="b", name="Bar", role="pos", token_hash="00" * 32)
OVEN = KeptDevice(device_id="a", name="Oven", role="kds", token_hash="11" * 32)


def test_the_same_devices_are_the_same_version_in_whichever_order_they_are_read() -> None:
    assert device_list([BAR, OVEN]) == device_list([OVEN, BAR])
    assert version_of(device_list([BAR])) != version_of(device_list([BAR, OVEN]))
    assert version_of(b"x") == hashlib.sha256(b"x").hexdigest()


def test_a_replacement_reads_what_the_old_box_wrote_and_minds_nothing_new() -> None:
    assert read_device_list(device_list([BAR, OVEN])) == [OVEN, BAR]
    newer = msgspec.json.encode([msgspec.to_builtins(BAR) | {"added_by_a_newer_box": 1}])
    assert read_device_list(newer) == [BAR]


@pytest.mark.parametrize("document", [b"", b"{}", b'[{"device_id": 1}]'])
def test_what_is_no_list_of_devices_is_refused(document: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        read_device_list(document)
