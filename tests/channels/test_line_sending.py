"""Answers by LINE, by reply token and by push, and each way they can fail, against a strict stand-in on loopback."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from line_stand import BUDI, ID, SITI, TOKEN, Line, answer, automatic, line_at
from loopback import dead_address, serving

from channels.contract import Conversation, OutboundFile
from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled
from channels.line import client, sending
from normalizer.messages import Delivery
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from channels.contract import OutboundReply
    from standins.faults import Faults


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    with line_at(monkeypatch) as running:
        yield running


def failure(line: Line, reply: OutboundReply, **settings: object) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        line.channel(**settings).send(reply)  # type: ignore[arg-type] # settings
    told = str(caught.value)
    assert not any(word in told for word in (reply.text, SITI, TOKEN) if word)
    return caught.value


def test_an_answer_is_pushed_and_its_receipt_names_lines_message(line: Line) -> None:
    receipt = line.channel().send(answer("Sudah diperbaiki 🙏\nTerima kasih"))
    (message,) = line.mailroom.delivered(SITI)
    assert message.text == "Sudah diperbaiki 🙏\nTerima kasih"
    assert (receipt.external_id, receipt.status, receipt.conversation_id) == (message.external_id, Delivery.SENT, SITI)
    assert line.cloud.pushed == 1


def test_the_acknowledgement_goes_by_the_reply_token_and_costs_nothing(line: Line) -> None:
    receipt = line.channel().send(automatic(line.received(line.cloud.text(SITI, "Jalan rusak"))))
    (message,) = line.mailroom.delivered(SITI)
    assert receipt.external_id == message.external_id
    assert line.cloud.pushed == 0


def test_an_officers_answer_never_takes_the_token(line: Line) -> None:
    item = line.received(line.cloud.text(SITI, "Jalan rusak"))
    line.channel().send(automatic(item, purpose="answer"))
    assert line.cloud.pushed == 1
    line.channel().send(automatic(item, id="another"))
    assert line.cloud.pushed == 1


def test_a_token_is_for_the_message_it_came_with(line: Line) -> None:
    first, second = (line.received(line.cloud.text(SITI, text)) for text in ("satu", "dua"))
    line.channel().send(automatic(first, hints=second.hints))
    line.channel().send(automatic(first, id="2", in_reply_to=None))
    assert line.cloud.pushed == 2
    line.channel().send(automatic(second, id="3"))
    assert line.cloud.pushed == 2
    assert len(line.delivered()) == 3


@pytest.mark.parametrize("hints", [{}, {"reply_token": 7}, {"reply_token_ms": None}, {"reply_token_ms": 10**18}])
def test_hints_that_are_no_token_are_no_hindrance(line: Line, hints: dict[str, object]) -> None:
    item = line.received(line.cloud.text(SITI, "Jalan rusak"))
    reply = automatic(item, hints=hints if not hints else {**item.hints, **hints})
    line.channel().send(reply)
    assert line.cloud.pushed == 1


def test_after_half_a_minute_the_acknowledgement_is_pushed(line: Line) -> None:
    item = line.received(line.cloud.text(SITI, "Jalan rusak"))
    line.clock.pass_seconds(31)
    line.channel().send(automatic(item))
    assert (len(line.delivered()), line.cloud.pushed) == (1, 1)


def test_a_token_that_line_calls_expired_though_our_clock_does_not_falls_to_push(line: Line) -> None:
    item = line.received(line.cloud.text(SITI, "Jalan rusak"))
    line.clock.pass_seconds(70)
    line.clock.ours = timedelta(seconds=-65)
    line.channel().send(automatic(item))
    assert (len(line.delivered()), line.cloud.pushed) == (1, 1)


def test_the_same_acknowledgement_again_is_not_sent_again(line: Line) -> None:
    reply = automatic(line.received(line.cloud.text(SITI, "Jalan rusak")))
    line.channel().send(reply)
    again = line.channel().send(reply)
    assert (len(line.delivered()), line.cloud.pushed) == (1, 0)
    assert again.external_id == reply.id


def test_a_lost_answer_to_the_token_call_is_asked_again_and_nothing_doubles(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = automatic(line.received(line.cloud.text(SITI, "Jalan rusak")))
    _lose_first(line.faults, monkeypatch)
    receipt = line.channel().send(reply)
    assert (len(line.delivered()), line.cloud.pushed) == (1, 0)
    assert receipt.external_id == reply.id


def test_a_token_call_that_never_arrived_is_made_again_and_arrives(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = automatic(line.received(line.cloud.text(SITI, "Jalan rusak")))
    real, tries = client.checked, []

    def fail_first(answer_: object) -> object:
        tries.append(answer_)
        line.faults.server_error = False
        return real(answer_)  # type: ignore[arg-type] # the real one's argument

    monkeypatch.setattr(client, "checked", fail_first)
    line.faults.server_error = True
    line.channel().send(reply)
    assert (len(tries), len(line.delivered()), line.cloud.pushed) == (2, 1, 0)


@pytest.mark.parametrize("trouble", ["server_error", "slow"])
def test_a_token_call_that_stays_unknown_is_never_repeated_by_another_way(line: Line, trouble: str) -> None:
    reply = automatic(line.received(line.cloud.text(SITI, "Jalan rusak")))
    setattr(line.faults, trouble, True)
    error = failure(line, reply, timeout=0.3 if trouble == "slow" else 5.0)
    assert type(error) is SendFailed
    assert line.cloud.pushed == 0
    line.faults.released.set()


def test_an_expired_token_after_an_unknown_outcome_tells_nothing(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = automatic(line.received(line.cloud.text(SITI, "Jalan rusak")))
    line.clock.pass_seconds(70)
    line.clock.ours = timedelta(seconds=-65)
    real, tries = client.checked, []

    def lose_first(answer_: object) -> object:
        tries.append(answer_)
        if len(tries) == 1:
            raise OutcomeUnknown(say("%(who)s belum selesai menjawab sampai batas waktu", who="LINE"))
        return real(answer_)  # type: ignore[arg-type] # the real one's argument

    monkeypatch.setattr(client, "checked", lose_first)
    assert type(failure(line, reply)) is SendFailed
    assert (len(tries), line.delivered(), line.cloud.pushed) == (2, [], 0)


def test_a_dead_line_before_the_token_was_shown_may_be_tried_again(line: Line) -> None:
    reply = automatic(line.received(line.cloud.text(SITI, "Jalan rusak")))
    assert isinstance(failure(line, reply, base=dead_address()), ProviderDown)
    line.channel().send(reply)
    assert (len(line.delivered()), line.cloud.pushed) == (1, 0)


def test_a_throttled_acknowledgement_waits_and_is_then_pushed(line: Line) -> None:
    reply = automatic(line.received(line.cloud.text(SITI, "Jalan rusak")))
    line.faults.retry_after = "40"
    error = failure(line, reply)
    assert isinstance(error, Throttled)
    assert error.retry_after == 40
    line.faults.retry_after = None
    line.clock.pass_seconds(40)
    line.channel().send(reply)
    assert (len(line.delivered()), line.cloud.pushed) == (1, 1)


def test_a_push_with_an_unknown_outcome_is_sent_once_however_often_it_is_tried(line: Line) -> None:
    line.faults.lose_answer = True
    assert isinstance(failure(line, answer()), OutcomeUnknown)
    line.faults.lose_answer = False
    assert line.channel().capabilities.idempotent_send
    for _ in range(2):
        receipt = line.channel().send(answer())
        (message,) = line.mailroom.delivered(SITI)
        assert receipt.external_id == message.external_id
    assert line.cloud.pushed == 1


def test_two_answers_of_the_same_words_are_two(line: Line) -> None:
    line.channel().send(answer())
    line.channel().send(answer(id="another"))
    assert len(line.delivered()) == 2


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ("down", ProviderDown),
        ("server_error", OutcomeUnknown),
        ("lose_answer", OutcomeUnknown),
        ("slow", OutcomeUnknown),
    ],
)
def test_each_fault_becomes_the_error_that_says_what_to_do(line: Line, trouble: str, error: type[SendFailed]) -> None:
    setattr(line.faults, trouble, True)
    assert type(failure(line, answer(), timeout=0.3 if trouble == "slow" else 5.0)) is error
    line.faults.released.set()


def test_429_waits_as_long_as_line_says_and_an_empty_quota_does_not_wait(line: Line) -> None:
    line.faults.retry_after = "17"
    error = failure(line, answer())
    assert isinstance(error, Throttled)
    assert error.retry_after == 17
    line.faults.retry_after = None
    line.cloud.quota = 0
    error = failure(line, answer())
    assert isinstance(error, Refused)
    assert "Kuota" in str(error)
    assert line.delivered() == []
    line.channel().send(automatic(line.received(line.cloud.text(SITI, "Jalan rusak"))))
    assert len(line.delivered()) == 1


def test_an_expired_or_wrong_token_is_refused_with_what_to_do(line: Line) -> None:
    line.faults.unauthorized = True
    assert "access_token" in str(failure(line, answer()))
    line.faults.unauthorized = False
    assert isinstance(failure(line, answer(), access_token="token-salah"), Refused)
    assert line.delivered() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": "  \n"}, "tidak berisi teks"),
        ({"text": "x" * 5001}, "terlalu panjang"),
        ({"text": "🙏" * 2501}, "terlalu panjang"),
        ({"attachments": [OutboundFile(name="a.pdf", content_type="application/pdf", content=b"%PDF")]}, "berkas"),
        ({"to": BUDI}, "tidak mengenal"),
        ({"to": "siti"}, "HTTP 400"),
    ],
)
def test_what_line_will_never_send_is_refused(line: Line, changes: dict[str, object], said: str) -> None:
    with pytest.raises(Refused, match=said):
        line.channel().send(dataclasses.replace(answer(), **changes))  # type: ignore[arg-type] # fields of a record
    assert line.delivered() == []


def test_the_longest_text_goes_in_one_message(line: Line) -> None:
    line.channel().send(answer("🙏" * 2500))
    assert line.delivered() == ["🙏" * 2500]


def test_whoever_has_blocked_the_account_gets_nothing_and_line_says_nothing(line: Line) -> None:
    line.cloud.blocked.add(SITI)
    assert line.channel().send(answer()).status is Delivery.SENT
    assert line.delivered() == []


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"sentMessages": []}', b'{"sentMessages": 7}'])
def test_a_success_that_cannot_be_read_is_a_success(line: Line, body: bytes) -> None:
    def app(_environ: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [body]

    with serving(app) as base:
        assert line.channel(base=base).send(answer()).external_id == ID


def test_an_answer_is_allowed_at_any_time_to_a_line_user(line: Line) -> None:
    old = Conversation(conversation_id=SITI, address=SITI, last_inbound_at=line.clock.now - timedelta(days=900))
    assert line.channel().reply_options(old, line.clock.now).allowed
    assert not line.channel().reply_options(dataclasses.replace(old, address="+628112626116"), line.clock.now).allowed


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("push", {"to": SITI, "messages": [{"type": "text", "text": "x"}], "baru": 1}, {}, 400),
        ("push", {"to": SITI, "messages": [{"type": "text", "text": "x", "baru": 1}]}, {}, 400),
        ("push", {"to": SITI, "messages": [{"type": "text", "text": "x"}] * 6}, {}, 400),
        ("push", {"to": SITI, "messages": []}, {}, 400),
        ("push", {"to": SITI, "messages": [{"type": "text", "text": ""}]}, {}, 400),
        ("push", {"to": SITI, "messages": [{"type": "text", "text": "x"}]}, {"X-Line-Retry-Key": "bukan-uuid"}, 400),
        ("reply", {"replyToken": "x", "messages": [{"type": "text", "text": "x"}]}, {}, 400),
        ("reply", {"replyToken": "x", "messages": [{"type": "text", "text": "x"}]}, {"X-Line-Retry-Key": ID}, 400),
        ("push", {}, {"Authorization": "Bearer lain"}, 401),
    ],
)
def test_the_stand_in_refuses_what_line_refuses(
    line: Line, path: str, body: dict[str, object], headers: dict[str, str], status: int
) -> None:
    shown = {"Authorization": f"Bearer {TOKEN}"} | headers
    with httpx.Client(trust_env=False) as session:
        found = session.post(f"{line.base}/v2/bot/message/{path}", json=body, headers=shown)
    assert found.status_code == status
    assert json.loads(found.content)["message"]
    assert line.delivered() == []


def test_the_gateway_carries_neither_lines_library_nor_an_http_client() -> None:
    import subprocess  # noqa: PLC0415 - only here
    import sys  # noqa: PLC0415 - the same

    told = (
        "import sys, channels.line.adapter; print([m for m in sys.modules if m.split('.')[0] in {'linebot', 'httpx'}])"
    )
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout == "[]\n"


def _lose_first(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer is lost after the work was done; the second call is answered."""
    real = sending._reply

    def lose(*arguments: object) -> str:
        try:
            return real(*arguments)  # type: ignore[arg-type] # the real one's arguments
        finally:
            faults.lose_answer = False

    faults.lose_answer = True
    monkeypatch.setattr(sending, "_reply", lose)
