"""The hub as a source of a restore, over real HTTP."""

import pytest

from edge.box import read_signer
from edge.restore.hub import HubSource
from shared.limits import RESTORE_HUB_TRIES
from shared.operator_error import OperatorError
from shared.protocol.entry import START
from tests.unit.edge.restore.kit import FakeHub, box_of, hub_source, site_journal

JOURNAL = site_journal(2).entries


def test_pages_are_asked_for_with_the_boxs_own_key_until_there_is_no_more(tmp_path):
    box = box_of(tmp_path)
    with FakeHub(JOURNAL, page=4).serving() as hub:
        source = hub_source(box, tmp_path, hub)
        assert source.head == JOURNAL[-1].position
        assert [entry for run in source.after(START) for entry in run] == JOURNAL
        assert [entry for run in source.after(JOURNAL[10].position) for entry in run] == JOURNAL[11:]
        source.close()
    assert {(fetch.org, fetch.site, fetch.epoch) for fetch in hub.asked} == {(box.org_id, box.site_id, 2)}


def test_a_hub_that_is_in_trouble_for_a_moment_is_asked_again(tmp_path):
    box = box_of(tmp_path)
    with FakeHub(JOURNAL).serving() as hub:
        hub.fails = RESTORE_HUB_TRIES - 1
        assert hub_source(box, tmp_path, hub).head == JOURNAL[-1].position
        hub.fails = RESTORE_HUB_TRIES
        with pytest.raises(OperatorError) as caught:
            hub_source(box, tmp_path, hub)
    assert caught.value.code == "hub.unreachable"
    assert "--no-hub" in caught.value.hint


def test_a_hub_that_refuses_the_key_says_why_and_is_not_asked_again(tmp_path):
    box = box_of(tmp_path)
    with FakeHub(JOURNAL).serving() as hub:
        hub.refuses = "key.unknown"
        with pytest.raises(OperatorError) as caught:
            hub_source(box, tmp_path, hub)
    assert (caught.value.code, caught.value.hint) == ("key.unknown", "Enrol the box again.")
    assert len(hub.asked) == 1


def test_a_document_is_taken_only_if_it_is_what_its_version_says(tmp_path):
    box = box_of(tmp_path)
    with FakeHub(JOURNAL, keepsakes=[("menu", b"{one}")]).serving() as hub:
        source = hub_source(box, tmp_path, hub)
        (keepsake,) = source.keepsakes
        assert source.document(keepsake) == b"{one}"
        hub.documents[keepsake.version] = ("menu", b"{two}")
        assert source.document(keepsake) is None
        source.close()


@pytest.mark.parametrize(("url", "code"), [("http://hub.example.com", "hub.insecure"), ("hub.example.com", "hub.url"), ("", "hub.url")])
def test_a_journal_never_comes_in_the_clear(tmp_path, url, code):
    box = box_of(tmp_path)
    with pytest.raises(OperatorError) as caught:
        HubSource(box, read_signer(tmp_path, box.public_key), url)
    assert caught.value.code == code
