"""X through the whole house: listener, journal, drain and outbox, with the real database and a strict X."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from x_stand import BUDI, SITI, X, running

from channels.contract import AccountInfo
from channels.x.adapter import XChannel
from dispatcher import drain, listener, sending
from normalizer.saying import remembered
from tests.journalling import outcomes, rows, threads
from tests.pollkit import listening, quick, until
from tests.toy import Clock, runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

__all__ = ["quick"]

WORD = "masbupsiaga"


@pytest.fixture
def x() -> Iterator[X]:
    with running() as stand:
        yield stand


@pytest.fixture
def world(x: X, engine: Engine, redis_client: Redis, tmp_path: Path) -> Runtime:
    settings = x.settings(direct_messages=False, poll_interval=0.05)
    channel = XChannel(AccountInfo(name="toy"), settings)
    clock = Clock(datetime.now(UTC))
    return runtime(engine, redis_client, tmp_path / "blobs", channels=[channel], clock=clock)  # type: ignore[list-item] # any channel


def receive(world: Runtime, count: int) -> None:
    """Listen until so many payloads are in the journal, and handle them."""
    with listening(world):
        until(lambda: rows(world, "SELECT count(*) FROM journal") == [(count,)])
    drain.run(world)


def send(world: Runtime) -> None:
    with sending.sender(world) as sender:
        sender.run(5.0)


def test_a_thread_of_one_author_is_one_complaint_and_its_answer_stands_below_it(x: X, world: Runtime) -> None:
    first = x.cloud.post(SITI, f"@aduan_kab #{WORD} talud longsor 1/3")
    second = x.cloud.post(SITI, "@aduan_kab di Desa Bojong 2/3", reply_to=first["id"])
    x.cloud.post(SITI, "@aduan_kab fotonya menyusul 3/3", reply_to=second["id"])
    x.cloud.post(BUDI, f"@aduan_kab #{WORD} lampu mati")
    receive(world, 4)
    assert sorted(len(lines) for _, lines in threads(world)) == [1, 3]
    send(world)
    below = {
        post["referenced_tweets"][0]["id"] for post in x.cloud.posts.values() if post["author_id"] == x.cloud.me.id
    }
    assert first["id"] in below
    assert len(x.cloud.mailroom.delivered()) == 2
    x.cloud.post(SITI, "@aduan_kab terima kasih", reply_to=x.cloud.mailroom.delivered(SITI.id)[0].external_id)
    receive(world, 5)
    assert sorted(len(lines) for _, lines in threads(world)) == [1, 4]


def test_an_edit_ends_with_the_newest_words_whenever_the_original_came(x: X, world: Runtime) -> None:
    post = x.cloud.post(SITI, f"@aduan_kab {WORD} jalan rusk")
    receive(world, 1)
    x.cloud.edit(post, f"@aduan_kab {WORD} jalan rusak")
    other = x.cloud.post(BUDI, f"@aduan_kab {WORD} lampu mti")
    x.cloud.edit(other, f"@aduan_kab {WORD} lampu mati")
    receive(world, 3)
    assert sorted(line for _, lines in threads(world) for line in lines) == [
        f"@aduan_kab {WORD} jalan rusak",
        f"@aduan_kab {WORD} lampu mati",
    ]
    originals = rows(world, "SELECT text FROM message WHERE direction = 'in' ORDER BY text")
    assert originals == [(f"@aduan_kab {WORD} jalan rusk",), (f"@aduan_kab {WORD} lampu mti",)]
    assert outcomes(world) == {"message": 2, "edit": 2, "duplicate": 1}


def test_a_citizen_asks_for_the_state_below_our_answer(x: X, world: Runtime) -> None:
    x.cloud.post(SITI, f"@aduan_kab {WORD} talud longsor")
    receive(world, 1)
    send(world)
    (answer,) = x.cloud.mailroom.delivered(SITI.id)
    [(code,)] = rows(world, "SELECT ticket FROM complaint")
    x.cloud.post(SITI, f"@aduan_kab STATUS {code}", reply_to=answer.external_id)
    receive(world, 2)
    send(world)
    assert len(x.texts()) == 2
    assert code in x.texts()[1]


def test_a_bare_hashtag_is_a_complaint_that_nobody_tries_to_answer(x: X, world: Runtime) -> None:
    x.cloud.post(SITI, f"#{WORD} jalan rusak")
    receive(world, 1)
    assert threads(world) == [("masbup", [f"#{WORD} jalan rusak"])]
    send(world)
    assert x.texts() == []
    [(state, why)] = rows(world, "SELECT state, error FROM outbox")
    assert state == "skipped"
    assert "melarang jawaban lewat program" in why
    assert x.server.limits.used.keys().isdisjoint({("create_post", int(x.clock.now) // 900)})


def test_an_alarm_stands_with_the_account_and_what_was_read_stays(
    x: X, world: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "NOTE_EVERY", 0.0)
    x.server.limits.calls["search"] = 0
    x.cloud.post(SITI, f"@aduan_kab {WORD} jalan rusak")
    with listening(world):
        until(lambda: rows(world, "SELECT last_error FROM account_state"))
    [(said,)] = rows(world, "SELECT last_error FROM account_state")
    assert remembered(said).startswith("tagar: X menjawab HTTP 429")
    drain.run(world)
    assert outcomes(world) == {"message": 1}
