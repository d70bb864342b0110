"""Every part of the chain is killed, wiped, stopped or cut off while tills order. After each story: nothing is lost, nothing is
there twice, and the hub's journal is byte for byte the box's.

One chain serves all of them, so each begins where the one before has healed.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from shared.domain.check import AddLine, OpenCheck, SendCheck
from tests.integration.edge.till import answered, body_of, read_journal
from tests.integration.faults.chain import DRAIN_S, Chain
from tests.support.boxes import new_id
from tests.support.postgres import TestPostgres
from tests.support.programs import Program
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def chain(postgres: TestPostgres) -> Iterator[Chain]:
    with tempfile.TemporaryDirectory(prefix="comanda-", ignore_cleanup_errors=True) as directory, ExitStack() as stack:
        yield Chain(Path(directory), postgres, stack)


def test_the_edge_is_killed_again_and_again_while_tills_repeat_what_was_not_answered(chain: Chain) -> None:
    with chain.tills() as made:
        for _ in range(3):
            eventually(answered(made, 3), "traffic")
            chain.edge.serve.kill()
            chain.edge.start_serve()
        eventually(answered(made, 3), "traffic goes on")
    chain.ensure_nothing_lost_and_nothing_twice()


def test_a_till_that_gives_up_in_the_middle_of_a_kill_leaves_no_half_a_command(chain: Chain) -> None:
    with chain.tills(finish=False) as made:
        eventually(lambda: all(till.orders > 0 for till in made), "traffic")
        chain.edge.serve.kill()
    chain.edge.start_serve()
    chain.ensure_nothing_lost_and_nothing_twice()


def test_the_link_is_killed_while_it_sends(chain: Chain) -> None:
    with chain.tills() as made:
        for _ in range(2):
            eventually(chain.advances(), "the cloud follows")
            chain.edge.link.kill()
            eventually(answered(made, 3), "ordering does not care")
            chain.edge.link.start()
        eventually(chain.advances(), "the cloud follows again", deadline_s=DRAIN_S)
    chain.ensure_nothing_lost_and_nothing_twice()


def test_ingest_and_projector_are_killed_while_they_apply(chain: Chain) -> None:
    with chain.tills() as made:
        eventually(chain.advances(), "the cloud follows")
        chain.hub.ingest.kill()
        chain.hub.project.kill()
        eventually(answered(made, 3), "ordering does not care")
        chain.hub.ingest.start()
        chain.hub.project.start()
        eventually(chain.advances(), "the cloud follows again", deadline_s=DRAIN_S)
    chain.ensure_nothing_lost_and_nothing_twice()


def test_the_broker_is_killed_while_it_holds_what_nobody_has_applied(chain: Chain) -> None:
    with chain.tills() as made:
        eventually(chain.advances(), "the cloud follows")
        chain.broker.server.kill()
        eventually(answered(made, 3), "ordering does not care")
        chain.broker.server.start()
        eventually(chain.advances(), "the cloud follows again", deadline_s=DRAIN_S)
    chain.ensure_nothing_lost_and_nothing_twice()


def test_the_broker_loses_everything_it_had(chain: Chain) -> None:
    """Ingest stands still meanwhile, so that what the broker had taken is truly lost."""
    with chain.tills() as made:
        eventually(chain.advances(), "the cloud follows")
        chain.hub.ingest.kill()
        eventually(answered(made, 5), "the broker takes what nobody applies")
        chain.broker.server.kill()
        chain.broker.wipe()
        chain.broker.server.start()
        chain.hub.ingest.start()
        eventually(chain.advances(), "the cloud follows again", deadline_s=DRAIN_S)
    chain.ensure_nothing_lost_and_nothing_twice()


def test_a_shard_is_killed_while_it_commits(chain: Chain) -> None:
    with chain.tills() as made:
        eventually(chain.advances(), "the cloud follows")
        chain.shard.server.kill()
        eventually(answered(made, 3), "ordering does not care")
        chain.shard.server.start()
        eventually(chain.advances(), "the cloud follows again", deadline_s=DRAIN_S)
    chain.ensure_nothing_lost_and_nothing_twice()


def test_postgres_is_down_for_a_while_and_the_backlog_waits_at_the_edge(chain: Chain) -> None:
    with chain.tills() as made:
        eventually(chain.advances(), "the cloud follows")
        chain.shard.server.stop()

        def is_told() -> bool:
            status = chain.status()
            assert status["cloud"]["link"] == "holding", status["cloud"]
            return status["pending_entries"] > 0 and status["oldest_pending_at"] is not None

        eventually(is_told, "the box says that the cloud waits", deadline_s=DRAIN_S)
        before = chain.status()
        eventually(answered(made, 5), "ordering does not care")
        after = chain.status()
        assert after["pending_entries"] > before["pending_entries"]
        assert after["cloud"]["sequence"] == before["cloud"]["sequence"], "nothing is called in the cloud that is not"
        metrics = httpx.get(f"{chain.edge.url}/metrics", timeout=5.0).text
        assert "comanda_edge_oldest_pending_seconds 0.0" not in metrics
        chain.shard.server.start()
        eventually(chain.advances(), "the backlog drains", deadline_s=DRAIN_S)
    chain.ensure_nothing_lost_and_nothing_twice()


def test_the_line_is_cut_so_that_packets_stop_and_connections_stay_open(chain: Chain) -> None:
    with chain.tills() as made:
        eventually(chain.advances(), "the cloud follows")
        chain.line.cut()
        try:
            eventually(answered(made, 3), "ordering does not care")
            eventually(lambda: chain.status()["cloud"]["link"] == "greeting", "the box says that the hub is silent", deadline_s=DRAIN_S)
            cut_at = chain.watermark()  # not before: an answer may have been under way within the box
            eventually(answered(made, 3), "ordering goes on")
            assert chain.watermark() == cut_at
        finally:
            chain.line.heal()
        eventually(chain.advances(), "the cloud follows again", deadline_s=DRAIN_S)
    chain.ensure_nothing_lost_and_nothing_twice()


def test_two_links_of_one_box_send_the_same_and_it_arrives_once(chain: Chain, make_program: Callable[..., Program]) -> None:
    """Somebody has started a second one by hand."""
    urls = {"COMANDA_EDGE_NATS_URLS": chain.broker.url}
    second = make_program("second", "edge", "link", "--data-dir", chain.edge.data_dir, env=urls)
    with chain.tills() as made:
        second.start()
        eventually(lambda: "connected to the hub" in second.log_text(), "the second is connected")
        eventually(answered(made, 15), "both send")
        second.stop()
    chain.ensure_nothing_lost_and_nothing_twice()


def test_everything_fails_at_once_and_comes_back_in_any_order(chain: Chain) -> None:
    with chain.tills() as made:
        eventually(chain.advances(), "the cloud follows")
        for part in (chain.broker.server, chain.edge.link, chain.hub.ingest, chain.shard.server, chain.edge.serve, chain.hub.project):
            part.kill()
        chain.edge.link.start()
        chain.hub.ingest.start()
        chain.edge.start_serve()
        eventually(answered(made, 3), "the restaurant goes on first")
        chain.hub.project.start()
        chain.broker.server.start()
        chain.shard.server.start()
        eventually(chain.advances(), "the cloud follows again", deadline_s=DRAIN_S)
    chain.ensure_nothing_lost_and_nothing_twice()


def test_text_of_every_kind_arrives_as_it_was_typed(chain: Chain) -> None:
    notes = ["\u202etxet", "\u2028\u2029", "\U0001f9c4\ufe0f", "'; drop table journal; --", "\\x00", "\ufeff", "\t\n", "\x80\x9f", "\uffff"]
    opening = OpenCheck(check_id=new_id(), table_id="\U0001f9c4")
    lines = [AddLine(check_id=opening.check_id, line_id=new_id(), item_id="soup", note=note) for note in notes]
    body = {"commands": [body_of(each) for each in (opening, *lines, SendCheck(check_id=opening.check_id))]}
    assert httpx.post(f"{chain.edge.url}/v1/batches", json=body, timeout=10.0).status_code == 200
    shown = httpx.get(f"{chain.edge.url}/v1/checks/{opening.check_id}", timeout=10.0).json()
    assert [line["note"] for line in shown["lines"]] == notes
    chain.ensure_caught_up()
    assert chain.hub_rows() == read_journal(chain.edge.data_dir / "journal.db")


def test_after_all_that_nothing_was_quarantined_and_no_defect_was_logged(chain: Chain) -> None:
    """The last of this file: what the stories before have left in the logs."""
    for program in (chain.edge.serve, chain.edge.link, chain.hub.api):
        assert "Traceback" not in program.log_text(), program.log_text()[-4000:]
    assert chain.hub.command("quarantine", "list", chain.site_id)["quarantine"] == []
