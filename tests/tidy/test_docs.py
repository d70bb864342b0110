"""The documents: present, true where a program can tell, and linked.

What lives here: rules on Markdown. Whether a sentence is worth reading is for people.
"""

import re
from pathlib import Path

from docs import generate
from shared.domain.registry import COMMANDS, ERRORS, EVENTS
from shared.protocol.codes import WIRE_CODES
from tests.tidy.source import ROOT, at, files, text
from tests.tidy.test_tidy import none

ROOT_DOCS = ("README.md", "ARCHITECTURE.md", "GLOSSARY.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE")
DOCS = ("docs/protocol.md", "docs/operations.md", "docs/security.md", "docs/errors.md", "docs/settings.md")

# The words of the trade and of the machine that names in the code are made of.
TERMS = (
    "86", "aggregate", "box", "bump", "business day", "check", "claim", "command", "course", "credit", "cut-over", "decide", "device", "drawer",
    "edge", "entry", "envelope", "epoch", "event", "evolve", "feed", "fire", "follower", "fork", "hello", "hold", "hub", "incarnation", "journal",
    "lane", "line", "link", "menu", "minor unit", "modifier", "ordinal", "organisation", "position", "projection", "recall", "refusal", "role",
    "sequence", "series", "shard", "site", "station", "tender", "ticket", "tip", "void", "watermark",
)  # fmt: skip

# A path of the repository in backquotes. Names made up for an example contain "gift_card"; placeholders have < or *.
PATH = re.compile(r"`((?:edge|hub|shared|provisioning|tests|docs|systemd|typings|\.ci)/[\w./-]*)`")


def markdown() -> list[tuple[Path, str]]:
    return [(path, text(path) or "") for path in files() if path.suffix == ".md"]


def test_the_documents_are_there() -> None:
    none(
        [at(Path(name), 1, "is missing or empty") for name in ROOT_DOCS + DOCS if not (text(Path(name)) if (ROOT / name).exists() else "")]
    )


def test_generated_pages_are_fresh() -> None:
    assert generate.stale_pages() == [], "run `make docs` and commit what it wrote"


def test_every_error_code_is_listed() -> None:
    page = text(Path("docs/errors.md")) or ""
    none([f"docs/errors.md does not list {code}" for code in ERRORS if f"`{code}`" not in page])


def test_every_code_of_the_wire_is_explained() -> None:
    literal = re.compile(r'"((?:envelope|epoch|frame|hub|key|site|subject)\.[a-z_]+)"')
    found = {
        code: path
        for path in files()
        if path.suffix == ".py" and (path.is_relative_to("shared/protocol") or path.is_relative_to("hub/ingest"))
        for code in literal.findall(text(path) or "")
    }
    none([f"{path}: {code} is missing in shared/protocol/codes.py" for code, path in found.items() if code not in WIRE_CODES])


def test_the_glossary_has_the_terms() -> None:
    glossary = (text(Path("GLOSSARY.md")) or "").lower()
    none([f"GLOSSARY.md does not explain {term!r}" for term in TERMS if f"**{term}**" not in glossary])


def test_every_link_leads_somewhere() -> None:
    none([
        at(path, number, f"leads nowhere: {target}")
        for path, content in markdown()
        for number, line in enumerate(content.splitlines(), 1)
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line)
        if "://" not in target and not (ROOT / path.parent / target).exists()
    ])  # fmt: skip


def test_every_path_that_a_document_names_exists() -> None:
    none([
        at(path, number, f"names what is not there: {name}")
        for path, content in markdown()
        for number, line in enumerate(content.splitlines(), 1)
        for name in PATH.findall(line)
        if "gift_card" not in name and not (ROOT / name).exists()
    ])  # fmt: skip


def test_names_of_commands_and_events_read_as_the_trade_speaks() -> None:
    """Commands are imperative, events past: an event's name ends as a participle does."""
    past = re.compile(r"(ed|Taken|Sent|Paid|Voided|Begun|Held|Split|SplitEvenly|Set|Given|Shown|Seen)$")
    none([f"event {name} is not in the past tense" for name in EVENTS if not past.search(name)])
    none([f"command {name} is not imperative" for name in COMMANDS if name.endswith("ed") and not name.startswith("Mark")])
