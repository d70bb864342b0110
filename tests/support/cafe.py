"""The café data of `../shared/data` (beside the repository, never in it), turned into a file that `comanda edge replay` takes.

What lives here: the converter, and what the data adds up to by arithmetic of its own. Nothing of the product is used, so that the
figures are independent of what they are compared with.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.support.programs import ROOT

__all__ = ["CAFE_DIR", "Cafe", "Day", "convert"]

CAFE_DIR = ROOT.parent / "shared" / "data"
CUT_OVER = timedelta(hours=4)


@dataclass
class Day:
    orders: int = 0
    lines: int = 0
    cents: int = 0


@dataclass
class Cafe:
    """What must arrive, and the rows (line of the converted file, the header's is 1) that must not."""

    days: dict[str, Day] = field(default_factory=lambda: defaultdict(Day))
    bad_rows: list[int] = field(default_factory=list)
    orders: int = 0
    lines: int = 0
    cents: int = 0


def convert(target: Path, source: Path = CAFE_DIR) -> Cafe:
    """Write the replay file to `target`. Raises FileNotFoundError where the data is absent."""
    with (source / "cafe_menu_items.csv").open(newline="") as file:
        menu = {row["menu_item_id"]: (row["item_name"], row["price"]) for row in csv.DictReader(file)}
    cafe = Cafe()
    counted: set[str] = set()
    with (source / "cafe_order_details.csv").open(newline="") as file, target.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["order_id", "ordered_at", "item", "quantity", "unit_price"])
        for line, row in enumerate(csv.DictReader(file), 2):
            day_of_month, month, year = row["order_date"].split("-")
            moment = datetime.fromisoformat(f"{year}-{month}-{day_of_month}T{row['order_time']}")
            name, price = menu.get(row["item_id"], (row["item_id"], ""))
            writer.writerow([row["order_id"], moment.isoformat(), name, 1, price])
            if row["item_id"] not in menu:
                cafe.bad_rows.append(line)
                continue
            units, cents = price.split(".")
            amount = int(units) * 100 + int(cents)
            day = cafe.days[(moment - CUT_OVER).date().isoformat()]
            for total in (day, cafe):
                total.orders += row["order_id"] not in counted
                total.lines += 1
                total.cents += amount
            counted.add(row["order_id"])
    return cafe
