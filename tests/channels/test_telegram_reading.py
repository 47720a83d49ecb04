"""Telegram updates become items: every fixture, and whatever else bytes and JSON can hold."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import AccountInfo, RawMessage, RawRequest
from channels.errors import PayloadError, VerificationFailed
from channels.printing import lines
from channels.rawfile import read_body, read_http
from channels.telegram.adapter import TelegramChannel
from channels.telegram.names import ASIDE, MESSAGES, NOT_OURS, READ, SERVICE
from channels.telegram.settings import TelegramSettings
from normalizer.messages import Edit, Ignored, Inbound, InboundMessage, Malformed

FIXTURES = Path(__file__).parents[2] / "channels" / "telegram" / "fixtures"
SECRET = "rahasia-yang-cukup-panjang"
CHAT = {"id": 7, "type": "private", "first_name": "Ani"}
USER = {"id": 7, "is_bot": False, "first_name": "Ani", "language_code": "id"}


def parse(body: bytes) -> list[Inbound]:
    return TelegramChannel.offline().parse(
        RawMessage(id="1", account="t", received_at=datetime(2026, 11, 22, tzinfo=UTC), body=body)
    )


def message(**content: Any) -> dict[str, Any]:
    return {"message_id": 5, "from": USER, "chat": CHAT, "date": 1763769600, **content}


def item(update_id: int = 1, /, **update: Any) -> Inbound:
    items = parse(json.dumps({"update_id": update_id, **update}).encode())
    assert len(items) == 1
    return items[0]


def received(**content: Any) -> InboundMessage:
    found = item(message=message(**content))
    assert isinstance(found, InboundMessage)
    return found


def fixtures() -> list[Path]:
    found = [path for path in sorted(FIXTURES.iterdir()) if path.suffix in {".http", ".body"}]
    assert len(found) >= 20
    return found


@pytest.mark.parametrize("path", fixtures(), ids=lambda path: path.stem)
def test_each_fixture_gives_its_expected_lines(path: Path) -> None:
    raw = (read_http if path.suffix == ".http" else read_body)(path.read_bytes(), name=path.name)
    expected = (FIXTURES / f"{path.stem}.expected.jsonl").read_text("utf-8").splitlines()
    assert lines(TelegramChannel.offline().parse(raw)) == [json.loads(line) for line in expected]


def test_a_message_has_all_that_the_house_needs() -> None:
    found = received(text="Jalan rusak")
    assert (found.external_id, found.version, found.conversation_id) == ("7:5", "", "7")
    assert (found.sender.address, found.sender.name, found.sequence) == ("7", "Ani", 5)
    assert found.sent_at == datetime(2025, 11, 22, 0, 0, tzinfo=UTC)
    assert found.hints == {"language": "id"}


@pytest.mark.parametrize(
    ("text", "command", "rest"),
    [
        ("/start", "start", ""),
        ("/START", "start", ""),
        ("/lapor jalan rusak", "lapor", "jalan rusak"),
        ("/lapor\njalan rusak", "lapor", "jalan rusak"),
        ("/lapor@aduan_bot jalan", "lapor", "jalan"),
        ("/status K7X-4QM", "status", "K7X-4QM"),
        ("/laporan jalan", None, "/laporan jalan"),
        ("lihat /lapor", None, "lihat /lapor"),
        ("/bantuan", None, "/bantuan"),
    ],
)
def test_commands_are_cut_off(text: str, command: str | None, rest: str) -> None:
    for found in (received(text=text), received(caption=text, photo=[PHOTO])):
        assert (found.command, found.text) == (command, rest)


PHOTO = {"file_id": "A", "file_unique_id": "a", "width": 9, "height": 9}


def test_members_of_an_album_share_a_key_and_stay_separate_messages() -> None:
    first, second = (
        item(at, message=message(photo=[PHOTO], media_group_id="99") | {"message_id": at}) for at in (1, 2)
    )
    assert isinstance(first, InboundMessage)
    assert isinstance(second, InboundMessage)
    assert first.album == second.album == "7:99"
    assert first.external_id != second.external_id


def test_the_largest_photo_is_taken_and_the_rest_left() -> None:
    sizes = [PHOTO | {"file_id": str(side), "width": side, "height": side} for side in (90, 1280, 320)]
    assert [file.ref for file in received(photo=sizes).attachments] == ["1280"]


def test_later_edits_compare_greater_as_text() -> None:
    edits = [
        item(update_id, edited_message=message(text="x", edit_date=date))
        for update_id, date in ((9, 1763769700), (10, 1763769700), (3, 1763769701), (99_999_999, 1763769702))
    ]
    versions = [edit.version for edit in edits if isinstance(edit, Edit)]
    assert len(versions) == len(edits)
    assert versions == sorted(versions)
    assert len(set(versions)) == len(versions)
    assert edits[0].external_id == received(text="x").external_id


def test_an_edited_command_keeps_its_meaning_and_loses_its_word() -> None:
    edit = item(edited_message=message(text="/lapor jalan sangat rusak", edit_date=1763769700))
    assert isinstance(edit, Edit)
    assert (edit.text, edit.hints["command"]) == ("jalan sangat rusak", "lapor")


def test_hidden_links_and_forwards_are_kept_as_hints() -> None:
    link = {"type": "text_link", "offset": 0, "length": 4, "url": "https://example.org/"}
    origin = {"type": "user", "sender_user": USER, "date": 1763769600}
    hints = received(text="sini", entities=[link], forward_origin=origin).hints
    assert hints["links"] == ["https://example.org/"]
    assert hints["forwarded"] == "user"


def test_a_shared_own_number_is_told_from_somebody_elses() -> None:
    card = {"phone_number": "+62811", "first_name": "Ani"}
    assert received(contact=card | {"user_id": 7}).hints["own_phone"] == "+62811"
    assert "own_phone" not in received(contact=card | {"user_id": 8}).hints


def test_a_reply_names_the_message_it_answers_even_when_that_is_gone() -> None:
    gone = {"message_id": 3, "chat": CHAT, "date": 0}
    assert received(text="ya", reply_to_message=gone).in_reply_to == "7:3"


@pytest.mark.parametrize("kind", sorted(NOT_OURS))
def test_every_other_kind_is_ignored_with_its_own_reason(kind: str) -> None:
    found = item(**{kind: {"id": "x"}})
    assert isinstance(found, Ignored)
    assert found.reason == kind.replace("_", "-")


@pytest.mark.parametrize("field", sorted(SERVICE))
def test_service_notes_are_ignored(field: str) -> None:
    found = item(message=message(**{field: True}))
    assert isinstance(found, Ignored)
    assert found.reason == f"service:{field}"


def test_no_field_is_sorted_twice() -> None:
    assert not READ & ASIDE
    assert not (READ | ASIDE) & SERVICE
    assert not MESSAGES & NOT_OURS


@pytest.mark.parametrize(("kind", "reason"), [("group", "group"), ("supergroup", "group"), ("channel", "channel-post")])
def test_only_private_chats_are_read(kind: str, reason: str) -> None:
    found = item(message=message(text="/lapor x") | {"chat": {"id": -5, "type": kind, "title": "RW"}})
    assert isinstance(found, Ignored)
    assert (found.reason, found.external_id, found.conversation_id) == (reason, "-5:5", "-5")


def test_a_bot_is_no_citizen() -> None:
    found = item(message=message(text="iklan") | {"from": USER | {"is_bot": True}})
    assert isinstance(found, Ignored)
    assert found.reason == "bot"


def test_without_a_user_the_private_chat_is_the_sender() -> None:
    found = received(text="x", **{"from": None, "chat": CHAT | {"last_name": "S"}})
    assert (found.sender.address, found.sender.name) == ("7", "Ani S")


def test_what_is_left_out_of_a_rich_message_is_told() -> None:
    assert received(rich_message={"blocks": [{"type": "paragraph", "text": "x"}]}).hints["unsupported"] == [
        "rich_message"
    ]


def test_content_that_nobody_knows_yet_still_reaches_the_officer() -> None:
    found = received(hologram={"x": 1}, **{"Weird <b>key</b>": 1})
    assert found.text == "[Pesan Telegram ini tidak dapat ditampilkan di sini: ?, hologram]"


def test_an_unknown_part_beside_a_text_changes_nothing() -> None:
    assert received(text="Jalan rusak", hologram={"x": 1}) == received(text="Jalan rusak")


def test_a_part_that_nobody_reads_cannot_make_a_message_unreadable() -> None:
    broken = {"story": "not an object", "reply_markup": 7, "external_reply": []}
    assert received(text="Jalan rusak", **broken).text == "Jalan rusak"


def test_several_kinds_in_one_update_stand_or_fall_alone() -> None:
    update = {"update_id": 1, "message": message(text="x"), "edited_message": {"message_id": 5}}
    found = parse(json.dumps(update).encode())
    assert [type(one) for one in found] == [InboundMessage, Malformed]


@pytest.mark.parametrize(
    "broken",
    [
        {"chat": {"id": "7", "type": "private"}},
        {"chat": {"id": True, "type": "private"}},
        {"message_id": 2**70},
        {"date": 10**18},
        {"date": "rahasia sekali"},
        {"text": ["rahasia sekali"]},
        {"from": "rahasia sekali"},
        {"photo": [{"rahasia sekali": 1}]},
        {"location": {"latitude": 1e999, "longitude": 1}},
        {"text": None, "contact": {"phone_number": "1", "first_name": ["rahasia sekali"]}},
        {"entities": [{"type": "text_link", "offset": 0, "length": 1, "url": {"rahasia sekali": 1}}]},
    ],
)
def test_a_malformed_message_is_one_item_without_the_citizens_words(broken: dict[str, Any]) -> None:
    found = item(message=message(text="x") | broken)
    assert isinstance(found, Malformed)
    assert "rahasia sekali" not in found.error
    assert found.external_id == "update:1"


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"null", b"[" * 100_000, b"\xff\xfe\x00", b"update_id=1"])
def test_what_is_no_update_at_all_is_a_payload_error(body: bytes) -> None:
    with pytest.raises(PayloadError):
        parse(body)


def test_an_empty_payload_is_ignored() -> None:
    assert parse(b" \n") == [Ignored(reason="empty")]


def test_nul_and_half_surrogates_cannot_reach_the_database() -> None:
    found = received(text="a\0b\ud83d", **{"from": USER | {"first_name": "\udc00"}})
    assert found.text == "a\ufffdb\ufffd"
    assert found.sender.name == "\ufffd"


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_items_or_a_payload_error(body: bytes) -> None:
    try:
        parse(body)
    except PayloadError:
        return


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PARTS = sorted(READ | {"reply_to_message", "checklist", "rich_message", "story"})
UPDATES = st.fixed_dictionaries(
    {"update_id": st.integers(0, 2**40) | JSON_VALUES},
    optional={
        "message": st.builds(
            lambda good, bad: message(**good) | bad,
            st.fixed_dictionaries({}, optional={"text": st.text(), "caption": st.text()}),
            st.dictionaries(st.sampled_from(PARTS), JSON_VALUES, max_size=3),
        )
        | JSON_VALUES,
        "edited_message": st.builds(
            lambda bad: message(text="x", edit_date=1) | bad,
            st.dictionaries(st.sampled_from(PARTS), JSON_VALUES, max_size=3),
        ),
        "my_chat_member": JSON_VALUES,
        "poll": JSON_VALUES,
    },
)


@given(UPDATES)
def test_any_json_gives_items_that_can_be_stored_and_are_the_same_each_time(update: dict[str, Any]) -> None:
    body = json.dumps(update).encode()
    found = parse(body)
    assert found
    assert found == parse(body)
    for line in lines(found):
        text = json.dumps(line, ensure_ascii=False, allow_nan=False)
        assert "\\u0000" not in text
        text.encode()


def channel(**settings: Any) -> TelegramChannel:
    return TelegramChannel(AccountInfo(name="t"), TelegramSettings(token="1:a", **settings))


def request(headers: dict[str, str]) -> RawRequest:
    return RawRequest(
        method="POST",
        url="https://x/hooks/t",
        path="/hooks/t",
        query="",
        headers=headers,
        body=b"{}",
        remote="127.0.0.1",
    )


NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_the_right_secret_is_answered_200_with_nothing() -> None:
    verdict = channel(secret_token=SECRET).verify(request({"x-telegram-bot-api-secret-token": SECRET}), NOW)
    assert (verdict.answer.status, verdict.answer.body, verdict.journal) == (200, b"", True)


@pytest.mark.parametrize("secret", ["", SECRET[:-1], SECRET.upper(), f"{SECRET} ", "é", "\ud83d"])
def test_any_other_secret_is_forged(secret: str) -> None:
    with pytest.raises(VerificationFailed, match="is not ours") as failed:
        channel(secret_token=SECRET).verify(request({"x-telegram-bot-api-secret-token": secret}), NOW)
    assert SECRET not in str(failed.value)


def test_without_a_header_or_without_a_secret_nothing_is_accepted() -> None:
    with pytest.raises(VerificationFailed):
        channel(secret_token=SECRET).verify(request({}), NOW)
    with pytest.raises(VerificationFailed):
        channel(mode="polling").verify(request({"x-telegram-bot-api-secret-token": ""}), NOW)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"token": "rahasia"}, "token"),
        ({"token": "1:a"}, "secret_token"),
        ({"token": "1:a", "secret_token": "short"}, "secret_token"),
        ({"token": "1:a", "secret_token": "with spaces in it ..."}, "secret_token"),
        ({"token": "1:a", "mode": "both"}, "mode"),
        ({"token": "1:a", "mode": "polling", "timeout": 0}, "timeout"),
    ],
)
def test_settings_that_telegram_would_refuse_are_refused_by_name(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(ValueError, match=f"^{key}: ") as failed:
        TelegramSettings(**settings)
    assert "rahasia" not in str(failed.value)


def test_secrets_do_not_show_in_the_settings() -> None:
    shown = repr(TelegramSettings(token="1:geheim", secret_token=SECRET))
    assert "geheim" not in shown
    assert SECRET not in shown


def test_the_readme_explains_every_setting() -> None:
    readme = (FIXTURES.parent / "README.md").read_text("utf-8")
    table = {
        cell.strip() for line in readme.splitlines() if line.startswith("| `") for cell in line.split("|")[1].split(",")
    }
    assert {f"`{field.name}`" for field in dataclasses.fields(TelegramSettings)} <= table


def test_the_username_is_where_citizens_write_to() -> None:
    def addresses(**settings: Any) -> frozenset[str]:
        made = TelegramSettings(token="1:a", secret_token=SECRET, **settings)
        return TelegramChannel(AccountInfo(name="t"), made).addresses

    assert addresses(username="aduan_bot") == {"aduan_bot"}
    assert addresses() == frozenset()
