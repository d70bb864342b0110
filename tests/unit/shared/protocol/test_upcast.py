"""An event that an older release wrote in another form is read as if it had been written today."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.check.opening import CheckOpened
from shared.domain.registry import EVENTS, decode_event
from shared.domain.site import BusinessDayTurned
from shared.protocol.upcast import UPCASTERS, read_event, upcast


def turned(event: dict[str, Any]) -> dict[str, Any]:
    """Planted: once a date was written in three fields."""
    if "business_date" in event:
        return event
    return {"type": "BusinessDayTurned", "business_date": f"{event['year']:04}-{event['month']:02}-{event['day']:02}"}


def renamed(event: dict[str, Any]) -> dict[str, Any]:
    """Planted: a type that was called otherwise before."""
    return {**event, "type": "BusinessDayTurned"}


PLANTED = {"BusinessDayTurned": turned, "DayTurned": renamed}
OLD = b'{"type": "BusinessDayTurned", "year": 2026, "month": 3, "day": 2}'


def test_an_old_form_is_read_as_the_present_one() -> None:
    assert read_event(OLD, PLANTED) == BusinessDayTurned(business_date="2026-03-02")


def test_a_type_that_was_renamed_goes_through_every_form_it_had() -> None:
    assert read_event(b'{"type": "DayTurned", "year": 2026, "month": 3, "day": 2}', PLANTED) == BusinessDayTurned(
        business_date="2026-03-02"
    )
    assert read_event(b'{"type": "DayTurned", "business_date": "2026-03-02"}', PLANTED) == BusinessDayTurned(business_date="2026-03-02")


def test_without_its_upcaster_it_cannot_be_read() -> None:
    with pytest.raises(msgspec.ValidationError):
        read_event(OLD, {})
    assert read_event(b'{"type": "DayTurned"}', {}) is None


@pytest.mark.parametrize(
    "body", [b'{"type": "BusinessDayTurned"}', b'{"type": "BusinessDayTurned", "year": 2026, "month": null, "day": 1}']
)
def test_what_was_never_a_form_is_no_event_and_no_crash(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_event(body, PLANTED)


def test_forms_that_lead_in_a_circle_come_to_an_end() -> None:
    circle = {"A": lambda _: {"type": "B"}, "B": lambda _: {"type": "A"}}
    with pytest.raises(msgspec.DecodeError, match="steps"):
        read_event(b'{"type": "A"}', circle)


def test_what_is_read_as_it_is_is_not_touched() -> None:
    event = BusinessDayTurned(business_date="2026-03-02")

    def never(_: dict[str, Any]) -> dict[str, Any]:
        raise AssertionError("it is of the present form")

    assert read_event(msgspec.json.encode(event), {"BusinessDayTurned": never}) == event
    assert upcast({"type": "Unheard"}, PLANTED) is None


@given(st.binary(max_size=200))
def test_whatever_the_bytes_are_they_are_read_as_without_upcasters(body: bytes) -> None:
    def outcome(read: Any) -> Any:
        try:
            return read(body)
        except msgspec.DecodeError as error:
            return type(error)

    assert outcome(lambda data: read_event(data, PLANTED)) == outcome(decode_event)


def test_no_upcaster_stands_in_the_way_of_a_type_of_today() -> None:
    """A row for a type that is still written must leave its present form alone."""
    for name in set(UPCASTERS) & set(EVENTS):
        assert name != CheckOpened.__name__, "plant the old form in a test of its own, and take this line away"
