"""What gammu-smsd writes down for one message: a file of its inbox in each InboxFormat, or a row of its inbox table."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from channels.errors import PayloadError
from channels.sms import coding
from channels.sms.numbers import address
from channels.toolkit.payload import load_json, storable
from normalizer.messages import Attachment, InboundMessage, Malformed, Part, Sender

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from channels.contract import RawMessage
    from normalizer.messages import Inbound

#: IN<date>_<time>_<serial>_<sender>_<sequence>.<ext>; a name without a sender has been seen as two underscores.
NAME: Final = re.compile(
    r"IN(?P<date>\d{8})_(?P<time>\d{6})_(?P<serial>\d{2})_(?P<sender>.*)_(?P<sequence>\d{2})\.(?P<ext>txt|bin|smsbackup)"
)
_DETAIL: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:[;#][^\n]*\n\s*)*\[SMSBackup", re.IGNORECASE)
_SECTION: Final = re.compile(r"^\[SMSBackup[^\]\n]*\]\s*$", re.IGNORECASE | re.MULTILINE)
_FIELD: Final = re.compile(r'^(\w+)[ \t]*=[ \t]*"?([^"\r\n]*)"?[ \t\r]*$', re.MULTILINE)
_TEXT_FIELD: Final = re.compile(r"text(\d+)")


def read(raw: RawMessage, *, region: str, zone: ZoneInfo) -> list[Inbound]:
    """Every message of one polled payload. PayloadError where it is neither a row nor a file of smsd."""
    if raw.meta.get("backend") == "sql" or raw.body.lstrip().startswith(b"{"):
        return [_row(raw.body, region, zone)]
    if _DETAIL.match(raw.body):
        return _detail(raw, region, zone)
    return [_file(raw, region, zone)]


def _file(raw: RawMessage, region: str, zone: ZoneInfo) -> Inbound:
    """A file of the formats `unicode` and `standard`, and any 8-bit one; name and place in the group tell the rest."""
    meta = raw.meta
    name = storable(str(meta.get("file", "")))
    known = NAME.fullmatch(name)
    if not known:
        raise PayloadError("gammu: neither a row, nor an SMS backup, nor a file that is named as smsd names them")
    external_id = f"{name}@{meta['mtime']}" if "mtime" in meta else name
    if not known["sender"]:
        return Malformed(error="gammu: the file's name has no sender", external_id=external_id)
    number = address(known["sender"], region)
    total, sequence = meta.get("parts"), int(known["sequence"]) + 1
    part = None
    if isinstance(total, int) and total > 1:
        part = Part(reference=f"{known['serial']}-{meta.get('first', name)}", number=sequence, total=total)
    is_text = known["ext"] == "txt"
    text = _text_of(raw.body) if is_text else ""
    return InboundMessage(
        external_id=external_id,
        conversation_id=number,
        sender=Sender(address=number),
        sent_at=_moment(known["date"] + known["time"], "%Y%m%d%H%M%S", zone),
        text=text if part else coding.whole(text),
        attachments=() if is_text else (_binary(raw.body),),
        part=part,
    )


def _text_of(data: bytes) -> str:
    """`unicode` begins with FE FF, and some versions write what lies behind the text's end too; `standard` has none."""
    if data.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        order = "be" if data.startswith(codecs.BOM_UTF16_BE) else "le"
        return coding.utf16(data, order).split("\x00", 1)[0]
    text = coding.read_text(data) or ""
    return text.replace("\x00", "\ufffd")


def _row(body: bytes, region: str, zone: ZoneInfo) -> Inbound:
    row = load_json(body)
    if not isinstance(row, dict):
        raise PayloadError("gammu: the row is no object")
    fields = {key.lower(): str(value) for key, value in row.items() if isinstance(value, str | int)}
    external_id = f"inbox:{fields['id']}" if fields.get("id") else None
    if not fields.get("sendernumber", "").strip():
        return Malformed(error="gammu: a row without SenderNumber", external_id=external_id)
    sent_at = _moment(fields.get("receivingdatetime", "")[:19], "%Y-%m-%d %H:%M:%S", zone)
    text = _unhex(fields.get("text", ""))
    if fields.get("coding") == "8bit":
        return _message(fields, external_id, sent_at, region, data=text)
    decoded = fields.get("textdecoded", "")
    if text is not None and (not decoded or fields.get("coding", "").startswith("Unicode")):
        decoded = coding.utf16(text, "be")
    return _message(fields, external_id, sent_at, region, text=decoded)


def _detail(raw: RawMessage, region: str, zone: ZoneInfo) -> list[Inbound]:
    """The format `detail`: an SMS backup with one section a part, each with its user data header."""
    content = raw.body.decode("utf-8", "replace")
    base = storable(f"{raw.meta.get('file', 'backup')}@{raw.meta.get('mtime', '')}")
    sections = _SECTION.split(content)[1:]
    return [_section(section, f"{base}#{number}", region, zone) for number, section in enumerate(sections)]


def _section(section: str, external_id: str, region: str, zone: ZoneInfo) -> Inbound:
    found = {key.lower(): value.strip() for key, value in _FIELD.findall(section)}
    wide = _unhex(found.get("numberunicode", ""))
    number = coding.whole(coding.utf16(wide, "be")) if wide else found.get("number", "")
    if not number.strip():
        return Malformed(error="gammu: a section without Number", external_id=external_id)
    pieces = sorted((int(key[4:]), value) for key, value in found.items() if _TEXT_FIELD.fullmatch(key))
    data = _unhex("".join(value for _, value in pieces)) or b""
    stamp = found.get("sent") or found.get("datetime", "")
    sent_at = _moment(stamp[:15], "%Y%m%dT%H%M%S", zone)
    fields = {"sendernumber": number, "udh": found.get("udh", "")}
    if found.get("coding", "").lower() == "8bit":
        return _message(fields, external_id, sent_at, region, data=data)
    return _message(fields, external_id, sent_at, region, text=coding.utf16(data, "be"))


def _message(
    fields: Mapping[str, Any],
    external_id: str | None,
    sent_at: datetime | None,
    region: str,
    *,
    text: str | None = None,
    data: bytes | None = None,
) -> InboundMessage:
    number = address(fields["sendernumber"], region)
    part = coding.read_part(_unhex(fields.get("udh", "")) or b"")
    clean = (text or "").split("\x00", 1)[0]
    return InboundMessage(
        external_id=external_id,
        conversation_id=number,
        sender=Sender(address=number),
        sent_at=sent_at,
        text=clean if part else storable(clean),
        attachments=() if text is not None else (_binary(data or b""),),
        part=part,
    )


def _binary(data: bytes) -> Attachment:
    return Attachment(name="sms.bin", content_type="application/octet-stream", size=len(data), content=data)


def _unhex(value: str) -> bytes | None:
    """The bytes of a hexadecimal field; None where it is empty or none."""
    try:
        return bytes.fromhex(value) or None
    except ValueError:
        return None


def _moment(value: str, layout: str, zone: ZoneInfo) -> datetime | None:
    """The daemon writes the local time of its computer."""
    try:
        return datetime.strptime(value, layout).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
