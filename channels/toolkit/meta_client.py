"""The Graph API for one token: calls that give the answer's object or raise the contract's errors."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from channels.errors import ChannelError, OutcomeUnknown, PollFailed, Throttled
from channels.toolkit.meta import check_graph, graph
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: More pages than any catch-up needs; a list that never ends is somebody's mistake.
_MOST_PAGES: Final = 200


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GraphClient:
    """`base` is the API's address with its version; with `app_secret` each call carries its proof; seconds."""

    base: str
    token: str = dataclasses.field(repr=False)
    app_secret: str = dataclasses.field(default="", repr=False)
    timeout: float = 20.0

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """What a node or an edge holds. SendFailed."""
        return self._call("GET", path, params=params)

    def post(
        self,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> dict[str, Any]:
        """What a write gave: `body` goes as JSON, `data` as a form. SendFailed."""
        return self._call("POST", path, body=body, data=data, files=files)

    def pages(self, path: str, **params: str) -> Iterator[list[dict[str, Any]]]:
        """An edge page by page, as long as the caller wants more. SendFailed."""
        after: str | None = None
        for _ in range(_MOST_PAGES):
            answer = self.get(path, **params, **({"after": after} if after else {}))
            rows = answer.get("data")
            yield [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
            last, after = after, _after(answer)
            if after is None or after == last:
                return

    def _call(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        reply = graph(
            method,
            path,
            token=self.token,
            app_secret=self.app_secret,
            base=self.base,
            timeout=self.timeout,
            **content,
        )
        answer = check_graph(reply).json()
        if not isinstance(answer, dict):
            raise OutcomeUnknown(say("Jawaban Meta tidak dapat dibaca."))
        return answer


def poll_failed(error: ChannelError) -> PollFailed:
    """A failed read as a poll's failure."""
    return PollFailed(error.sentence, retry_after=error.retry_after if isinstance(error, Throttled) else None)


def _after(answer: Mapping[str, Any]) -> str | None:
    """The cursor of the next page; the address that Meta gives for it would carry the token."""
    paging = answer.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return after if isinstance(after, str) and after else None
