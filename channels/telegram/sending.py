"""How one reply becomes messages of a chat: texts cut to Telegram's length, files as photos, documents or albums."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

from telegram import InputMediaDocument, InputMediaPhoto, LinkPreviewOptions, ReplyParameters

from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled
from channels.telegram.bot import CallFailed, Trouble
from channels.toolkit.payload import storable
from normalizer.messages import Delivery, DeliveryReceipt
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from telegram import Bot, Message

    from channels.contract import OutboundFile, OutboundReply
    from channels.telegram.bot import BotApi

#: Bot API limits; text is counted in UTF-16 units, the strictest way that Telegram's own clients count.
MAX_TEXT = 4096
_MAX_CAPTION = 1024
_MAX_ALBUM = 10
MAX_FILE_BYTES = 50 * 1024 * 1024
_MAX_PHOTO_BYTES = 10 * 1024 * 1024
_PHOTOS = frozenset({"image/jpeg", "image/png", "image/webp"})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call: a text, or up to ten files of one sort with the text as the caption of the first."""

    text: str = ""
    files: tuple[OutboundFile, ...] = ()
    photos: bool = False


def deliver(api: BotApi, reply: OutboundReply) -> DeliveryReceipt:
    """Send every step in order; the receipt names the first message. SendFailed.

    Telegram has no key against doubles, so a failure after the first step is OutcomeUnknown, whatever it was.
    """
    chat_id = _chat_id(reply.conversation_id or reply.to)
    steps = plan(reply)
    if not steps:
        raise Refused(say("Jawaban ini tidak berisi teks maupun lampiran."))
    sent: list[Message] = []

    async def work(bot: Bot) -> None:
        for step in steps:
            answers = None if sent else _answers(reply.in_reply_to, chat_id)
            sent.append(await _take(bot, chat_id, step, answers))

    try:
        api.call(work)
    except CallFailed as error:
        raise _send_failed(error, len(sent), len(steps)) from None
    return DeliveryReceipt(
        external_id=f"{chat_id}:{sent[0].message_id}",
        status=Delivery.SENT,
        at=sent[0].date,
        conversation_id=str(chat_id),
    )


def plan(reply: OutboundReply) -> list[Step]:
    """As few calls as Telegram allows: a short text goes as the caption when all files fit into one call."""
    files = [
        Step(files=tuple(batch), photos=photos)
        for photos, group in itertools.groupby(reply.attachments, key=_is_photo)
        for batch in _batches(group)
    ]
    text = storable(reply.text).strip()
    if len(files) == 1 and _units(text) <= _MAX_CAPTION:
        return [dataclasses.replace(files[0], text=text)]
    return [*(Step(text=piece) for piece in pieces(text, MAX_TEXT)), *files]


def pieces(text: str, limit: int) -> Iterator[str]:
    """The text in pieces of at most `limit` UTF-16 units, cut at a line's or a word's end where one is near."""
    while _units(text) > limit:
        head = text.encode("utf-16-le", "surrogatepass")[: limit * 2].decode("utf-16-le", "ignore")
        cut = max(head.rfind("\n"), head.rfind(" ") if "\n" not in head[len(head) // 2 :] else -1)
        cut = cut if cut > len(head) // 2 else len(head)
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _is_photo(file: OutboundFile) -> bool:
    return file.content_type in _PHOTOS and len(file.content) <= _MAX_PHOTO_BYTES


def _batches(files: Iterator[OutboundFile]) -> Iterator[list[OutboundFile]]:
    while batch := list(itertools.islice(files, _MAX_ALBUM)):
        yield batch


def _chat_id(conversation_id: str) -> int:
    try:
        return int(conversation_id)
    except ValueError:
        raise Refused(say("Percakapan ini bukan chat Telegram: hubungi lewat saluran lain.")) from None


def _answers(in_reply_to: str | None, chat_id: int) -> ReplyParameters | None:
    """The citizen's message that is answered, if it stands in this chat; Telegram sends without it where it is gone."""
    chat, _, message_id = (in_reply_to or "").partition(":")
    if chat != str(chat_id) or not message_id.isdecimal():
        return None
    return ReplyParameters(message_id=int(message_id), allow_sending_without_reply=True)


async def _take(bot: Bot, chat_id: int, step: Step, answers: ReplyParameters | None) -> Message:
    if not step.files:
        return await bot.send_message(
            chat_id, step.text, link_preview_options=LinkPreviewOptions(is_disabled=True), reply_parameters=answers
        )
    caption = step.text or None
    if len(step.files) > 1:
        kind = InputMediaPhoto if step.photos else InputMediaDocument
        media = [kind(file.content, filename=file.name) for file in step.files]
        album = await bot.send_media_group(chat_id, media, caption=caption, reply_parameters=answers)
        return album[0]
    file = step.files[0]
    if step.photos:
        return await bot.send_photo(
            chat_id, file.content, filename=file.name, caption=caption, reply_parameters=answers
        )
    return await bot.send_document(chat_id, file.content, filename=file.name, caption=caption, reply_parameters=answers)


def _send_failed(error: CallFailed, sent: int, steps: int) -> SendFailed:
    if sent:
        said = say(
            "%(sent)s dari %(steps)s bagian jawaban terkirim, lalu: %(error)s",
            sent=sent,
            steps=steps,
            error=error.sentence,
        )
        return OutcomeUnknown(said)
    if error.trouble is Trouble.FLOOD:
        return Throttled(error.sentence, retry_after=error.retry_after or 30.0)
    if error.trouble is Trouble.NOT_SENT:
        return ProviderDown(error.sentence)
    if error.trouble is Trouble.FORBIDDEN:
        said = say(
            "Warga ini memblokir bot atau menutup akunnya: hubungi lewat saluran lain. (%(error)s)",
            error=error.sentence,
        )
        return Refused(said)
    if error.trouble in {Trouble.BAD_REQUEST, Trouble.TOKEN, Trouble.CONFLICT}:
        return Refused(error.sentence)
    return OutcomeUnknown(error.sentence)
