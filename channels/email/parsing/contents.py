"""What a mail says and carries: its text, safe HTML and files, gathered from the tree of parts."""

from __future__ import annotations

import dataclasses
import html
import re
from typing import TYPE_CHECKING

from channels.email.parsing import addresses, calendars, charsets, files, flowed, markup, tnef
from channels.email.parsing.limits import MAX_BODIES, MAX_BODY, MAX_HTML, MAX_TEXT, Unreadable
from normalizer.messages import JSON, Attachment

if TYPE_CHECKING:
    from channels.email.parsing.mime import Part

_SIGNATURES = {
    "application/pgp-signature": "pgp",
    "application/pkcs7-signature": "smime",
    "application/x-pkcs7-signature": "smime",
}
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_WINMAIL = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_MARKED_UP = frozenset({"text/html", "application/xhtml+xml", "text/enriched", "text/richtext"})
#: The same words once more, for watches and for Google's pages.
_REPEATED = frozenset({"text/x-amp-html", "text/watch-html"})
_TEXTS = _MARKED_UP | {"text/plain", "text/calendar", "text/markdown"}

_LOCKED = "(Isi surel ini terenkripsi, sehingga tidak dapat ditampilkan. Surel aslinya ada di lampiran.)"
_SEALED = (
    "(Isi surel ini terbungkus tanda tangan S/MIME. Isinya ada di lampiran dan dapat dibuka dengan aplikasi surel.)"
)
_SLASHES = re.compile(r"[/\\]")
_PGP_SIGNED = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z-]{1,40}: [^\n]*\n)*\n?")
_PGP_LOCKED = "-----BEGIN PGP MESSAGE-----"


@dataclasses.dataclass(slots=True)
class Forwarded:
    """An attached mail: its words under a head that says whose they are, and its sender's address."""

    text: str
    sender: str


@dataclasses.dataclass(slots=True)
class Contents:
    """What was gathered. `pieces` are (text, safe HTML or None) in the order of the mail; `notes` are ours."""

    pieces: list[tuple[str, str | None]] = dataclasses.field(default_factory=list)
    attachments: list[Attachment] = dataclasses.field(default_factory=list)
    forwarded: list[Forwarded] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    hints: dict[str, JSON] = dataclasses.field(default_factory=dict)

    @property
    def text(self) -> str:
        """All texts of the mail itself, one below the other."""
        return "\n\n".join(text for text, _ in self.pieces if text.strip())

    @property
    def html(self) -> str | None:
        """All of it as safe HTML; None where no part of it was HTML, or it is too long."""
        if not any(safe for _, safe in self.pieces):
            return None
        whole = "\n".join(
            safe or f"<pre>{html.escape(text)}</pre>" for text, safe in self.pieces if text.strip() or safe
        )
        return whole if len(whole) <= MAX_HTML else None


def read(root: Part) -> Contents:
    """Gather what a mail says and carries."""
    return _Gatherer().gather(root)


class _Gatherer:
    """Budgets over the whole mail: how many texts, and how much HTML, are still read."""

    def __init__(self) -> None:
        self.bodies = MAX_BODIES
        self.characters = MAX_HTML
        self.files = 0
        self.mails = 0
        self.worded = False

    def gather(self, part: Part) -> Contents:
        found = Contents()
        self._visit(part, found)
        return found

    def _visit(self, part: Part, found: Contents) -> None:
        if part.type == "multipart/alternative":
            self._alternative(part, found)
        elif part.type == "multipart/encrypted":
            self._encrypted(part, found)
        elif part.type.startswith("multipart/"):
            for child in part.children:
                self._visit(child, found)
        elif part.is_mail:
            self._mail(part, found)
        elif part.type in _TEXTS and self._is_body(part, found):
            self._text(part, found)
        else:
            self._file(part, found)

    def _is_body(self, part: Part, found: Contents) -> bool:
        if part.disposition == "attachment" or not self.bodies or (part.type in _MARKED_UP and not self.characters):
            return False
        return not part.filename or not found.pieces or part.type == "text/calendar"

    def _alternative(self, part: Part, found: Contents) -> None:
        """The same words several times: the plain ones where there are any, with the safe HTML beside them."""
        before = self.worded
        choices: list[tuple[Part, Contents]] = []
        for child in part.children:
            if child.type not in _REPEATED:
                choices.append((child, self.gather(child)))
                # The same words are not read out of the HTML again.
                self.worded = self.worded or (child.type == "text/plain" and bool(choices[-1][1].text.strip()))
        self.worded = before
        for _, choice in choices:
            found.attachments += choice.attachments
            found.forwarded += choice.forwarded
            found.notes += choice.notes
            found.hints |= choice.hints
        plain = [choice.text for child, choice in choices if child.type == "text/plain" and choice.text.strip()]
        rich = [choice for child, choice in choices if child.type not in {"text/plain", "text/calendar"}]
        marked = next((choice for choice in reversed(rich) if choice.html), None)
        others = [choice.text for _, choice in choices if choice.text.strip()]
        text = next(iter([*plain, *([marked.text] if marked else []), *others]), "")
        if text or marked:
            found.pieces.append((text, marked.html if marked else None))

    def _text(self, part: Part, found: Contents) -> None:
        self.bodies -= 1
        content = part.content()
        if len(content) > MAX_BODY:
            self._attach(part, found)
        source = charsets.decode(content[:MAX_BODY], part.params.get("charset"))
        if part.type == "text/calendar":
            found.pieces.append((calendars.summary(source), None))
            self._file(part, found)
        elif part.type in _MARKED_UP:
            found.pieces.append(markup.read(source[: self.characters], words=not self.worded))
            self.characters -= min(self.characters, len(source))
        else:
            if part.params.get("format", "").lower() == "flowed":
                spaceless = part.params.get("delsp", "").lower() == "yes"
                source = flowed.unfold(source[: 2 * MAX_TEXT], delete_space=spaceless) + source[2 * MAX_TEXT :]
            self._plain(source, found)

    def _plain(self, source: str, found: Contents) -> None:
        if _PGP_LOCKED in source:
            found.hints["encrypted"] = "pgp"
            found.notes.append(_LOCKED)
            content = source.encode()
            found.attachments.append(
                Attachment(name="pesan.asc", content_type="text/plain", size=len(content), content=content)
            )
            source = source.partition(_PGP_LOCKED)[0]
        elif (signed := _PGP_SIGNED.search(source)) is not None:
            found.hints["signed"] = "pgp"
            inner = source[signed.end() :].partition("-----BEGIN PGP SIGNATURE-----")[0]
            source = source[: signed.start()] + re.sub(r"(?m)^- ", "", inner)
        if source.strip():
            found.pieces.append((source, None))

    def _encrypted(self, part: Part, found: Contents) -> None:
        found.hints["encrypted"] = "smime" if any(child.type in _SMIME for child in part.children) else "pgp"
        found.notes.append(_LOCKED)
        for child in part.children:
            if child.type != "application/pgp-encrypted":
                self._attach(child, found)

    def _file(self, part: Part, found: Contents) -> None:
        name = part.filename.lower()
        if part.type in _SIGNATURES:
            found.hints["signed"] = _SIGNATURES[part.type]
        elif part.type in _SMIME:
            sealed = part.params.get("smime-type", "").lower() == "signed-data"
            found.hints["signed" if sealed else "encrypted"] = "smime"
            found.notes.append(_SEALED if sealed else _LOCKED)
            self._attach(part, found)
        elif part.type in _WINMAIL or name == "winmail.dat":
            self._winmail(part, found)
        elif part.filename or part.body.strip():
            self._attach(part, found)

    def _attach(self, part: Part, found: Contents) -> None:
        self.files += 1
        found.attachments.append(files.attachment(part, self.files))

    def _winmail(self, part: Part, found: Contents) -> None:
        try:
            inside = tnef.read(part.content())
        except Unreadable:
            self._attach(part, found)
            return
        if inside.text.strip() or inside.html.strip():
            text, safe = markup.read(inside.html[: self.characters])
            self.characters -= min(self.characters, len(inside.html))
            found.pieces += [] if found.text.strip() else [(inside.text if inside.text.strip() else text, safe)]
        elif not inside.files:
            self._attach(part, found)
        for file in inside.files:
            self.files += 1
            kind = file.content_type if "/" in file.content_type else "application/octet-stream"
            name = files.name(file.name) or files.unnamed(kind, self.files)
            found.attachments.append(
                Attachment(name=name, content_type=kind, size=len(file.content), content=file.content)
            )

    def _mail(self, part: Part, found: Contents) -> None:
        """An attached mail: kept whole as a file, with its words and files lifted out for those who read on."""
        if not part.children:
            self._attach(part, found)
            return
        child = part.children[0]
        self.mails += 1  # the file of the outermost mail holds those within it
        inside = self.gather(child)
        self.mails -= 1
        subject = child.headers.text("subject")
        filename = part.filename or f"{_SLASHES.sub('-', subject)[:80] or 'surel'}.eml"
        if not self.mails:
            self._attach(dataclasses.replace(part, filename=filename), found)
        writers = addresses.parse(child.headers.raw("from") or b"")
        name, address = writers[0] if writers else ("", "")
        head = {
            "Dari": f"{name} <{address}>" if name else address,
            "Tanggal": child.headers.text("date"),
            "Perihal": subject,
        }
        lines = ["---------- Pesan terusan ----------", *(f"{key}: {value}" for key, value in head.items() if value)]
        text = "\n".join(lines) + "\n\n" + inside.text[:MAX_TEXT].strip()
        found.forwarded += [Forwarded(text.strip(), address), *inside.forwarded]
        found.attachments += inside.attachments
        found.notes += inside.notes
        found.hints |= {key: value for key, value in inside.hints.items() if key not in found.hints}
