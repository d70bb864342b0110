"""The report of a restore, as a person reads it."""

from datetime import UTC, datetime

from edge.restore.report import Branch, Came, HandedInBy, RefusedHandIn, Report, Stretch, words

POSITION = "1.40." + "ab" * 32


def _report(**fields) -> Report:
    base = {"org_id": "o", "site_id": "s", "epoch": 2, "restored_at": datetime(2026, 3, 2, tzinfo=UTC), "head": POSITION}
    return Report(**(base | fields))


def test_a_whole_restore_says_so_and_from_whom_everything_came():
    report = _report(
        came=(Came(source="hub", stretch=Stretch(first=1, last=30)), Came(source="mirror /mnt/stick", stretch=Stretch(first=31, last=40))),
        menus=2, devices=6, handed_in=(HandedInBy(device_id="d", name="Ana", known=3, played=2, is_complete=True),), highest_seen="1.42." + "cd" * 32,
    )  # fmt: skip
    assert report.is_whole
    assert words(report) == [
        "site s, epoch 2: restored up to 1.40.abababab",
        "  entries 1 to 30 from hub",
        "  entries 31 to 40 from mirror /mnt/stick",
        "  2 menus and 6 devices",
        "  Ana: 3 commands known, 2 played, 0 refused",
        "nothing is known to be missing up to 1.42.cdcdcdcd",
    ]


def test_half_a_command_at_the_end_is_no_whole_restore():
    """Its effect stays in half, though no entry is known to be missing: exit status 1 makes somebody look."""
    assert not _report(half_command=40, highest_seen=POSITION).is_whole


def test_what_is_missing_refused_or_apart_is_named():
    refused = RefusedHandIn(command_id="c", device_id="d", position=POSITION, code="check.unknown", detail="There is no such check.")
    report = _report(
        handed_in=(HandedInBy(device_id="d", name="", refused=1),), refused=(refused,), missing=(Stretch(first=41, last=41),),
        branches=(Branch(source="mirror /mnt/old", from_sequence=12, head=POSITION, file="branch-1.40.mirror"),), problems=("the menu is gone",),
    )  # fmt: skip
    assert not report.is_whole
    text = "\n".join(words(report))
    assert "  d: 0 commands known, 0 played, 1 refused; it may hold more" in text
    assert "apart: mirror /mnt/old says otherwise from entry 12 on; kept as branch-1.40.mirror" in text
    assert "refused: command c at 1.40.abababab: check.unknown: There is no such check." in text
    assert "missing: entries 41: in no source" in text
    assert "note: the menu is gone" in text
    assert "nothing is known to be missing" not in text
