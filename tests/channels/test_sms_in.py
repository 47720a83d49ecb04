"""Citizens' SMS by webhook: proven, read in every coding, forged ones refused."""

from __future__ import annotations

import base64
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from loopback import as_message, as_request, serving

from channels.contract import AccountInfo, Conversation, Obligation, RawRequest
from channels.errors import Expired, FetchFailed, TooLarge, VerificationFailed
from channels.sms.adapter import SmsChannel
from channels.sms.dialects.android import AndroidSettings
from channels.sms.dialects.gammu import GammuSettings
from channels.sms.dialects.kannel import KannelSettings
from channels.sms.dialects.twilio import TwilioSettings
from normalizer.messages import Inbound, InboundMessage, Part
from standins import android_sms, kannel, twilio, twilio_forms
from standins.mailroom import Mailroom

if TYPE_CHECKING:
    from standins.request import Request

HOOK = "https://aduan.example.go.id/hooks/sms"
SID = "AC" + "7" * 32
SECRET, TOKEN, KEY = "rahasia-satu", "token-satu", "kunci-satu"
ACCOUNT = AccountInfo(name="sms", hook_url=HOOK)
NOW = datetime(2026, 11, 10, 1, 16, tzinfo=UTC)
PHONE = "+628112626116"


def kannel_channel(**settings: Any) -> SmsChannel:
    return SmsChannel(ACCOUNT, KannelSettings(secret=SECRET, username="u", password="p", **settings))


def twilio_channel(**settings: Any) -> SmsChannel:
    return SmsChannel(ACCOUNT, TwilioSettings(account_sid=SID, auth_token=TOKEN, sender="+15005550006", **settings))


def android_channel() -> SmsChannel:
    return SmsChannel(ACCOUNT, AndroidSettings(username="u", password="p", signing_key=KEY))


def kannel_sms(**changes: Any) -> Request:
    wanted = {"sender": PHONE, "receiver": "1708", "text": "masbupsiaga lampu mati", "id": "kannel-1", "time": NOW}
    return kannel.incoming(HOOK, SECRET, **(wanted | changes))


def twilio_sms(**changes: Any) -> Request:
    wanted = {"sender": PHONE, "receiver": "+15005550006", "text": "masbupsiaga lampu & jalan 🙏"}
    return twilio.incoming(HOOK, TOKEN, **(wanted | changes))


def android_sms_of(**changes: Any) -> Request:
    wanted = {"sender": PHONE, "receiver": None, "text": "masbupsiaga lampu mati", "at": NOW.timestamp()}
    return android_sms.incoming(HOOK, KEY, **(wanted | changes))


def message(channel: SmsChannel, request: Request) -> InboundMessage:
    (item,) = channel.parse(as_message(request))
    assert isinstance(item, InboundMessage)
    return item


GENUINE = [
    (kannel_channel, kannel_sms),
    (twilio_channel, twilio_sms),
    (android_channel, android_sms_of),
]
each_genuine = pytest.mark.parametrize(("make", "sms"), GENUINE, ids=["kannel", "twilio", "android"])


@each_genuine
def test_a_genuine_message_is_proven_and_read(make: Any, sms: Any) -> None:
    channel, request = make(), sms()
    verdict = channel.verify(as_request(request), NOW)
    assert verdict.journal
    assert not verdict.ring
    assert verdict.answer.status == 200
    item = message(channel, request)
    assert item.text.startswith("masbupsiaga lampu")
    assert (item.conversation_id, item.sender.address) == (PHONE, PHONE)


@each_genuine
def test_delivered_twice_it_is_the_same_item(make: Any, sms: Any) -> None:
    channel, request = make(), sms()
    channel.verify(as_request(request), NOW)
    channel.verify(as_request(request), NOW)
    first, again = (channel.parse(dataclasses.replace(as_message(request), id=id_)) for id_ in ("1", "2"))
    assert first == again
    assert first[0].external_id


@each_genuine
def test_forged_is_refused_without_a_secret_in_the_words(make: Any, sms: Any) -> None:
    channel, genuine = make(), as_request(sms())
    forgeries = [
        dataclasses.replace(genuine, query=genuine.query.replace(SECRET, "rahasia-dua"), headers={}),
        dataclasses.replace(genuine, query="", headers={}),
        dataclasses.replace(genuine, headers=dict.fromkeys(genuine.headers, "AAAA"), query="secret="),
        dataclasses.replace(genuine, headers=dict.fromkeys(genuine.headers, "é\udcff"), query="secret=%ff"),
    ]
    if genuine.body:
        forgeries.append(dataclasses.replace(genuine, body=genuine.body.replace(b"lampu", b"lampo")))
    for forged in forgeries:
        with pytest.raises(VerificationFailed) as caught:
            channel.verify(forged, NOW)
        assert not any(secret in str(caught.value) for secret in (SECRET, TOKEN, KEY))


def test_twilio_is_answered_with_an_empty_twiml_document() -> None:
    answer = twilio_channel().verify(as_request(twilio_sms()), NOW).answer
    assert answer.content_type.startswith("text/xml")
    assert answer.body.endswith(b"<Response/>")


def test_twilio_signs_the_public_address_and_parameters_that_nobody_knows_yet() -> None:
    fields = {"From": PHONE, "To": "+15005550006", "Body": "", "MessageSid": "SM1", "Baru": "ya"}
    request = twilio_forms.form(HOOK, TOKEN, fields)
    channel = twilio_channel()
    assert channel.verify(as_request(request), NOW).journal
    elsewhere = dataclasses.replace(as_request(request), url="https://attacker.example/hooks/sms")
    with pytest.raises(VerificationFailed):
        channel.verify(elsewhere, NOW)


def test_twilio_signs_each_value_of_a_repeated_parameter() -> None:
    body = b"Baru=b&Baru=a&From=%2B628112626116&MessageSid=SM1"
    signature = twilio_forms.sign(TOKEN, HOOK, {"BaruaBaru": "b", "From": PHONE, "MessageSid": "SM1"})
    request = RawRequest(
        method="POST",
        url=HOOK,
        path="/hooks/sms",
        query="",
        headers={"x-twilio-signature": signature},
        body=body,
        remote="192.0.2.1",
    )
    assert twilio_channel().verify(request, NOW).journal


def test_twilio_signs_the_query_of_the_hook_too() -> None:
    request = twilio_forms.form(f"{HOOK}?tenant=1", TOKEN, {"From": PHONE})
    assert twilio_channel().verify(as_request(request), NOW).journal


def test_android_takes_no_old_and_no_future_request() -> None:
    channel, request = android_channel(), as_request(android_sms_of())
    for late in (timedelta(seconds=299), timedelta(seconds=-299)):
        assert channel.verify(request, NOW + late).journal
    for late in (timedelta(seconds=301), timedelta(seconds=-301), timedelta(days=365)):
        with pytest.raises(VerificationFailed, match="window"):
            channel.verify(request, NOW + late)


def test_android_a_timestamp_must_be_a_number() -> None:
    body = b"{}"
    for stamp in ("", "kemarin", "-5", "1e9", "9" * 400, "١٢٣"):
        signature = android_sms.hmac.new(KEY.encode(), body + stamp.encode(), "sha256").hexdigest()
        headers = {"x-signature": signature, "x-timestamp": stamp}
        request = RawRequest(
            method="POST", url=HOOK, path="/", query="", headers=headers, body=body, remote="192.0.2.1"
        )
        with pytest.raises(VerificationFailed):
            android_channel().verify(request, NOW)


@pytest.mark.parametrize(
    ("remote", "allowed"),
    [("10.1.2.3", True), ("10.2.0.1", False), ("::ffff:10.1.0.1", True), ("2001:db8::7", True), ("", False)],
)
def test_kannel_is_let_in_from_the_allowed_networks_only(remote: str, allowed: bool) -> None:
    channel = kannel_channel(allow_from=("10.1.0.0/16", "2001:db8::/32"))
    request = as_request(kannel_sms(), remote=remote)
    if allowed:
        assert channel.verify(request, NOW).answer.body == b""
    else:
        with pytest.raises(VerificationFailed, match="networks"):
            channel.verify(request, NOW)


def test_kannel_the_secret_parameter_is_named_and_parsing_does_without() -> None:
    channel = kannel_channel()
    assert channel.secret_params == {"secret"}
    raw = as_message(kannel_sms())
    kept = "&".join(field for field in raw.query.split("&") if not field.startswith("secret="))
    assert channel.parse(dataclasses.replace(raw, query=kept)) == channel.parse(raw)


def clean_utf8(data: bytes) -> bool:
    try:
        return not any(character < " " for character in data.decode())
    except UnicodeDecodeError:
        return False


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300))
def test_kannel_any_text_comes_through_as_kannel_codes_it(text: str) -> None:
    # UTF-16 that is clean UTF-8 as well (a few Chinese and Korean words) is read as UTF-8, which here is far likelier.
    assume(text.isascii() or not clean_utf8(text.encode("utf-16-be")))
    assert message(kannel_channel(), kannel_sms(text=text)).text == text


@pytest.mark.parametrize(
    ("data", "coding", "charset", "text"),
    [
        ("jalan é rusak".encode("latin-1"), 0, "ISO-8859-1", "jalan é rusak"),
        ("jalan … rusak".encode("cp1252"), 0, "WINDOWS-1252", "jalan … rusak"),
        ("jalan … rusak".encode("cp1252"), 0, "", "jalan … rusak"),
        ("jalan é".encode(), 0, "ISO-8859-1", "jalan é"),
        ("jalan rusak".encode("utf-16-be"), 2, "UTF-16BE", "jalan rusak"),
        ("jalan rusak".encode("utf-16-be"), 2, "", "jalan rusak"),
        ("jalan rusak".encode("utf-16-be"), 0, "UTF-8", "jalan rusak"),
        ("jalan rusak".encode("utf-16-le"), 2, "UTF-16LE", "jalan rusak"),
        ("jalan rusak".encode("utf-16"), 2, "UTF-16BE", "jalan rusak"),
        ("🙏🌊".encode("utf-16-be"), 2, "UTF-16BE", "🙏🌊"),
        ("ꦩꦠꦸꦂ".encode("utf-16-be"), 2, "UCS-2", "ꦩꦠꦸꦂ"),
        ("شكوى".encode("utf-16-be"), 2, "UTF-16BE", "شكوى"),
        (b"masbupsiaga banjir", 2, "UTF-16BE", "masbupsiaga banjir"),
        ("masbupsiaga é".encode(), 2, "UTF-16BE", "masbupsiaga é"),
        (b"biaya \x02100", 0, "GSM", "biaya $100"),
        (b"\x1b\x3cRT 3\x1b\x3e", 0, "GSM 03.38", "[RT 3]"),
        (b"\x00j\x00a\x00", 2, "UTF-16BE", "ja\ufffd"),
        (b"jalan \xff rusak", 0, "UTF-8", "jalan \ufffd rusak"),
        (b"jalan \xe9", 0, "hex", "jalan é"),
        (b"jalan", 0, "unicode_escape", "jalan"),
        (b"jalan teks", 1, "UTF-8", "jalan teks"),
        (b"", 0, "UTF-8", ""),
        (b"a\x00b", 0, "UTF-8", "a\ufffdb"),
        (b"\xd8\x3d", 2, "UTF-16BE", "\ufffd"),
    ],
)
def test_kannel_reads_each_coding_and_loses_nothing_where_the_label_is_wrong(
    data: bytes, coding: int, charset: str, text: str
) -> None:
    request = kannel_sms(text=data, coding=coding, charset=charset)
    assert message(kannel_channel(), request).text == text


def test_kannel_binary_is_kept_as_a_file() -> None:
    item = message(kannel_channel(), kannel_sms(text=b"\x00\x01\xff", coding=1, charset="binary"))
    assert item.text == ""
    assert item.attachments[0].content == b"\x00\x01\xff"


@pytest.mark.parametrize(
    ("udh", "part"),
    [
        (bytes.fromhex("050003CC0302"), Part(reference="00-cc", number=2, total=3)),
        (bytes.fromhex("06080412340201"), Part(reference="08-1234", number=1, total=2)),
        (bytes.fromhex("0B0504158115810003CC0201"), Part(reference="00-cc", number=1, total=2)),
        (b"050003CC0302", Part(reference="00-cc", number=2, total=3)),
        (bytes.fromhex("050003CC0101"), None),
        (bytes.fromhex("050003CC0304"), None),
        (bytes.fromhex("050003CC0300"), None),
        (bytes.fromhex("050003CC"), None),
        (b"\xff", None),
        (b"", None),
    ],
)
def test_kannel_parts_are_marked_by_the_header(udh: bytes, part: Part | None) -> None:
    assert message(kannel_channel(), kannel_sms(udh=udh)).part == part


def test_kannel_half_an_emoji_waits_for_its_other_half_in_a_part_only() -> None:
    half = "🙏".encode("utf-16-be")[:2]
    parts = [
        message(kannel_channel(), kannel_sms(text=data, coding=2, charset="UTF-16BE", udh=bytes.fromhex(udh))).text
        for data, udh in ((half, "050003CC0201"), ("🙏".encode("utf-16-be")[2:], "050003CC0202"))
    ]
    assert "".join(parts).encode("utf-16-be", "surrogatepass").decode("utf-16-be") == "🙏"


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("08112626116", PHONE),
        ("628112626116", PHONE),
        ("00628112626116", PHONE),
        ("+62 811-2626-116", PHONE),
        ("+15005550006", "+15005550006"),
        ("1708", "1708"),
        ("TELKOMSEL", "TELKOMSEL"),
    ],
)
def test_numbers_are_canonical_and_names_stay(sender: str, address: str) -> None:
    channel = kannel_channel(numbers=("0811-2626-116", "1708"))
    item = message(channel, kannel_sms(sender=sender))
    assert (item.sender.address, item.conversation_id) == (address, address)
    assert item.to == "1708"
    assert channel.addresses == {PHONE, "1708"}
    options = channel.reply_options(Conversation(conversation_id=address, address=address, last_inbound_at=NOW), NOW)
    assert options.allowed is (address != "TELKOMSEL")


@pytest.mark.parametrize(
    ("value", "sent_at"),
    [
        ("2026-11-10+01:15:30", datetime(2026, 11, 10, 1, 15, 30, tzinfo=UTC)),
        ("2026-11-10 01:15", datetime(2026, 11, 10, 1, 15, tzinfo=UTC)),
        ("1794273330", datetime(2026, 11, 10, 1, 15, 30, tzinfo=UTC)),
        ("kemarin", None),
        ("", None),
    ],
)
def test_kannel_tells_the_time_in_utc(value: str, sent_at: datetime | None) -> None:
    raw = dataclasses.replace(as_message(kannel_sms()), query=f"sender=1&text=a&time={value}")
    (item,) = kannel_channel().parse(raw)
    assert isinstance(item, InboundMessage)
    assert item.sent_at == sent_at


def test_kannel_without_an_id_gives_none() -> None:
    raw = dataclasses.replace(as_message(kannel_sms()), query="from=08112626116&to=1708&text=halo")
    (item,) = kannel_channel().parse(raw)
    assert item.external_id is None


def test_android_items_of_a_batch_stand_alone() -> None:
    good = {"sender": PHONE, "message": "masbupsiaga satu", "receivedAt": "2026-11-10T08:15:30+07:00"}
    messages = [good, "rusak", {"message": "tanpa nomor"}, good | {"message": "dua"}] * 50
    request = android_sms.event(HOOK, KEY, "sms:batch-received", {"messages": messages}, at=NOW.timestamp())
    items: list[Inbound] = android_channel().parse(as_message(request))
    assert [isinstance(item, InboundMessage) for item in items] == [True, False, False, True] * 50
    assert len({item.external_id for item in items}) == 200


def test_android_deeply_nested_json_is_a_payload_error() -> None:
    from channels.errors import PayloadError  # noqa: PLC0415 - used once

    raw = dataclasses.replace(as_message(android_sms_of()), body=json.dumps([[]]).encode())
    for body in (b"[" * 200_000, b"{", b"[]", b"\xff\xfe", raw.body):
        with pytest.raises(PayloadError):
            android_channel().parse(dataclasses.replace(raw, body=body))


def test_gammu_the_hook_only_rings() -> None:
    channel = SmsChannel(ACCOUNT, GammuSettings(secret=SECRET, database="/var/lib/smsd.db"))
    ring = RawRequest(method="POST", url=HOOK, path="/", query="", headers={}, body=b"", remote="127.0.0.1")
    for proven in (
        dataclasses.replace(ring, headers={"x-muara-secret": SECRET}),
        dataclasses.replace(ring, query=f"secret={SECRET}"),
    ):
        verdict = channel.verify(proven, NOW)
        assert (verdict.journal, verdict.ring) == (False, True)
    with pytest.raises(VerificationFailed):
        channel.verify(dataclasses.replace(ring, headers={"x-muara-secret": "salah"}), NOW)


def obligation(url: str, max_bytes: int = 1000) -> Obligation:
    return Obligation(ref=None, url=url, deadline=None, max_bytes=max_bytes)


def test_twilio_media_is_fetched_with_the_log_in_from_twilio_only() -> None:
    media = {"Messages/MM1/Media/ME1": ("image/jpeg", b"\xff\xd8\xff\xe0")}
    app = twilio.create_app(Mailroom(), account_sid=SID, auth_token=TOKEN, numbers=[], media=media)
    seen: list[str | None] = []

    def other(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ.get("HTTP_AUTHORIZATION"))
        start_response("200 OK", [])
        return [b""]

    with serving(app) as base, serving(other) as elsewhere:
        channel = twilio_channel(api_url=base)
        path = f"{base}/2010-04-01/Accounts/{SID}/Messages/MM1/Media"
        found = channel.fetch(obligation(f"{path}/ME1"))
        assert (found.content, found.content_type) == (b"\xff\xd8\xff\xe0", "image/jpeg")
        with pytest.raises(Expired):
            channel.fetch(obligation(f"{path}/ME2"))
        with pytest.raises(TooLarge):
            channel.fetch(obligation(f"{path}/ME1", max_bytes=3))
        for foreign in (elsewhere, f"{base}@evil.example/x", "file:///etc/passwd", "", "http://api.twilio.com/x"):
            with pytest.raises(FetchFailed, match="not Twilio's"):
                channel.fetch(obligation(foreign))
        wrong = SmsChannel(ACCOUNT, TwilioSettings(account_sid=SID, auth_token="salah", sender="+1", api_url=base))
        with pytest.raises(FetchFailed) as caught:
            wrong.fetch(obligation(f"{path}/ME1"))
        assert "salah" not in str(caught.value)
        assert base64.b64encode(b"salah").decode() not in str(caught.value)
    assert seen == []
