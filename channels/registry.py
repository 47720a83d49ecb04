"""The registry finds the adapters: a folder below `channels/` with a manifest is a channel; no list is edited."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.contract import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

ROOT = Path(__file__).parent


class ManifestError(Exception):
    """A manifest lacks a key, has one too many, or has one of the wrong type; names the file."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """The HTTP status that this provider gets, by its retry rules; "our fault" is 503 everywhere."""

    forged: int
    malformed: int
    unsupported: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a channel says of itself as data. `max_body` is in bytes; `headers` are kept in the journal, lower case."""

    key: str
    name: str
    version: str
    read_on: date
    sources: tuple[str, ...]
    max_body: int
    headers: tuple[str, ...]
    statuses: Statuses
    dialects: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("POST",)
    in_: str = ""
    out: str = ""
    media: str = ""
    receipts: str = ""
    limits: str = ""
    cost: str = ""
    reply_window: str = ""


def _read(path: Path) -> Manifest:
    table = tomllib.loads(path.read_text("utf-8"))
    if "in" in table:
        table["in_"] = table.pop("in")
    known = {field.name for field in dataclasses.fields(Manifest)}
    if unknown := sorted(set(table) - known):
        raise ManifestError(f"{path}: unknown key {unknown[0]!r}")
    try:
        table["statuses"] = Statuses(**table.get("statuses", {}))
        for name in ("sources", "headers", "dialects", "methods"):
            if name in table:
                table[name] = tuple(table[name])
        return Manifest(**table)
    except TypeError as error:
        raise ManifestError(f"{path}: {error}") from error


@functools.cache
def manifests(root: Path = ROOT) -> Mapping[str, Manifest]:
    """Every channel's manifest by key, in the order of their names; ManifestError for one that cannot be used."""
    found = {path.parent.name: _read(path) for path in sorted(root.glob("*/manifest.toml"))}
    for folder, manifest in found.items():
        if folder != manifest.key:
            raise ManifestError(f"{root / folder / 'manifest.toml'}: key {manifest.key!r} is not the folder's name")
    return found


@functools.cache
def channel_type(key: str, root: Path = ROOT) -> type[Channel[Any]]:
    """The adapter class of a channel, imported when first asked for. KeyError for a channel that is not there."""
    if key not in manifests(root):
        raise KeyError(key)
    module = importlib.import_module(f"{root.name}.{key}.adapter")
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Channel) and vars(value).get("key") == key
    ]
    if len(classes) != 1:
        raise ManifestError(f"{root / key / 'adapter.py'}: needs exactly one Channel with key = {key!r}")
    return classes[0]
