"""Notices leave the house: planned by the clock process, and carried out by a thread for each way beside it.

A mail server that hangs holds up neither the clock nor the chats. Whatever one process leaves, another finishes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import SQLAlchemyError

from channels.contract import OutboundReply
from channels.errors import OutcomeUnknown, ProviderDown, SendFailed, Throttled
from dispatcher import notice_texts as texts
from dispatcher import reach
from dispatcher.logs import where
from dispatcher.mailing import MailError
from normalizer.telling import Kind, Way, When, Wishes, due, loud
from store import delivery, health
from store.delivery import Planned
from store.engine import is_away
from store.people import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

    from dispatcher.runtime import Runtime
    from store.delivery import Claim

log = logging.getLogger(__name__)

#: Seconds between two looks.
INTERVAL: Final = 1.0
#: Notices that are planned in one look.
BATCH: Final = 500
#: A message that is being sent for that long is a dead process's: no attempt takes half of it.
ABANDONED: Final = timedelta(minutes=10)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
#: About a day, with these pauses; a mail that may have arrived is repeated less often.
MOST_TRIES, MOST_UNSURE = 28, 5
#: Seconds that an end waits for a message under way.
LAST_WAIT: Final = 20.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, claimed: to whom, and what it says; `id` is the same at every try."""

    id: UUID
    officer_id: int
    way: Way
    account: str
    address: str
    subject: str
    text: str
    attempts: int


def plan(runtime: Runtime, connection: Connection) -> int:
    """Make the deliveries of notices that have none yet, in the caller's transaction; how many notices there were."""
    rows = delivery.unplanned(connection, BATCH)
    if rows:
        delivery.plan(connection, [row.id for row in rows], [each for row in rows for each in _planned(runtime, row)])
    return len(rows)


def _planned(runtime: Runtime, row: Any) -> Iterator[Planned]:
    if row.kinds is None:
        return
    wishes = Wishes.of(row)
    late = _late(row)
    for way in map(Way, row.ways):
        when = wishes.on(Kind(row.kind), way)
        if when is not None:
            # Whoever asks for a test waits for it, also within his quiet hours.
            at = row.made_at if _asked(row) else due(wishes, when, row.made_at, runtime.zone, late=late)
            yield Planned(
                notice_id=row.id,
                officer_id=row.officer_id,
                way=way.value,
                digest=when is When.DIGEST,
                due_at=at,
            )


def _late(row: Any) -> bool:
    """Whether a notice tells of a deadline that is over."""
    return row.kind == Kind.DEADLINE.value and not row.data["at"].endswith("%") and not row.data["at"].startswith("-")


def _asked(row: Any) -> bool:
    """Whether the officer asked for a notice himself, to see it arrive."""
    return Kind(row.kind) is Kind.TEST


def deliver(runtime: Runtime, way: Way) -> bool:
    """Send one message that is due on this way; False where there is none, or the way rests."""
    now = runtime.clock()
    with runtime.engine.begin() as connection:
        if way is Way.TELEGRAM and (runtime.notify is None or delivery.resting(connection, runtime.notify, now)):
            return False
        delivery.recover(connection, way, now - ABANDONED, now)
        claim = delivery.claim(connection, way, now)
        if claim is None:
            return False
        message = _written(runtime, connection, way, claim, now)
    if message is not None:
        _send(runtime, message)
    return True


def _written(runtime: Runtime, connection: Connection, way: Way, claim: Claim, now: datetime) -> Message | None:
    """The message that may go now, marked as being sent; what may not is dropped or held."""
    address = (claim.officer.email or "") if way is Way.MAIL else claim.reach.address
    wanted = [row for row in claim.rows if _wanted(runtime, way, claim, address, row)]
    delivery.drop(connection, _ids([row for row in claim.rows if row not in wanted]))
    until = loud(claim.wishes, now, runtime.zone)
    late = claim.wishes.late_passes and not claim.digest
    passing = [row for row in wanted if until <= now or _asked(row) or (late and _late(row))]
    delivery.hold(connection, _ids([row for row in wanted if row not in passing]), until)
    if not passing:
        return None
    house = texts.House(programs=runtime.programs, public_url=runtime.public_url, zone=runtime.zone)
    words = texts.words_of(claim.officer.language)
    return Message(
        id=delivery.mark(connection, _ids(passing), claim.batch, now),
        officer_id=claim.officer.id,
        way=way,
        account=claim.reach.account,
        address=address,
        subject=texts.subject(words, passing, digest=claim.digest),
        text=texts.body(house, words, passing, digest=claim.digest),
        attempts=claim.attempts + 1,
    )


def _ids(rows: Sequence[Any]) -> list[int]:
    return [row.delivery_id for row in rows]


def _wanted(runtime: Runtime, way: Way, claim: Claim, address: str, row: Any) -> bool:
    """Whether the officer still wants it here, has not read it, and may see what it is about."""
    usable = claim.reach.paused_at is None or (way is Way.MAIL and claim.reach.address != address)
    ready = runtime.mailer is not None if way is Way.MAIL else claim.reach.account == runtime.notify
    chosen = claim.wishes.on(Kind(row.kind), way) is not None
    if not (claim.officer.active and address and usable and ready and chosen):
        return False
    if _asked(row) or row.seen_at is not None:
        return _asked(row)
    person = _Person(
        id=claim.officer.id,
        role=claim.officer.role,
        programs=frozenset(claim.officer.programs),
        unit=claim.officer.unit,
    )
    if row.complaint_id is None:
        return _keeps(runtime, person, row.data.get("account", ""))
    return reach.reaches(reach.scope(person, runtime.programs), row.program, row.unit, row.account)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    id: int
    role: str
    programs: frozenset[str]
    unit: str | None


def _keeps(runtime: Runtime, person: _Person, account: str) -> bool:
    """Whether the officer looks after an account: an administrator all, a program's own those that it is reached on."""
    if person.role == Role.ADMINISTRATOR:
        return True
    ours = (program for program in reach.programs(person, runtime.programs) if account in program.accounts)
    return person.role == Role.PROGRAM_ADMIN and any(ours)


def _send(runtime: Runtime, message: Message) -> None:
    """Send it, and write down what became of it."""
    try:
        if message.way is Way.MAIL:
            _mail(runtime, message)
        else:
            _chat(runtime, message)
    except MailError as error:
        _not_mailed(runtime, message, error)
    except (Throttled, ProviderDown) as error:
        _not_chatted(runtime, message, error)
    except OutcomeUnknown as error:
        log.warning("whether a notice arrived in a chat is not known: %s", error)
        _settle(runtime, message, "unknown")
    except SendFailed as error:
        _settle(runtime, message, "failed", str(error))
    except Exception as error:  # noqa: BLE001 - a bug: nobody knows how far it came
        log.error("a notice by %s failed: %s", message.way.value, type(error).__name__)  # noqa: TRY400 - no words in logs
        _settle(runtime, message, "unknown")
    else:
        _settle(runtime, message, "sent")


def _mail(runtime: Runtime, message: Message) -> None:
    if runtime.mailer is None:
        raise LookupError("mail")
    runtime.mailer.send(message.address, message.subject, message.text, runtime.clock(), ident=str(message.id))


def _chat(runtime: Runtime, message: Message) -> None:
    runtime.accounts[message.account].channel.send(
        OutboundReply(
            id=str(message.id),
            conversation_id=message.address,
            to=message.address,
            text=message.text,
            purpose="notice",
        )
    )


def _not_mailed(runtime: Runtime, message: Message, error: MailError) -> None:
    log.warning("a notice was not mailed: %s", error)
    if error.refused:
        _settle(runtime, message, "failed", str(error))
        return
    if message.attempts >= (MOST_UNSURE if error.unsure else MOST_TRIES):
        _settle(runtime, message, "unknown" if error.unsure else "failed")
        return
    until = runtime.clock() + _pause(message)
    with runtime.engine.begin() as connection:
        delivery.again(connection, message.id, until, same=error.unsure)
        if not error.alone:
            delivery.put_off(connection, Way.MAIL, until)


def _not_chatted(runtime: Runtime, message: Message, error: Throttled | ProviderDown) -> None:
    """Nothing was sent; the bot's messages to citizens rest as long, since it is one bot."""
    if message.attempts >= MOST_TRIES:
        _settle(runtime, message, "failed")
        return
    now = runtime.clock()
    pause = timedelta(seconds=max(error.retry_after, 1.0)) if isinstance(error, Throttled) else _pause(message)
    with runtime.engine.begin() as connection:
        delivery.again(connection, message.id, now + pause, same=False)
        if not (isinstance(error, Throttled) and error.alone):
            health.rest(connection, message.account, str(error), now, now + pause)


def _pause(message: Message) -> timedelta:
    doubled: int = 2 ** min(message.attempts - 1, 10)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def _settle(runtime: Runtime, message: Message, state: str, refusal: str | None = None) -> None:
    """Write down the end of a message. If the database is away meanwhile, a few tries; else it is found abandoned."""
    for pause in (0.2, 1.0, 3.0, None):
        try:
            with runtime.engine.begin() as connection:
                now = runtime.clock()
                delivery.settle(connection, message.id, state, now)
                if state == "sent":
                    delivery.reached(connection, message.officer_id, message.way)
                elif refusal is not None:
                    delivery.refused(connection, message.officer_id, message.way, message.address, refusal, now)
        except SQLAlchemyError:
            if pause is None:
                raise
            time.sleep(pause)
        else:
            return


@contextlib.contextmanager
def threads(runtime: Runtime, stop: threading.Event) -> Iterator[None]:
    """A thread for each way, until `stop` is set and what is under way has ended."""
    running = [
        threading.Thread(target=run, args=(runtime, way, stop), name=f"notify-{way.value}", daemon=True) for way in Way
    ]
    for each in running:
        each.start()
    try:
        yield
    finally:
        for each in running:
            each.join(LAST_WAIT)


def run(runtime: Runtime, way: Way, stop: threading.Event) -> None:
    """Deliver what is due on one way until told to stop."""
    while not stop.wait(INTERVAL):
        try:
            while not stop.is_set() and deliver(runtime, way):
                pass
        except Exception as error:  # noqa: BLE001 - a thread has nobody to tell; it looks again in a second
            level = logging.WARNING if is_away(error) else logging.ERROR
            log.log(level, "notices by %s stopped: %s", way.value, where(error))
