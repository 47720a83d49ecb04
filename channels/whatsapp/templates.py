"""Messages after the 24 hours: which approved template carries a reply, and what is put into it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from channels.errors import Refused
from channels.toolkit.payload import storable
from normalizer.complaint import State
from normalizer.saying import say

if TYPE_CHECKING:
    from channels.contract import OutboundReply
    from channels.whatsapp.settings import WhatsAppSettings

#: A template's body with everything put into it has at most so many characters; ours are shorter than `_OWN_WORDS`.
_LONGEST: Final = 1024
_OWN_WORDS: Final = 200
#: What an officer may count on, whatever ticket and program are called.
MAX_TEXT: Final = 700
#: "Received", and "received, but please say it in this form".
_ACKNOWLEDGEMENTS: Final = frozenset({"ack", "format"})
#: A parameter cannot be empty.
_NOTHING: Final = "-"
_LINES: Final = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
_BLANKS: Final = re.compile(r"\s{2,}|\t")


def choose(settings: WhatsAppSettings, reply: OutboundReply) -> str:
    """The template for a reply, by its purpose and the complaint's state. Refused where none is approved."""
    state = reply.values.get("state")
    if reply.purpose in _ACKNOWLEDGEMENTS:
        wanted = settings.template_ack
    elif state == State.MENUNGGU_WARGA:
        wanted = settings.template_question
    elif state == State.SELESAI:
        wanted = settings.template_closing
    else:
        wanted = settings.template_answer
    # They all take the same parameters, so that the one for any answer can stand in.
    if not (wanted or settings.template_answer):
        said = say(
            "Sudah lebih dari 24 jam sejak warga terakhir menulis, dan untuk keadaan aduan ini belum ada templat "
            "WhatsApp yang disetujui: hubungi warga lewat telepon atau saluran lain."
        )
        raise Refused(said)
    return wanted or settings.template_answer


def template(settings: WhatsAppSettings, reply: OutboundReply) -> dict[str, Any]:
    """The template object of a message: {{1}} the ticket, {{2}} the program, {{3}} the text. Refused."""
    name = choose(settings, reply)
    if reply.attachments:
        said = say(
            "Sudah lebih dari 24 jam sejak warga terakhir menulis: lampiran baru dapat dikirim setelah ia menulis lagi."
        )
        raise Refused(said)
    ticket, program, text = (
        flat(each) for each in (reply.values.get("ticket"), reply.values.get("program"), reply.text)
    )
    most = _LONGEST - _OWN_WORDS - len(ticket) - len(program)
    if len(text) > most:
        said = say(
            "Jawaban terlalu panjang untuk pesan templat WhatsApp: %(length)s dari %(most)s huruf. "
            "Persingkat, atau tunggu sampai warga menulis lagi.",
            length=len(text),
            most=most,
        )
        raise Refused(said)
    if text == _NOTHING:
        raise Refused(say("Jawaban tanpa teks tidak dapat dikirim sebagai pesan templat WhatsApp."))
    return {
        "name": name,
        "language": {"code": settings.template_language},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": each} for each in (ticket, program, text)]}
        ],
    }


def flat(text: str | None) -> str:
    """A text as a parameter may be: one line, no tabs, no runs of blanks, never empty; lines are parted by " / "."""
    lines = (_BLANKS.sub(" ", line).strip() for line in _LINES.split(storable(text or "")))
    return " / ".join(line for line in lines if line) or _NOTHING
