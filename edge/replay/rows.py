"""A file of orders as text, read row by row: records, header, fields.

What lives here: pure functions from lines of CSV to rows, with a code for everything that can be wrong with one. Menus, checks and
the site's API are not known here; what a row is read against (currency, time zone, date) is passed in.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from edge.replay.codes import RowRejectedError
from shared.domain.money import parse_amount
from shared.domain.text import control_character
from shared.limits import AMOUNT_MINOR_MAX, MODIFIERS_PER_LINE_MAX, NAME_LENGTH_MAX, QUANTITY_MAX
from shared.operator_error import OperatorError

__all__ = ["COLUMNS", "Header", "Record", "Row", "Terms", "order_id_of", "parse_row", "read_header", "records"]

REQUIRED = ("order_id", "ordered_at", "item", "quantity", "unit_price")
COLUMNS = (*REQUIRED, "modifiers")
_NOTHING = frozenset({"", "NULL", r"\N"})  # what exports write where there is no value
_YEAR_MIN = 1970  # a site refuses earlier checks

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?")
_QUANTITY = re.compile(r"([+-]?)([0-9]{1,18})(?:\.0{0,18})?")
_DIGIT = re.compile("[0-9]")
_DISCOUNT = re.compile(r"(?:^|\s)-(\S.*)")
_UNDECODED = re.compile("[\ud800-\udfff]")  # how Python keeps bytes that are no UTF-8


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of the file: the line it begins on (the header's is 1), and its fields or why there are none."""

    number: int
    fields: list[str]
    problem: str = ""


class Header(msgspec.Struct, frozen=True):
    """Where each column stands, how many there are, and the names of those that are not used."""

    columns: dict[str, int]
    width: int
    unused: tuple[str, ...]


class Terms(msgspec.Struct, frozen=True):
    """What a row is read against. `latest` is the last calendar date on which an order can have been taken."""

    currency: str
    zone: ZoneInfo
    latest: date


class Row(msgspec.Struct, frozen=True, gc=False):
    """A good row. `ordinal` counts the rows of its order from 1, bad ones included; `ordered_at` is local and naive.

    `modifiers` are (name, surcharge in minor units). One unit was sold at `unit_price_minor` and the surcharges.
    """

    number: int
    ordinal: int
    order_id: str
    ordered_at: datetime
    item: str
    quantity: int
    unit_price_minor: int
    modifiers: tuple[tuple[str, int], ...] = ()

    @property
    def amount_minor(self) -> int:
        """What the row adds up to, in minor units."""
        return self.quantity * (self.unit_price_minor + sum(extra for _, extra in self.modifiers))


def records(lines: Iterable[str]) -> Iterator[Record]:
    """The records of a CSV text, empty lines left out. A record that cannot be read is one with a `problem`."""
    reader = csv.reader(lines, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            last = f", read up to line {reader.line_num}" if reader.line_num > number else ""
            yield Record(number, [], f"{error}{last}")
            continue
        if fields:
            yield Record(number, fields)


def read_header(record: Record | None) -> Header:
    """The header. Raises OperatorError `replay.file_empty`, `replay.columns_missing` or `replay.column_repeated`."""
    if record is None:
        raise OperatorError("replay.file_empty", "The file holds nothing, not even a header.", f"Begin it with: {','.join(COLUMNS)}")
    names = [name.strip().lower() for name in record.fields]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        found = f"found {', '.join(repr(name[:40]) for name in names[:20])}" if names else record.problem
        hint = f"Name the columns in the first line, separated by commas: {','.join(COLUMNS)}"
        raise OperatorError("replay.columns_missing", f"The file has no column {', '.join(missing)}; {found}.", hint)
    repeated = [name for name in COLUMNS if names.count(name) > 1]
    if repeated:
        raise OperatorError("replay.column_repeated", f"The column {repeated[0]} stands twice.", "Leave one of them out.")
    unused = tuple(name for name in names if name not in COLUMNS)
    return Header({name: names.index(name) for name in COLUMNS if name in names}, len(names), unused)


def order_id_of(record: Record, header: Header) -> str:
    """The order that the record belongs to, or an empty string where that cannot be told."""
    if len(record.fields) <= header.columns["order_id"]:
        return ""
    text = record.fields[header.columns["order_id"]].strip()
    return "" if text in _NOTHING or len(text) > NAME_LENGTH_MAX or control_character(text) else text


def parse_row(record: Record, ordinal: int, header: Header, terms: Terms) -> Row:
    """The row of a record, which is the `ordinal`-th of its order. Raises RowRejectedError for the first thing that is wrong."""
    if record.problem:
        raise RowRejectedError("row.malformed", f"The line is no CSV record: {record.problem}.")
    _ensure_width(record.fields, header)
    values = {name: _bare(name, record.fields[index]) for name, index in header.columns.items()}
    order_id = _named("order_id", values, "The row names no order.")
    item = _named("item", values, "The row names no item.")
    return Row(
        number=record.number,
        ordinal=ordinal,
        order_id=order_id,
        ordered_at=_time(values["ordered_at"], terms),
        item=item,
        quantity=_quantity(values["quantity"]),
        unit_price_minor=_price(values["unit_price"], terms.currency),
        modifiers=_modifiers(values.get("modifiers", ""), terms.currency),
    )


def _ensure_width(fields: Sequence[str], header: Header) -> None:
    if len(fields) < header.width:
        raise RowRejectedError("row.too_few_fields", f"The row has {len(fields)} fields, the header {header.width}.")
    if len(fields) > header.width:
        raise RowRejectedError("row.too_many_fields", f"The row has {len(fields)} fields, the header {header.width}.")


def _bare(name: str, text: str) -> str:
    """The field without space around it; empty for what stands for no value."""
    bare = text.strip()
    if _UNDECODED.search(bare):
        raise RowRejectedError("text.not_utf8", f"The {name} {_quoted(bare)} holds bytes that are no UTF-8.")
    found = control_character(bare) or next((char for char in "\n\t" if char in bare), "")
    if found:
        raise RowRejectedError("text.control_character", f"The {name} {_quoted(bare)} holds the control character {found!r}.")
    return "" if bare in _NOTHING else bare


def _quoted(text: str) -> str:
    """The text as a reason quotes it: short, and printable whatever is in it."""
    short = text if len(text) <= 40 else f"{text[:40]}…"
    return repr(short) if short.isprintable() else ascii(short)


def _named(name: str, values: dict[str, str], absent: str) -> str:
    text = values[name]
    if not text:
        raise RowRejectedError(f"{name}.missing", absent)
    if len(text) > NAME_LENGTH_MAX:
        raise RowRejectedError(f"{name}.too_long", f"The {name} {_quoted(text)} has {len(text)} characters; {NAME_LENGTH_MAX} are allowed.")
    return text


def _time(text: str, terms: Terms) -> datetime:
    """Local time of the site, naive. A time with an offset is converted."""
    if not text:
        raise RowRejectedError("ordered_at.missing", "The row has no time.")
    if not _TIME.fullmatch(text):
        raise RowRejectedError("ordered_at.malformed", f"{_quoted(text)} is no time such as 2026-03-02T12:30:00.")
    try:
        moment = datetime.fromisoformat(text)
        local = moment.astimezone(terms.zone).replace(tzinfo=None, fold=0) if moment.tzinfo else moment
    except (ValueError, OverflowError) as error:
        raise RowRejectedError("ordered_at.malformed", f"{_quoted(text)} is no time: {error}.") from error
    if local.year < _YEAR_MIN or local.date() > terms.latest:
        raise RowRejectedError("ordered_at.out_of_range", f"{_quoted(text)} lies before {_YEAR_MIN} or in the future.")
    if not moment.tzinfo and not _exists(local, terms.zone):
        raise RowRejectedError("ordered_at.nonexistent", f"{_quoted(text)} never was in {terms.zone.key}: the clocks went forward over it.")
    return local


def _exists(local: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks of the zone ever showed `local`: going to UTC and back gives it again."""
    aware = local.replace(tzinfo=zone)
    offset = aware.utcoffset() or timedelta()
    moment = aware.replace(tzinfo=None) - offset
    back = moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
    return back.replace(tzinfo=None, fold=0) == local


def _quantity(text: str) -> int:
    if not text:
        raise RowRejectedError("quantity.missing", "The row has no quantity.")
    found = _QUANTITY.fullmatch(text)
    if found is None:
        code = "quantity.out_of_range" if re.fullmatch(r"[+-]?[0-9]{19,}", text) else "quantity.malformed"
        raise RowRejectedError(code, f"{_quoted(text)} is no whole number between 1 and {QUANTITY_MAX}.")
    quantity = int(found[1] + found[2])
    if not 1 <= quantity <= QUANTITY_MAX:
        raise RowRejectedError("quantity.out_of_range", f"The quantity {quantity} is not between 1 and {QUANTITY_MAX}.")
    return quantity


def _price(text: str, currency: str) -> int:
    if not text:
        raise RowRejectedError("unit_price.missing", "The row has no price.")
    return _amount(text, currency, "unit_price.malformed", "unit_price.out_of_range")


def _amount(text: str, currency: str, malformed: str, out_of_range: str) -> int:
    try:
        amount = parse_amount(text, currency)
    except ValueError as error:
        raise RowRejectedError(malformed, f"{error}.".replace("..", ".")) from error
    if not 0 <= amount <= AMOUNT_MINOR_MAX:
        raise RowRejectedError(out_of_range, f"The amount {_quoted(text)} is negative or too large.")
    return amount


def _modifiers(text: str, currency: str) -> tuple[tuple[str, int], ...]:
    """`Oat milk; Extra shot +0.50` -> (("Oat milk", 0), ("Extra shot", 50)); `|` separates as well."""
    parts = [part.strip() for part in re.split("[;|]", text) if part.strip()] if text else []
    if len(parts) > MODIFIERS_PER_LINE_MAX:
        raise RowRejectedError("modifiers.too_many", f"The row has {len(parts)} modifiers; {MODIFIERS_PER_LINE_MAX} are allowed.")
    return tuple(_modifier(part, currency) for part in parts)


def _modifier(part: str, currency: str) -> tuple[str, int]:
    """A surcharge stands after the last plus sign. What looks like one and is none is never taken for a part of the name."""
    name, plus, amount = part.rpartition("+")
    discount = _DISCOUNT.search(part)
    if discount is not None and _is_amount(discount[1], currency):
        raise RowRejectedError("modifiers.malformed", f"The modifier {_quoted(part)} would take something off the price.")
    extra = 0
    if plus and _DIGIT.search(amount) and (_is_amount(amount, currency) or name[-1:] in {"", " "}):
        extra = _amount(amount, currency, "modifiers.malformed", "modifiers.malformed")
    else:
        name = part
    name = name.strip()
    if not name or len(name) > NAME_LENGTH_MAX:
        raise RowRejectedError("modifiers.malformed", f"The modifier {_quoted(part)} has no name, or too long a one.")
    return name, extra


def _is_amount(text: str, currency: str) -> bool:
    try:
        parse_amount(text, currency)
    except ValueError:
        return False
    return True
