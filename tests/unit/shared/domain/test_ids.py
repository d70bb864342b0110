"""Identity: formats of UUIDs, and ids that follow from others."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ids import derived_id, is_id, uuid7


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_a_uuid7_is_one_by_the_standard_library_too(unix_ms: int, randomness: bytes) -> None:
    text = uuid7(unix_ms, randomness)
    parsed = UUID(text)
    assert is_id(text)
    assert str(parsed) == text
    assert (parsed.version, parsed.variant) == (7, "specified in RFC 4122")
    assert parsed.int >> 80 == unix_ms


@given(st.integers(0, 2**48 - 2), st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_uuid7s_sort_by_time(unix_ms: int, one: bytes, other: bytes) -> None:
    assert uuid7(unix_ms, one) < uuid7(unix_ms + 1, other)


def test_a_uuid7_takes_ten_random_bytes() -> None:
    with pytest.raises(ValueError, match="ten random bytes"):
        uuid7(0, b"short")


@given(st.lists(st.text() | st.integers(), max_size=4))
def test_a_derived_id_is_a_uuid8_and_always_the_same(parts: list[str | int]) -> None:
    text = derived_id(*parts)
    assert text == derived_id(*parts)
    assert is_id(text)
    assert (UUID(text).version, UUID(text).variant) == (8, "specified in RFC 4122")


@given(st.uuids(), st.lists(st.integers(0, 600), min_size=2, max_size=10, unique=True))
def test_effects_of_one_command_have_ids_of_their_own(command: UUID, ordinals: list[int]) -> None:
    assert len({derived_id(str(command), ordinal) for ordinal in ordinals}) == len(ordinals)


def test_derived_ids_are_frozen() -> None:
    """A ticket of last year's journal must keep its id: this value may never change."""
    assert derived_id("0190b6a0-0000-7000-8000-000000000001", 1) == "f2259e6c-f6de-8e82-9ba7-a104c7fc10fc"


@pytest.mark.parametrize(
    "text",
    ["", "x", "0190B6A0-0000-7000-8000-000000000001", "0190b6a0-0000-7000-8000-00000000000", "0190b6a0-0000-7000-8000-000000000001\n",
     "{0190b6a0-0000-7000-8000-000000000001}", "0190b6a0000070008000000000000001", "٠190b6a0-0000-7000-8000-000000000001"],
)  # fmt: skip
def test_other_spellings_of_an_id_are_no_ids(text: str) -> None:
    assert not is_id(text)
