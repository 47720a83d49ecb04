"""What came while nobody delivered it: messages of the conversations API that are newer than the cursor."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from channels.contract import PollBatch, Polled
from channels.errors import SendFailed
from channels.toolkit.meta_client import poll_failed
from channels.toolkit.meta_envelope import polled_body
from channels.toolkit.meta_fields import moment
from channels.toolkit.meta_nodes import MESSAGE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from channels.contract import Cursor
    from channels.toolkit.meta_client import GraphClient
    from normalizer.messages import JSON

#: Seconds that a poll looks back behind its mark: Meta shows some messages a little late.
OVERLAP: Final = 600.0
#: Meta gives the contents of a conversation's last twenty messages only.
_DETAILED: Final = 20
_CONVERSATIONS: Final = 25

#: A node with its kind and the seconds since 1970 when it was made.
Found = tuple[str, float, dict[str, Any]]


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """How far one source was read: the newest time in seconds since 1970, and which ids near it are journalled."""

    since: float
    seen: frozenset[str] = frozenset()

    @classmethod
    def of(cls, value: JSON, now: datetime) -> Mark:
        """From a cursor's value; what happened before the first poll is not fetched."""
        if not isinstance(value, dict):
            return cls(now.timestamp())
        since, seen = value.get("since"), value.get("seen")
        known = (
            frozenset(each for each in seen if isinstance(each, str)) if isinstance(seen, list) else frozenset[str]()
        )
        right = isinstance(since, int | float) and not isinstance(since, bool)
        return cls(float(since) if right else now.timestamp(), known)  # type: ignore[arg-type] # a number by now

    @property
    def oldest(self) -> float:
        """What is older need not be looked at."""
        return self.since - OVERLAP

    def fresh(self, found: Iterable[Found]) -> list[Found]:
        """Those not journalled yet, oldest first."""
        news = (each for each in found if each[1] >= self.oldest and str(each[2].get("id")) not in self.seen)
        return sorted(news, key=lambda each: each[1])

    def after(self, fresh: list[Found], found: Iterable[Found]) -> dict[str, JSON]:
        """The cursor's value once those are journalled."""
        since = max([self.since, *(at for _, at, _ in fresh)])
        near = sorted({str(node.get("id")) for _, at, node in found if at >= since - OVERLAP})
        return {"since": since, "seen": [*near]}


Source = "Callable[[float], Iterable[Found]]"


def catch_up(
    account: str, sources: Mapping[str, Callable[[float], Iterable[Found]]], cursor: Cursor | None
) -> PollBatch:
    """All that is new in each source, which gets the time that it need not look behind. PollFailed.

    A source that fails keeps its mark; it fails the poll only where the others brought nothing, and else the next one.
    """
    now = datetime.now(UTC)
    raws: list[Polled] = []
    after: Cursor = {}
    failure: SendFailed | None = None
    for name, source in sources.items():
        mark = Mark.of((cursor or {}).get(name), now)
        try:
            found = list(source(mark.oldest))
        except SendFailed as error:
            failure = error
            after[name] = {"since": mark.since, "seen": [*sorted(mark.seen)]}
            continue
        fresh = mark.fresh(found)
        raws += [_raw(kind, account, node) for kind, _, node in fresh]
        after[name] = mark.after(fresh, found)
    if failure is not None and not raws:
        raise poll_failed(failure) from failure
    return PollBatch(raws=raws, cursor=after)


def messages(client: GraphClient, node: str, platform: str, own: frozenset[str], oldest: float) -> Iterator[Found]:
    """The messages of all conversations that moved since `oldest`; ours, by author's id or username, stay out."""
    fields = f"id,updated_time,messages.limit({_DETAILED}){{{MESSAGE_FIELDS[platform]}}}"
    edge = f"{node}/conversations"
    for page in client.pages(edge, platform=platform, fields=fields, limit=str(_CONVERSATIONS)):
        moved = [each for each in page if seconds(each.get("updated_time"), oldest) >= oldest]
        for conversation in moved:
            for message in rows(conversation.get("messages")):
                if not _by(message, own):
                    yield "message", seconds(message.get("created_time"), oldest), message
        if len(moved) < len(page):
            return


def rows(edge: Any) -> list[dict[str, Any]]:
    """The objects of an edge that came inside a node."""
    data = edge.get("data") if isinstance(edge, dict) else None
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def seconds(value: Any, otherwise: float) -> float:
    """A time of the Graph API in seconds since 1970; `otherwise` where it cannot be read: nothing is skipped."""
    found = moment(value)
    return found.timestamp() if found else otherwise


def _by(message: dict[str, Any], own: frozenset[str]) -> bool:
    author = message.get("from")
    return isinstance(author, dict) and bool({author.get("id"), author.get("username")} & own)


def _raw(kind: str, account: str, node: dict[str, Any]) -> Polled:
    return Polled(body=json.dumps(polled_body(kind, account, node), ensure_ascii=False).encode("utf-8", "replace"))
