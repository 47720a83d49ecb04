"""From lines to cases: threads a conversation anew where it changed, and describes each complaint by its lines."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dispatcher.conversation import AutoReply
from normalizer import text, thread
from normalizer.clock import Facts
from normalizer.complaint import CLOSED, ReportType, State
from store.journal import new_id
from store.threads import CaseRow

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from dispatcher.conversation import Conversation
    from dispatcher.runtime import Runtime
    from normalizer.program import Program
    from store.threads import MessageRow

#: How long a case of the triage tray stays open for more.
WINDOW = timedelta(hours=24)
#: Where the provider gives no id: the same words again within this time may be one message delivered twice.
DOUBLE = timedelta(minutes=10)
#: Characters of a complaint's words that search reads.
SEARCHED = 20_000


def rethread(runtime: Runtime, conversation: Conversation, now: datetime) -> None:
    """Find the case of every line from the earliest change on, and bring the cases up to date."""
    if conversation.changed is None:
        return
    ordered = conversation.ordered()
    places = thread.assign([_place(runtime, conversation, row) for row in ordered], new_id)
    before = {row.id: row.complaint_id for row in ordered}
    members: dict[uuid.UUID, list[MessageRow]] = {}
    for row in ordered:
        members.setdefault(places[row.id], []).append(row)
    moved: dict[uuid.UUID, list[MessageRow]] = {}
    for case_id, rows in members.items():
        target: uuid.UUID | None = case_id
        if not any(row.role != "opener" for row in rows):
            # A keyword alone is no complaint yet; it may have been one while a part of it was missing.
            target = None
        for row in rows:
            root = _root(conversation, row.complaint_id)
            if (None if root is None else root.id) != target:
                row.complaint_id, row.dirty = target, True
                moved.setdefault(case_id, []).append(row)
    for case_id in members:
        rows = [row for row in ordered if row.complaint_id == case_id and row.direction == "in"]
        if rows and (case_id in moved or any(row.dirty for row in rows)):
            _update(runtime, conversation, case_id, rows, moved.get(case_id, []), before, now)
    _settle_empty(conversation, ordered, before, now)


def _place(runtime: Runtime, conversation: Conversation, row: MessageRow) -> thread.Line:
    case = _root(conversation, row.complaint_id)
    stable = conversation.changed is not None and row.order < conversation.changed
    replied = conversation.named.get(row.in_reply_to) if row.in_reply_to is not None else None
    reply_to = None
    if replied is not None and replied.id in conversation.lines:
        reply_to = replied.id
    elif replied is not None and case is None:
        case = _root(conversation, replied.complaint_id)
        stable = case is not None
    touched = case is not None and conversation.cases[case.id].touched
    return thread.Line(
        key=row.id,
        at=row.sent_at,
        window=_window(runtime, conversation, row, case),
        case=None if case is None else case.id,
        fixed=case is not None and (stable or touched or row.direction == "out"),
        opener=row.opener,
        reply_to=reply_to,
        waits=row.direction == "out" and case is not None and case.state == State.MENUNGGU_WARGA,
    )


def _root(conversation: Conversation, case_id: uuid.UUID | None) -> CaseRow | None:
    """The case that took this one in, if it was merged."""
    case = None if case_id is None else conversation.cases.get(case_id)
    while case is not None and case.merged_into is not None and case.merged_into in conversation.cases:
        case = conversation.cases[case.merged_into]
    return case


def _window(runtime: Runtime, conversation: Conversation, row: MessageRow, case: CaseRow | None) -> timedelta:
    program = runtime.programs.get(case.program) if case is not None and case.touched and case.program else None
    program = program or _program(runtime, conversation, [row])
    return WINDOW if program is None else timedelta(hours=program.window_hours)


def _program(runtime: Runtime, conversation: Conversation, rows: Sequence[MessageRow]) -> Program | None:
    """By keyword; by the citizen's choice in a form; where one program owns the account, that one."""
    for row in rows:
        key = row.keyword["program"] if row.keyword is not None else row.hints.get("program")
        if isinstance(key, str) and key in runtime.programs:
            return runtime.programs[key]
    programs = conversation.account.programs
    return programs[0] if len(programs) == 1 else None


def _update(  # noqa: PLR0917 - one step of rethread, split off to be read by itself
    runtime: Runtime,
    conversation: Conversation,
    case_id: uuid.UUID,
    rows: Sequence[MessageRow],
    moved: Sequence[MessageRow],
    before: Mapping[uuid.UUID, uuid.UUID | None],
    now: datetime,
) -> None:
    case = conversation.cases.get(case_id)
    if case is None:
        case = _open(conversation, case_id, rows, now)
    case.dirty = True
    known = [row for row in conversation.lines.values() if case_id in (before[row.id], row.complaint_id)]
    if case.touched or not any(row.sent_at <= case.opened_at for row in known):
        # A long conversation is not loaded whole: what its complaint is about stands in lines that are not here.
        case.words = f"{case.words} {text.searchable(' '.join(row.clean for row in moved))}"[:SEARCHED]
    else:
        _describe(runtime, conversation, case, rows)
    case.last_inbound_at = max(case.last_inbound_at, rows[-1].sent_at)
    case.last_activity_at = max(case.last_activity_at, rows[-1].sent_at)
    added = [row for row in moved if row.fresh and before[row.id] is None and row.role != "opener"]
    if added and not case.fresh:
        _continue(runtime, conversation, case, now)


def _open(conversation: Conversation, case_id: uuid.UUID, rows: Sequence[MessageRow], now: datetime) -> CaseRow:
    first = rows[0]
    case = CaseRow(
        id=case_id,
        ticket=next((str(row.hints["ticket"]) for row in rows if row.hints.get("ticket")), ""),
        account=conversation.account.name,
        channel=conversation.account.channel.key,
        conversation=conversation.key,
        opened_at=first.sent_at,
        created_at=now,
        last_inbound_at=first.sent_at,
        last_activity_at=first.sent_at,
        fresh=True,
    )
    conversation.cases[case_id] = case
    conversation.events.append((case_id, "warga", "diterima", {"channel": case.channel}))
    return case


def _describe(runtime: Runtime, conversation: Conversation, case: CaseRow, rows: Sequence[MessageRow]) -> None:
    """What the complaint is about, by its lines in their order; the same for every order of arrival."""
    content = [row for row in rows if row.role != "opener"]
    first = content[0]
    program = _program(runtime, conversation, rows)
    keyword = next((row.keyword for row in rows if row.keyword is not None), None)
    case.program = None if program is None else program.key
    case.format_unclear = keyword is not None and not keyword["exact"]
    case.opened_at = rows[0].sent_at
    case.body = first.clean
    case.subject = first.subject or text.subject(first.clean) or _wordless(first)
    case.type = next((str(row.hints["type"]) for row in rows if row.hints.get("type")), ReportType.PENGADUAN.value)
    case.anonim = any(bool(row.hints.get("anonim")) for row in rows)
    case.rahasia = any(bool(row.hints.get("rahasia")) for row in rows)
    case.likely_double = _doubled(conversation, content)
    case.place = _where(runtime, program, content)
    where = case.place["label"] if case.place is not None else ""
    case.words = text.searchable(f"{case.subject} {' '.join(row.clean for row in content)} {where}"[:SEARCHED])
    case.clock_started_at = None  # while nobody has acted, the clocks count from the first line
    _reckon(case, program, Facts.of(case))


def _reckon(case: CaseRow, program: Program | None, facts: Facts) -> None:
    for name, value in facts.columns(program).items():
        setattr(case, name, value)


def _wordless(row: MessageRow) -> str:
    if row.location is not None:
        return "(lokasi)"
    return "(lampiran)" if row.hints.get("files") else "(tanpa teks)"


def _doubled(conversation: Conversation, content: Sequence[MessageRow]) -> bool:
    """Whether a message without a provider's id stands beside the same words, sent shortly before or after."""
    for row in content:
        if not row.hints.get("no_id"):
            continue
        for other in conversation.lines.values():
            near = abs(other.sent_at - row.sent_at) <= DOUBLE
            if other.id != row.id and near and other.direction == "in" and other.clean == row.clean:
                return True
    return False


def _where(runtime: Runtime, program: Program | None, content: Sequence[MessageRow]) -> dict[str, Any] | None:
    pin = next((row.location for row in content if row.location is not None), None)
    label = next((str(row.hints["place"]) for row in content if row.hints.get("place")), "")
    found = None
    if program is not None:
        places = (runtime.places[program.key].find(row.clean) for row in content)
        found = next((place for place in places if place is not None), None)
    if pin is None and found is None and not label:
        return None
    place: dict[str, Any] = {"label": "", "candidates": [], "lat": None, "lon": None}
    if found is not None:
        place |= {"label": found.label, "candidates": found.candidates, "lat": found.lat, "lon": found.lon}
    if pin is not None:
        place |= {"lat": pin["lat"], "lon": pin["lon"], "label": place["label"] or pin["label"] or ""}
    return place | {"label": label or place["label"]}


def _continue(runtime: Runtime, conversation: Conversation, case: CaseRow, now: datetime) -> None:
    """The citizen wrote again: an answer to our question goes on, a closed case opens anew with a fresh clock."""
    case.unread = True
    case.version += 1  # an officer who answers without having read this is asked first
    conversation.events.append((case.id, "warga", "menulis_lagi", {}))
    state = State(case.state)
    if state not in CLOSED and state is not State.MENUNGGU_WARGA:
        return
    facts = Facts.of(case).moved(State.TINDAK_LANJUT, now)
    if state in CLOSED:
        facts = facts.restarted(now)
        case.responded_at = case.closed_at = None
        conversation.events.append((case.id, "sistem", "dibuka_kembali", {"dari": state.value}))
    case.state = State.TINDAK_LANJUT.value
    _reckon(case, runtime.programs.get(case.program or ""), facts)


def _settle_empty(
    conversation: Conversation,
    ordered: Sequence[MessageRow],
    before: Mapping[uuid.UUID, uuid.UUID | None],
    now: datetime,
) -> None:
    """A case whose lines all moved, since an earlier message came late, goes into the case that took them."""
    left = {row.complaint_id for row in ordered}
    for row in ordered:
        case = None if (old := before[row.id]) is None or old in left else conversation.cases.get(old)
        if case is None or case.closed_at is not None:
            continue
        case.closed_at, case.next_due_at, case.dirty = now, None, True
        if row.complaint_id is None:
            case.state = State.DIARSIPKAN.value
            conversation.events.append((case.id, "sistem", "diarsipkan", {"alasan": "kata kunci saja"}))
        else:
            case.merged_into, case.state = row.complaint_id, State.DIGABUNG.value
            conversation.tickets.append((case.ticket, row.complaint_id))
            conversation.events.append((case.id, "sistem", "digabung", {}))


def acknowledge(conversation: Conversation) -> None:
    """Each new complaint is acknowledged once, with its ticket; without a program, with the format."""
    for case in conversation.cases.values():
        if not case.fresh:
            continue
        first = next(row for row in conversation.ordered() if row.complaint_id == case.id and row.direction == "in")
        if first.address is None or first.hints.get("no_reply"):
            continue
        purpose = "ack" if case.program is not None else "format"
        conversation.replies.append(
            AutoReply(
                purpose=purpose,
                address=first.address,
                dedupe=f"{purpose}:{case.id}",
                program=case.program,
                case=case,
                in_reply_to=None if first.hints.get("no_id") else first.external_id,
                subject=first.subject,
                hints=first.hints,
            )
        )
