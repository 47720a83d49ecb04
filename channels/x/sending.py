"""Answers: a reply below the citizen's post, or a direct message. X has no key against doubles for either."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any, Final

from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled
from channels.toolkit.payload import storable
from channels.x import api
from channels.x.api import CallFailed, Trouble
from channels.x.ids import is_id, moment
from channels.x.pictures import BELOW_A_POST, IN_A_MESSAGE
from channels.x.reading import DIRECT, POST
from channels.x.weight import MAX_MESSAGE, MAX_WEIGHT, weigh
from normalizer.messages import Delivery, DeliveryReceipt
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from channels.contract import Files, OutboundFile, OutboundReply
    from channels.x.api import Answer
    from channels.x.settings import XSettings

_DEFAULT_WAIT: Final = 60.0

#: Parts of X's words for a refusal, and what the officer reads.
_REFUSALS: Final = (
    (
        "not been mentioned or otherwise engaged",
        say(
            "X melarang jawaban lewat program bila warga tidak menyebut atau mengutip akun ini. Balas dari aplikasi X."
        ),
    ),
    ("reply to this conversation is not allowed", say("Warga membatasi siapa yang boleh membalas unggahan ini.")),
    ("duplicate", say("X menolak kalimat yang sama dua kali: mungkin jawaban ini sudah terkirim. Periksa, lalu ubah.")),
    ("deleted or not visible", say("Unggahan warga sudah dihapus atau tidak terlihat lagi oleh akun ini.")),
    ("cannot send messages to this user", say("Warga ini tidak menerima pesan langsung dari akun ini.")),
    ("not following you", say("Warga ini tidak menerima pesan langsung dari akun ini.")),
)


def deliver(settings: XSettings, reply: OutboundReply) -> DeliveryReceipt:
    """Send one reply; the receipt carries X's id for it. SendFailed."""
    text = storable(reply.text).strip()
    if not text and not reply.attachments:
        raise Refused(say("Jawaban tidak berisi teks maupun gambar."))
    if reply.conversation_id.startswith(DIRECT):
        return _message(settings, reply, text)
    if reply.conversation_id.startswith(POST):
        return _post(settings, reply, text)
    raise Refused(say("Percakapan ini bukan percakapan X: hubungi lewat saluran lain."))


def _post(settings: XSettings, reply: OutboundReply, text: str) -> DeliveryReceipt:
    weight = weigh(text)
    if weight > MAX_WEIGHT:
        said = say(
            "Jawaban terlalu panjang untuk X: %(length)s dari %(most)s (tautan dihitung 23, emoji 2). Persingkat.",
            length=weight,
            most=MAX_WEIGHT,
        )
        raise Refused(said)
    to = reply.in_reply_to or reply.hints.get("post_id")
    if not is_id(to):
        raise Refused(say("Tidak ada unggahan warga yang dapat dibalas."))
    pictures = _upload(settings, reply.attachments, "tweet_image", BELOW_A_POST)
    more: dict[str, Any] = {"media_ids": pictures} if pictures else {}
    answer = _send(
        settings, lambda client: client.create_tweet(text=text or None, in_reply_to_tweet_id=to, user_auth=True, **more)
    )
    id_ = _given(answer, "id")
    return _receipt(id_, id_, reply.conversation_id)


def _message(settings: XSettings, reply: OutboundReply, text: str) -> DeliveryReceipt:
    if len(text) > MAX_MESSAGE:
        said = say("Pesan terlalu panjang: %(length)s dari %(most)s huruf.", length=len(text), most=MAX_MESSAGE)
        raise Refused(said)
    pictures = _upload(settings, reply.attachments, "dm_image", IN_A_MESSAGE)
    more: dict[str, Any] = {"media_id": pictures[0]} if pictures else {}
    conversation = reply.conversation_id.removeprefix(DIRECT)
    answer = _send(
        settings,
        lambda client: client.create_direct_message(
            dm_conversation_id=conversation, text=text or None, user_auth=True, **more
        ),
    )
    id_ = _given(answer, "dm_event_id")
    return _receipt(f"{DIRECT}{id_}", id_, reply.conversation_id)


def _receipt(external_id: str, id_: str, conversation_id: str) -> DeliveryReceipt:
    return DeliveryReceipt(
        external_id=external_id, status=Delivery.SENT, at=moment(id_), conversation_id=conversation_id
    )


def _given(answer: Answer, name: str) -> str:
    """The id that X gave to what was sent. OutcomeUnknown without one."""
    data = answer.body.get("data")
    value = data.get(name) if isinstance(data, dict) else None
    if not is_id(value):
        raise OutcomeUnknown(say("X menerima jawaban, tetapi tidak memberi nomornya"))
    return str(value)


def _upload(settings: XSettings, files: Sequence[OutboundFile], category: str, taken: Files) -> list[str]:
    """Ids of the pictures, which nobody sees before the reply goes out: any failure here may be repeated."""
    if len(files) > taken.most:
        raise Refused(say("Paling banyak %(most)s gambar untuk satu jawaban di X.", most=taken.most))
    for file in files:
        if not taken.takes(file.content_type) or len(file.content) > taken.largest:
            raise Refused(say("X hanya menerima gambar JPEG, PNG atau WebP sampai 5 MB."))
    return [_uploaded(settings, file, category) for file in files]


def _uploaded(settings: XSettings, file: OutboundFile, category: str) -> str:
    # tweepy 4.17 knows the upload of API 1.1 only, which X has switched off; this is its request for API 2.
    body = {
        "media": base64.b64encode(file.content).decode(),
        "media_category": category,
        "media_type": file.content_type,
    }
    try:
        answer = _send(settings, lambda client: client.request("POST", "/2/media/upload", json=body, user_auth=True))
        return _given(answer, "id")
    except OutcomeUnknown as error:
        raise ProviderDown(say("Gambar tidak dapat diunggah: %(error)s", error=error.sentence)) from None


def _send(settings: XSettings, work: Callable[[Any], Any]) -> Answer:
    try:
        return api.call(settings, work)
    except CallFailed as error:
        raise _send_failed(error) from None


def _send_failed(error: CallFailed) -> SendFailed:
    if error.trouble is Trouble.LIMIT:
        wait = _DEFAULT_WAIT if error.until is None else error.until - time.time() + 1
        return Throttled(error.sentence, retry_after=max(wait, 1.0))
    if error.trouble is Trouble.NOT_SENT:
        return ProviderDown(error.sentence)
    if error.trouble is Trouble.CREDITS:  # nothing was sent, and it goes out once somebody has paid
        return ProviderDown(error.advised)
    if error.trouble is Trouble.UNKNOWN:
        return OutcomeUnknown(error.sentence)
    said = error.detail.lower()
    known = next((words for part, words in _REFUSALS if part in said), None)
    if known is not None:
        return Refused(known)
    return Refused(error.advised)
