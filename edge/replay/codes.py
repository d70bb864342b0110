"""Why a row of a replayed file was not taken: the codes that replay itself gives.

What lives here: a table, and the exception that carries a code from where a row is read to where it is listed. A row that the
site refuses is listed with the site's own code, which stands in docs/errors.md.
"""

__all__ = ["ROW_CODES", "RowRejectedError"]

# code -> (what is wrong with the row, what to do)
ROW_CODES: dict[str, tuple[str, str]] = {
    "row.malformed": ("The line is no CSV record.", "Close the quote that was opened, or double a quote that belongs to the text."),
    "row.too_few_fields": ("The row has fewer fields than the header.", "Fill in the missing fields; an empty one still takes its comma."),
    "row.too_many_fields": ("The row has more fields than the header.", "Put a field that holds a comma between quotes."),
    "row.differs": ("The order was played before with other values in this row.", "Correct the check at the site; a closed check is not changed."),
    "text.not_utf8": ("The row holds bytes that are no UTF-8.", "Save the file as UTF-8."),
    "text.control_character": ("A field holds a control character, such as NUL, or a line break.", "Remove it."),
    "order_id.missing": ("The row names no order.", "Fill in the order it belongs to."),
    "order_id.too_long": ("The order's id is longer than 120 characters.", "Shorten it."),
    "ordered_at.missing": ("The row has no time.", "Fill in the local time of the site."),
    "ordered_at.malformed": ("The time is none of ISO 8601.", "Write it as 2026-03-02T12:30:00, with the time of day."),
    "ordered_at.nonexistent": ("That local time never was: the clocks went forward over it.", "Correct the time, or write it with its offset."),
    "ordered_at.out_of_range": ("The time lies before 1970 or in the future.", "Correct the time."),
    "order.differs": ("The order's id was played before for an order of another day.", "If it is another order, name its --series."),
    "order.times_apart": ("The row is more than a day away from the first row of its order.", "Give orders of different days ids of their own."),
    "order.too_many_lines": ("The order has more rows than a check can hold lines.", "Divide it into several orders."),
    "item.missing": ("The row names no item.", "Fill in what was sold."),
    "item.too_long": ("The item's name is longer than 120 characters.", "Shorten it."),
    "item.unknown": ("The menu has no such item.", "Put it on the menu, or replay without --menu to have it added."),
    "item.menu_full": ("The item is not on the site's menu, and that can hold no more.", "Replay with --menu, or divide the file."),
    "quantity.missing": ("The row has no quantity.", "Fill in how many were sold."),
    "quantity.malformed": ("The quantity is no whole number.", "Write a whole number such as 2."),
    "quantity.out_of_range": ("The quantity is not between 1 and 9999.", "Leave out refunds; divide what is larger into several rows."),
    "unit_price.missing": ("The row has no price.", "Fill in the price of one unit; 0 if it was free."),
    "unit_price.malformed": ("The price is no amount of the site's currency.", "Write a decimal such as 12.95."),
    "unit_price.out_of_range": ("The price is negative or larger than a check can hold.", "Leave out refunds; correct the price."),
    "modifiers.malformed": ("A modifier cannot be read.", "Write modifiers as: Oat milk; Extra shot +0.50"),
    "modifiers.too_many": ("The row has more modifiers than a line can hold.", "Leave out some."),
    "modifier.unknown": ("The item has no such modifier on the menu.", "Put it on the menu, or replay without --menu to have it added."),
    "modifier.price": ("The modifiers cost more on the menu than the row was sold at.", "Write the surcharge: Extra shot +0.50"),
}  # fmt: skip


class RowRejectedError(Exception):
    """A row that is not taken: `code` is stable, `reason` is one sentence on this case."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
