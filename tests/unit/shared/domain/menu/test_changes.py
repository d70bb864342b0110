"""What a new menu changes of the one before."""

import msgspec

from shared.domain.menu.changes import ItemChange, MenuChanges, NamedItem, menu_changes
from tests.unit.shared.domain.menu.rich import RICH, but


def test_the_same_menu_changes_nothing() -> None:
    assert menu_changes(RICH, but("name", "Osteria")) == MenuChanges()


def test_what_is_new_gone_dearer_and_elsewhere_is_told() -> None:
    wine = RICH.items_by_id["wine"]
    tea = msgspec.structs.replace(wine, id="tea", name="Tea", price_minor=300)
    dearer = msgspec.structs.replace(wine, price_minor=600, name="Vino rosso")
    after = msgspec.structs.replace(RICH, items=(dearer, tea, *RICH.items[:3]), currency="USD")
    assert menu_changes(RICH, after) == MenuChanges(
        added=(NamedItem(item_id="tea", name="Tea", price_minor=300),),
        changed=(ItemChange(item_id="wine", name="Vino rosso", fields=("name", "price_minor"), price_before_minor=500, price_minor=600),),
        removed=(NamedItem(item_id="gift", name="Buono", price_minor=0), NamedItem(item_id="menu", name="Menu pizza", price_minor=1200)),
        reordered=True,
        parts=("currency",),
    )
