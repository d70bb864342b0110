"""Subjects: a box reaches its own and nobody else's."""

import fnmatch

import pytest

from shared.domain.ids import derived_id
from shared.limits import UPLINK_LANES
from shared.protocol import subjects

ORG, SITE, OTHER = derived_id("org"), derived_id("site"), derived_id("other")


def allows(pattern: str, subject: str) -> bool:
    wanted, got = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        return len(got) >= len(wanted) and all(w in ("*", g) for w, g in zip(wanted[:-1], got, strict=False))
    return len(wanted) == len(got) and all(w in ("*", g) for w, g in zip(wanted, got, strict=True))


def test_a_box_may_say_and_hear_its_own_and_nothing_of_another_site_or_org() -> None:
    publish, subscribe = subjects.box_permissions(ORG, SITE)
    own = [f"up.{lane}.{ORG}.{SITE}" for lane in range(UPLINK_LANES)] + [subjects.hello(ORG, SITE)]
    assert all(any(allows(pattern, subject) for pattern in publish) for subject in own)
    for org, site in ((ORG, OTHER), (OTHER, SITE), (OTHER, OTHER)):
        foreign = [f"up.0.{org}.{site}", subjects.hello(org, site), subjects.answers(org, site), subjects.journal(org, site)]
        assert not any(allows(pattern, subject) for pattern in publish + subscribe for subject in foreign)
    assert not any(allows(pattern, subjects.answers(ORG, SITE)) for pattern in publish), "a box must not answer itself"
    assert any(allows(pattern, f"{subjects.inbox_prefix(SITE)}.abc") for pattern in subscribe)


def test_every_subject_of_ours_tells_its_address() -> None:
    for subject in (subjects.journal(ORG, SITE), subjects.hello(ORG, SITE), subjects.answers(ORG, SITE), f"up.3.{ORG}.{SITE}"):
        assert subjects.parse(subject) == (ORG, SITE)


@pytest.mark.parametrize(
    "subject", ["", "up", f"hello.{ORG}", f"hello.{ORG}.x", f"hello.*.{SITE}", f"hello.{ORG.upper()}.{SITE}", f"{ORG}.{SITE}"]
)
def test_other_subjects_have_none(subject: str) -> None:
    assert subjects.parse(subject) is None


def test_lanes_cover_every_mapped_subject() -> None:
    source, destination = subjects.MAPPING
    assert allows(source, subjects.journal(ORG, SITE))
    assert f"partition({UPLINK_LANES},2)" in destination
    mapped = f"up.1.{ORG}.{SITE}"
    assert [lane for lane in range(UPLINK_LANES) if fnmatch.fnmatch(mapped, subjects.lane_subjects(lane))] == [1]
    assert len({subjects.lane_stream(lane) for lane in range(UPLINK_LANES)}) == UPLINK_LANES
