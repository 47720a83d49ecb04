"""What the Cloud API takes as a message, and with which number and words it refuses the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from standins.whatsapp_cloud import WINDOW_SECONDS

if TYPE_CHECKING:
    from standins.whatsapp_cloud import Cloud

_TOP = {"messaging_product", "recipient_type", "to", "recipient", "type", "context", "biz_opaque_callback_data"}
#: Each kind of message with the fields that it needs and those that it may have.
_KINDS: dict[str, tuple[set[str], set[str]]] = {
    "text": ({"body"}, {"preview_url"}),
    "image": ({"id"}, {"caption"}),
    "video": ({"id"}, {"caption"}),
    "audio": ({"id"}, {"voice"}),
    "document": ({"id"}, {"caption", "filename"}),
    "template": ({"name", "language"}, {"components"}),
}
_MEDIA = {
    "image": {"image/jpeg", "image/png"},
    "video": {"video/mp4", "video/3gpp"},
    "audio": {"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"},
}
_DOCUMENTS = {
    "text/plain",
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
#: All that the media endpoint takes.
TYPES = frozenset({"image/webp", *_DOCUMENTS, *(each for kind in _MEDIA.values() for each in kind)})
_MEGABYTE = 1 << 20
_LARGEST = {"image": 5 * _MEGABYTE, "video": 16 * _MEGABYTE, "audio": 16 * _MEGABYTE}
_LARGEST_DOCUMENT = 100 * _MEGABYTE
_MAX_TEXT, _MAX_CAPTION, _MAX_OPAQUE, _MAX_PARAMETER = 4096, 1024, 512, 1024
_PHONE = re.compile(r"\+?[1-9]\d{5,14}")
_BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
_UNFIT = re.compile(r"[\n\r\t]| {5,}")
#: The HTTP status of an error; 400 for all others.
_STATUSES = {190: 401, 10: 403, 4: 429, 130429: 429, 132001: 404, 131000: 500, 131016: 503, 2: 503}


class Refusal(Exception):  # noqa: N818 - what Meta does
    """An error object; `details` is Meta's explanation."""

    def __init__(self, code: int, details: str = "", *, subcode: int = 0) -> None:
        super().__init__(details)
        self.code, self.details, self.subcode = code, details, subcode

    @property
    def status(self) -> int:
        """The HTTP status that goes with it."""
        return _STATUSES.get(self.code, 400)


def check_message(cloud: Cloud, body: Any) -> tuple[str, str]:
    """Whom a message goes to (phone or id) and what he sees of it. Refusal."""
    if not isinstance(body, dict):
        raise Refusal(100, "The body is not JSON")
    kind = body.get("type", "text")
    if kind not in _KINDS:
        raise Refusal(100, "Param type must be one of " + ", ".join(_KINDS))
    for name in sorted(set(body) - _TOP - {kind}):
        raise Refusal(100, f"Unexpected key {name!r} on param 'message'.")
    if body.get("messaging_product") != "whatsapp":
        raise Refusal(100, "The parameter messaging_product is required.")
    if body.get("recipient_type", "individual") != "individual":
        raise Refusal(100, "Param recipient_type must be one of individual, group")
    whom = _recipient(cloud, body)
    _check_extras(body)
    content = body.get(kind)
    if not isinstance(content, dict):
        raise Refusal(131008, f"Parameter '{kind}' is mandatory for type '{kind}'")
    _check_fields(content, kind)
    if kind == "template":
        return whom, _template(cloud, content)
    if cloud.clock() - cloud.heard.get(whom, 0.0) >= WINDOW_SECONDS:
        raise Refusal(131047, "More than 24 hours have passed since the customer last replied to this number.")
    return whom, _text(content) if kind == "text" else _file(cloud, kind, content)


def check_upload(mime_type: str, content: bytes) -> None:
    """Is it a file that may be handed over? Refusal."""
    kind = next((kind for kind, types in _MEDIA.items() if mime_type in types), "")
    if mime_type not in TYPES:
        raise Refusal(100, "Param file must be a file with one of the following types: " + ", ".join(sorted(TYPES)))
    if not 0 < len(content) <= _LARGEST.get(kind, _LARGEST_DOCUMENT):
        raise Refusal(131053, "The file is empty or too large")


def _recipient(cloud: Cloud, body: dict[str, Any]) -> str:
    to, recipient = body.get("to"), body.get("recipient")
    if to is None and recipient is None:
        raise Refusal(131008, "The parameter to is required.")
    if to is not None:
        if not isinstance(to, str) or not _PHONE.fullmatch(to):
            raise Refusal(131009, "Parameter value is not valid: to")
        if to.lstrip("+") == cloud.display_phone_number:
            raise Refusal(131021, "Recipient cannot be the sender")
        return to.lstrip("+")
    if not isinstance(recipient, str) or not _BSUID.fullmatch(recipient):
        raise Refusal(131009, "Parameter value is not valid: recipient")
    return recipient


def _check_extras(body: dict[str, Any]) -> None:
    opaque = body.get("biz_opaque_callback_data", "")
    if not isinstance(opaque, str) or len(opaque) > _MAX_OPAQUE:
        raise Refusal(100, "Param biz_opaque_callback_data must be at most 512 characters long.")
    context = body.get("context")
    known = isinstance(context, dict) and set(context) == {"message_id"} and isinstance(context["message_id"], str)
    if context is not None and not (known and context["message_id"].startswith("wamid.")):
        raise Refusal(131009, "Parameter value is not valid: context")


def _check_fields(content: dict[str, Any], kind: str) -> None:
    needed, optional = _KINDS[kind]
    for name in sorted(needed - set(content)):
        raise Refusal(131008, f"Parameter '{name}' is mandatory for type '{kind}'")
    for name in sorted(set(content) - needed - optional):
        raise Refusal(100, f"Unexpected key {name!r} on param '{kind}'.")
    for name in ("body", "id", "caption", "filename", "name"):
        if not isinstance(content.get(name, ""), str):
            raise Refusal(100, f"Param {kind}['{name}'] must be a string.")
    if not isinstance(content.get("preview_url", False), bool):
        raise Refusal(100, "Param text['preview_url'] must be a boolean.")


def _text(content: dict[str, Any]) -> str:
    body: str = content["body"]
    if not body.strip():
        raise Refusal(100, "Param text['body'] cannot be empty.")
    if len(body) > _MAX_TEXT:
        raise Refusal(100, "Param text['body'] must be at most 4096 characters long.")
    return body


def _file(cloud: Cloud, kind: str, content: dict[str, Any]) -> str:
    file = cloud.files.get(content["id"])
    if file is None or file.ends <= cloud.clock():
        raise Refusal(131009, f"Parameter value is not valid: {kind}['id']")
    if file.mime_type not in _MEDIA.get(kind, TYPES):
        raise Refusal(131053, f"The media is no {kind}")
    if len(content.get("caption", "")) > _MAX_CAPTION:
        raise Refusal(100, f"Param {kind}['caption'] must be at most 1024 characters long.")
    return f"[{content.get('filename', kind)}] {content.get('caption', '')}".strip()


def _template(cloud: Cloud, content: dict[str, Any]) -> str:
    language = content["language"]
    code = language.get("code") if isinstance(language, dict) and not set(language) - {"code", "policy"} else None
    if not isinstance(code, str):
        raise Refusal(131009, "Parameter value is not valid: template['language']")
    known = [each for each in cloud.templates if (each.name, each.language) == (content["name"], code)]
    if not known or known[0].status not in {"APPROVED", "PAUSED"}:
        raise Refusal(132001, f"template name ({content['name']}) does not exist in {code}")
    if known[0].status == "PAUSED":
        raise Refusal(132015, "Template is paused")
    given = _parameters(content.get("components", []))
    if len(given) != known[0].parameters:
        raise Refusal(
            132000, f"number of localizable_params ({len(given)}) does not match the expected number of params"
        )
    if any(not text or _UNFIT.search(text) for text in given):
        raise Refusal(
            132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces, or be empty"
        )
    if sum(map(len, given)) > _MAX_PARAMETER:
        raise Refusal(132005, "Translated text too long")
    return f"[{content['name']}] " + " | ".join(given)


def _parameters(components: Any) -> list[str]:
    found: list[str] = []
    for component in components if isinstance(components, list) else [None]:
        if not isinstance(component, dict) or set(component) != {"type", "parameters"} or component["type"] != "body":
            raise Refusal(132012, "Parameter format does not match format in the created template")
        for parameter in component["parameters"]:
            if not isinstance(parameter, dict) or set(parameter) != {"type", "text"} or parameter["type"] != "text":
                raise Refusal(132012, "Parameter format does not match format in the created template")
            if not isinstance(parameter["text"], str):
                raise Refusal(132012, "Parameter format does not match format in the created template")
            found.append(parameter["text"])
    return found
