"""What nobody has any more, reckoned from what sources and tablets name."""

from types import SimpleNamespace
from typing import Any

from edge.restore.missing import missing_of, stretches
from edge.restore.report import Stretch
from shared.protocol.entry import START, Position


def _at(sequence: int, epoch: int = 1) -> Position:
    return Position(epoch, sequence, bytes(32))


def _desk(*commands: tuple[int, int], epoch: int = 1) -> Any:
    """Commands by the sequence of their last entry and how many entries they make."""
    positions = {str(sequence): _at(sequence, epoch) for sequence, _ in commands}
    return SimpleNamespace(positions=positions, counts={str(sequence): count for sequence, count in commands})


def test_commands_that_tablets_handed_in_cover_all_of_their_entries():
    assert missing_of(_at(10), _at(10), 2, _desk((11, 1), (14, 3))) == (_at(14), ())


def test_what_lies_between_was_the_boxs_own_or_of_a_tablet_that_did_not_come():
    highest, missing = missing_of(_at(10), _at(10), 2, _desk((12, 1), (20, 3)))
    assert highest == _at(20)
    assert missing == (Stretch(first=11, last=11), Stretch(first=13, last=17))


def test_a_source_that_names_more_than_anybody_has_shows_the_rest():
    assert missing_of(_at(10), _at(13), 2, None) == (_at(13), (Stretch(first=11, last=13),))
    assert missing_of(_at(10), _at(10), 2, None) == (_at(10), ())
    assert missing_of(START, START, 2, _desk()) == (START, ())


def test_what_this_box_accepted_itself_is_no_word_of_the_one_before():
    assert missing_of(_at(10), _at(10), 2, _desk((30, 1), epoch=2)) == (_at(10), ())


def test_stretches_join_what_follows_one_another():
    assert stretches([]) == ()
    assert stretches([4, 5, 6, 9]) == (Stretch(first=4, last=6), Stretch(first=9, last=9))
