"""What adapters share: answers of providers as errors of the contract, secrets, JSON, raw files, printed lines."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import dead_address, serving

from channels import printing, rawfile
from channels.errors import OutcomeUnknown, PayloadError, ProviderDown, Refused, SendFailed, Throttled
from channels.toolkit import http, payload, signatures
from normalizer.messages import (
    Attachment,
    Delivery,
    DeliveryReceipt,
    Edit,
    Ignored,
    InboundMessage,
    Location,
    Malformed,
    Sender,
    Unsent,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def answering(status: str, headers: list[tuple[str, str]], body: bytes = b"") -> Callable[..., list[bytes]]:
    def app(_environ: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response(status, headers)
        return [body]

    return app


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("301 Moved", Refused),
        ("400 Bad", Refused),
        ("401 Log in", Refused),
        ("403 No", Refused),
        ("404 None", Refused),
        ("408 Slow", ProviderDown),
        ("425 Early", ProviderDown),
        ("429 Many", Throttled),
        ("500 Oops", OutcomeUnknown),
        ("502 Bad gateway", OutcomeUnknown),
        ("503 Down", ProviderDown),
        ("504 Late", OutcomeUnknown),
    ],
)
def test_each_status_stands_for_one_failure(status: str, error: type[SendFailed]) -> None:
    with serving(answering(status, [("Location", "http://elsewhere.example/")], b"teks warga")) as base:
        reply = http.call("POST", base, who="X", timeout=5, body={})
    with pytest.raises(SendFailed) as caught:
        http.check(reply, "X", code=21)
    assert type(caught.value) is error
    assert str(caught.value) == f"X menjawab HTTP {status[:3]}, kode 21"


def test_success_is_given_back() -> None:
    with serving(answering("202 Taken", [("X-A", "b")], b'{"a": 1}')) as base:
        reply = http.check(http.call("GET", base, who="X", timeout=5), "X")
    assert (reply.status, reply.headers["x-a"], reply.json(), reply.text) == (202, "b", {"a": 1}, '{"a": 1}')
    assert http.Reply(status=200, headers={}, body=b"[" * 100_000).json() is None


@pytest.mark.parametrize("url", [pytest.param(dead_address(), id="dead"), "ftp://x", "http://x:y", ""])
def test_what_never_left_is_provider_down(url: str) -> None:
    with pytest.raises(ProviderDown):
        http.call("POST", url, who="X", timeout=5)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"nonsense\r\n\r\n"])
def test_an_answer_that_breaks_off_is_an_unknown_outcome(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def once() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=once)
        thread.start()
        with pytest.raises(OutcomeUnknown):
            http.call("POST", f"http://127.0.0.1:{server.getsockname()[1]}", who="X", timeout=5)
        thread.join()


def test_an_endless_answer_is_an_unknown_outcome() -> None:
    with (
        serving(answering("200 OK", [], b"x" * (http.MAX_ANSWER + 1))) as base,
        pytest.raises(OutcomeUnknown, match="lebih dari"),
    ):
        http.call("POST", base, who="X", timeout=5)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("17", 17),
        ("0", 0),
        ("999999999999", 3600),
        ((NOW + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT"), 90),
        ((NOW - timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT"), 0),
        ("besok", 30),
        ("-5", 30),
        ("", 30),
        ("١٢", 30),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(value: str, seconds: float) -> None:
    assert http.retry_after({"retry-after": value}, NOW) == seconds


def test_secrets_are_compared_and_none_proves_nothing() -> None:
    assert signatures.same("é", "é")
    assert not signatures.same("a", "b")
    assert not signatures.same("", "")
    assert not signatures.same("\udcff", "a")
    # RFC 4231, test case 2
    assert signatures.hmac_sha256("Jefe", b"what do ya want ", b"for nothing?") == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


@given(
    st.recursive(st.text() | st.integers() | st.none(), lambda each: st.lists(each) | st.dictionaries(st.text(), each))
)
def test_json_is_read_as_it_is_but_for_what_no_database_keeps(value: Any) -> None:
    import json  # noqa: PLC0415 - used once

    read = payload.load_json(json.dumps(value).encode())
    assert json.dumps(read, ensure_ascii=False).encode()
    if "\\u" not in json.dumps(value):
        assert read == value


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 200_000, b"[" * 70 + b"]" * 70, b"NaN,"])
def test_json_that_is_none_is_a_payload_error(data: bytes) -> None:
    with pytest.raises(PayloadError):
        payload.load_json(data)


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_raw_request_is_read_with_either_line_end(end: bytes) -> None:
    lines = (b"POST /hooks/x?a=1&b=%20 HTTP/1.1", b"Host: x", b"X-Signature:  abc ", b"", b"badan\r\n\r\nlagi\n")
    raw = rawfile.read_http(end.join(lines), name="sms.http")
    assert raw.query == "a=1&b=%20"
    assert raw.headers == {"host": "x", "x-signature": "abc"}
    assert raw.body == b"badan\r\n\r\nlagi\n"


def test_a_raw_request_may_have_no_body_and_no_headers() -> None:
    assert rawfile.read_http(b"GET /x?sender=1 HTTP/1.0\r\n").query == "sender=1"


@pytest.mark.parametrize("data", [b"", b"halo", b"GET /x", b"POST / HTTP/1.1\nno colon\n\n", b"\xff\xfe \x00 x"])
def test_a_raw_request_that_is_none_is_a_payload_error(data: bytes) -> None:
    with pytest.raises(PayloadError):
        rawfile.read_http(data)


def test_every_kind_of_item_is_printed_with_the_same_keys() -> None:
    sender = Sender(address="+628112626116", name="Budi")
    jakarta = datetime.fromisoformat("2026-11-10T08:15:30+07:00")
    photo = Attachment(name="a.jpg", content_type="image/jpeg", content=b"abc", size=99)
    items = [
        InboundMessage(
            external_id="1",
            conversation_id="c",
            sender=sender,
            to="1708",
            sent_at=jakarta,
            text="halo \ud83d",
            subject="s",
            quoted="q",
            in_reply_to="0",
            attachments=(photo, Attachment(url="https://x.example/a", size=5)),
            location=Location(lat=-7.0, lon=109.0, label="Alun-alun"),
        ),
        Edit(external_id="1", version="2", conversation_id="c", sender=sender, text="baru"),
        Unsent(external_id="1", conversation_id="c", at=jakarta),
        DeliveryReceipt(external_id="9", status=Delivery.DELIVERED, at=jakarta),
        Ignored(reason="ping"),
        Malformed(error="rusak"),
    ]
    printed = printing.lines(items)
    assert {tuple(line) for line in printed} == {tuple(printed[0])}
    assert printed[0] == {
        "item": "message",
        "external_id": "1",
        "conversation_id": "c",
        "sender": {"address": "+628112626116", "name": "Budi"},
        "to": "1708",
        "sent_at": "2026-11-10T01:15:30+00:00",
        "subject": "s",
        "text": "halo \ufffd",
        "quoted": "q",
        "attachments": [
            {
                "name": "a.jpg",
                "content_type": "image/jpeg",
                "size": 3,
                "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "url": None,
            },
            {"name": None, "content_type": None, "size": 5, "sha256": None, "url": "https://x.example/a"},
        ],
        "location": {"lat": -7.0, "lon": 109.0, "label": "Alun-alun"},
        "in_reply_to": "0",
        "reason": None,
    }
    assert [(line["item"], line["reason"]) for line in printed] == [
        ("message", None),
        ("edit", None),
        ("unsent", None),
        ("receipt", "delivered"),
        ("ignored", "ping"),
        ("malformed", "rusak"),
    ]
    assert printed[4]["conversation_id"] is None
