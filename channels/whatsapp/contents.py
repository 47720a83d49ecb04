"""What stands in one WhatsApp message: its words, files, place, and the rest that Meta told."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from channels.errors import PayloadError
from channels.toolkit.payload import load_json
from normalizer.messages import JSON, Attachment, Location

if TYPE_CHECKING:
    from collections.abc import Callable

    Message = dict[str, Any]

#: A media id that came in a webhook can be used for so long (one that an upload gave: 30 days).
MEDIA_LIFE: Final = timedelta(days=7)
_NAME: Final = re.compile(r"[a-z][a-z_]{0,39}")
_LATEST: Final = 1 << 36
#: What the officer reads for things that the API does not pass on; others are named as Meta names them.
_UNSUPPORTED: Final = {
    "audio": "suara",
    "contacts": "kontak",
    "document": "dokumen",
    "edit": "perubahan atas pesannya yang lama",
    "event": "undangan acara",
    "gif": "GIF",
    "group_invite": "undangan grup",
    "image": "foto",
    "location": "lokasi",
    "media_placeholder": "berkas",
    "pin": "pesan yang disematkan",
    "poll_creation": "jajak pendapat",
    "poll_update": "jawaban jajak pendapat",
    "sticker": "stiker",
    "video": "video",
    "video_note": "pesan video",
    "view_once": "foto atau video sekali lihat",
}


class Unreadable(Exception):  # noqa: N818 - says what the message is
    """A part that cannot be read; the text names the part and none of its content."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A message's content; `command` is `start` where the citizen has opened the chat and not yet written."""

    text: str = ""
    command: str | None = None
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    hints: dict[str, JSON] = dataclasses.field(default_factory=dict)


def contents(message: Message, sent_at: datetime | None) -> Contents:
    """Everything that a citizen put into a message; a kind that we do not know is one that says so. Unreadable."""
    kind = part_name(message.get("type"))
    if kind == "request_welcome":
        return Contents(command="start")
    if not isinstance(message.get(kind), list | dict):
        return _unsupported(kind, message)
    if kind in _FILES:
        return _file(kind, child(message, kind), sent_at)
    read = _KINDS.get(kind)
    return read(message) if read else _unsupported(kind, message)


def part_name(name: object) -> str:
    """A name of Meta's as it may stand in a reason; a question mark for what it cannot have given."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "?"


def text_of(value: object, part: str) -> str:
    """A text; empty where it is absent. Unreadable."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{part}: not a text")
    return value


def seen(value: object, *path: str) -> str:
    """A text deep inside that a message can do without; empty where it is absent or no text."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def child(value: Message, name: str) -> Message:
    """An object within an object; empty where it is absent. Unreadable."""
    found = value.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Unreadable(f"{name}: not an object")
    return found


def children(value: Message, name: str) -> list[Message]:
    """The objects of a list; empty where it is absent. Unreadable."""
    found = value.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unreadable(f"{name}: not a list of objects")
    return found


def moment(value: object) -> datetime | None:
    """Seconds since 1970, which Meta writes as text."""
    digits = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(_LATEST)) or int(digits) > _LATEST:
        return None
    return datetime.fromtimestamp(int(digits), UTC)


def _file(kind: str, file: Message, sent_at: datetime | None) -> Contents:
    caption = text_of(file.get("caption"), f"{kind}.caption")
    media_id = text_of(file.get("id"), f"{kind}.id")
    hints: dict[str, JSON] = {"voice": True} if file.get("voice") is True else {}
    if not media_id:
        words = f"{caption}\n[Berkas ini tidak diteruskan oleh WhatsApp; mintalah warga mengirimnya lagi.]"
        return Contents(text=words.strip(), hints=hints | {"unsupported": [kind]})
    attachment = Attachment(
        ref=f"{media_id}:{text_of(file.get('sha256'), f'{kind}.sha256')}",
        name=text_of(file.get("filename"), f"{kind}.filename") or None,
        # Parameters such as "codecs=opus" say nothing that the store would use.
        content_type=text_of(file.get("mime_type"), f"{kind}.mime_type").partition(";")[0].strip() or None,
        deadline=sent_at + MEDIA_LIFE if sent_at else None,
    )
    return Contents(text=caption, attachments=(attachment,), hints=hints)


def _text(message: Message) -> Contents:
    body = child(message, "text").get("body")
    if not isinstance(body, str):
        raise Unreadable("text.body: not a text")
    return Contents(text=body)


def _location(message: Message) -> Contents:
    place = child(message, "location")
    lat, lon = place.get("latitude"), place.get("longitude")
    if not (_degrees(lat, 90) and _degrees(lon, 180)):
        raise Unreadable("location: no point on earth")
    label = ", ".join(filter(None, (seen(place, part) for part in ("name", "address"))))
    url = seen(place, "url")
    hints: dict[str, JSON] = {"links": [url]} if url else {}
    return Contents(location=Location(lat=float(lat), lon=float(lon), label=label or None), hints=hints)  # type: ignore[arg-type] # numbers by now


def _degrees(value: object, limit: int) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) <= limit  # type: ignore[arg-type] # a number by now; NaN is not within any limit


def _contacts(message: Message) -> Contents:
    """Cards of other people, or the citizen's own number, where we had asked for it."""
    lines: list[str] = []
    phones: list[str] = []
    for card in children(message, "contacts"):
        name = text_of(child(card, "name").get("formatted_name"), "contacts.name")
        numbers = [text_of(phone.get("phone"), "contacts.phone") for phone in children(card, "phones")]
        phones += filter(None, numbers)
        lines.append("Kontak: " + ", ".join(filter(None, (name, *numbers))))
    own = message.get("origin") == "contact_request" and phones
    return Contents(text="\n".join(lines), hints={"phone": phones[0]} if own else {})


def _button(message: Message) -> Contents:
    """A quick reply of a template."""
    button = child(message, "button")
    return Contents(text=text_of(button.get("text"), "button.text"), hints=_payload(button.get("payload")))


def _interactive(message: Message) -> Contents:
    """A button, a line of a list, or a filled-in form (flow) that we had sent."""
    answer = child(message, "interactive")
    kind = part_name(answer.get("type"))
    given = child(answer, kind)
    if kind in {"button_reply", "list_reply"}:
        parts = (text_of(given.get(part), f"{kind}.{part}") for part in ("title", "description"))
        return Contents(text="\n".join(filter(None, parts)), hints=_payload(given.get("id")))
    if kind == "nfm_reply":
        return Contents(text=_form(given), hints=_payload(given.get("name")))
    return _unsupported(f"interactive_{kind}" if kind != "?" else "interactive", message)


def _form(given: Message) -> str:
    """The answers of a form, a line each; they come as JSON within the JSON."""
    written = text_of(given.get("response_json"), "nfm_reply.response_json")
    try:
        answers = load_json(written.encode())
    except PayloadError:
        answers = None
    if not isinstance(answers, dict):
        return written or text_of(given.get("body"), "nfm_reply.body")
    shown = {key: value for key, value in answers.items() if key != "flow_token"}
    return "\n".join(f"{key}: {_said(value)}" for key, value in shown.items())


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _payload(value: object) -> dict[str, JSON]:
    return {"payload": value} if isinstance(value, str) and value else {}


def _order(message: Message) -> Contents:
    order = child(message, "order")
    items = children(order, "product_items")
    lines = [f"- {item.get('quantity', '?')!s:.9} x {item.get('product_retailer_id', '?')!s:.80}" for item in items]
    return Contents(text="\n".join(["Pesanan dari katalog:", *lines, text_of(order.get("text"), "order.text")]).strip())


def _unsupported(kind: str, message: Message) -> Contents:
    """Never nothing: the officer sees that something came, and what to ask for."""
    inner = message.get("unsupported")
    named = part_name(seen(inner, "type")) if isinstance(inner, dict) else kind
    what = _UNSUPPORTED.get(named) or (f"jenis {named}" if named not in {"?", "unsupported", "unknown"} else "")
    words = (
        f"[Warga mengirim sesuatu yang tidak diteruskan oleh WhatsApp{f' ({what})' if what else ''}. "
        "Mintalah ia mengirimnya sebagai teks, foto, pesan suara, atau dokumen.]"
    )
    errors = message.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    code = first.get("code") if isinstance(first, dict) else None
    hints: dict[str, JSON] = {"unsupported": [named]}
    if isinstance(code, int) and not isinstance(code, bool) and 0 <= code < 1 << 31:
        hints["error"] = code
    return Contents(text=words, hints=hints)


_FILES: Final = frozenset({"image", "video", "audio", "voice", "document", "sticker"})
_KINDS: Final[dict[str, Callable[[Message], Contents]]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
}
