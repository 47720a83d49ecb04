"""Replies by Instagram, the account's health and its registration, against the strict Graph API stand-in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from loopback import dead_address
from meta_stand import HOOK, INSTAGRAM, OWN_TOKEN, SITI, START, Meta, answering, conversation, running

from channels.contract import How, OutboundFile
from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG = OutboundFile(name="foto.png", content_type="image/png", content=b"\x89PNG\r\n\x1a\n" + b"x" * 40)


@pytest.fixture
def meta() -> Iterator[Meta]:
    with running() as stand:
        yield stand


def written(meta: Meta, login: str = "facebook") -> Any:
    account = meta.linked if login == "facebook" else meta.alone
    (item,) = meta.hooked(meta.instagram(login=login), account, meta.cloud.message(account, SITI, "Banjir"))
    return item


def commented(meta: Meta, **changes: Any) -> Any:
    post = meta.cloud.own_post(meta.linked, "Pengumuman")
    event = meta.cloud.instagram_comment(meta.linked, SITI, "siti.contoh", post, "Lampu mati")
    (item,) = meta.hooked(meta.instagram(**changes), meta.linked, event)
    return item


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_an_answer_reaches_the_citizen_by_either_log_in(meta: Meta, login: str) -> None:
    receipt = meta.instagram(login=login).send(answering(written(meta, login), "Sudah kami cek 🙏"))
    (message,) = meta.mailroom.delivered(SITI)
    assert (message.text, message.provider) == ("Sudah kami cek 🙏", "instagram")
    assert (receipt.external_id, receipt.status) == (message.external_id, "sent")


def test_a_thousand_bytes_are_the_limit_not_a_thousand_characters(meta: Meta) -> None:
    words = ["jalan🙏"] * 300
    meta.instagram().send(answering(written(meta), " ".join(words)))
    texts = meta.delivered(SITI)
    assert len(texts) == 3
    assert all(len(text.encode()) <= 1000 for text in texts)
    assert " ".join(texts).split() == words


def test_pictures_and_pdf_are_uploaded_first(meta: Meta) -> None:
    pdf = OutboundFile(name="surat.pdf", content_type="application/pdf", content=b"%PDF-1.7")
    meta.instagram().send(answering(written(meta), "Lihat", attachments=[PNG, pdf]))
    assert meta.delivered(SITI) == ["Lihat", "[image]", "[file]"]


@pytest.mark.parametrize(
    ("content_type", "size", "said"),
    [("image/png", (8 << 20) + 1, "8 MB"), ("video/mp4", (25 << 20) + 1, "25 MB"), ("application/zip", 10, "PDF")],
)
def test_files_that_instagram_refuses_are_refused_before(meta: Meta, content_type: str, size: int, said: str) -> None:
    file = OutboundFile(name="x", content_type=content_type, content=bytes(size))
    with pytest.raises(Refused, match=said):
        meta.instagram().send(answering(written(meta), "", attachments=[file]))
    assert meta.delivered() == []


def test_with_instagram_login_there_are_no_attachments(meta: Meta) -> None:
    channel = meta.instagram(login="instagram")
    assert not channel.capabilities.attachments
    with pytest.raises(Refused, match="tanpa lampiran"):
        channel.send(answering(written(meta, "instagram"), attachments=[PNG]))


def test_an_upload_without_an_answer_has_sent_nothing(meta: Meta) -> None:
    item = written(meta)
    meta.faults.lose_answer = True
    with pytest.raises(ProviderDown, match="belum ada yang terkirim"):
        meta.instagram().send(answering(item, "", attachments=[PNG]))
    with pytest.raises(OutcomeUnknown):
        meta.instagram().send(answering(item, "Lihat", attachments=[PNG]))
    assert meta.delivered() == ["Lihat"]


def test_windows_are_the_messengers(meta: Meta) -> None:
    item, channel = written(meta), meta.instagram(human_agent=True)
    meta.cloud.human_agent = True
    meta.pass_time(86_400)
    options = channel.reply_options(conversation(item), START + timedelta(days=1))
    assert options.how is How.TAG
    with pytest.raises(Refused, match="Batas waktu balasan"):
        channel.send(answering(item))
    channel.send(answering(item, how=options.how))
    meta.pass_time(6 * 86_400)
    with pytest.raises(Refused, match="Batas waktu balasan"):
        channel.send(answering(item, how=How.TAG))
    assert not channel.reply_options(conversation(item), START + timedelta(days=7)).allowed


def test_a_comment_is_answered_below_or_privately(meta: Meta) -> None:
    first, second = commented(meta), commented(meta)
    meta.instagram().send(answering(first, "Segera"))
    meta.instagram().send(answering(second, "Kode K7X", purpose="ack"))
    assert meta.delivered(SITI) == ["Segera", "Kode K7X"]
    assert not meta.cloud.things[first.external_id].privately_answered
    assert meta.cloud.things[second.external_id].privately_answered
    with pytest.raises(Refused, match="secara pribadi"):
        meta.instagram(comment_reply="private").send(answering(second))
    with pytest.raises(Refused, match="disimpan"):
        meta.instagram(comment_reply="private").send(answering(first, purpose="ack"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": ""}, "huruf"),
        ({"text": "x" * 2201}, "2200"),
        ({"attachments": [PNG]}, "tanpa lampiran"),
        ({"hints": {}, "in_reply_to": None}, "tidak diketahui lagi"),
        ({"hints": {"comment_id": "1"}}, "sudah tidak ada"),
    ],
)
def test_what_cannot_stand_below_a_comment_is_refused(meta: Meta, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        meta.instagram().send(answering(commented(meta), **changes))


def test_a_mention_is_answered_where_it_stands(meta: Meta) -> None:
    event = meta.cloud.mention(meta.linked, SITI, "siti.contoh", "@kab.contoh jalan rusak")
    (item,) = meta.hooked(meta.instagram(), meta.linked, event)
    options = meta.instagram().reply_options(conversation(item), START)
    assert options.allowed
    meta.instagram().send(answering(item, "Kami cek"))
    assert meta.delivered(SITI) == ["Kami cek"]
    caption = {"field": "mentions", "value": {"media_id": "18000000000000006"}}
    (named,) = meta.hooked(meta.instagram(), meta.linked, caption)
    meta.instagram().send(answering(named, "Terima kasih"))
    assert meta.delivered("18000000000000006") == ["Terima kasih"]
    with pytest.raises(Refused, match="tidak diketahui lagi"):
        meta.instagram().send(answering(named, hints={}))


def test_a_comment_on_a_live_video_is_shut_with_a_reason(meta: Meta) -> None:
    options = meta.instagram().reply_options(conversation(commented(meta), live=True), START)
    assert not options.allowed
    assert options.reason is not None
    assert "siaran langsung" in options.reason


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
    meta: Meta, fault: str, value: Any, kind: type[SendFailed]
) -> None:
    for item in (written(meta), commented(meta)):
        setattr(meta.faults, fault, value)
        with pytest.raises(SendFailed) as failed:
            meta.instagram(timeout=0.3 if fault == "slow" else 5.0).send(answering(item))
        assert type(failed.value) is kind
        if isinstance(failed.value, Throttled):
            assert failed.value.retry_after == 7


def test_registration_makes_an_account_healthy_and_leaves_the_pages_fields(meta: Meta) -> None:
    channel = meta.instagram()
    assert "tidak mengantar apa pun" in channel.health().sentence
    channel.register()
    assert meta.page.fields == {"messages"}
    assert meta.cloud.hooks["instagram"][0] == HOOK.replace("facebook", "instagram")
    assert channel.health().ok
    meta.page.fields = {"messages", "feed"}
    channel.register()
    assert meta.page.fields == {"messages", "feed"}


def test_a_link_that_was_cut_and_a_token_that_ends_are_named(meta: Meta) -> None:
    channel = meta.instagram()
    channel.register()
    meta.page.expires_at = int(datetime.now(UTC).timestamp()) + 86_400
    assert "Token berakhir" in channel.health().sentence
    meta.page.expires_at = 0
    meta.linked.page = ""
    assert "tidak terhubung" in channel.health().sentence
    assert not meta.instagram(base_url=dead_address()).health().ok


def test_with_instagram_login_the_account_itself_subscribes(meta: Meta) -> None:
    channel = meta.instagram(login="instagram")
    assert "tidak mengantar" in channel.health().sentence
    channel.register()
    assert {"messages", "comments"} <= meta.alone.fields
    assert "mentions" not in meta.alone.fields
    health = channel.health()
    assert health.ok
    assert "60 hari" in health.sentence
    other = meta.instagram(login="instagram", account_id=INSTAGRAM)
    assert "milik akun" in other.health().sentence
    meta.alone.expired = True
    assert "token baru" in channel.health().sentence
    assert OWN_TOKEN not in channel.health().sentence
