"""Menus that nobody would think of, for properties.

What lives here: `documents`, any document that the types allow, sound or not, made from the types themselves; and `simple_menus`, sound
ones that a spreadsheet can tell.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from shared.domain.menu.csv_cells import write_tax
from shared.domain.menu.document import LevelPrice, Menu, MenuItem, Modifier, ModifierGroup, Tax, Weighing
from shared.domain.menu.pricing import PriceLevel

__all__ = ["documents", "simple_menus", "words"]


def documents() -> st.SearchStrategy[Menu]:
    """Any document that can be read."""
    return _instances(inspect.type_info(Menu)).map(lambda value: msgspec.convert(value, Menu))


def _instances(type: Any) -> st.SearchStrategy[Any]:
    """Plain values of a type, as msgspec describes it."""
    return _HOW[type.__class__](type)


def _objects(type: inspect.StructType) -> st.SearchStrategy[Any]:
    required = {field.encode_name: _instances(field.type) for field in type.fields if field.required}
    optional = {field.encode_name: _instances(field.type) for field in type.fields if not field.required}
    return st.fixed_dictionaries(required, optional=optional)


def _texts(type: inspect.StrType) -> st.SearchStrategy[str]:
    if type.pattern:
        return st.from_regex(type.pattern.replace("$", r"\Z"), alphabet="0123456789:ABCXYZ")
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=type.min_length or 0, max_size=min(type.max_length or 20, 20))


def _numbers(type: inspect.IntType) -> st.SearchStrategy[int]:
    return st.integers(type.ge if type.ge is not None else -(2**31), type.le if type.le is not None else 2**31)


_HOW: dict[type, Callable[[Any], st.SearchStrategy[Any]]] = {
    inspect.Metadata: lambda type: _instances(type.type),
    inspect.StructType: _objects,
    inspect.VarTupleType: lambda type: st.lists(_instances(type.item_type), max_size=min(type.max_length or 2, 2)),
    inspect.DictType: lambda type: st.dictionaries(st.sampled_from(["en", "pt-BR", "it"]), _instances(type.value_type), max_size=2),
    inspect.StrType: _texts,
    inspect.IntType: _numbers,
    inspect.BoolType: lambda type: st.booleans(),
    inspect.LiteralType: lambda type: st.sampled_from(type.values),
    inspect.UnionType: lambda type: st.one_of(*map(_instances, type.types)),
    inspect.NoneType: lambda type: st.none(),
}


# --- what a spreadsheet can tell -------------------------------------------------------------------

_LETTERS = st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n\t")
_TRAPS = st.sampled_from(
    ["=1+1", "+39", "-5 %", "@home", "'Til late", "'=x", 'a "quoted" one', "a,b;c\td", "a|b", "a\\|b", "\\", "food=7%", "sep=;"]
)


def words(size: int = 12) -> st.SearchStrategy[str]:
    """Texts as people name things, and such as break spreadsheets; without blanks around them."""
    return st.one_of(_TRAPS, st.text(_LETTERS, min_size=1, max_size=size)).map(str.strip).filter(bool)


@st.composite
def simple_menus(draw: st.DrawFn) -> Menu:
    """A sound menu whose items CSV can tell in full; taxes are named by their id, as those are that a file brings."""
    taxes = [
        Tax(id=id, name=id, rate=draw(st.sampled_from(["7%", "8.875%", "71/800", "0%"])), inclusive=draw(st.booleans()))
        for id in draw(st.lists(words(), max_size=3, unique=True))
    ]
    # What would be read as the definition of another tax is none that a file can name.
    taxes = [tax for tax in taxes if not any(tax.id == write_tax(each.id, each.rate, each.inclusive) for each in taxes)]
    groups = [
        ModifierGroup(id=id, name="Group", modifiers=(Modifier(id="m", name="M"),))
        for id in draw(st.lists(words(), max_size=2, unique=True))
    ]
    levels = [PriceLevel(id=id, name="Level") for id in draw(st.lists(words(), max_size=2, unique=True))]
    tags = draw(st.sampled_from([(), ("it", "en")]))
    ids = draw(st.lists(words(), max_size=5, unique=True))
    items = [draw(_items(id, taxes, groups, levels, tags)) for id in ids]
    currency = draw(st.sampled_from(["EUR", "JPY", "OMR"]))
    return Menu(
        name="Simple", currency=currency, items=tuple(items), modifier_groups=tuple(groups), taxes=tuple(taxes), price_levels=tuple(levels),
        languages=tags,
    )  # fmt: skip


@st.composite
def _items(
    draw: st.DrawFn, id: str, taxes: list[Tax], groups: list[ModifierGroup], levels: list[PriceLevel], tags: tuple[str, ...]
) -> MenuItem:  # fmt: skip
    def some(things: list[Any]) -> tuple[str, ...]:
        return tuple(each.id for each in things if draw(st.booleans()))

    unit = draw(st.sampled_from([None, "kg", "lb"]))
    return MenuItem(
        id=id,
        name=draw(words()),
        category=draw(words()),
        price_minor=draw(st.integers(0, 10**9)),
        station=draw(st.sampled_from(["", "bar", "kitchen"])),
        tax_ids=some(taxes),
        modifier_group_ids=some(groups),
        names={tag: draw(words()) for tag in tags if draw(st.booleans())},
        description=draw(st.one_of(st.just(""), words(40))),
        prices=tuple(LevelPrice(level=level.id, price_minor=draw(st.integers(0, 10**6))) for level in levels if draw(st.booleans())),
        prep_s=draw(st.integers(0, 3_600)),
        open_price=draw(st.booleans()),
        local_price=draw(st.booleans()),
        discountable=draw(st.booleans()),
        weighing=None if unit is None else Weighing(unit=unit),
        allergens=tuple(draw(st.lists(words(), max_size=2, unique=True))),
        dietary=tuple(draw(st.lists(words(), max_size=2, unique=True))),
        image=draw(st.sampled_from(["", "sha256:0a"])),
    )
