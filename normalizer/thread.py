"""Which case a message belongs to: a pure function of a conversation's lines, whatever their order of arrival.

The rule (design, section 1): by in-reply-to; else a keyword or /lapor opens a new case; else the case about which we
last wrote and which still waits for an answer; else the one that is active within the program's window; else a new one.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime, timedelta
    from uuid import UUID


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What threading needs to know of one line of a conversation.

    `case` is where it stands now; `fixed` says that it stays there (an answer of ours, an officer has acted).
    `opener` opens a case by itself; `reply_to` is the key of the line it replies to; `waits` marks an answer of ours
    that still waits for the citizen. `window` is how long a case that this line opens stays open for more.
    """

    key: UUID
    at: datetime
    window: timedelta
    case: UUID | None = None
    fixed: bool = False
    opener: bool = False
    reply_to: UUID | None = None
    waits: bool = False


@dataclasses.dataclass(slots=True)
class _Cluster:
    case: UUID | None
    last: datetime
    window: timedelta
    waits: bool = False
    lines: list[Line] = dataclasses.field(default_factory=list)

    def takes(self, line: Line) -> bool:
        return self.waits or line.at - self.last <= self.window


def assign(lines: Sequence[Line], new_case: Callable[[], UUID]) -> dict[UUID, UUID]:
    """The case of every line, by its key. `lines` stand in the order in which they were sent.

    A cluster keeps the case of its earliest line that has one which no other cluster holds, so that a late message
    moves as little as possible.
    """
    if len(lines) == 1:
        return {lines[0].key: lines[0].case or new_case()}
    clusters = _clusters(lines)
    taken = {cluster.case for cluster in clusters if cluster.case is not None}
    found: dict[UUID, UUID] = {}
    for cluster in clusters:
        if cluster.case is None:
            free = (line.case for line in cluster.lines if line.case is not None and line.case not in taken)
            cluster.case = next(free, None) or new_case()
            taken.add(cluster.case)
        for line in cluster.lines:
            found[line.key] = cluster.case
    return found


def _clusters(lines: Iterable[Line]) -> list[_Cluster]:
    clusters: list[_Cluster] = []
    by_case: dict[UUID, _Cluster] = {}
    by_line: dict[UUID, _Cluster] = {}
    current: _Cluster | None = None
    for line in lines:
        if line.fixed and line.case is not None:
            target = by_case.get(line.case)
        elif line.reply_to in by_line:
            target = by_line[line.reply_to]
        elif not line.opener and current is not None and current.takes(line):
            target = current
        else:
            target = None
        if target is None:
            target = _Cluster(line.case if line.fixed else None, line.at, line.window)
            clusters.append(target)
            if target.case is not None:
                by_case[target.case] = target
        target.lines.append(line)
        target.last = max(target.last, line.at)
        target.waits = line.waits
        by_line[line.key] = current = target
    return clusters
