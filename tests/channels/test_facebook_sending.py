"""Replies into Messenger and to comments, and each way they can fail, against the strict Graph API stand-in."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from loopback import dead_address
from meta_stand import PAGE, PAGE_TOKEN, SECRET, SITI, START, Meta, answering, conversation, running

from channels.contract import How, OutboundFile
from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG = OutboundFile(name="foto.png", content_type="image/png", content=b"\x89PNG\r\n\x1a\n" + b"x" * 40)


@pytest.fixture
def meta() -> Iterator[Meta]:
    with running() as stand:
        yield stand


def written(meta: Meta, text: str = "Jalan rusak") -> Any:
    (item,) = meta.hooked(meta.facebook(), meta.page, meta.cloud.message(meta.page, SITI, text))
    return item


def commented(meta: Meta, text: str = "Kapan diperbaiki?", **changes: Any) -> Any:
    post = meta.cloud.own_post(meta.page, "Pengumuman")
    event = meta.cloud.comment(meta.page, SITI, "Siti Contoh", post, text)
    (item,) = meta.hooked(meta.facebook(**changes), meta.page, event)
    return item


def test_an_answer_reaches_the_citizen_and_is_named(meta: Meta) -> None:
    item = written(meta)
    receipt = meta.facebook().send(answering(item, "Sudah diperbaiki 🙏"))
    (message,) = meta.mailroom.delivered(SITI)
    assert (message.text, message.provider) == ("Sudah diperbaiki 🙏", "facebook")
    assert (receipt.external_id, receipt.status) == (message.external_id, "sent")
    assert receipt.conversation_id == f"{PAGE}:{SITI}"


def test_a_long_answer_goes_out_in_pieces_and_files_follow(meta: Meta) -> None:
    words = [f"kata{number}" for number in range(500)]
    meta.facebook().send(answering(written(meta), " ".join(words), attachments=[PNG]))
    *texts, file = meta.delivered(SITI)
    assert len(texts) == 2
    assert " ".join(texts).split() == words
    assert file == "[foto.png]"


def test_two_thousand_characters_of_any_kind_fit(meta: Meta) -> None:
    channel, item = meta.facebook(), written(meta)
    channel.send(answering(item, "\U0001f64f" * 1001))
    assert [len(text) for text in meta.delivered(SITI)] == [1000, 1]


def test_after_a_day_only_the_tag_and_only_an_officers_words(meta: Meta) -> None:
    item = written(meta)
    channel = meta.facebook(human_agent=True)
    meta.cloud.human_agent = True
    meta.pass_time(86_400)
    options = channel.reply_options(conversation(item), START + timedelta(days=1))
    assert options.how is How.TAG
    with pytest.raises(Refused, match="Batas waktu balasan"):
        channel.send(answering(item))
    channel.send(answering(item, how=options.how))
    with pytest.raises(Refused, match="petugas"):
        channel.send(answering(item, how=options.how, purpose="ack"))
    meta.pass_time(6 * 86_400)
    with pytest.raises(Refused, match="Batas waktu balasan"):
        channel.send(answering(item, how=How.TAG))
    assert meta.delivered(SITI) == ["Terima kasih"]


def test_without_metas_approval_the_tag_is_refused(meta: Meta) -> None:
    item = written(meta)
    with pytest.raises(Refused, match="Batas waktu balasan"):
        meta.facebook().send(answering(item, how=How.TAG))


def test_a_comment_is_answered_below_it(meta: Meta) -> None:
    item = commented(meta)
    receipt = meta.facebook().send(answering(item, "Minggu depan"))
    (message,) = meta.mailroom.delivered(SITI)
    assert message.text == "Minggu depan"
    assert message.external_id.startswith(item.hints["comment_id"].partition("_")[0])
    assert receipt.external_id == f"comment:{message.external_id.partition('_')[2]}"


def test_an_answer_to_an_answer_goes_below_the_comment_above_both(meta: Meta) -> None:
    first = commented(meta)
    event = meta.cloud.comment(
        meta.page, SITI, "Siti", first.hints["post_id"], "Masih", parent=first.hints["comment_id"]
    )
    second: Any = meta.hooked(meta.facebook(), meta.page, event)[0]
    assert (second.in_reply_to, second.conversation_id) == (first.external_id, first.conversation_id)
    meta.facebook().send(answering(second))
    assert meta.delivered(SITI) == ["Terima kasih"]


def test_a_visitors_post_is_answered_below_it_or_privately(meta: Meta) -> None:
    event = meta.cloud.visitor_post(meta.page, SITI, "Siti", "Banjir")
    post: Any = meta.hooked(meta.facebook(), meta.page, event)[0]
    meta.facebook().send(answering(post, "Kami cek"))
    meta.facebook().send(answering(post, "Kode aduan Anda K7X", purpose="ack"))
    assert meta.delivered(SITI) == ["Kami cek", "Kode aduan Anda K7X"]
    assert meta.cloud.things[post.external_id].privately_answered


def test_automatic_texts_and_confidential_answers_go_into_the_inbox(meta: Meta) -> None:
    first, second = commented(meta), commented(meta)
    meta.facebook().send(answering(first, "Kode K7X", purpose="ack"))
    meta.facebook().send(answering(second, "Rahasia", hints=second.hints | {"rahasia": True}))
    assert all(meta.cloud.things[item.hints["comment_id"]].privately_answered for item in (first, second))


def test_a_comment_has_one_private_reply_and_only_for_a_week(meta: Meta) -> None:
    channel, item = meta.facebook(comment_reply="private"), commented(meta, comment_reply="private")
    assert item.hints["no_reply"] is True
    with pytest.raises(Refused, match="disimpan untuk jawaban petugas"):
        channel.send(answering(item, purpose="ack"))
    channel.send(answering(item, "Balasan"))
    with pytest.raises(Refused, match="secara pribadi"):
        channel.send(answering(item, "Lagi"))
    late = commented(meta)
    meta.pass_time(7 * 86_400)
    with pytest.raises(Refused, match="secara pribadi"):
        channel.send(answering(late))
    assert meta.delivered() == ["Balasan"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": " "}, "huruf"),
        ({"text": "x" * 8001}, "8000"),
        ({"attachments": [PNG]}, "tanpa lampiran"),
        ({"hints": {}, "in_reply_to": None}, "tidak diketahui lagi"),
        ({"hints": {"reply_to": "1_2"}}, "sudah tidak ada"),
    ],
)
def test_what_cannot_stand_below_a_comment_is_refused(meta: Meta, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        meta.facebook().send(answering(commented(meta), **changes))
    assert meta.delivered() == []


@pytest.mark.parametrize("changes", [{"text": "x" * 2001}, {"attachments": [PNG]}, {"text": ""}])
def test_a_private_reply_is_one_short_text(meta: Meta, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="Balasan pribadi"):
        meta.facebook(comment_reply="private").send(answering(commented(meta), **changes))


@pytest.mark.parametrize(
    ("fault", "value", "kind"),
    [
        ("down", True, ProviderDown),
        ("retry_after", "7", Throttled),
        ("unauthorized", True, Refused),
        ("server_error", True, OutcomeUnknown),
        ("lose_answer", True, OutcomeUnknown),
        ("slow", True, OutcomeUnknown),
    ],
)
def test_each_fault_becomes_the_error_that_says_what_to_do(
    meta: Meta, fault: str, value: Any, kind: type[SendFailed], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for item in (written(meta), commented(meta)):
        fails(meta, item, fault, value, kind, caplog)


def fails(  # noqa: PLR0917 - a fault, what it must become, and where to look
    meta: Meta, item: Any, fault: str, value: Any, kind: type[SendFailed], caplog: pytest.LogCaptureFixture
) -> None:
    before = len(meta.delivered())
    setattr(meta.faults, fault, value)
    with pytest.raises(SendFailed) as failed:
        meta.facebook(timeout=0.3 if fault == "slow" else 5.0).send(answering(item, "jawaban rahasia"))
    assert type(failed.value) is kind
    assert len(meta.delivered()) - before == (1 if fault == "lose_answer" else 0)
    if isinstance(failed.value, Throttled):
        assert failed.value.retry_after == 7
    for text in (str(failed.value), caplog.text):
        assert PAGE_TOKEN not in text
        assert SECRET not in text
        assert "jawaban rahasia" not in text


def test_after_the_first_part_no_failure_may_repeat_the_answer(meta: Meta) -> None:
    item = written(meta)
    broken = OutboundFile(name="besar.bin", content_type="application/pdf", content=bytes(26 << 20))
    with pytest.raises(OutcomeUnknown, match="1 dari 2 bagian"):
        meta.facebook().send(answering(item, attachments=[broken]))
    assert meta.delivered() == ["Terima kasih"]


def test_a_refused_connection_sent_nothing(meta: Meta) -> None:
    with pytest.raises(ProviderDown):
        meta.facebook(base_url=dead_address()).send(answering(written(meta)))


def test_an_expired_token_a_wrong_secret_and_a_citizen_who_left_are_refused(meta: Meta) -> None:
    item = written(meta)
    with pytest.raises(Refused, match="menolak"):
        meta.facebook(app_secret="another-secret-entirely").send(answering(item))
    meta.page.expired = True
    with pytest.raises(Refused, match="token baru"):
        meta.facebook().send(answering(item))
    meta.page.expired = False
    meta.cloud.blocked.add(SITI)
    with pytest.raises(Refused, match="memblokir"):
        meta.facebook().send(answering(item))
    with pytest.raises(Refused, match="memblokir"):
        meta.facebook().send(answering(item, to="999"))
    with pytest.raises(Refused, match="kosong"):
        meta.facebook().send(answering(item, " "))
    assert meta.delivered() == []
