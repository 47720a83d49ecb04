"""The web adapter: the public form's raw POST becomes one complaint; answers stand on the tracking page."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import re
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Final, Self

from channels.contract import AccountInfo, Capabilities, Channel, Files, Health, ReplyOptions
from channels.errors import PayloadError
from channels.toolkit.form import read_form
from normalizer.complaint import ReportType
from normalizer.identity import canonical_phone
from normalizer.messages import Attachment, Delivery, DeliveryReceipt, InboundMessage, Location, Sender
from normalizer.saying import joined, say

if TYPE_CHECKING:
    from datetime import datetime

    from channels.contract import Conversation, OutboundReply, RawMessage
    from channels.toolkit.form import Form
    from normalizer.messages import JSON, Inbound

_ID: Final = re.compile(r"[0-9a-f]{32}")
#: A file of an answer, in bytes: what a telephone fetches from the page.
_LARGEST_FILE: Final = 10_000_000
_MAX_LAT: Final = 90.0
_MAX_LON: Final = 180.0
_STANDS = say("Jawaban dan lampirannya tampil di halaman Lacak Aduan bagi siapa pun yang memegang nomor aduannya.")
_AND_PHONE = say("Pelapor meninggalkan nomor telepon: bila mendesak, teleponlah.")
_AND_MAIL = say("Pelapor meninggalkan alamat surel dan tidak mendapat pemberitahuan lain.")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The public form needs none."""


class WebChannel(Channel[WebSettings]):
    """The form of this very gateway: nothing comes by a hook, and a reply is delivered by standing on `/lacak`."""

    key: ClassVar[str] = "web"
    settings_type: ClassVar[type] = WebSettings
    capabilities = Capabilities(
        replies=True, attachments=True, idempotent_send=True, files=Files(most=10, largest=_LARGEST_FILE)
    )

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """The form has no secrets and no dialects."""
        cls.settings_for(dialect)
        return cls(AccountInfo(name="offline"), WebSettings())

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """One form is one complaint. `meta` gives the ticket and the submission that the gateway told apart."""
        form = read_form(raw.body, raw.headers.get("content-type", ""))
        text = form.get("isi")
        if not text:
            raise PayloadError("the form has no text")
        ticket = _noted(raw, "ticket")
        submission = _noted(raw, "submission") or _submission(form, raw.body)
        conversation = ticket or submission
        return [
            InboundMessage(
                external_id=submission,
                conversation_id=conversation,
                sender=Sender(address=_address(form, conversation), name=form.get("nama") or None),
                text=text,
                subject=form.get("judul") or None,
                attachments=tuple(
                    Attachment(
                        name=upload.name,
                        content_type=upload.content_type,
                        size=len(upload.content),
                        content=upload.content,
                    )
                    for upload in form.uploads
                ),
                location=_location(form),
                command="lapor",
                hints=_hints(form, ticket),
            )
        ]

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:  # noqa: ARG002 - never shuts
        """Always, for good; the officer is told that nobody rings the citizen."""
        address = conversation.address
        more = _AND_PHONE if address.startswith("+") else _AND_MAIL if "@" in address else None
        return ReplyOptions(allowed=True, reason=joined([_STANDS, more]) if more else _STANDS)

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """The tracking page shows what the thread holds, files too, so the answer is where it belongs already."""
        return DeliveryReceipt(external_id=reply.id, status=Delivery.DELIVERED, conversation_id=reply.conversation_id)

    def health(self) -> Health:
        """The form is as healthy as the gateway that shows it."""
        return Health(ok=True, sentence=say("Formulir web dilayani oleh gerbang ini sendiri."))


def _noted(raw: RawMessage, name: str) -> str | None:
    """What the gateway noted beside the body; never what the form says of itself."""
    value = raw.meta.get(name)
    return value if isinstance(value, str) and value else None


def _submission(form: Form, body: bytes) -> str:
    """The page's one-time id, or where a body came without one, the body's own hash: a resend is one complaint."""
    given = form.get("kiriman")
    return given if _ID.fullmatch(given) else hashlib.sha256(body).hexdigest()[:32]


def _address(form: Form, conversation: str) -> str:
    phone = canonical_phone(form.get("telepon"))
    return phone or form.get("email").lower() or f"web:{conversation}"


def _location(form: Form) -> Location | None:
    try:
        lat, lon = float(form.get("lat")), float(form.get("lon"))
    except ValueError:
        return None
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= _MAX_LAT and abs(lon) <= _MAX_LON):
        return None
    return Location(lat=lat, lon=lon, label=form.get("lokasi") or None)


def _hints(form: Form, ticket: str | None) -> dict[str, JSON]:
    kind = form.get("jenis")
    hints: dict[str, JSON] = {
        "anonim": bool(form.get("anonim")),
        "rahasia": bool(form.get("rahasia")),
        "type": kind if kind in set(ReportType) else ReportType.PENGADUAN.value,
    }
    optional = {
        "ticket": ticket,
        "program": form.get("program"),
        "incident_date": _date(form.get("kejadian")),
        "place": form.get("lokasi"),
        "phone": canonical_phone(form.get("telepon")),
        "email": form.get("email").lower(),
    }
    return hints | {name: value for name, value in optional.items() if value}


def _date(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
