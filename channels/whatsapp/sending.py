"""How one reply becomes messages: files are handed over first, so that a refusal of one leaves nothing half sent."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from channels.contract import How
from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed
from channels.toolkit import meta
from channels.toolkit.payload import storable
from channels.whatsapp import people, problems
from channels.whatsapp.templates import template
from normalizer.messages import Delivery, DeliveryReceipt
from normalizer.saying import say

if TYPE_CHECKING:
    from channels.contract import OutboundFile, OutboundReply
    from channels.whatsapp.api import Api

#: The Cloud API's limits, in characters and bytes.
MAX_TEXT: Final = 4096
_MAX_CAPTION: Final = 1024
_MEGABYTE: Final = 1 << 20
#: What shows as a picture, a film or a sound; everything else goes as a document.
_KINDS: Final = {
    "image/jpeg": ("image", 5 * _MEGABYTE),
    "image/png": ("image", 5 * _MEGABYTE),
    "video/mp4": ("video", 16 * _MEGABYTE),
    "video/3gpp": ("video", 16 * _MEGABYTE),
    "audio/aac": ("audio", 16 * _MEGABYTE),
    "audio/amr": ("audio", 16 * _MEGABYTE),
    "audio/mpeg": ("audio", 16 * _MEGABYTE),
    "audio/mp4": ("audio", 16 * _MEGABYTE),
    "audio/ogg": ("audio", 16 * _MEGABYTE),
}
MAX_FILE_BYTES: Final = 100 * _MEGABYTE
_WRONG_PARAMETER, _WRONG_FILE = 100, 131053


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One message: a text, a template, or a file that is still to be handed over."""

    kind: str
    content: dict[str, Any]
    file: OutboundFile | None = None


def deliver(api: Api, reply: OutboundReply) -> DeliveryReceipt:
    """Send a reply; the receipt names its first message. SendFailed.

    The API has no key against doubles, so a failure after the first message is OutcomeUnknown, whatever it was. Each
    message carries the reply's id, which comes back with its statuses.
    """
    whom = people.recipient(reply.to)
    if whom is None:
        raise Refused(say("Alamat warga ini bukan nomor atau pengguna WhatsApp: hubungi lewat saluran lain."))
    steps = [_handed_over(api, step) for step in plan(api, reply)]
    sent: list[str] = []
    for step in steps:
        body = whom | {"type": step.kind, step.kind: step.content, "biz_opaque_callback_data": reply.id}
        if not sent and reply.in_reply_to:
            body["context"] = {"message_id": reply.in_reply_to}
        try:
            sent.append(api.message(body))
        except SendFailed as error:
            if not sent:
                raise
            said = say(
                "%(sent)s dari %(steps)s bagian jawaban terkirim, lalu: %(error)s",
                sent=len(sent),
                steps=len(steps),
                error=error.sentence,
            )
            raise OutcomeUnknown(said) from error
    return DeliveryReceipt(
        external_id=sent[0],
        status=Delivery.ACCEPTED,
        at=datetime.now(UTC),
        conversation_id=reply.conversation_id,
    )


def plan(api: Api, reply: OutboundReply) -> list[Step]:
    """The messages of a reply, the text first, or as the caption of the only file. Refused for what cannot be sent."""
    if reply.how is How.TEMPLATE:
        return [Step("template", template(api.settings, reply))]
    text = storable(reply.text).strip()
    if len(text) > MAX_TEXT:
        said = say(
            "Jawaban terlalu panjang untuk WhatsApp: %(length)s dari %(most)s huruf.", length=len(text), most=MAX_TEXT
        )
        raise Refused(said)
    files = [_file(file) for file in reply.attachments]
    if len(files) == 1 and text and len(text) <= _MAX_CAPTION and files[0].kind != "audio":
        files[0].content["caption"] = text
        return files
    words = [Step("text", {"preview_url": False, "body": text})] if text else []
    if not (words or files):
        raise Refused(say("Jawaban ini tidak berisi teks maupun lampiran."))
    return [*words, *files]


def _file(file: OutboundFile) -> Step:
    kind, most = _KINDS.get(file.content_type.partition(";")[0].strip().lower(), ("document", MAX_FILE_BYTES))
    if len(file.content) > most:
        kind, most = "document", MAX_FILE_BYTES
    if not 0 < len(file.content) <= most:
        said = say(
            "Lampiran kosong atau terlalu besar untuk WhatsApp (paling besar %(most)s MB).", most=most // _MEGABYTE
        )
        raise Refused(said)
    return Step(kind, {"filename": storable(file.name)} if kind == "document" else {}, file)


def _handed_over(api: Api, step: Step) -> Step:
    """The step with its file at Meta. Nothing has gone to the citizen yet, so no failure leaves a doubt."""
    if step.file is None:
        return step
    try:
        reply = api.upload(step.file)
        error = meta.graph_error(reply)
        if error is not None and error.code == _WRONG_PARAMETER:
            known = problems.problem(_WRONG_FILE)
            raise Refused(say("%(problem)s (%(code)s).", problem=known.said if known else "", code=str(error)))
        answer = problems.check(reply).json()
    except OutcomeUnknown as error:
        said = say("Lampiran belum sampai di WhatsApp, dan pesan belum terkirim: %(error)s", error=error.sentence)
        raise ProviderDown(said) from error
    media_id = answer.get("id") if isinstance(answer, dict) else None
    if not isinstance(media_id, str) or not media_id:
        raise ProviderDown(
            say("WhatsApp menerima lampiran, tetapi jawabannya tidak dapat dibaca; pesan belum terkirim.")
        )
    return dataclasses.replace(step, content={"id": media_id} | step.content)
