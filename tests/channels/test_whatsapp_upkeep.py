"""WhatsApp's files and upkeep: media while they live, registration and health, against a strict Cloud API."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from loopback import dead_address
from whatsapp_stand import (
    HOOK,
    JPEG,
    SITI,
    START,
    TEMPLATES,
    TOKEN,
    WhatsApp,
    make_channel,
    running,
    wanted,
)

from channels.contract import AccountInfo
from channels.errors import (
    ChannelError,
    Expired,
    FetchFailed,
    FetchLater,
    TooLarge,
)
from channels.whatsapp.contents import MEDIA_LIFE
from channels.whatsapp.settings import WhatsAppSettings
from normalizer.messages import InboundMessage
from standins.whatsapp import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def whatsapp(monkeypatch: pytest.MonkeyPatch) -> Iterator[WhatsApp]:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with running() as stand:
        yield stand


def only(whatsapp: WhatsApp, payload: dict[str, Any]) -> InboundMessage:
    (item,) = whatsapp.parsed(payload)
    assert isinstance(item, InboundMessage)
    return item


def ref_of(whatsapp: WhatsApp, content: bytes = JPEG) -> str:
    message = only(whatsapp, whatsapp.cloud.image(SITI, content, "lubang"))
    (attachment,) = message.attachments
    assert attachment.deadline == START + MEDIA_LIFE
    assert attachment.ref is not None
    return attachment.ref


def test_a_photo_is_fetched_at_once(whatsapp: WhatsApp) -> None:
    media = whatsapp.channel().fetch(wanted(ref_of(whatsapp)))
    assert (media.content, media.content_type) == (JPEG, "image/jpeg")


def test_an_address_that_died_in_between_is_asked_for_again(
    whatsapp: WhatsApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref, clock = ref_of(whatsapp), whatsapp.cloud.clock
    from channels.toolkit import guarded  # noqa: PLC0415 - what stands between the two calls

    real, calls = guarded.fetch, []

    def late_once(*args: Any, **more: Any) -> Any:
        calls.append(1)
        clock.now += 300 if len(calls) == 1 else 299  # type: ignore[attr-defined] # the tests' clock
        return real(*args, **more)

    monkeypatch.setattr(guarded, "fetch", late_once)
    assert whatsapp.channel().fetch(wanted(ref)).content == JPEG
    assert len(calls) == 2


def test_an_address_that_is_always_dead_is_expired(whatsapp: WhatsApp, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = ref_of(whatsapp)
    monkeypatch.setattr("standins.whatsapp.URL_SECONDS", 0)
    with pytest.raises(Expired):
        whatsapp.channel().fetch(wanted(ref))


def test_a_file_that_meta_no_longer_shows_waits_for_its_deadline(whatsapp: WhatsApp) -> None:
    ref = ref_of(whatsapp)
    whatsapp.cloud.clock.now += MEDIA_LIFE.total_seconds()  # type: ignore[attr-defined] # the tests' clock
    with pytest.raises(FetchLater):
        whatsapp.channel().fetch(wanted(ref))


def test_a_file_that_came_damaged_is_fetched_again(whatsapp: WhatsApp) -> None:
    ref = ref_of(whatsapp)
    key = ref.partition(":")[0]
    whatsapp.cloud.files[key] = type(whatsapp.cloud.files[key])(b"rusak", "image/jpeg", 1e12)
    with pytest.raises(FetchLater, match="SHA-256"):
        whatsapp.channel().fetch(wanted(ref))
    assert whatsapp.channel().fetch(wanted(f"{key}:")).content == b"rusak"


def test_too_large_by_our_cap_is_known_before_it_is_taken(whatsapp: WhatsApp) -> None:
    with pytest.raises(TooLarge):
        whatsapp.channel().fetch(wanted(ref_of(whatsapp), max_bytes=10))
    assert whatsapp.cloud.urls != {}


@pytest.mark.parametrize("ref", [None, "", ":"])
def test_a_message_without_a_file_is_not_asked_for(ref: str | None) -> None:
    with pytest.raises(FetchFailed):
        make_channel(api_url=f"{dead_address()}/v25.0").fetch(wanted(ref))


@pytest.mark.parametrize(
    ("fault", "wait"),
    [({"down": True}, None), ({"retry_after": "9"}, 9), ({"server_error": True}, None), ({"unauthorized": True}, None)],
)
def test_a_passing_fault_or_a_dead_token_lets_a_file_wait(
    whatsapp: WhatsApp, fault: dict[str, Any], wait: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ref = ref_of(whatsapp)
    for name, value in fault.items():
        setattr(whatsapp.faults, name, value)
    with pytest.raises(FetchLater) as failed:
        whatsapp.channel().fetch(wanted(ref))
    assert failed.value.retry_after == wait
    assert TOKEN not in caplog.text + str(failed.value)


def test_the_token_is_not_shown_to_a_plain_http_address(whatsapp: WhatsApp, monkeypatch: pytest.MonkeyPatch) -> None:
    channel, ref = whatsapp.channel(), ref_of(whatsapp)
    monkeypatch.setattr(type(channel._api), "get", lambda *_, **__: {"url": "http://x.example/"})
    with pytest.raises(FetchFailed, match="not https"):
        channel.fetch(wanted(ref))


def test_registration_and_health(whatsapp: WhatsApp) -> None:
    channel = whatsapp.channel(**TEMPLATES)
    assert "doctor --fix" in channel.health().sentence
    channel.register()
    assert whatsapp.cloud.callbacks == {"application": HOOK, "phone_number": HOOK}
    health = channel.health()
    assert health.ok is True
    assert health.sentence == (
        "Meta mengantar pesan Aduan Kabupaten (+628112626100) ke webhook kita: mutu green, laju standard, "
        "token berlaku tanpa batas, 4 templat disetujui."
    )


def test_an_app_that_serves_another_address_keeps_it(whatsapp: WhatsApp) -> None:
    other = {"object": "whatsapp_business_account", "callback_url": "https://other.example/", "active": True}
    whatsapp.cloud.asked = other | {"fields": [{"name": "messages", "version": "v25.0"}]}
    channel = whatsapp.channel()
    channel.register()
    assert whatsapp.cloud.asked["callback_url"] == "https://other.example/"
    assert whatsapp.cloud.callbacks == {"phone_number": HOOK}
    assert channel.health().ok is True
    whatsapp.cloud.asked = other | {"fields": []}
    with pytest.raises(ChannelError, match="tambahkan langganan messages dengan tangan"):
        channel.register()


def test_a_token_that_may_not_ask_about_itself_is_no_fault(whatsapp: WhatsApp) -> None:
    whatsapp.channel().register()
    whatsapp.cloud.may_ask = False
    health = whatsapp.channel(template_ack="aduan_diterima").health()
    assert health.ok is True
    assert "token tampaknya berlaku, 1 templat disetujui" in health.sentence


def test_an_address_that_meta_cannot_reach_is_not_registered(whatsapp: WhatsApp) -> None:
    channel = whatsapp.channel()
    channel.account = AccountInfo(name="wa", hook_url="http://127.0.0.1/hooks/wa")
    with pytest.raises(ChannelError, match="tidak dapat diberi tahu"):
        channel.register()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda cloud: setattr(cloud, "status", "BANNED"), "statusnya di Meta BANNED"),
        (lambda cloud: setattr(cloud, "quality", "RED"), "mutunya merah"),
        (lambda cloud: cloud.subscribed.clear(), "tidak memberi tahu aplikasi ini"),
        (lambda cloud: setattr(cloud, "app_id", "5"), "tidak memberi tahu aplikasi ini"),
        (lambda cloud: cloud.callbacks.update(phone_number="https://old.example/secret"), "mengantar ke old.example:"),
        (lambda cloud: cloud.asked.update(fields=["account_update"]), "tidak berlangganan messages"),
        (lambda cloud: cloud.asked.clear(), "tidak berlangganan messages"),
        (
            lambda cloud: setattr(cloud, "scopes", ["whatsapp_business_messaging"]),
            "tanpa izin whatsapp_business_management",
        ),
        (lambda cloud: cloud.templates.pop(), "aduan_jawaban belum ada dalam bahasa id"),
        (lambda cloud: cloud.templates.insert(0, Template(name="aduan_selesai", status="PAUSED")), "berstatus paused"),
        (lambda cloud: cloud.templates.insert(0, Template(name="aduan_diterima", parameters=2)), "harus memakai"),
        (
            lambda cloud: setattr(cloud, "token_ends", int((datetime.now(UTC) + timedelta(days=6)).timestamp())),
            "token akses berakhir",
        ),
    ],
)
def test_health_names_what_is_wrong(whatsapp: WhatsApp, change: Callable[[Any], object], said: str) -> None:
    whatsapp.channel().register()
    change(whatsapp.cloud)
    health = whatsapp.channel(**TEMPLATES).health()
    assert health.ok is False
    assert said in health.sentence
    assert TOKEN not in health.sentence
    assert "secret" not in health.sentence


def test_health_without_an_answer_or_with_a_dead_token(whatsapp: WhatsApp) -> None:
    for channel in (make_channel(api_url=f"{dead_address()}/v25.0"), whatsapp.channel(token="t" * 20)):
        health = channel.health()
        assert (health.ok, "Periksa token" in health.sentence) == (False, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone_number_id": "+628112626116"},
        {"waba_id": ""},
        {"token": ""},
        {"app_secret": ""},
        {"verify_token": "pendek"},
        {"template_ack": "Aduan Diterima"},
        {"template_language": "Indonesia"},
        {"api_url": "graph.facebook.com"},
        {"api_url": "https://graph.facebook.com/v25.0/"},
        {"timeout": 0},
    ],
)
def test_settings_name_the_key_that_cannot_be_used(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        make_channel(**wrong)
    assert TOKEN not in repr(make_channel().settings)
    assert isinstance(make_channel().settings, WhatsAppSettings)
