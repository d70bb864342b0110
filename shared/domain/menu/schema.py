"""The published JSON Schema of a menu document.

What lives here: the schema, made from the types. docs/menu.schema.json is this, written down; the box gives it at /v1/menu/schema.
"""

from typing import Any

import msgspec

from shared.domain.menu.document import Menu

__all__ = ["menu_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def menu_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a menu. What no schema can say, that names refer to what is there, is checked on import."""
    found = msgspec.json.schema(Menu)
    for part in found["$defs"].values():
        part["description"] = " ".join(part["description"].split())  # docstrings are broken into lines
    return {
        "$schema": _DIALECT,
        "title": "Comanda menu",
        "description": "What can be ordered, at which price, with which modifiers, taxes, courses, stations and rules.",
        **found,
    }
