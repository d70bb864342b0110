"""A menu document that cannot be read: every place that is at fault, not only the first.

What lives here: reading with good words. The types themselves are in document.py; contradictions of what can be read in problems.py.
"""

from typing import Annotated, Any, cast, get_args, get_origin

import msgspec

from shared.domain.menu.document import Menu

__all__ = ["PlaceProblem", "UnreadableMenuError", "read_menu"]


class PlaceProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong at a place of the document, such as items['tea'].price_minor; "" is the document as a whole."""

    place: str
    detail: str


class UnreadableMenuError(Exception):
    """The document is no menu; `problems` is not empty."""

    def __init__(self, problems: list[PlaceProblem]) -> None:
        super().__init__("; ".join(f"{problem.place}: {problem.detail}" for problem in problems))
        self.problems = problems


def read_menu(document: bytes) -> Menu:
    """The menu in a JSON document. Raises UnreadableMenuError."""
    try:
        return msgspec.json.decode(document, type=Menu)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableMenuError(_why(document, error)) from error


def _why(document: bytes, error: Exception) -> list[PlaceProblem]:
    try:
        value = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        return [PlaceProblem(place="", detail=f"the document is no JSON: {fault}")]
    except RecursionError:
        return [PlaceProblem(place="", detail="the document is nested too deeply")]
    return _problems(value, Menu, "") or [PlaceProblem(place="", detail=str(error))]


def _problems(value: Any, type: Any, place: str) -> list[PlaceProblem]:
    """Every problem within the value; the search goes down into objects and lists, so that one fault hides no other."""
    inner = _bare(type)
    if isinstance(value, dict) and isinstance(inner, _Struct):
        return _object_problems(cast("dict[str, Any]", value), cast("Any", inner), place)
    if isinstance(value, list) and get_origin(inner) is tuple:
        listed = cast("list[Any]", value)
        found = [
            problem
            for index, each in enumerate(listed)
            for problem in _problems(each, get_args(inner)[0], f"{place}[{_named(each, index)}]")
        ]
        return found or _converted(value, type, place)
    return _converted(value, type, place)


def _object_problems(value: dict[str, Any], cls: Any, place: str) -> list[PlaceProblem]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(cls)}
    found = [PlaceProblem(place=_within(place, key), detail="there is no such field") for key in value if key not in fields]
    for name, field in fields.items():
        if name in value:
            found += _problems(value[name], field.type, _within(place, name))
        elif field.required:
            found.append(PlaceProblem(place=_within(place, name), detail="it is missing"))
    return found


def _converted(value: Any, type: Any, place: str) -> list[PlaceProblem]:
    try:
        msgspec.convert(value, type)
    except msgspec.ValidationError as error:
        detail, _, inside = str(error).partition(" - at `$")
        return [PlaceProblem(place=place + inside.rstrip("`"), detail=detail[:1].lower() + detail[1:])]
    return []


_Struct = type(msgspec.Struct)


def _bare(type: Any) -> Any:
    return get_args(type)[0] if get_origin(type) is Annotated else type


def _within(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _named(value: Any, index: int) -> str:
    id = cast("dict[str, Any]", value).get("id") if isinstance(value, dict) else None
    return repr(id[:64]) if isinstance(id, str) and id else str(index)
