"""Mail through the whole house: a real Dovecot, the listener, the drain, an officer, the outbox, a real SMTP server."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from dispatcher import drain, listener, sending
from normalizer.program import Program
from store import casework
from store.casework import Act
from store.models import Complaint
from tests import factories
from tests.dovecot import Dovecot, dovecot
from tests.journalling import outcomes, rows
from tests.mailkit import SITI, mail, mailbox
from tests.pollkit import listening, quick, until
from tests.smtpd import Post, post_office
from tests.toy import runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

__all__ = ["quick"]

SIAGA = Program(
    key="siaga", name="Mas Bup Siaga", organisation="Pemalang", keywords=("masbupsiaga",), accounts=("surat",)
)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "LONGEST_WAIT", 0.5)


@pytest.fixture
def server(need: Callable[[str], str]) -> Iterator[Dovecot]:
    with dovecot(need("dovecot")) as running:
        yield running


@pytest.fixture
def post() -> Iterator[Post]:
    with post_office() as running:
        yield running


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path, server: Dovecot, post: Post) -> Iterator[Runtime]:
    with mailbox(server, post) as channel:
        made: Any = [channel]
        yield runtime(engine, redis_client, tmp_path / "blobs", channels=made, programs=[SIAGA])


def receive(world: Runtime, server: Dovecot, count: int) -> None:
    """Until so many mails stand in the journal, all are marked, and the drain has read them."""
    with listening(world):
        until(lambda: rows(world, "SELECT count(*) FROM journal") == [(count,)] and server.unseen() == 0)
    drain.run(world)


def send(world: Runtime) -> None:
    with sending.sender(world) as sender:
        sender.run(5.0)


def answer(world: Runtime, text: str) -> None:
    with world.engine.begin() as connection:
        officer = factories.officer(connection, "dewi")
        case = connection.execute(select(Complaint)).one()
        act = Act(
            complaint_id=case.id,
            version=case.version,
            officer_id=officer,
            username="dewi",
            now=world.clock(),
            programs={},
        )
        assert casework.answer(connection, act, text, "1")


def test_a_mail_becomes_a_complaint_is_answered_and_the_answer_s_answer_comes_to_the_same(
    world: Runtime, server: Dovecot, post: Post
) -> None:
    server.append(mail("Masbupsiaga, jalan di depan pasar berlubang.", Subject="Jalan rusak"))
    receive(world, server, 1)
    send(world)
    answer(world, "Besok kami tambal.")
    send(world)
    ack, answered = post.mails()
    [(ticket,)] = rows(world, "SELECT ticket FROM complaint")
    assert ticket in ack.get_content()
    assert (ack["Auto-Submitted"], answered["Auto-Submitted"]) == ("auto-replied", None)
    assert answered["Subject"] == f"Re: Jalan rusak [{ticket}]"
    assert answered["In-Reply-To"].startswith("<surat-")
    assert rows(world, "SELECT DISTINCT state FROM outbox") == [("sent",)]

    server.append(
        mail(
            "Terima kasih, sudah ditambal.\n\nPada Sen, 2 Nov 2026 09.00, Mas Bup menulis:\n> Besok kami tambal.\n",
            Subject=answered["Subject"],
            To=parseaddr(answered["Reply-To"])[1],
            In_Reply_To=answered["Message-ID"],
        )
    )
    receive(world, server, 2)
    words = rows(world, "SELECT text FROM message WHERE direction = 'in' ORDER BY received_at, sent_at")
    assert ("Terima kasih, sudah ditambal.",) in words
    assert rows(world, "SELECT count(*) FROM complaint") == [(1,)]
    assert rows(world, "SELECT count(DISTINCT complaint_id) FROM message") == [(1,)]


def test_a_dead_server_and_new_numbers_lose_nothing_and_double_nothing(world: Runtime, server: Dovecot) -> None:
    with listening(world):
        server.append(*[mail("masbupsiaga lampu mati") for _ in range(5)])
        until(lambda: rows(world, "SELECT count(*) FROM journal") == [(5,)])
        server.kill()
        until(lambda: rows(world, "SELECT last_error IS NOT NULL FROM account_state") == [(True,)])
        server.start()
        server.append(mail("masbupsiaga jalan rusak"))
        until(lambda: rows(world, "SELECT count(*) FROM journal") == [(6,)])
        server.renumber()
        server.append(mail("masbupsiaga air mati"))
        until(lambda: rows(world, "SELECT count(*) FROM journal") == [(13,)] and server.unseen() == 0)
    drain.run(world)
    assert outcomes(world) == {"message": 7, "duplicate": 6}


def test_machines_are_kept_and_not_answered(world: Runtime, server: Dovecot, post: Post) -> None:
    server.append(mail("Saya sedang cuti.", Auto_Submitted="auto-replied"))
    receive(world, server, 1)
    send(world)
    assert outcomes(world) == {"message": 1}
    assert post.taken == []


def test_an_answer_of_unknown_outcome_waits_for_the_officer(world: Runtime, server: Dovecot, post: Post) -> None:
    server.append(mail("masbupsiaga lampu mati"))
    receive(world, server, 1)
    send(world)
    post.drop = "AFTER"
    answer(world, "Sudah menyala.")
    send(world)
    send(world)
    assert rows(world, "SELECT purpose, state FROM outbox ORDER BY seq") == [("ack", "sent"), ("answer", "unknown")]
    assert [envelope.rcpt_tos for envelope in post.taken] == [[SITI], [SITI]]
