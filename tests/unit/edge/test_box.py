"""The box's papers: what is missing or wrong in them is told in words, never as a traceback."""

from pathlib import Path

import pytest

from edge.box import read_box, read_signer
from provisioning.keys import new_account, new_user
from shared.operator_error import OperatorError
from shared.protocol.keys import verify
from tests.support.boxes import make_box


def test_papers_as_enrolment_writes_them_are_read(tmp_path: Path) -> None:
    key = new_user()
    claimed = make_box(tmp_path, key=key, epoch=3)
    box = read_box(tmp_path)
    assert (box.org_id, box.site_id, box.epoch, box.public_key) == (claimed.org_id, claimed.site_id, 3, key.public)
    assert verify(key.public, read_signer(tmp_path, box.public_key)(b"words"), b"words")


def test_papers_of_release_0_2_name_no_issuer_and_are_read_all_the_same(tmp_path: Path) -> None:
    make_box(tmp_path)
    papers = tmp_path / "box.toml"
    old = [line for line in papers.read_text().splitlines() if not line.startswith(("claim", "issuers", "hub_url"))]
    papers.write_text("\n".join(old))
    box = read_box(tmp_path)
    assert (box.claim, box.issuers, box.hub_url, box.read_claim) == ("", (), "", None)


def test_an_issuer_that_is_no_key_is_told_at_once_and_not_when_a_claim_has_to_be_judged(tmp_path: Path) -> None:
    make_box(tmp_path, issuer=new_account())
    papers = tmp_path / "box.toml"
    papers.write_text(papers.read_text().replace('issuers = ["A', 'issuers = ["U'))
    with pytest.raises(OperatorError, match=r"box\.malformed"):
        read_box(tmp_path)


def test_a_directory_without_papers_is_told_to_enrol(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"box\.not_enrolled"):
        read_box(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("epoch = 1", "epoch = 0"),
        ("epoch = 1", 'epoch = "1"'),
        ("epoch = 1", "epoch = "),
        ("America/New_York", "Mars/Olympus"),
        ("America/New_York", "../../../etc/passwd"),
        ("org_id", "organisation"),
        ('site_id = "', 'site_id = "x'),
        ('public_key = "U', 'public_key = "A'),
    ],
)
def test_papers_that_were_tampered_with_are_refused(tmp_path: Path, old: str, new: str) -> None:
    make_box(tmp_path)
    papers = tmp_path / "box.toml"
    assert old in papers.read_text()
    papers.write_text(papers.read_text().replace(old, new))
    with pytest.raises(OperatorError, match=r"box\.malformed"):
        read_box(tmp_path)


def test_papers_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "box.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OperatorError, match=r"box\.malformed"):
        read_box(tmp_path)


@pytest.mark.parametrize(
    "creds", ["", "nothing here", "-----BEGIN USER NKEY SEED-----\nSUNOSEED\n------END USER NKEY SEED------\n", None, "other"]
)
def test_a_key_that_is_missing_broken_or_not_the_boxes_own_is_told(tmp_path: Path, creds: str | None) -> None:
    claimed_key = new_user()
    make_box(tmp_path, key=claimed_key)
    path = tmp_path / "box.creds"
    if creds is None:
        path.unlink()
    elif creds == "other":
        path.write_text(path.read_text().replace(claimed_key.seed, new_user().seed))
    else:
        path.write_text(creds)
    with pytest.raises(OperatorError, match=r"box\.key_missing"):
        read_signer(tmp_path, claimed_key.public)
