"""Accounts as officers look after them: what is known of each, its pauses, what it is expected to receive."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from store.engine import kept
from store.models import AccountEvent, AccountState, Officer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

#: How much of an account's history is shown.
SHOWN = 50


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known of one account; see `AccountState`. The defaults are those of one that nobody has looked at."""

    last_in_at: datetime | None = None
    last_out_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str | None = None
    paused_until: datetime | None = None
    health_ok: bool | None = None
    health: str | None = None
    week: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    checked_at: datetime | None = None
    check_asked_at: datetime | None = None
    sending_paused: bool = False
    polling_paused: bool = False
    paused_at: datetime | None = None
    paused_by: str | None = None
    pause_reason: str | None = None
    expect_hours: int | None = None
    expect_working: bool = False
    expect_since: datetime | None = None
    silent_since: datetime | None = None

    @property
    def paused(self) -> bool:
        """Whether an officer has paused anything."""
        return self.sending_paused or self.polling_paused

    @property
    def remainder(self) -> int:
        """What the ledger of the last week could not account for, as of the last check."""
        return sum(int(line["remainder"]) for line in self.week)

    @property
    def checking(self) -> bool:
        """Whether a check was asked for and has not been made yet."""
        return self.check_asked_at is not None


_STATES: Final = kept(
    select(AccountState.account, *(getattr(AccountState, field.name) for field in dataclasses.fields(State)))
)


def states(connection: Connection) -> dict[str, State]:
    """The states by account, in one query; an account that nobody has looked at yet is not there."""
    rows = connection.execute(_STATES).mappings()
    return {row["account"]: State(**{name: row[name] for name in State.__slots__}) for row in rows}


def know(connection: Connection, accounts: Iterable[str]) -> None:
    """A row for each account, so that what follows finds one."""
    rows = [{"account": name} for name in sorted(accounts)]
    if rows:
        connection.execute(upsert(AccountState).values(rows).on_conflict_do_nothing())


def pause(
    connection: Connection,
    account: str,
    by: tuple[int, str],
    now: datetime,
    reason: str,
    *,
    sending: bool,
    polling: bool,
) -> None:
    """Stop sending, polling or both until somebody resumes; `by` is the officer's id and name. Webhooks go on."""
    know(connection, [account])
    values = {"sending_paused": sending, "polling_paused": polling, "paused_at": now, "paused_by": by[1]}
    _change(connection, account, {**values, "pause_reason": reason})
    record(connection, now, by[0], account, "paused", sending=sending, polling=polling, reason=reason)


def resume(connection: Connection, account: str, by: int, now: datetime) -> bool:
    """Go on with everything; False where nothing was paused. What is expected of the account is counted from now on."""
    clear = {"sending_paused": False, "polling_paused": False, "paused_at": None, "paused_by": None}
    row = connection.execute(
        update(AccountState)
        .where(AccountState.account == account, AccountState.sending_paused | AccountState.polling_paused)
        .values(**clear, pause_reason=None, resumed_at=now, expect_since=now, silent_since=None)
        .returning(AccountState.account)
    ).one_or_none()
    if row is not None:
        record(connection, now, by, account, "resumed")
    return row is not None


def polling_paused(connection: Connection, account: str) -> bool:
    """Whether the account is not to be polled now."""
    sql = "SELECT polling_paused FROM account_state WHERE account = %s"
    return bool(connection.exec_driver_sql(sql, (account,)).scalar_one_or_none())


def expect(connection: Connection, account: str, by: int, now: datetime, hours: int | None, *, working: bool) -> None:
    """At least one message in so many hours, counted from now on, or no expectation; an alarm that stood is over."""
    know(connection, [account])
    values = {"expect_hours": hours, "expect_working": working, "expect_since": now, "silent_since": None}
    _change(connection, account, values)
    record(connection, now, by, account, "expected", hours=hours, working=working)


def ask_check(connection: Connection, account: str, now: datetime) -> None:
    """Let whoever watches look at the account at once."""
    know(connection, [account])
    _change(connection, account, {"check_asked_at": now})


def _change(connection: Connection, account: str, values: dict[str, Any]) -> None:
    connection.execute(update(AccountState).where(AccountState.account == account).values(values))


def record(connection: Connection, now: datetime, by: int | None, account: str, kind: str, **data: Any) -> None:
    """One line of an account's history; `data` holds no citizen's words or address."""
    row = {"at": now, "actor_id": by, "account": account, "kind": kind, "data": data}
    connection.execute(insert(AccountEvent).values(row))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Something that was done; `actor` is the officer's name, empty where the program itself did it."""

    at: datetime
    actor: str
    kind: str
    data: dict[str, Any]


def history(connection: Connection, account: str) -> list[Trace]:
    """What was done to an account and to what stands in its quarantine, newest first."""
    rows = connection.execute(
        select(AccountEvent.at, AccountEvent.kind, AccountEvent.data, Officer.name)
        .join(Officer, Officer.id == AccountEvent.actor_id, isouter=True)
        .where(AccountEvent.account == account)
        .order_by(AccountEvent.id.desc())
        .limit(SHOWN)
    )
    return [Trace(at=row.at, actor=row.name or "", kind=row.kind, data=row.data) for row in rows]
