"""From the journal to the queue: what each kind of item becomes, whatever the order and however often."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dispatcher import drain, replies
from store.blobs import BlobError, Blobs
from tests.journalling import deliver, empty, outcomes, rows, threads
from tests.toy import MASBUP, START, Clock, ToyChannel, runtime

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

WORDS = "masbupsiaga jalan Pahlawan berlubang di depan pasar"


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path) -> Runtime:
    return runtime(engine, redis_client, tmp_path)


def test_a_message_with_the_keyword_becomes_a_complaint_and_is_acknowledged(world: Runtime) -> None:
    deliver(world, [{"external_id": "1", "text": WORDS, "name": "Siti"}])
    assert drain.run(world) is False
    assert outcomes(world) == {"message": 1}
    [(ticket, program, subject, body, state)] = rows(
        world, "SELECT ticket, program, subject, body, state FROM complaint"
    )
    assert (program, state) == ("masbup", "baru")
    assert body == subject == "jalan Pahlawan berlubang di depan pasar"
    assert rows(world, "SELECT text FROM message WHERE direction = 'in'") == [(WORDS,)]
    [(purpose, words, message_id)] = rows(world, "SELECT purpose, text, message_id FROM outbox")
    assert purpose == "ack"
    assert ticket in words
    assert message_id is not None
    assert rows(world, "SELECT name FROM contact") == [("Siti",)]
    assert rows(world, "SELECT t.code FROM ticket t JOIN complaint c ON c.id = t.complaint_id") == [(ticket,)]


def test_follow_ups_join_and_a_new_keyword_opens_another(engine: Engine, redis_client: Redis, tmp_path: Path) -> None:
    world = runtime(engine, redis_client, tmp_path, clock=Clock(START + timedelta(days=3)))
    deliver(
        world,
        [{"external_id": "1", "text": WORDS}],
        [{"external_id": "2", "text": "sudah seminggu", "at": 60}],
        [{"external_id": "3", "text": "masbupsiaga lampu mati", "at": 120}],
        [{"external_id": "4", "text": "yang tadi juga gelap", "at": 180}],
        [{"external_id": "5", "text": "halo?", "at": 180 + 25 * 3600}],
    )
    drain.run(world)
    assert [(program, len(lines)) for program, lines in threads(world)] == [("masbup", 2), ("masbup", 2), (None, 1)]
    assert rows(world, "SELECT purpose, count(*) FROM outbox GROUP BY 1 ORDER BY 1") == [("ack", 2), ("format", 1)]


def test_a_reply_goes_to_the_case_it_replies_to(world: Runtime) -> None:
    deliver(
        world,
        [{"external_id": "1", "text": WORDS}],
        [{"external_id": "2", "text": "masbupsiaga lampu mati", "at": 60}],
        [{"external_id": "3", "text": "ini tambahannya", "at": 120, "in_reply_to": "1"}],
    )
    drain.run(world)
    assert [lines for _, lines in threads(world)] == [[WORDS, "ini tambahannya"], ["masbupsiaga lampu mati"]]


def test_a_keyword_alone_is_prompted_and_opens_with_what_follows(world: Runtime) -> None:
    deliver(world, [{"external_id": "1", "text": "MASBUPSIAGA"}])
    drain.run(world)
    assert rows(world, "SELECT count(*) FROM complaint") == [(0,)]
    assert rows(world, "SELECT purpose FROM outbox") == [("prompt",)]
    deliver(world, [{"external_id": "2", "text": "air mati dua hari", "at": 60}])
    drain.run(world)
    assert threads(world) == [("masbup", ["MASBUPSIAGA", "air mati dua hari"])]
    assert rows(world, "SELECT subject FROM complaint") == [("air mati dua hari",)]


def test_the_same_event_twice_is_one_message(world: Runtime) -> None:
    one = {"external_id": "1", "text": WORDS}
    deliver(world, [one], [one], [one, {"external_id": "2", "text": "lagi", "at": 5}])
    drain.run(world)
    deliver(world, [one])
    drain.run(world)
    assert outcomes(world) == {"message": 2, "duplicate": 3}
    assert rows(world, "SELECT count(*) FROM outbox") == [(1,)]


def test_without_an_id_a_likely_double_is_flagged_not_dropped(world: Runtime) -> None:
    deliver(world, [{"text": WORDS}], [{"text": WORDS, "at": 3}])
    drain.run(world)
    assert outcomes(world) == {"message": 2}
    assert rows(world, "SELECT count(*) FROM complaint WHERE likely_double") == [(2,)]


def test_one_bad_item_does_not_stop_its_batch(world: Runtime) -> None:
    deliver(
        world,
        [
            {"external_id": "1", "text": WORDS},
            {"kind": "malformed", "error": "no chat"},
            {"kind": "ignored", "reason": "group"},
            {"external_id": "2", "text": "masbupsiaga kedua", "who": "+62811000002"},
        ],
    )
    deliver(world, "not a list of items")  # type: ignore[arg-type]
    deliver(world, [])
    drain.run(world)
    assert outcomes(world) == {"message": 2, "quarantined": 2, "ignored": 2}


def test_a_bug_in_handling_quarantines_one_item_only(world: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    from dispatcher import applying  # noqa: PLC0415 - patched

    real = applying.read_keyword

    def broken(conversation: Any, row: Any) -> None:
        if "racun" in row.text:
            raise KeyError("boom")
        real(conversation, row)

    monkeypatch.setattr(applying, "read_keyword", broken)
    deliver(world, *([{"external_id": str(n), "text": f"masbupsiaga {n}", "who": f"+62811{n:06}"}] for n in range(20)))
    deliver(world, [{"external_id": "bad", "text": "racun", "who": "+62811000003"}])
    drain.run(world)
    assert outcomes(world) == {"message": 20, "quarantined": 1}


def test_edits_withdrawals_and_receipts_in_any_order_end_the_same(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    steps = [
        {"external_id": "1", "text": WORDS, "at": 0},
        {"kind": "edit", "external_id": "1", "version": "1", "text": "masbupsiaga jalan rusak", "at": 1},
        {"kind": "edit", "external_id": "1", "version": "2", "text": "masbupsiaga jalan rusak parah", "at": 2},
        {"external_id": "2", "text": "tambahan", "at": 30},
        {"kind": "unsent", "external_id": "2", "at": 40},
    ]
    ends = set()
    for order in itertools.permutations(steps):
        world = runtime(engine, redis_client, tmp_path)
        for step in order:
            deliver(world, [step])
            drain.run(world)
        withdrawn = rows(
            world, "SELECT external_id, withdrawn_at IS NOT NULL FROM message WHERE direction='in' ORDER BY 1"
        )
        ends.add(repr((threads(world), sorted(outcomes(world).items()), withdrawn)))
        empty(world)
    assert len(ends) == 1
    [end] = ends
    assert "jalan rusak parah" in end
    assert "('edit', 2), ('message', 2), ('unsent', 1)" in end


def test_an_edit_without_its_original_is_shown_after_a_while_and_mended_when_it_comes(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    clock = Clock()
    world = runtime(engine, redis_client, tmp_path, clock=clock)
    deliver(world, [{"kind": "edit", "external_id": "1", "version": "1", "text": "masbupsiaga sudah diubah"}])
    drain.run(world)
    assert outcomes(world) == {"waiting": 1}
    clock.now += timedelta(seconds=601)
    drain.run(world)
    assert outcomes(world) == {"edit": 1}
    assert threads(world) == [("masbup", ["masbupsiaga sudah diubah"])]
    deliver(world, [{"external_id": "1", "text": WORDS}])
    drain.run(world)
    assert outcomes(world) == {"edit": 1, "message": 1}
    assert rows(world, "SELECT text, revised, original_missing FROM message WHERE direction = 'in'") == [
        (WORDS, "masbupsiaga sudah diubah", False)
    ]


def test_split_texts_are_joined_in_any_order(engine: Engine, redis_client: Redis, tmp_path: Path) -> None:
    pieces = [
        {"external_id": "a", "text": "masbupsiaga jalan ", "part": ["7", 1, 3]},
        {"external_id": "b", "text": "di desa kami ", "part": ["7", 2, 3], "at": 1},
        {"external_id": "c", "text": "rusak", "part": ["7", 3, 3], "at": 1},
    ]
    for order in itertools.permutations(pieces):
        world = runtime(engine, redis_client, tmp_path)
        for piece in order:
            deliver(world, [piece])
            drain.run(world)
        assert threads(world) == [("masbup", ["masbupsiaga jalan di desa kami rusak"])]
        assert outcomes(world) == {"message": 1, "joined": 2}
        empty(world)


def test_a_text_with_a_missing_part_is_released_and_completed_when_it_comes(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    clock = Clock()
    world = runtime(engine, redis_client, tmp_path, clock=clock)
    deliver(world, [{"external_id": "b", "text": "di desa kami ", "part": ["7", 2, 3]}])
    deliver(world, [{"external_id": "c", "text": "rusak", "part": ["7", 3, 3]}])
    drain.run(world)
    assert outcomes(world) == {"waiting": 2}
    clock.now += timedelta(seconds=601)
    drain.run(world)
    assert outcomes(world) == {"message": 1, "joined": 1}
    [(program, [words])] = threads(world)
    assert program is None
    assert "bagian 1 dari 3 tidak sampai" in words
    assert rows(world, "SELECT missing FROM message WHERE direction = 'in'") == [([1],)]
    deliver(world, [{"external_id": "a", "text": "masbupsiaga jalan ", "part": ["7", 1, 3]}])
    drain.run(world)
    assert threads(world) == [("masbup", ["masbupsiaga jalan di desa kami rusak"])]
    assert outcomes(world) == {"message": 1, "joined": 2}


def test_an_album_is_one_complaint_and_a_late_photo_joins_it(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    clock = Clock()
    world = runtime(engine, redis_client, tmp_path, clock=clock)
    for number in (2, 1, 3):
        words = WORDS if number == 1 else ""
        photo = {
            "external_id": f"p{number}",
            "sequence": number,
            "album": "9",
            "text": words,
            "files": [{"ref": f"f{number}"}],
        }
        deliver(world, [photo])
        drain.run(world)
    assert outcomes(world) == {"waiting": 3}
    clock.now += timedelta(seconds=3)
    drain.run(world)
    late = {"external_id": "p4", "sequence": 4, "album": "9", "files": [{"ref": "f4"}]}
    deliver(world, [late])
    drain.run(world)
    assert threads(world) == [("masbup", [WORDS])]
    assert outcomes(world) == {"message": 1, "joined": 3}
    assert rows(world, "SELECT ref, state FROM attachment ORDER BY ref") == [(f"f{n}", "owed") for n in (1, 2, 3, 4)]


def test_a_long_conversation_keeps_the_complaint_of_its_first_message(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    clock = Clock(START + timedelta(days=90))
    world = runtime(engine, redis_client, tmp_path, clock=clock)
    for number in range(80):
        words = WORDS if number == 0 else f"tambahan {number}"
        deliver(world, [{"external_id": str(number), "text": words, "at": number * 20 * 3600}])
        drain.run(world)
    [(program, lines)] = threads(world)
    assert (program, len(lines)) == ("masbup", 80)
    assert rows(world, "SELECT body, opened_at FROM complaint") == [("jalan Pahlawan berlubang di depan pasar", START)]


def test_a_late_first_message_takes_the_case_that_its_follow_up_opened(world: Runtime) -> None:
    deliver(world, [{"external_id": "2", "text": "di depan pasar", "at": 60}])
    drain.run(world)
    assert threads(world) == [(None, ["di depan pasar"])]
    deliver(world, [{"external_id": "1", "text": WORDS, "at": 0}])
    drain.run(world)
    assert threads(world) == [("masbup", [WORDS, "di depan pasar"])]


def test_a_keyword_cut_in_two_that_was_released_and_completed_is_a_keyword_alone(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    clock = Clock(START + timedelta(days=1))
    world = runtime(engine, redis_client, tmp_path, clock=clock)
    deliver(world, [{"external_id": "a", "text": "MASBU", "part": ["2", 1, 2], "at": 2}])
    clock.now += timedelta(seconds=700)
    drain.run(world)
    assert len(threads(world)) == 1
    deliver(world, [{"external_id": "1", "text": WORDS, "at": 1}])
    deliver(world, [{"external_id": "b", "text": "PSIAGA", "part": ["2", 2, 2], "at": 2}])
    deliver(world, [{"external_id": "3", "text": "air mati", "at": 3}])
    drain.run(world)
    assert threads(world) == [("masbup", [WORDS]), ("masbup", ["MASBUPSIAGA", "air mati"])]
    assert rows(world, "SELECT count(*) FROM item WHERE outcome = 'quarantined'") == [(0,)]


def test_questions_about_the_state_are_answered_and_open_nothing(world: Runtime) -> None:
    deliver(world, [{"external_id": "1", "text": WORDS}])
    drain.run(world)
    [(ticket,)] = rows(world, "SELECT ticket FROM complaint")
    deliver(world, [{"external_id": "2", "text": f"status {ticket.lower()}", "at": 60}])
    deliver(world, [{"external_id": "3", "text": "STATUS", "at": 70}])
    deliver(world, [{"external_id": "4", "text": "/status", "command": "start", "at": 80}])
    drain.run(world)
    assert outcomes(world) == {"message": 1, "ignored": 3}
    answers = rows(world, "SELECT text FROM outbox WHERE purpose = 'status'")
    assert len(answers) == 2
    assert all(ticket in words and "baru" in words for (words,) in answers)
    assert rows(world, "SELECT count(*) FROM outbox WHERE purpose = 'welcome'") == [(1,)]


def test_where_one_program_owns_the_account_no_keyword_is_needed(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    world = runtime(engine, redis_client, tmp_path, programs=[MASBUP])
    deliver(world, [{"external_id": "1", "text": "jalan rusak"}])
    drain.run(world)
    assert threads(world) == [("masbup", ["jalan rusak"])]


def test_a_word_that_looks_like_a_ticket_code_is_a_follow_up(world: Runtime) -> None:
    deliver(world, [{"external_id": "1", "text": WORDS}], [{"external_id": "2", "text": "tambahan", "at": 9}])
    drain.run(world)
    assert threads(world) == [("masbup", [WORDS, "tambahan"])]


def test_nul_and_half_characters_do_no_harm(world: Runtime) -> None:
    deliver(world, [{"external_id": "1", "text": "masbupsiaga a\0b \ud83d c", "name": "N\0"}])
    drain.run(world)
    assert outcomes(world) == {"message": 1}
    assert rows(world, "SELECT text FROM message WHERE direction = 'in'") == [("masbupsiaga a�b � c",)]


def test_two_accounts_do_not_share_external_ids(engine: Engine, redis_client: Redis, tmp_path: Path) -> None:
    world = runtime(engine, redis_client, tmp_path, channels=[ToyChannel("toy"), ToyChannel("other")])
    deliver(world, [{"external_id": "1", "text": WORDS}])
    deliver(world, [{"external_id": "1", "text": WORDS}], account="other")
    drain.run(world)
    assert outcomes(world) == {"message": 2}


def test_a_payload_that_the_blob_store_cannot_give_now_holds_up_no_other(
    engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    world = runtime(engine, redis_client, tmp_path, clock=clock)
    deliver(world, [{"external_id": "1", "text": WORDS}])
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE journal SET blob = 'abc'")
    deliver(world, [{"external_id": "2", "text": "masbupsiaga lampu mati", "at": 60}])

    def away(_self: object, _sha256: str) -> bytes:
        raise BlobError("the object store is away")

    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "get", away)
        drain.run(world)
        assert outcomes(world) == {"message": 1}
        assert drain.run(world) is False
    monkeypatch.setattr(Blobs, "get", lambda _self, _sha256: json.dumps([{"external_id": "1", "text": WORDS}]).encode())
    drain.run(world)
    assert outcomes(world) == {"message": 1}
    clock.now += timedelta(seconds=31)
    drain.run(world)
    assert outcomes(world) == {"message": 2}


def test_what_waits_for_an_account_that_is_gone_ends_in_quarantine(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    clock = Clock()
    world = runtime(engine, redis_client, tmp_path, clock=clock)
    deliver(world, [{"external_id": "a", "text": "x", "part": ["7", 1, 2]}])
    drain.run(world)
    clock.now += timedelta(hours=1)
    without = runtime(engine, redis_client, tmp_path, clock=clock, channels=[ToyChannel("other")])
    assert drain.run(without) is False
    assert outcomes(world) == {"quarantined": 1}


def test_a_future_clock_is_not_believed(world: Runtime) -> None:
    deliver(world, [{"external_id": "1", "text": WORDS, "at": 3600 * 24 * 400}])
    drain.run(world)
    assert rows(world, "SELECT opened_at FROM complaint") == [(START,)]


def test_two_robots_that_answer_one_another_stop(world: Runtime) -> None:
    for number in range(30):
        deliver(world, [{"external_id": f"m{number}", "text": "status", "who": "+62811000009", "at": number}])
        drain.run(world)
    [(count,)] = rows(world, "SELECT count(*) FROM outbox")
    assert count == replies.MOST_A_DAY
    deliver(world, [{"external_id": "real", "text": "masbupsiaga banjir", "who": "+62811000009", "at": 99}])
    drain.run(world)
    assert rows(world, "SELECT purpose FROM outbox ORDER BY seq DESC LIMIT 1") == [("ack",)]
