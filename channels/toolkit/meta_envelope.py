"""A webhook body of Meta's: objects, their entries and the events in them, each an item of its own."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from channels.errors import PayloadError
from channels.toolkit.meta_fields import Unreadable, ident, name_of
from channels.toolkit.payload import load_json
from normalizer.messages import Ignored, Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from normalizer.messages import Inbound

#: The lists of an entry that hold messaging events; in `standby` another app has the word, and we listen.
_MESSAGING: Final = ("messaging", "standby")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """How a channel reads its object.

    `messaging` gets an event and the account it came to; `change` a changed field's name, its value, the account and
    the entry's time. `node` gets the kind, the node and the account of what our poll fetched. Each raises Unreadable.
    """

    object_name: str
    messaging: Callable[[Mapping[str, Any], str], list[Inbound]]
    change: Callable[[str, Mapping[str, Any], str, Any], list[Inbound]]
    node: Callable[[str, Mapping[str, Any], str], list[Inbound]]


def read_body(body: bytes, readers: Readers) -> list[Inbound]:
    """All items of one body, a webhook's or one that our poll made. PayloadError where it holds no objects."""
    if not body.strip():
        return [Ignored(reason="empty")]
    value = load_json(body)
    objects = value if isinstance(value, list) else [value]
    if not objects or not all(isinstance(each, dict) for each in objects):
        raise PayloadError("the body is not a JSON object")
    return [item for each in objects for item in _object(each, readers)]


def polled_body(kind: str, account: str, node: Mapping[str, Any]) -> dict[str, Any]:
    """What a poll journals: a node of the Graph API as it came, its kind, and the page or account it was sent to."""
    return {"object": "graph", "kind": kind, "account": account, "node": dict(node)}


def _object(value: dict[str, Any], readers: Readers) -> Iterator[Inbound]:
    if value.get("object") == "graph":
        yield from _node(value, readers)
        return
    entries = value.get("entry")
    if not isinstance(entries, list):
        raise PayloadError("the body has no list of entries")
    if not entries:
        yield Ignored(reason="empty")
    for entry in entries:
        if value.get("object") == readers.object_name:
            yield from _entry(entry, readers)
        else:
            yield from _foreign(value.get("object"), entry)


def _node(value: dict[str, Any], readers: Readers) -> list[Inbound]:
    kind = name_of(value.get("kind"))
    try:
        account = ident(value.get("account"), "account")
    except Unreadable as error:
        return [Malformed(error=f"{kind}: {error}")]
    return _safely(lambda: readers.node(kind, _dict(value.get("node"), "node"), account), kind, account)


def _foreign(name: Any, entry: Any) -> Iterator[Inbound]:
    """An entry of another object than this account's: its hook was set for too much."""
    account = entry.get("id") if isinstance(entry, dict) else None
    yield Ignored(reason=f"object:{name_of(name)}", to=account if isinstance(account, str) else None)


def _entry(entry: Any, readers: Readers) -> Iterator[Inbound]:
    try:
        account = ident(_dict(entry, "entry").get("id"), "entry.id")
    except Unreadable as error:
        yield Malformed(error=str(error))
        return
    found = False
    for name in (*_MESSAGING, "changes"):
        events = entry.get(name)
        if events is None:
            continue
        found = True
        if not isinstance(events, list):
            yield Malformed(error=f"{name}: not a list", to=account)
            continue
        for event in events:
            yield from _event(name, event, entry, account, readers)
    if not found:
        yield Ignored(reason="empty", to=account)


def _event(name: str, event: Any, entry: dict[str, Any], account: str, readers: Readers) -> Iterator[Inbound]:
    if name in _MESSAGING:
        yield from _safely(lambda: readers.messaging(_dict(event, name), account), name, account)
        return
    field = name_of(event.get("field")) if isinstance(event, dict) else "?"

    def read() -> list[Inbound]:
        return readers.change(field, _dict(_dict(event, name).get("value"), "value"), account, entry.get("time"))

    yield from _safely(read, field, account)


def _safely(read: Callable[[], list[Inbound]], name: str, account: str) -> list[Inbound]:
    try:
        return read()
    except Unreadable as error:
        return [Malformed(error=f"{name}: {error}", to=account)]


def _dict(value: Any, part: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(f"{part}: not an object")
    return value
