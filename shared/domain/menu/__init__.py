"""The menu: its document, its checks, and what of it is in force at a moment. Import from the modules, or the common names here."""

from shared.domain.menu.document import (
    EMPTY_MENU,
    Menu,
    MenuItem,
    Modifier,
    ModifierGroup,
    Tax,
    decode_menu,
    document_version,
    menu_document,
    menu_version,
)  # fmt: skip
from shared.domain.menu.problems import MENU_ERRORS, menu_problems

__all__ = [
    "EMPTY_MENU", "MENU_ERRORS", "Menu", "MenuItem", "Modifier", "ModifierGroup", "Tax", "decode_menu", "document_version",
    "menu_document", "menu_problems", "menu_version",
]  # fmt: skip
