"""The kitchen, one module for each group of acts on its tickets; `FEATURES` is all of them."""

from shared.domain.kitchen import changes, creating, making, recalling, serving, showing

__all__ = ["FEATURES"]

FEATURES = (creating.FEATURE, showing.FEATURE, making.FEATURE, changes.FEATURE, serving.FEATURE, recalling.FEATURE)
