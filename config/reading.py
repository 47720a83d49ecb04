"""The generic reader: a TOML table becomes a frozen dataclass by its annotations.

It understands str, int, float, bool, Path, date, Literal, StrEnum and dataclasses, `X | None` and `tuple[X, ...]` of
these. A field with `repr=False` is a secret. A field's metadata may hold `check`, a function that takes the value and
returns it, perhaps in another spelling, or raises ValueError with what is expected.
"""

from __future__ import annotations

import dataclasses
import difflib
import enum
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from config.secrets import is_indirect, resolve
from config.spot import Placed, SettingsError, Spot

T = TypeVar("T")

_NOTHING: Mapping[str, object] = types.MappingProxyType({})
_TRUTH = {"true": True, "false": False}


def read(cls: type[T], table: object, spot: Spot, *, given: Mapping[str, object] = _NOTHING) -> T:
    """A `cls` from a table; `given` are the fields that do not come from it. SettingsError for all that is wrong."""
    if not isinstance(table, Mapping):
        raise spot.error(f"expected a table, found {_found(table)}")
    hints = typing.get_type_hints(cls)
    record: Any = cls
    fields = {field.name: field for field in dataclasses.fields(record) if field.init and field.name not in given}
    refuse_unknown(table, fields, spot)
    values = dict(given)
    for name, field in fields.items():
        if name in table:
            values[name] = _field(field, hints[name], table[name], spot.at(name))
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise spot.at(name).error(f"missing; expected {_expected(hints[name])}{_advice(field)}")
    try:
        return cls(**values)
    except ValueError as error:
        hidden = [values[name] for name, field in fields.items() if name in values and not field.repr]
        raise spot.error(_without(hidden, error)) from None


def refuse_unknown(table: Mapping[str, object], known: Iterable[str], spot: Spot) -> None:
    """SettingsError for a key that is not known, with the nearest one that is."""
    names = list(known)
    for key, value in table.items():
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(sorted(names))}"
            place = value.spot if isinstance(value, Placed) else spot
            raise dataclasses.replace(place, key=spot.at(key).key).error(f"unknown key; {hint}")


def is_scalar(annotation: object) -> bool:
    """Whether a value of this type can be written as one text, as in an environment variable."""
    inner = _without_none(annotation)
    return typing.get_origin(inner) is Literal or (isinstance(inner, type) and _scalar_type(inner))


def _scalar_type(cls: type) -> bool:
    return cls in _SCALARS or issubclass(cls, enum.Enum)


def _field(field: dataclasses.Field[Any], annotation: object, value: object, spot: Spot) -> object:
    if isinstance(value, Placed):
        spot = dataclasses.replace(value.spot, key=spot.key)
        value = value.value
    result = _value(annotation, value, spot)
    if result == "" and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
        raise spot.error(f"empty; expected {_expected(annotation)}{_advice(field)}")
    check: Callable[[object], object] | None = field.metadata.get("check")
    if check is None:
        return result
    try:
        return check(result)
    except ValueError as error:
        raise spot.error(_without([] if field.repr else [result], error)) from None


def _value(annotation: object, value: object, spot: Spot) -> object:
    annotation = _without_none(annotation)
    if isinstance(value, str) and is_indirect(value):
        value, spot = resolve(value, spot), dataclasses.replace(spot, as_text=True)
    if typing.get_origin(annotation) is tuple:
        return _items(annotation, value, spot)
    if typing.get_origin(annotation) is Literal:
        return _choice({str(choice): choice for choice in typing.get_args(annotation)}, value, spot)
    if not isinstance(annotation, type):
        raise TypeError(f"settings cannot hold {annotation!r}")
    if issubclass(annotation, enum.Enum):
        return _choice({str(member.value): member for member in annotation}, value, spot)
    if dataclasses.is_dataclass(annotation):
        return read(annotation, value, spot)
    result = _SCALARS[annotation][1](value, spot)
    if result is None:
        raise spot.error(f"expected {_expected(annotation)}, found {_found(value)}")
    return result


def _items(annotation: object, value: object, spot: Spot) -> tuple[object, ...]:
    inner, *_ = typing.get_args(annotation)
    if not isinstance(value, list | tuple):
        raise spot.error(f"expected {_expected(annotation)}, found {_found(value)}")
    return tuple(_value(inner, item, spot.at(str(number))) for number, item in enumerate(value, start=1))


def _choice(choices: Mapping[str, object], value: object, spot: Spot) -> object:
    if isinstance(value, str) and value in choices:
        return choices[value]
    raise spot.error(f"expected one of {', '.join(choices)}")


def _text(value: object, _spot: Spot) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object, spot: Spot) -> int | None:
    if spot.as_text and isinstance(value, str):
        return int(value) if value.isascii() and value.removeprefix("-").isdigit() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object, spot: Spot) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not spot.as_text:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _truth(value: object, spot: Spot) -> bool | None:
    if spot.as_text and isinstance(value, str):
        return _TRUTH.get(value.lower())
    return value if isinstance(value, bool) else None


def _path(value: object, spot: Spot) -> Path | None:
    if not isinstance(value, str | Path) or not str(value):
        return None
    path = Path(value).expanduser()
    return path if path.is_absolute() else (spot.base / path).resolve()


def _day(value: object, spot: Spot) -> date | None:
    if spot.as_text and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


_SCALARS: Mapping[type, tuple[str, Callable[[object, Spot], object]]] = {
    str: ("text", _text),
    int: ("a whole number", _whole),
    float: ("a number", _number),
    bool: ("true or false", _truth),
    Path: ("a path", _path),
    date: ("a date such as 2026-08-17", _day),
}


def _without_none(annotation: object) -> object:
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        arms = [arm for arm in typing.get_args(annotation) if arm is not types.NoneType]
        if len(arms) == 1:
            return arms[0]
    return annotation


def _expected(annotation: object) -> str:
    annotation = _without_none(annotation)
    if typing.get_origin(annotation) is tuple:
        return f"a list, each item {_expected(typing.get_args(annotation)[0])}"
    if typing.get_origin(annotation) is Literal:
        return f"one of {', '.join(map(str, typing.get_args(annotation)))}"
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return f"one of {', '.join(str(member.value) for member in annotation)}"
    return _SCALARS[annotation][0] if isinstance(annotation, type) and annotation in _SCALARS else "a table"


def _advice(field: dataclasses.Field[Any]) -> str:
    return "" if field.repr else ', a secret: as it is, "env:NAME" or "file:/path"'


def _found(value: object) -> str:
    for kinds, words in (
        (bool, "true or false"),
        (str, "text"),
        (int, "a whole number"),
        (float, "a number"),
        (datetime, "a date with time"),
        (date, "a date"),
        (list | tuple, "a list"),
        (Mapping, "a table"),
    ):
        if isinstance(value, kinds):
            return words
    return type(value).__name__


def _without(hidden: Iterable[object], error: ValueError) -> str:
    message = str(error)
    for secret in hidden:
        if isinstance(secret, str) and secret:
            message = message.replace(secret, "(secret)")
    return message


__all__ = ["SettingsError", "Spot", "is_scalar", "read", "refuse_unknown"]
