"""WhatsApp answers: free text, files, templates and failures, against a strict Cloud API on loopback."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from loopback import dead_address
from whatsapp_stand import (
    APP_SECRET,
    HIDDEN,
    SITI,
    START,
    TEMPLATES,
    TOKEN,
    WhatsApp,
    file,
    late,
    make_channel,
    reply,
    running,
)

from channels.contract import Conversation, How
from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled
from normalizer.messages import Delivery, DeliveryReceipt
from standins.whatsapp import Template

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def whatsapp(monkeypatch: pytest.MonkeyPatch) -> Iterator[WhatsApp]:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with running() as stand:
        yield stand


def test_a_text_goes_out_and_its_steps_come_back_as_receipts(whatsapp: WhatsApp) -> None:
    receipt = whatsapp.channel().send(reply("Baik, kami cek.\nTerima kasih"))
    assert receipt.status is Delivery.ACCEPTED
    assert receipt.conversation_id == SITI.bsuid
    assert whatsapp.delivered() == ["Baik, kami cek.\nTerima kasih"]
    reports = whatsapp.cloud.reports()
    steps = whatsapp.parsed(*reports)
    assert [(step.external_id, step.status) for step in steps if isinstance(step, DeliveryReceipt)] == [
        (receipt.external_id, Delivery.SENT),
        (receipt.external_id, Delivery.DELIVERED),
    ]
    opaque = reports[0]["entry"][0]["changes"][0]["value"]["statuses"][0]["biz_opaque_callback_data"]
    assert opaque == reply().id


def test_who_hides_the_number_is_answered_by_the_user_id(whatsapp: WhatsApp) -> None:
    whatsapp.channel().send(reply(to=f"bsuid:{HIDDEN.bsuid}", conversation_id=HIDDEN.bsuid))
    assert whatsapp.delivered(HIDDEN.bsuid) == ["Terima kasih"]


def test_a_reply_names_the_message_that_it_answers(whatsapp: WhatsApp) -> None:
    heard = whatsapp.cloud.text(SITI, "jalan rusak")["entry"][0]["changes"][0]["value"]["messages"][0]["id"]
    whatsapp.channel().send(reply(in_reply_to=heard))
    assert whatsapp.delivered() == ["Terima kasih"]


@pytest.mark.parametrize(
    ("text", "files", "shown"),
    [
        ("Ini fotonya", [file()], ["[image] Ini fotonya"]),
        ("", [file()], ["[image]"]),
        ("x" * 1025, [file()], ["x" * 1025, "[image]"]),
        ("Suratnya", [file("surat.pdf", "application/pdf", b"%PDF-1.7")], ["[surat.pdf] Suratnya"]),
        ("Dengar", [file("suara.mp3", "audio/mpeg", b"ID3x")], ["Dengar", "[audio]"]),
        ("Lihat", [file(), file("b.mp4", "video/mp4", b"ftyp")], ["Lihat", "[image]", "[video]"]),
        ("Besar", [file(content=b"\xff\xd8" + bytes(5 << 20))], None),
    ],
)
def test_files_show_as_what_they_are(whatsapp: WhatsApp, text: str, files: list[Any], shown: list[str] | None) -> None:
    if shown is None:  # over 5 MB it goes as a document, which takes no picture's type
        with pytest.raises(Refused, match="JPG"):
            whatsapp.channel().send(reply(text, attachments=files))
        assert whatsapp.delivered() == []
        return
    whatsapp.channel().send(reply(text, attachments=files))
    assert whatsapp.delivered() == shown


def test_a_file_that_whatsapp_does_not_take_stops_the_whole_reply(whatsapp: WhatsApp) -> None:
    with pytest.raises(Refused, match="kirim foto sebagai JPG atau PNG, surat sebagai PDF"):
        whatsapp.channel().send(reply("Lihat", attachments=[file(), file("a.zip", "application/zip", b"PK")]))
    assert whatsapp.delivered() == []


def test_after_the_first_message_no_failure_may_repeat_the_reply(whatsapp: WhatsApp) -> None:
    whatsapp.cloud.spare = 1
    whatsapp.cloud.refuse = 131056
    with pytest.raises(OutcomeUnknown, match="1 dari 2 bagian"):
        whatsapp.channel().send(reply("Dengar", attachments=[file("suara.mp3", "audio/mpeg", b"ID3x")]))
    assert whatsapp.delivered() == ["Dengar"]


WINDOW = timedelta(hours=24)


@pytest.mark.parametrize(
    ("after", "templates", "allowed", "how"),
    [
        (timedelta(0), {}, True, How.FREE),
        (WINDOW - timedelta(microseconds=1), {}, True, How.FREE),
        (WINDOW, {}, False, How.FREE),
        (WINDOW, TEMPLATES, True, How.TEMPLATE),
        (timedelta(days=9), {"template_closing": "aduan_selesai"}, True, How.TEMPLATE),
    ],
)
def test_the_window_is_24_hours_to_the_microsecond(
    after: timedelta, templates: dict[str, str], allowed: bool, how: How
) -> None:
    conversation = Conversation(conversation_id="x", address="+628112626116", last_inbound_at=START)
    options = make_channel(**templates).reply_options(conversation, START + after)
    assert (options.allowed, options.how) == (allowed, how)
    assert options.until == (START + WINDOW if how is How.FREE and allowed else None)
    assert (options.reason is None) is (how is How.FREE and allowed)


def test_who_never_wrote_gets_templates_only() -> None:
    never = Conversation(conversation_id="x", address="+628112626116", last_inbound_at=None)
    assert make_channel().reply_options(never, START).allowed is False
    assert make_channel(**TEMPLATES).reply_options(never, START).how is How.TEMPLATE


def test_the_stand_in_closes_the_window_as_meta_does(whatsapp: WhatsApp) -> None:
    whatsapp.cloud.clock.now += 24 * 3600 - 1  # type: ignore[attr-defined] # the tests' clock
    whatsapp.channel().send(reply())
    whatsapp.cloud.clock.now += 1  # type: ignore[attr-defined] # the tests' clock
    with pytest.raises(Refused, match="Sudah lebih dari 24 jam"):
        whatsapp.channel().send(reply())
    whatsapp.channel(**TEMPLATES).send(late())
    assert whatsapp.delivered() == ["Terima kasih", "[aduan_jawaban] K7X-4QM | Mas Bup Siaga | Sudah diperbaiki"]


@pytest.mark.parametrize(
    ("purpose", "state", "name"),
    [
        ("ack", "baru", "aduan_diterima"),
        ("ack", "selesai", "aduan_diterima"),
        ("format", "baru", "aduan_diterima"),
        ("answer", "menunggu_warga", "aduan_pertanyaan"),
        ("answer", "selesai", "aduan_selesai"),
        ("answer", "tindak_lanjut", "aduan_jawaban"),
        ("answer", "diarsipkan", "aduan_jawaban"),
        ("answer", "", "aduan_jawaban"),
        ("status", "tindak_lanjut", "aduan_jawaban"),
    ],
)
def test_the_template_follows_purpose_and_state(whatsapp: WhatsApp, purpose: str, state: str, name: str) -> None:
    whatsapp.channel(**TEMPLATES).send(late(purpose=purpose, values={"state": state}))
    assert whatsapp.delivered() == [f"[{name}] K7X-4QM | Mas Bup Siaga | Sudah diperbaiki"]


def test_the_answers_template_stands_in_where_another_is_not_approved(whatsapp: WhatsApp) -> None:
    channel = whatsapp.channel(template_answer="aduan_jawaban")
    channel.send(late(values={"state": "selesai"}))
    assert whatsapp.delivered() == ["[aduan_jawaban] K7X-4QM | Mas Bup Siaga | Sudah diperbaiki"]
    with pytest.raises(Refused, match="belum ada templat"):
        whatsapp.channel(template_closing="aduan_selesai").send(late(values={"state": "tindak_lanjut"}))


def test_lines_and_blanks_become_one_line_that_whatsapp_takes(whatsapp: WhatsApp) -> None:
    text = "Yth. Ibu Siti,\r\n\r\n\tsudah  kami      perbaiki.\n- jalan\u2028- lampu\n"
    whatsapp.channel(**TEMPLATES).send(late(text, values={"ticket": ""}))
    shown = "[aduan_jawaban] - | Mas Bup Siaga | Yth. Ibu Siti, / sudah kami perbaiki. / - jalan / - lampu"
    assert whatsapp.delivered() == [shown]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": "x" * 805}, "805 dari 804 huruf"),
        ({"attachments": [file()]}, "lampiran baru dapat dikirim"),
        ({"text": " \n "}, "tanpa teks"),
    ],
)
def test_what_no_template_can_carry_is_said_before_it_is_sent(
    whatsapp: WhatsApp, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        whatsapp.channel(**TEMPLATES).send(late(**changes))
    whatsapp.channel(**TEMPLATES).send(late("x" * 804))
    assert len(whatsapp.delivered()) == 1


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (None, "belum ada atau belum disetujui"),
        (Template(name="aduan_jawaban", language="en_US"), "belum ada atau belum disetujui"),
        (Template(name="aduan_jawaban", status="PAUSED"), "menghentikan sementara"),
        (Template(name="aduan_jawaban", parameters=2), "Jumlah isian"),
    ],
)
def test_a_template_that_is_not_as_we_think_names_what_is_wrong(
    whatsapp: WhatsApp, template: Template | None, said: str
) -> None:
    whatsapp.cloud.templates = [template] if template else []
    with pytest.raises(Refused, match=said):
        whatsapp.channel(**TEMPLATES).send(late())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"to": "siti@example.id"}, "bukan nomor atau pengguna WhatsApp"),
        ({"to": "bsuid:../../x"}, "bukan nomor atau pengguna WhatsApp"),
        ({"to": "+628112626100"}, "nomor kita sendiri"),
        ({"text": " \n"}, "tidak berisi teks maupun lampiran"),
        ({"text": "x" * 4097}, "4097 dari 4096 huruf"),
        ({"attachments": [file(content=b"")]}, "kosong atau terlalu besar"),
        ({"in_reply_to": "sms-1"}, "nilai yang tidak diterima"),
    ],
)
def test_what_whatsapp_will_never_send_is_refused(whatsapp: WhatsApp, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        whatsapp.channel().send(reply(**changes))
    assert whatsapp.delivered() == []


def test_somebody_without_whatsapp_shows_as_a_failed_step(whatsapp: WhatsApp) -> None:
    whatsapp.cloud.heard["628112626199"] = whatsapp.cloud.clock()
    receipt = whatsapp.channel().send(reply(to="+628112626199"))
    (step,) = whatsapp.parsed(*whatsapp.cloud.reports())
    assert isinstance(step, DeliveryReceipt)
    assert (step.external_id, step.status) == (receipt.external_id, Delivery.FAILED)
    assert step.error is not None
    assert "hubungi lewat telepon atau SMS" in step.error


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"down": True}, ProviderDown),
        ({"retry_after": "7"}, Throttled),
        ({"server_error": True}, OutcomeUnknown),
        ({"lose_answer": True}, OutcomeUnknown),
        ({"slow": True}, OutcomeUnknown),
        ({"unauthorized": True}, Refused),
    ],
)
def test_each_fault_becomes_the_error_that_says_what_to_do(
    whatsapp: WhatsApp, fault: dict[str, Any], error: type[SendFailed], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name, value in fault.items():
        setattr(whatsapp.faults, name, value)
    with pytest.raises(SendFailed) as failed:
        whatsapp.channel(timeout=0.3 if "slow" in fault else 5.0).send(reply("jawaban rahasia"))
    assert type(failed.value) is error
    if isinstance(failed.value, Throttled):
        assert failed.value.retry_after == 7
    for text in (str(failed.value), caplog.text):
        assert TOKEN not in text
        assert APP_SECRET not in text
        assert "jawaban rahasia" not in text
        assert SITI.phone not in text


@pytest.mark.parametrize(
    ("code", "error", "wait"),
    [
        (131056, Throttled, 6),
        (130429, Throttled, 5),
        (131048, Throttled, 3600),
        (80007, Throttled, 60),
        (4, Throttled, 60),
        (131016, ProviderDown, None),
        (131057, ProviderDown, None),
        (133004, ProviderDown, None),
        (2, ProviderDown, None),
        (131000, OutcomeUnknown, None),
        (1, OutcomeUnknown, None),
        *((code, Refused, None) for code in (190, 10, 200, 368, 100, 33, 130472, 130497, 131005, 131008, 131009)),
        *((code, Refused, None) for code in (131021, 131026, 131030, 131031, 131037, 131042, 131045, 131047, 131049)),
        *((code, Refused, None) for code in (131050, 131051, 131053, 131062, 132000, 132001, 132005, 132007, 132012)),
        *((code, Refused, None) for code in (132015, 132016, 132018, 132999, 133010, 135000, 999_999)),
    ],
)
def test_each_of_metas_numbers_says_what_to_do(
    whatsapp: WhatsApp, code: int, error: type[SendFailed], wait: float | None
) -> None:
    whatsapp.cloud.refuse = code
    with pytest.raises(SendFailed) as failed:
        whatsapp.channel().send(reply())
    assert type(failed.value) is error
    assert f"Meta {code}" in str(failed.value)
    if isinstance(failed.value, Throttled):
        assert failed.value.retry_after == wait


def test_a_slow_upload_leaves_no_doubt(whatsapp: WhatsApp) -> None:
    whatsapp.faults.slow = True
    with pytest.raises(ProviderDown, match="pesan belum terkirim"):
        whatsapp.channel(timeout=0.3).send(reply(attachments=[file()]))
    whatsapp.faults.slow = False
    whatsapp.faults.released.set()
    whatsapp.channel().send(reply(attachments=[file()]))
    assert whatsapp.delivered() == ["[image] Terima kasih"]


def test_a_refused_connection_sent_nothing() -> None:
    with pytest.raises(ProviderDown):
        make_channel(api_url=f"{dead_address()}/v25.0").send(reply())
