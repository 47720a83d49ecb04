"""The form's bodies and the desk's slips, beyond what the common suite tries."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import Conversation, OutboundReply, RawMessage
from channels.desk.adapter import DeskChannel
from channels.errors import PayloadError
from channels.toolkit.form import read_form
from channels.web.adapter import WebChannel
from normalizer.messages import Delivery, InboundMessage

if TYPE_CHECKING:
    from normalizer.messages import JSON

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
ID = "0192f0c8a1b27d3e8f00112233445566"
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


def message(body: bytes, content_type: str = URLENCODED, **meta: JSON) -> InboundMessage:
    raw = RawMessage(
        id="1", account="web", received_at=NOW, body=body, headers={"content-type": content_type}, meta=meta
    )
    [item] = WebChannel.offline().parse(raw)
    assert isinstance(item, InboundMessage)
    return item


def part(name: str, content: bytes, more: str = "") -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content + b"\r\n"


def test_the_ticket_comes_from_the_gateway_and_never_from_the_form() -> None:
    item = message(b"isi=lampu+mati&ticket=AAAA-BBBB", ticket="K7MP-2XWD", submission="s1")
    assert item.hints["ticket"] == "K7MP-2XWD"
    assert (item.external_id, item.conversation_id) == ("s1", "K7MP-2XWD")
    assert item.sender.address == "web:K7MP-2XWD"
    assert "ticket" not in message(b"isi=lampu+mati&ticket=AAAA-BBBB").hints


def test_flags_type_program_day_and_place_are_hints() -> None:
    body = b"isi=x&anonim=1&jenis=aspirasi&program=masbupsiaga&kejadian=2026-11-18&lokasi=Widuri&telepon=0811-2626-116"
    hints = message(body).hints
    assert hints == {
        "anonim": True,
        "rahasia": False,
        "type": "aspirasi",
        "program": "masbupsiaga",
        "incident_date": "2026-11-18",
        "place": "Widuri",
        "phone": "+628112626116",
    }
    assert message(b"isi=x&jenis=apa&kejadian=kemarin").hints == {
        "anonim": False,
        "rahasia": False,
        "type": "pengaduan",
    }


def test_the_form_always_opens_a_complaint() -> None:
    assert message(b"isi=STATUS+K7MP-2XWD").command == "lapor"


@pytest.mark.parametrize(
    "point", ["lat=91&lon=0", "lat=0&lon=181", "lat=nan&lon=0", "lat=inf&lon=1", "lat=1", "lat=a&lon=b"]
)
def test_a_point_that_is_nowhere_is_left_out(point: str) -> None:
    assert message(f"isi=x&{point}".encode()).location is None


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"isi=x", "text/plain"),
        (b"isi=x", ""),
        (b"judul=x", URLENCODED),
        (b"isi=+++", URLENCODED),
        (part("isi", b"x"), "multipart/form-data"),
        (part("isi", b"x"), "multipart/form-data; boundary=another"),
        (part("isi", b"x"), MULTIPART),
        (part("isi", b"x")[:-5], MULTIPART),
        (b"--b\r\nX: y\r\n\r\nx\r\n--b--", MULTIPART),
        (b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", MULTIPART),
        (b"--b\r\n\xff\xfe: y\r\n\r\nx\r\n--b--", MULTIPART),
        (part("isi", b"x") * 100 + b"--b--", MULTIPART),
        (b"", MULTIPART),
    ],
)
def test_what_cannot_be_read_is_a_payload_error(body: bytes, content_type: str) -> None:
    with pytest.raises(PayloadError):
        message(body, content_type)


def test_a_truncated_form_still_gives_its_whole_parts_to_the_page() -> None:
    body = part("isi", b"lampu mati") + part("nama", b"Budi") + part("lampiran", b"\xff\xd8\xff" * 50)[:60]
    form = read_form(body, MULTIPART, partial=True)
    assert dict(form.fields) == {"isi": "lampu mati", "nama": "Budi"}
    assert not form.uploads


def test_a_file_keeps_its_bytes_and_the_last_part_of_its_name() -> None:
    content = bytes(range(256)) * 40 + b"\r\n--bb\r\n--\r\n"
    body = part("isi", b"x") + part("lampiran", content, '; filename="../../etc/fo\x01to.jpg"') + b"--b--\r\n"
    [file] = message(body, MULTIPART).attachments
    assert file.content == content
    assert file.name == "foto.jpg"
    assert file.size == len(content)


@given(
    st.dictionaries(st.sampled_from(["isi", "judul", "nama"]), st.text(max_size=200), min_size=1),
    st.binary(max_size=300),
)
def test_fields_and_files_come_back_as_they_were_written(fields: dict[str, str], content: bytes) -> None:
    boundary = hashlib.sha256(content).hexdigest()
    body = b"".join(part(name, value.encode("utf-8", "replace")) for name, value in fields.items())
    body += part("lampiran", content, '; filename="a.bin"') + b"--b--\r\n"
    body = body.replace(b"--b\r\n", f"--{boundary}\r\n".encode()).replace(b"--b--", f"--{boundary}--".encode())
    form = read_form(body, f"multipart/form-data; boundary={boundary}")
    for name, value in fields.items():
        as_sent = value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
        assert form.fields[name] == as_sent.replace("\r\n", "\n").replace("\r", "\n")
    assert [upload.content for upload in form.uploads] == ([content] if content else [])


def test_an_answer_is_delivered_by_standing_on_the_tracking_page() -> None:
    channel = WebChannel.offline()
    reply = OutboundReply(id="r1", conversation_id="K7MP-2XWD", to="web:K7MP-2XWD", text="Sudah diperbaiki.")
    assert channel.send(reply) == channel.send(reply)
    assert channel.send(reply).status is Delivery.DELIVERED
    anonymous = channel.reply_options(Conversation(conversation_id="c", address="web:c", last_inbound_at=NOW), NOW)
    assert anonymous.allowed
    assert "Lacak" in (anonymous.reason or "")
    caller = channel.reply_options(Conversation(conversation_id="c", address="+628112626116", last_inbound_at=NOW), NOW)
    assert "telepon" in (caller.reason or "")
    assert "8112626116" not in (caller.reason or "")


# ---- the desk ----

SLIP: dict[str, Any] = {
    "id": ID,
    "source": "phone",
    "officer": "sri",
    "received_at": "2026-11-20T09:15:00+07:00",
    "text": "Jalan berlubang",
}


def typed_in(slip: Any, **meta: JSON) -> InboundMessage:
    body = slip if isinstance(slip, bytes) else json.dumps(slip).encode()
    [item] = DeskChannel.offline().parse(RawMessage(id="1", account="desk", received_at=NOW, body=body, meta=meta))
    assert isinstance(item, InboundMessage)
    return item


def test_a_slip_carries_who_took_it_and_no_automatic_answer_goes_out() -> None:
    item = typed_in({**SLIP, "address": "Widuri RT 3", "phone": "123", "anonim": True}, ticket="K7MP-2XWD")
    assert item.hints == {
        "ticket": "K7MP-2XWD",
        "anonim": True,
        "rahasia": False,
        "type": "pengaduan",
        "no_reply": True,
        "via": "phone",
        "officer": "sri",
        "phone": "123",
        "reporter_address": "Widuri RT 3",
    }
    assert item.sender.address == f"desk:{ID}"
    assert item.command == "lapor"


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": "a b"},
        {"id": 7},
        {"source": "fax"},
        {"source": ["phone"]},
        {"officer": None},
        {"received_at": "2026-11-20T09:15:00"},
        {"received_at": "kemarin"},
        {"received_at": 5},
        {"text": "  "},
        {"name": 5},
        {"type": "gosip"},
        {"type": None},
        {"anonim": "ya"},
        {"rahasia": 1},
        {"location": "Widuri"},
        {"location": {"lat": 1}},
        {"location": {"lat": 91, "lon": 0}},
        {"location": {"lat": True, "lon": 0}},
        {"location": {"lat": 10**400, "lon": 0}},
        {"location": {"lat": float("nan"), "lon": 0}},
        {"location": {"label": 3}},
        {"location": {"label": "x", "zoom": 3}},
        {"extra": 1},
    ],
)
def test_a_slip_that_is_not_as_agreed_is_refused_without_quoting_it(wrong: dict[str, Any]) -> None:
    with pytest.raises(PayloadError) as caught:
        typed_in({**SLIP, **wrong})
    assert "gosip" not in str(caught.value)


@pytest.mark.parametrize("missing", sorted(SLIP))
def test_a_slip_that_lacks_a_key_is_refused_and_the_key_is_named(missing: str) -> None:
    with pytest.raises(PayloadError, match=missing):
        typed_in({key: value for key, value in SLIP.items() if key != missing})


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"id": "' + b"x" * 10])
def test_a_slip_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadError):
        typed_in(body)
