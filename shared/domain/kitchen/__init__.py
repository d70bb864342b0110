"""The kitchen, one module for each group of acts on its tickets; `FEATURES` is all of them."""

from shared.domain.kitchen import changes, creating, labels, making, recalling, serving, showing

__all__ = ["FEATURES"]

FEATURES = (
    creating.FEATURE, showing.FEATURE, making.FEATURE, changes.FEATURE, labels.FEATURE, serving.FEATURE, recalling.FEATURE,
)  # fmt: skip
