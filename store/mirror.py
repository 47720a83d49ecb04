"""What another system says of its reports' states, brought to the complaints that are here (docs/adr/0018)."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from normalizer.clock import Facts
from normalizer.complaint import CLOSED, State
from normalizer.remote import RemoteState, follow
from store import origin
from store.models import Complaint, Event

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from normalizer.program import Program

#: The event that such a word leaves in a complaint's history.
EVENT = "status_luar"
#: Their words up to here mean that somebody there has answered.
_ANSWERED = CLOSED | {State.TINDAK_LANJUT}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One report of an account as the other `system` sees it; `version` orders what is said of one report, as text."""

    account: str
    external_id: str
    version: str
    system: str
    remote: RemoteState


@dataclasses.dataclass(slots=True)
class _Last:
    """What was last said of a complaint, and the state that they last brought it to."""

    version: str = ""
    word: str = ""
    theirs: State | None = None


def apply(connection: Connection, told: Sequence[Told], now: datetime, programs: Mapping[str, Program]) -> None:
    """Bring the complaints to these states, each in the order told; reports that are not here are passed over."""
    places = _complaints(connection, told)
    cases = _locked(connection, sorted(set(places.values())))
    last = _last(connection, list(cases))
    for each in told:
        case_id = places.get((each.account, each.external_id))
        if case_id is not None:
            _apply(connection, cases[case_id], last.setdefault(case_id, _Last()), each, now, programs)


def _complaints(connection: Connection, told: Sequence[Told]) -> dict[tuple[str, str], uuid.UUID]:
    sql = """
    SELECT m.account, m.external_id, m.complaint_id FROM unnest(%s::text[], %s::text[]) AS k(account, external_id)
    JOIN message m ON m.account = k.account AND m.external_id = k.external_id AND m.direction = 'in'
    WHERE m.complaint_id IS NOT NULL
    """
    names = ([each.account for each in told], [each.external_id for each in told])
    return {(row[0], row[1]): row[2] for row in connection.exec_driver_sql(sql, names)}


def _locked(connection: Connection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    columns = (
        Complaint.id, Complaint.state, Complaint.anonim, Complaint.rahasia, Complaint.version, Complaint.closed_at,
        Complaint.program, Complaint.responded_at, Complaint.opened_at, Complaint.clock_started_at, Complaint.stays,
        Complaint.warned,
    )  # fmt: skip
    query = select(*columns).where(Complaint.id.in_(ids)).order_by(Complaint.id).with_for_update()
    return {row["id"]: dict(row) for row in connection.execute(query).mappings()}


def _last(connection: Connection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, _Last]:
    query = select(Event.complaint_id, Event.data).where(Event.complaint_id.in_(ids), Event.kind == EVENT)
    found: dict[uuid.UUID, _Last] = {}
    for case_id, data in connection.execute(query.order_by(Event.complaint_id, Event.seq)):
        last = found.setdefault(case_id, _Last())
        last.version, last.word = str(data.get("version", "")), str(data.get("word", ""))
        if data.get("moved") in set(State):
            last.theirs = State(data["moved"])
    return found


def _apply(  # noqa: PLR0917 - one step of apply, split off to be read by itself
    connection: Connection,
    case: dict[str, Any],
    last: _Last,
    told: Told,
    now: datetime,
    programs: Mapping[str, Program],
) -> None:
    changes = _flags(case, told.remote)
    present, wanted = State(case["state"]), told.remote.state
    if told.version >= last.version and told.remote.word and told.remote.word != last.word:
        moved = follow(present, wanted, last.theirs) if wanted is not None else None
        if moved is not None:
            changes |= _moved(case, moved, now, programs.get(case["program"] or ""))
        elif wanted is not None and (present in CLOSED) != (wanted in CLOSED) and wanted is not State.BARU:
            changes["unread"] = True
        if moved is not None or last.word or wanted is not State.BARU:
            _record(connection, case["id"], told, moved, now)
        last.version, last.word, last.theirs = told.version, told.remote.word, moved or last.theirs
    if changes:
        changes["version"] = case["version"] + 1
        case |= changes
        connection.execute(update(Complaint).where(Complaint.id == case["id"]).values(changes))


def _flags(case: dict[str, Any], remote: RemoteState) -> dict[str, Any]:
    """Flags are only raised: what was hidden once stays hidden."""
    return {name: True for name in ("anonim", "rahasia") if getattr(remote, name) and not case[name]}


def _moved(case: dict[str, Any], state: State, now: datetime, program: Program | None) -> dict[str, Any]:
    responded = case["responded_at"] or (now if state in _ANSWERED else None)
    facts = dataclasses.replace(Facts.of(SimpleNamespace(**case)), responded_at=responded).moved(state, now)
    return {
        "state": state.value,
        "touched": True,
        "responded_at": responded,
        **facts.columns(program),
        "closed_at": (case["closed_at"] or now) if state in CLOSED else None,
        "last_activity_at": now,
    }


def _record(connection: Connection, case_id: uuid.UUID, told: Told, moved: State | None, now: datetime) -> None:
    data = {
        "system": told.system,
        "word": told.remote.word,
        "version": told.version,
        "moved": None if moved is None else moved.value,
    }
    row = {"complaint_id": case_id, "at": now, "actor": "sistem", "kind": EVENT, "data": data}
    connection.execute(insert(Event).values(**row, origin=origin.channel(told.account)))
