"""`comanda edge import` and `comanda edge export`, as a person runs them."""

import json
from pathlib import Path

from shared.domain.menu import menu_document, menu_version
from tests.integration.edge.till import load_menu
from tests.support.programs import EdgeBox, run, run_json
from tests.unit.shared.domain.menu.rich import RICH


def test_a_menu_goes_in_as_json_out_as_a_spreadsheet_and_in_again(shared_edge: EdgeBox, tmp_path: Path) -> None:
    where = ("--data-dir", shared_edge.data_dir)
    document, sheet = tmp_path / "menu.json", tmp_path / "menu.csv"
    document.write_bytes(menu_document(RICH))
    checked = run("edge", "import", document, "--check", *where)
    assert checked.returncode == 0, checked.stderr
    assert "  + margherita: Margherita, 8.50" in checked.stdout
    assert checked.stdout.endswith("checked: nothing was put in force\n")
    done = run("edge", "import", document, *where)
    assert done.stdout.endswith(f"in force now: version {menu_version(RICH)[:12]}\n"), done.stderr

    assert run("edge", "export", sheet, "--separator", "semicolon", *where).returncode == 0
    assert run("edge", "import", sheet, *where).stdout.startswith("menu 'Osteria', 6 items: 0 added, 0 changed, 0 removed\n")
    sheet.write_text(sheet.read_text(encoding="utf-8-sig").replace("8,50", "9,00"), encoding="utf-8-sig")
    assert "  ~ margherita: Margherita, 8.50 -> 9.00" in run("edge", "import", sheet, *where).stdout
    assert run("edge", "export", tmp_path / "again.json", *where).returncode == 0
    assert json.loads((tmp_path / "again.json").read_bytes())["items"][0]["price_minor"] == 900


def test_a_menu_is_scheduled_from_another_machine_with_a_managers_token(shared_edge: EdgeBox, tmp_path: Path) -> None:
    document = tmp_path / "menu.json"
    document.write_bytes(menu_document(RICH))
    made = run_json("edge", "device", "add", "desk", "--role", "manager", "--data-dir", shared_edge.data_dir)
    where = ("--site", shared_edge.url, "--effective-at", "2036-01-01T06:00")
    refused = run("edge", "import", document, *where)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: permission.missing: ")
    taken = run("edge", "import", document, *where, "--json", env={"COMANDA_DEVICE_TOKEN": made["token"]})
    assert json.loads(taken.stdout)["effective_at"] == "2036-01-01T06:00:00", taken.stderr


def test_every_mistake_of_a_spreadsheet_is_listed_before_the_error(shared_edge: EdgeBox, tmp_path: Path) -> None:
    load_menu(shared_edge)
    sheet = tmp_path / "menu.csv"
    sheet.write_text("id,name,category,price\ntea,Tea,Bar,lots\n,Ice,Bar,1.250\n", encoding="utf-8")
    done = run("edge", "import", sheet, "--data-dir", shared_edge.data_dir)
    assert done.returncode == 1
    assert done.stderr.splitlines()[:4] == [
        "row 2, price: 'lots' is no price. [csv.price_malformed]",
        "row 3, id: The row has no id. [csv.value_missing]",
        "row 3, price: '1.250' can be read in two ways. [csv.price_ambiguous]",
        "error: menu.import_refused: 3 problems; row 2, price: 'lots' is no price.",
    ]


def test_what_cannot_be_done_says_what_to_do(shared_edge: EdgeBox, tmp_path: Path) -> None:
    for arguments, code in (
        (("import", tmp_path / "none.json"), "menu.file_unreadable"),
        (("export", tmp_path / "menu.xlsx"), "menu.file_kind"),
        (("export", tmp_path / "none" / "menu.csv"), "menu.file_unwritable"),
        (("import", __file__, "--site", "nowhere"), "site.url_malformed"),
    ):
        done = run("edge", *arguments, *(() if "--site" in arguments else ("--data-dir", shared_edge.data_dir)))
        assert (done.returncode, done.stderr.split(": ")[1]) == (1, code), done.stderr
    silent = run("edge", "export", tmp_path / "menu.csv", "--data-dir", tmp_path)
    assert silent.stderr.startswith("error: box.unreachable: ")
