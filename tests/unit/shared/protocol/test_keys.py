"""Keys of boxes: real nkeys sign, and only they verify."""

import os

import nkeys
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.protocol import keys
from shared.protocol.keys import is_user_key, verify


def pair(prefix: int = nkeys.PREFIX_BYTE_USER) -> nkeys.KeyPair:
    return nkeys.from_seed(nkeys.encode_seed(os.urandom(32), prefix))


def test_what_a_box_signs_anybody_can_verify() -> None:
    box = pair()
    public = box.public_key.decode()
    assert is_user_key(public)
    assert verify(public, box.sign(b"entries"), b"entries")
    assert not verify(public, box.sign(b"entries"), b"others")
    assert not verify(pair().public_key.decode(), box.sign(b"entries"), b"entries")
    assert not verify(public, b"short", b"entries")
    assert not verify(public, b"", b"entries")


def test_the_key_of_an_account_is_no_key_of_a_box() -> None:
    account = pair(nkeys.PREFIX_BYTE_ACCOUNT)
    assert not is_user_key(account.public_key.decode())
    assert not verify(account.public_key.decode(), account.sign(b"x"), b"x")


def test_a_letter_mistaken_in_a_key_is_noticed() -> None:
    public = pair().public_key.decode()
    for index in range(len(public)):
        other = public[:index] + ("A" if public[index] != "A" else "B") + public[index + 1 :]
        assert not is_user_key(other)


@given(st.text(max_size=80) | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=56, max_size=56))
def test_no_text_makes_the_verifier_raise(text: str) -> None:
    assert not verify(text, bytes(64), b"")


@pytest.mark.parametrize("length", [0, 55, 57, 1_000_000])
def test_keys_of_other_lengths_are_not_remembered(length: int) -> None:
    """Frames with a megabyte for a key once filled the memory of ingest with keys."""
    before = keys._verify_key.cache_info().currsize
    assert not is_user_key("U" * length)
    assert keys._verify_key.cache_info().currsize == before
