"""WhatsApp by Twilio: its `whatsapp:` addresses are WhatsApp contacts, with WhatsApp's own rules for answers.

Source: Twilio's pages on WhatsApp, the message resource, content templates and errors, 2026.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from channels.contract import How, ReplyOptions
from channels.errors import Refused
from channels.sms.numbers import address
from normalizer.messages import InboundMessage, Location, Malformed, Sender
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from channels.contract import Conversation, OutboundReply
    from channels.sms.dialects.twilio import Params, TwilioSettings
    from normalizer.messages import JSON, Attachment
    from normalizer.saying import Sentence

PREFIX: Final = "whatsapp:"
#: WhatsApp takes anything for so long after the citizen's last message, then approved templates only.
WINDOW: Final = timedelta(hours=24)
#: WhatsApp's limit for a template with everything in it is 1,024; the rest is for its own words.
MAX_IN_TEMPLATE: Final = 700
_TYPE: Final = re.compile(r"[a-z_]{1,20}")
_LINES: Final = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
_BLANKS: Final = re.compile(r"\s+")
_NO_SENDER: Final = say("Nomor pengirim WhatsApp belum diatur (whatsapp_sender): minta administrator mengisinya.")
#: Twilio's error numbers for WhatsApp, as the officer needs them.
PROBLEMS: Final[Mapping[int, Sentence]] = {
    21610: say("Warga ini telah meminta untuk tidak dikirimi pesan lagi: hubungi lewat saluran lain"),
    63003: say("Nomor ini tidak memakai WhatsApp: hubungi lewat telepon atau SMS"),
    63005: say("WhatsApp menolak isi pesan ini: ubah kata-katanya, lalu kirim lagi"),
    63007: say("Nomor pengirim WhatsApp belum terdaftar di Twilio: laporkan kepada administrator"),
    63013: say("Isi pesan melanggar aturan WhatsApp: laporkan kepada administrator"),
    63015: say("Warga ini belum bergabung dengan nomor percobaan WhatsApp dari Twilio"),
    63016: say(
        "Sudah lebih dari 24 jam sejak warga terakhir menulis: hubungi lewat telepon atau saluran lain, "
        "atau tunggu sampai ia menulis lagi"
    ),
    63021: say("WhatsApp menolak isi pesan atau templat ini: laporkan kepada administrator"),
    63024: say("WhatsApp tidak dapat mengantar pesan ke nomor ini: hubungi lewat telepon atau SMS"),
    63027: say("Templat WhatsApp ini belum ada dalam bahasanya: laporkan kepada administrator"),
    63028: say("Jumlah isian templat WhatsApp tidak cocok: laporkan kepada administrator"),
    63032: say("WhatsApp membatasi pesan untuk warga ini: hubungi lewat saluran lain"),
}


def read(params: Params, attachments: tuple[Attachment, ...], region: str) -> InboundMessage | Malformed:
    """A citizen's WhatsApp message."""
    external_id = params.first("MessageSid", "SmsMessageSid", "SmsSid") or None
    person = address(params.first("From").removeprefix(PREFIX), region)
    if not person:
        return Malformed(error="twilio: no number behind whatsapp:", external_id=external_id)
    try:
        location = _location(params)
    except ValueError:
        return Malformed(error="twilio: Latitude and Longitude are no point on earth", external_id=external_id)
    to = params.first("To").removeprefix(PREFIX)
    text = params.first("Body", "ButtonText", "ListTitle")
    if not (text or attachments or location):
        text = f"[Pesan WhatsApp ini tidak dapat ditampilkan di sini: {_kind(params)}]"
    return InboundMessage(
        external_id=external_id,
        conversation_id=f"{PREFIX}{person}",
        sender=Sender(address=person, name=params.first("ProfileName") or None),
        to=f"{PREFIX}{address(to, region)}" if to else None,
        text=text,
        attachments=attachments,
        location=location,
        in_reply_to=params.first("OriginalRepliedMessageSid") or None,
        hints=_hints(params),
    )


def _hints(params: Params) -> dict[str, JSON]:
    hints: dict[str, JSON] = {"scheme": "whatsapp"}
    if "true" in {params.first("Forwarded"), params.first("FrequentlyForwarded")}:
        hints["forwarded"] = True
    if payload := params.first("ButtonPayload", "ListId"):
        hints["button"] = payload
    return hints


def _location(params: Params) -> Location | None:
    """ValueError for a place that is none."""
    lat, lon = params.first("Latitude"), params.first("Longitude")
    if not (lat or lon):
        return None
    place = Location(lat=float(lat), lon=float(lon), label=", ".join(_labels(params)) or None)
    if not (abs(place.lat) <= 90 and abs(place.lon) <= 180):  # noqa: PLR2004 - degrees; nan fails both
        raise ValueError
    return place


def _labels(params: Params) -> list[str]:
    return [words for name in ("Label", "Address") if (words := params.first(name))]


def _kind(params: Params) -> str:
    kind = params.first("MessageType").lower()
    return kind if _TYPE.fullmatch(kind) else "?"


def options(settings: TwilioSettings, conversation: Conversation, now: datetime) -> ReplyOptions:
    """Anything for 24 hours after the citizen's last message; then approved templates only."""
    if not settings.whatsapp_sender:
        return ReplyOptions(allowed=False, reason=_NO_SENDER)
    last = conversation.last_inbound_at
    if last is not None and now < last + WINDOW:
        return ReplyOptions(allowed=True, until=last + WINDOW)
    if any((settings.content_sid_answer, settings.content_sid_question, settings.content_sid_closing)):
        reason = say(
            "Sudah lebih dari 24 jam sejak warga terakhir menulis: jawaban dikirim sebagai pesan templat, "
            "paling panjang %(most)s huruf.",
            most=MAX_IN_TEMPLATE,
        )
        return ReplyOptions(allowed=True, how=How.TEMPLATE, reason=reason, max_text=MAX_IN_TEMPLATE)
    reason = say(
        "Sudah lebih dari 24 jam sejak warga terakhir menulis, dan belum ada templat WhatsApp yang diatur: "
        "telepon warga, jawab lewat saluran lain, atau tunggu sampai ia menulis lagi."
    )
    return ReplyOptions(allowed=False, reason=reason)


def wanted(settings: TwilioSettings, reply: OutboundReply, longest: int) -> dict[str, Any]:
    """The parameters of the message that carries a reply: free text, or a template with its variables. Refused."""
    if not settings.whatsapp_sender:
        raise Refused(_NO_SENDER)
    if reply.attachments:
        raise Refused(say("WhatsApp lewat Twilio tidak membawa berkas dari sini: kirim teksnya saja."))
    text = reply.text.strip()
    if not text:
        raise Refused(say("Jawaban ini tidak berisi teks."))
    ends = {"from_": f"{PREFIX}{own(settings)}", "to": f"{PREFIX}{reply.to}"}
    if reply.how is not How.TEMPLATE:
        if len(text) > longest:
            said = say(
                "Teks terlalu panjang: %(length)s huruf, paling banyak %(most)s.", length=len(text), most=longest
            )
            raise Refused(said)
        return ends | {"body": text}
    if len(text) > MAX_IN_TEMPLATE:
        said = say(
            "Teks terlalu panjang untuk pesan templat WhatsApp: %(length)s huruf, paling banyak %(most)s.",
            length=len(text),
            most=MAX_IN_TEMPLATE,
        )
        raise Refused(said)
    values = (reply.values.get("ticket", ""), reply.values.get("program", ""), text)
    variables = {str(number): _flat(value) for number, value in enumerate(values, start=1)}
    return ends | {
        "content_sid": _template(settings, reply),
        "content_variables": json.dumps(variables, ensure_ascii=False),
    }


def own(settings: TwilioSettings) -> str:
    """Our own WhatsApp number in one spelling, empty where there is none."""
    return address(settings.whatsapp_sender.removeprefix(PREFIX), settings.region)


def _template(settings: TwilioSettings, reply: OutboundReply) -> str:
    """By the reply's purpose and the complaint's state; the one for any answer stands in for the others."""
    by_state = {"menunggu_warga": settings.content_sid_question, "selesai": settings.content_sid_closing}
    special = settings.content_sid_ack if reply.purpose == "ack" else by_state.get(reply.values.get("state", ""), "")
    found = special or settings.content_sid_answer
    if not found:
        said = say(
            "Sudah lebih dari 24 jam sejak warga terakhir menulis, dan untuk keadaan aduan ini belum ada templat "
            "WhatsApp: hubungi lewat saluran lain."
        )
        raise Refused(said)
    return found


def _flat(text: str) -> str:
    """A variable is one line without runs of blanks, and never empty."""
    lines = (_BLANKS.sub(" ", line).strip() for line in _LINES.split(text))
    return " / ".join(line for line in lines if line) or "-"
