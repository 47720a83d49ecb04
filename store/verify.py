"""The look at the whole history: every row hashed anew, every end and every seal compared, in bounded memory.

Nothing is believed that the database says of itself but the rows: the hashes are reckoned here (docs/adr/0022).
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import hashlib
import itertools
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import select, text

from store.models import Complaint, Officer, Seal, Ticket
from store.seals import MOST, digest_of, hash_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection, CursorResult

#: Faults that are named; all are counted.
NAMED: Final = 50
#: Rows that are held at once.
_AT_ONCE: Final = 2000
#: How far the clocks of two machines, and an act's beginning and its commit, may be apart.
_SLACK: Final = timedelta(minutes=15)
#: The chains of officers are numbers; those of accounts begin with 00000001; those of complaints come far behind them.
_FIRST: Final = UUID(int=0)
_ACCOUNTS: Final = UUID(int=1 << 96)
_COMPLAINTS: Final = UUID(int=2 << 96)
_LAST: Final = UUID(int=(1 << 128) - 1)
_SAID: Final = (
    "jsonb_build_array(e.{chain}, e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.{actor}, e.kind, e.data, "
    "e.origin)::text"
)
_EVENTS: Final = f"""
SELECT e.complaint_id AS chain, e.seq, e.at, e.hash, {_SAID.format(chain="complaint_id", actor="actor")} AS said
FROM event e ORDER BY 1, 2
"""  # noqa: S608 - words of ours
_PEOPLE: Final = f"""
SELECT lpad(to_hex(e.officer_id), 32, '0')::uuid AS chain, e.seq, e.at, e.hash,
       {_SAID.format(chain="officer_id", actor="actor_id")} AS said
FROM person_event e ORDER BY 1, 2
"""  # noqa: S608 - words of ours
_OF_ACCOUNT: Final = "('00000001' || left(encode(sha256(convert_to(e.account, 'UTF8')), 'hex'), 24))::uuid"
_CHANNELS: Final = f"""
SELECT {_OF_ACCOUNT} AS chain, e.seq, e.at, e.hash, {_SAID.format(chain="account", actor="actor_id")} AS said
FROM account_event e ORDER BY 1, 2
"""  # noqa: S608 - words of ours
_ACCOUNT: Final = f"""
SELECT e.account FROM (SELECT account FROM account_event UNION SELECT account FROM account_state) e
WHERE {_OF_ACCOUNT} = :chain
"""  # noqa: S608 - words of ours
_BOOKS: Final = ((_PEOPLE, _FIRST, _ACCOUNTS), (_CHANNELS, _ACCOUNTS, _COMPLAINTS), (_EVENTS, _COMPLAINTS, _LAST))
#: The first seal that holds any account's chain.
_BEGUN: Final = "SELECT min(seal_id) FROM seal_line WHERE chain >= :low AND chain < :high"
_HEADS: Final = "SELECT chain, seq, hash, seal_id FROM history_head WHERE chain >= :low AND chain < :high ORDER BY 1"
_LINES: Final = (
    "SELECT chain, seq, hash, seal_id FROM seal_line WHERE chain >= :low AND chain < :high ORDER BY chain, seal_id"
)
_BY_SEAL: Final = "SELECT seal_id, chain, seq, hash FROM seal_line ORDER BY seal_id, chain"


class Wrong(enum.StrEnum):
    """What can be wrong; `row` of a fault is the number of the row in its chain, or of the seal."""

    CHANGED = "changed"
    MISSING = "missing"
    GONE = "gone"
    BACKDATED = "backdated"
    UNSEALED = "unsealed"
    END = "end"
    SEAL_CHANGED = "seal-changed"
    SEAL_MISSING = "seal-missing"
    UNKNOWN_SEAL = "unknown-seal"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Where a chain breaks: `name` is the ticket or the officer's username, `seal` for seals."""

    wrong: Wrong
    name: str
    row: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look found; at most NAMED of `count` faults are in `faults`. `hash` is the last seal's, hexadecimal."""

    rows: int
    seals: int
    count: int
    faults: list[Fault]
    hash: str


@dataclasses.dataclass(slots=True)
class _Look:
    """The state of a look: seals by number with the time since which their rows must be, and what was found.

    `begun` is the seal that took up chains which were there before it, whatever their rows' times.
    """

    floors: dict[int, datetime | None]
    floor: datetime | None = None
    begun: int | None = None
    rows: int = 0
    count: int = 0
    faults: list[tuple[Wrong, UUID | None, int]] = dataclasses.field(default_factory=list)

    def fault(self, wrong: Wrong, chain: UUID | None, row: int) -> None:
        """Count it, and keep the first of them."""
        self.count += 1
        if len(self.faults) < NAMED:
            self.faults.append((wrong, chain, row))


def verify(connection: Connection, against: str = "") -> Found:
    """Look at everything; `against` is the beginning of a seal's hash that was noted down outside.

    For one picture of a database that others write into, the transaction must be REPEATABLE READ.
    """
    look = _Look(floors={})
    seals, last = _seals(connection, look, against)
    for query, low, high in _BOOKS:
        bounds = {"low": low, "high": high}
        # Accounts were chained when there were seals already, and their first seal holds what had come until then.
        look.begun = connection.execute(text(_BEGUN), bounds).scalar_one() if query is _CHANNELS else None
        with contextlib.ExitStack() as open_:
            sources = [open_.enter_context(_stream(connection, each, bounds)) for each in (query, _HEADS, _LINES)]
            _chains(look, *sources)
    faults = [Fault(wrong=wrong, name=_name(connection, chain), row=row) for wrong, chain, row in look.faults]
    return Found(rows=look.rows, seals=seals, count=look.count, faults=faults, hash=last.hex())


def _stream(connection: Connection, query: str, values: dict[str, Any]) -> CursorResult[Any]:
    """Rows that come as they are asked for; whoever asked closes them."""
    return connection.execute(text(query), values, execution_options={"yield_per": _AT_ONCE})


def _seals(connection: Connection, look: _Look, against: str) -> tuple[int, bytes]:
    """How many seals there are, and the last one's hash."""
    number, previous, known = 0, b"", not against
    with _stream(connection, _BY_SEAL, {}) as found:
        lines = itertools.groupby(found, key=lambda row: row.seal_id)
        here = next(lines, None)
        for row in connection.execute(select(Seal).order_by(Seal.id)):
            while here is not None and here[0] < row.id:
                here = next(lines, None)
            if row.id != number + 1:
                look.fault(Wrong.SEAL_MISSING, None, number + 1)
            of_seal = here[1] if here is not None and here[0] == row.id else iter(())
            chains, digest = digest_of((line.chain, line.seq, line.hash) for line in of_seal)
            whole = (chains, digest) == (row.chains, row.digest)
            # After a gap the chain of seals goes on from what is there.
            linked = row.id != number + 1 or row.hash == hash_of(previous, row.id, row.at, row.chains, row.digest)
            if not (whole and linked):
                look.fault(Wrong.SEAL_CHANGED, None, row.id)
            look.floors[row.id] = look.floor
            if row.chains < MOST:
                look.floor = row.at
            number, previous = row.id, row.hash
            known = known or row.hash.hex().startswith(against)
    if not known:
        look.fault(Wrong.UNKNOWN_SEAL, None, number)
    return len(look.floors), previous


def _chains(look: _Look, rows: Iterable[Any], heads: Iterable[Any], lines: Iterable[Any]) -> None:
    """Every chain that a row, a head or a line of a seal speaks of."""
    sources = [itertools.groupby(each, key=lambda row: row.chain) for each in (rows, heads, lines)]
    waiting = [next(each, None) for each in sources]
    while any(waiting):
        chain = min(group[0] for group in waiting if group is not None)
        mine: list[Iterable[Any]] = [group[1] if group is not None and group[0] == chain else () for group in waiting]
        _chain(look, chain, mine[0], next(iter(mine[1]), None), list(mine[2]))
        for place, group in enumerate(waiting):
            if group is not None and group[0] == chain:
                waiting[place] = next(sources[place], None)


def _chain(look: _Look, chain: UUID, rows: Iterable[Any], head: Any, lines: list[Any]) -> None:
    """One chain up to its first fault; its rows come one by one, its seals are few."""
    seq, link, wrong = 0, b"", None
    ahead = iter(lines)
    line = next(ahead, None)
    for row in rows:
        look.rows += 1
        if wrong is not None:
            continue
        made = hashlib.sha256(link + f"{row.seq}{row.said}".encode()).digest()
        while line is not None and line.seq < row.seq:
            line = next(ahead, None)
        floor = _floor(look, line)
        if row.seq != seq + 1:
            wrong = Wrong.MISSING, seq + 1
        elif made != row.hash:
            wrong = Wrong.CHANGED, row.seq
        elif line is not None and line.seq == row.seq and line.hash != row.hash:
            wrong = Wrong.UNSEALED, row.seq
        elif floor is not None and row.at < floor - _SLACK:
            wrong = Wrong.BACKDATED, row.seq
        seq, link = row.seq, row.hash
    wrong = wrong or _end(look, seq, link, head, lines)
    if wrong is not None:
        look.fault(wrong[0], chain, wrong[1])


def _floor(look: _Look, line: Any) -> datetime | None:
    """Since when a row must be that this line of a seal was the first to hold, or none yet."""
    if line is None:
        return look.floor
    return None if line.seal_id == look.begun else look.floors.get(line.seal_id)


def _end(look: _Look, seq: int, link: bytes, head: Any, lines: list[Any]) -> tuple[Wrong, int] | None:
    """Whether the chain ends where its head and its seals say."""
    told = max([line.seq for line in lines] + [0 if head is None else head.seq])
    if seq == 0:
        return Wrong.GONE, told
    if told > seq:
        return Wrong.MISSING, seq + 1
    if head is None or (head.seq, head.hash) != (seq, link):
        return Wrong.END, seq
    if any(line.seal_id not in look.floors for line in lines) or (
        head.seal_id is not None and head.seal_id not in look.floors
    ):
        return Wrong.SEAL_MISSING, seq
    return None


def _name(connection: Connection, chain: UUID | None) -> str:
    """The ticket, also of a complaint that is gone; the officer's username; the account's name."""
    if chain is None:
        return "seal"
    if chain < _ACCOUNTS:
        found = connection.execute(select(Officer.username).where(Officer.id == chain.int)).scalar_one_or_none()
    elif chain < _COMPLAINTS:
        found = connection.execute(text(_ACCOUNT), {"chain": chain}).scalar_one_or_none()
    else:
        found = connection.execute(select(Complaint.ticket).where(Complaint.id == chain)).scalar_one_or_none()
        left = select(Ticket.code).where(Ticket.complaint_id == chain).order_by(Ticket.code).limit(1)
        found = found or connection.execute(left).scalar_one_or_none()
    return found or str(chain)
