"""Devices: tokens known by their hash alone."""

import pytest

from edge.app.devices import Devices, token_hash
from shared.domain.registry import ROLES


def test_a_token_finds_its_device_and_no_other_text_does() -> None:
    devices = Devices()
    added = devices.add("d1", "kds", token_hash("secret"))
    assert devices.find("secret") == added
    assert added.permissions == ROLES["kds"]
    for wrong in ("", "secre", "secret ", "SECRET", token_hash("secret").hex()):
        assert devices.find(wrong) is None


def test_a_role_that_is_none_is_an_error() -> None:
    with pytest.raises(KeyError):
        Devices().add("d1", "owner", token_hash("x"))


def test_a_paired_device_is_known_by_its_id_so_that_nobody_else_goes_by_it() -> None:
    devices = Devices()
    devices.add("one", "pos", token_hash("secret"))
    assert devices.knows("one")
    assert not devices.knows("two")
