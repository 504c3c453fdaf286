"""Frozen dataclasses <-> JSON, by their type hints.

Fields that hold their default are left out, so that a line of the journal shows what is particular. Reading is
lenient in time: a field that a later version added is ignored, one that this version added takes its default.

datetime: ISO 8601 with its offset. date: ISO 8601. bytes: text, each byte the character of that number (Latin-1), as
letters are nearly always ASCII and stay readable. enum: its value. tuple: array. Mapping: object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints

R = TypeVar("R")
Json = Any
Convert = Callable[[Any], Any]


class CodecError(ValueError):
    """A value that cannot be written, or a document that is no record; names the class and the field, never the
    value."""


@dataclass(frozen=True, slots=True)
class Codec(Generic[R]):
    """`encode` gives a dict of JSON values, `decode` takes one; both raise CodecError."""

    encode: Callable[[R], dict[str, Json]]
    decode: Callable[[Mapping[str, Json]], R]


def codec(record: type[R]) -> Codec[R]:
    """The codec of a dataclass. Raises CodecError if a field has a type that it does not know."""
    made: Codec[R] = _made(cast(Any, record))  # mypy takes a type variable for unhashable
    return made


@cache
def _made(record: Any) -> Codec[Any]:
    hints = get_type_hints(record)
    parts = [(f, *_converters(hints[f.name], f"{record.__name__}.{f.name}")) for f in fields(record)]
    writers = [(f.name, _default(f), encode) for f, encode, _ in parts]
    readers = {f.name: decode for f, _, decode in parts}
    name = record.__name__

    def encode(value: Any) -> dict[str, Json]:
        document = {}
        for field_name, default, convert in writers:
            content = getattr(value, field_name)
            if content is not default and content != default:
                try:
                    document[field_name] = convert(content)
                except CodecError:
                    raise
                except Exception as error:
                    raise CodecError(f"{name}.{field_name} cannot be written: {type(error).__name__}") from None
        return document

    def decode(document: Mapping[str, Json]) -> Any:
        contents = {}
        field_name = ""
        try:
            for field_name, content in document.items():
                convert = readers.get(field_name)
                if convert is not None:
                    contents[field_name] = convert(content)
            field_name = ""
            return record(**contents)
        except CodecError:
            raise
        except Exception as error:
            where = f"{name}.{field_name}" if field_name else name
            raise CodecError(f"{where} cannot be read: {type(error).__name__}") from None

    return Codec(encode, decode)


def _default(field: Field[Any]) -> object:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else MISSING


def _converters(hint: Any, where: str) -> tuple[Convert, Convert]:
    """(to JSON, from JSON) of one type."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _optional([a for a in arguments if a is not NoneType], where)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return _many(*_converters(arguments[0], where))
        return _row([_converters(argument, where) for argument in arguments])
    if origin is Mapping and arguments[0] is str:
        to_json, from_json = _converters(arguments[1], where)
        return (
            lambda value: {_string(key): to_json(item) for key, item in value.items()},
            lambda value: {key: from_json(item) for key, item in value.items()},
        )
    if isinstance(hint, type) and issubclass(hint, Enum):
        return (lambda value: hint(value).value), hint
    if isinstance(hint, type) and is_dataclass(hint):
        inner = codec(hint)
        return inner.encode, inner.decode
    raise CodecError(f"{where} has a type that the codec does not know: {hint}")


def _optional(alternatives: list[Any], where: str) -> tuple[Convert, Convert]:
    if len(alternatives) != 1:
        raise CodecError(f"{where} is a union of several types, which cannot be told apart when read")
    to_json, from_json = _converters(alternatives[0], where)
    return (
        lambda value: None if value is None else to_json(value),
        lambda value: None if value is None else from_json(value),
    )


def _many(to_json: Convert, from_json: Convert) -> tuple[Convert, Convert]:
    return (lambda value: [to_json(item) for item in value], lambda value: tuple([from_json(item) for item in value]))


def _row(columns: list[tuple[Convert, Convert]]) -> tuple[Convert, Convert]:
    return (
        lambda value: [to_json(item) for (to_json, _), item in zip(columns, value, strict=True)],
        lambda value: tuple([from_json(item) for (_, from_json), item in zip(columns, value, strict=True)]),
    )


def _exactly(kind: type) -> Convert:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{type(value).__name__} instead of {kind.__name__}")
        return value

    return check


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} instead of str")
    return str(value)


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("no time zone")
    return value.isoformat()


def _real(value: Any) -> float:
    return float(value)


_SIMPLE: dict[Any, tuple[Convert, Convert]] = {
    str: (_string, _string),
    int: (_exactly(int), _exactly(int)),
    bool: (_exactly(bool), _exactly(bool)),
    float: (_real, _real),
    bytes: (lambda value: value.decode("latin-1"), lambda value: value.encode("latin-1")),
    datetime: (_moment, datetime.fromisoformat),
    date: (date.isoformat, date.fromisoformat),
}
