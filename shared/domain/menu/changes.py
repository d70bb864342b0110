"""What a new menu changes of the one before, for whoever is about to put it in force.

What lives here: the comparison of two documents. Nothing is decided here.
"""

import msgspec

from shared.domain.menu.document import Menu, MenuItem

__all__ = ["ItemChange", "MenuChanges", "NamedItem", "menu_changes"]


class NamedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item that is new or gone, with its price in minor units."""

    item_id: str
    name: str
    price_minor: int


class ItemChange(msgspec.Struct, frozen=True, kw_only=True):
    """An item that is otherwise afterwards: which fields differ, and its base price before and after, minor units."""

    item_id: str
    name: str
    fields: tuple[str, ...]
    price_before_minor: int
    price_minor: int


class MenuChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Items added, changed and removed; `reordered` when the kept ones stand in another order; `parts` are the fields of the document
    beside its items that differ."""

    added: tuple[NamedItem, ...] = ()
    changed: tuple[ItemChange, ...] = ()
    removed: tuple[NamedItem, ...] = ()
    reordered: bool = False
    parts: tuple[str, ...] = ()


def menu_changes(before: Menu, after: Menu) -> MenuChanges:
    """What `after` changes of `before`."""
    old, new = before.items_by_id, after.items_by_id
    return MenuChanges(
        added=tuple(_named(item) for item in after.items if item.id not in old),
        changed=tuple(_change(old[item.id], item) for item in after.items if item.id in old and old[item.id] != item),
        removed=tuple(_named(item) for item in before.items if item.id not in new),
        reordered=[item.id for item in before.items if item.id in new] != [item.id for item in after.items if item.id in old],
        parts=tuple(part for part in Menu.__struct_fields__ if part != "items" and getattr(before, part) != getattr(after, part)),
    )


def _named(item: MenuItem) -> NamedItem:
    return NamedItem(item_id=item.id, name=item.name, price_minor=item.price_minor)


def _change(before: MenuItem, after: MenuItem) -> ItemChange:
    return ItemChange(
        item_id=after.id,
        name=after.name,
        fields=tuple(field for field in MenuItem.__struct_fields__ if getattr(before, field) != getattr(after, field)),
        price_before_minor=before.price_minor,
        price_minor=after.price_minor,
    )
