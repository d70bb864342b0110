"""Claim codes: read out over a telephone, typed by hand."""

import os

from hub.app.claims import code_sha256, new_code
from shared.limits import CLAIM_CODE_BYTES


def test_a_code_is_six_groups_of_four_letters() -> None:
    groups = new_code(os.urandom(CLAIM_CODE_BYTES)).split("-")
    assert [len(group) for group in groups] == [4] * 6


def test_case_dashes_and_look_alikes_do_not_count() -> None:
    assert code_sha256("ABCD-OI2B") == code_sha256(" abcd 012 8") == code_sha256("AbCdO12b")
    assert code_sha256("ABCD-OI2B") != code_sha256("ABCD-OI2C")
