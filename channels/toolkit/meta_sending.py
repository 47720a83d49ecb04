"""Direct messages by the Send API of Messenger and Instagram: texts cut to their length, then the files."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final

from channels.contract import How
from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed
from channels.toolkit.meta_messaging import canonical
from channels.toolkit.payload import storable
from normalizer.messages import Delivery, DeliveryReceipt
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from channels.contract import OutboundFile, OutboundReply
    from channels.toolkit.meta_client import GraphClient

MEGABYTE: Final = 1 << 20
#: What Messenger takes; of Instagram's kinds of files pictures have the least room.
MESSENGER_FILE: Final = 25 * MEGABYTE
INSTAGRAM_PICTURE: Final = 8 * MEGABYTE


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How one account sends. `node` is whose edge `messages` is used: a page's, or an Instagram account's.

    A text has at most `limit` units of `encoding`, each `unit` bytes. `upload` sends one file to a recipient that the
    fields name, and gives the answer; None where files cannot be sent.
    """

    client: GraphClient
    node: str
    limit: int
    encoding: str
    unit: int
    upload: Callable[[GraphClient, str, Mapping[str, Any], OutboundFile], dict[str, Any]] | None = None


def send_direct(route: Route, reply: OutboundReply) -> DeliveryReceipt:
    """All parts of a reply in order; the receipt names the first. SendFailed.

    Meta has no key against doubles, so a failure after the first part is OutcomeUnknown, whatever it was.
    """
    if reply.how is How.TAG and reply.purpose != "answer":
        raise Refused(
            say("Sudah lewat 24 jam: hanya jawaban yang ditulis petugas yang boleh dikirim, bukan pesan otomatis.")
        )
    if reply.attachments and route.upload is None:
        raise Refused(say("Saluran ini tidak dapat mengirim lampiran; kirim jawaban tanpa lampiran."))
    frame: dict[str, Any] = {"recipient": {"id": reply.to}, "messaging_type": "RESPONSE"}
    if reply.how is How.TAG:
        frame |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    steps = [_text_step(route, frame, piece) for piece in pieces(storable(reply.text).strip(), route)]
    steps += [_file_step(route, frame, file) for file in reply.attachments]
    if not steps:
        raise Refused(say("Jawaban ini kosong."))
    return _receipt(_take(steps), reply)


def send_private_reply(route: Route, reply: OutboundReply, recipient: Mapping[str, str]) -> DeliveryReceipt:
    """The one message to somebody who commented; `recipient` names the comment or the post. SendFailed."""
    text = storable(reply.text).strip()
    if reply.attachments:
        raise Refused(say("Balasan pribadi untuk komentar hanya dapat berisi teks; kirim tanpa lampiran."))
    if not text or _size(text, route) > route.limit:
        said = say("Balasan pribadi harus berupa satu pesan dengan paling banyak %(most)s huruf.", most=route.limit)
        raise Refused(said)
    body = {"recipient": dict(recipient), "message": {"text": text}}
    return _receipt(route.client.post(f"{route.node}/messages", body=body), reply)


def pieces(text: str, route: Route) -> Iterator[str]:
    """The text in pieces that fit, cut at a line's or a word's end where one is near."""
    while _size(text, route) > route.limit:
        encoded = text.encode(route.encoding, "surrogatepass")[: route.limit * route.unit]
        head = encoded.decode(route.encoding, "ignore")
        cut = max(head.rfind("\n"), head.rfind(" ") if "\n" not in head[len(head) // 2 :] else -1)
        cut = cut if cut > len(head) // 2 else len(head)
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def upload_in_send(client: GraphClient, node: str, frame: Mapping[str, Any], file: OutboundFile) -> dict[str, Any]:
    """Messenger takes the file together with the message."""
    if len(file.content) > MESSENGER_FILE:
        raise Refused(say("Lampiran lebih besar dari 25 MB; Messenger tidak menerimanya."))
    message = {"attachment": {"type": kind_of(file.content_type), "payload": {"is_reusable": False}}}
    data = {name: value if isinstance(value, str) else json.dumps(value) for name, value in frame.items()}
    data["message"] = json.dumps(message)
    return client.post(f"{node}/messages", data=data, files=_upload(file))


def upload_before_send(client: GraphClient, node: str, frame: Mapping[str, Any], file: OutboundFile) -> dict[str, Any]:
    """Instagram wants the file first, then a message that names it."""
    kind = kind_of(file.content_type)
    most = 8 if kind == "image" else 25
    if len(file.content) > most * MEGABYTE:
        raise Refused(say("Lampiran lebih besar dari %(most)s MB; Instagram tidak menerimanya.", most=most))
    if kind == "file" and file.content_type != "application/pdf":
        raise Refused(say("Instagram hanya menerima gambar, video, suara, dan PDF sebagai lampiran."))
    message = {"attachment": {"type": kind, "payload": {"is_reusable": False}}}
    data = {"platform": "instagram", "message": json.dumps(message)}
    try:
        answer = client.post(f"{node}/message_attachments", data=data, files=_upload(file))
    except OutcomeUnknown as error:
        said = say("Unggahan lampiran gagal, belum ada yang terkirim. %(error)s", error=error.sentence)
        raise ProviderDown(said) from error
    uploaded = answer.get("attachment_id")
    if not isinstance(uploaded, str | int):
        raise ProviderDown(say("Meta tidak memberi nomor untuk lampiran yang diunggah."))
    attachment = {"type": kind, "payload": {"attachment_id": str(uploaded)}}
    return client.post(f"{node}/messages", body=dict(frame) | {"message": {"attachment": attachment}})


def kind_of(content_type: str) -> str:
    """Meta's name for a sort of file."""
    sort = content_type.partition("/")[0]
    return sort if sort in {"image", "video", "audio"} else "file"


def identified(answer: Mapping[str, Any], field: str) -> str:
    """The id of what was made. OutcomeUnknown where the answer names none."""
    found = answer.get(field)
    if not isinstance(found, str) or not found:
        raise OutcomeUnknown(say("Meta menerima pesan, tetapi tidak memberi nomornya."))
    return storable(found)


def _take(steps: list[Callable[[], dict[str, Any]]]) -> dict[str, Any]:
    """Run every step; the first answer. SendFailed."""
    answers: list[dict[str, Any]] = []
    for step in steps:
        try:
            answers.append(step())
        except SendFailed as error:
            if not answers:
                raise
            said = say(
                "%(sent)s dari %(steps)s bagian jawaban terkirim, lalu: %(error)s",
                sent=len(answers),
                steps=len(steps),
                error=error.sentence,
            )
            raise OutcomeUnknown(said) from error
    return answers[0]


def _text_step(route: Route, frame: Mapping[str, Any], piece: str) -> Callable[[], dict[str, Any]]:
    return lambda: route.client.post(f"{route.node}/messages", body=dict(frame) | {"message": {"text": piece}})


def _file_step(route: Route, frame: Mapping[str, Any], file: OutboundFile) -> Callable[[], dict[str, Any]]:
    upload = route.upload or upload_in_send
    return lambda: upload(route.client, route.node, frame, file)


def _upload(file: OutboundFile) -> dict[str, tuple[str, bytes, str]]:
    return {"filedata": (file.name, file.content, file.content_type)}


def _size(text: str, route: Route) -> int:
    return len(text.encode(route.encoding, "surrogatepass")) // route.unit


def _receipt(answer: Mapping[str, Any], reply: OutboundReply) -> DeliveryReceipt:
    mid = canonical(identified(answer, "message_id"))
    return DeliveryReceipt(external_id=mid, status=Delivery.SENT, conversation_id=reply.conversation_id)
