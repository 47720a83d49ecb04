"""Files that an officer sends along: looked at, put away durably, and given back with a form that is refused.

What was uploaded lies in the blob store before anything else happens, so a form that comes back to the officer names it
by a signed word, and he need not choose it again. What he never sends is a blob that nothing names.
"""

from __future__ import annotations

import base64
import dataclasses
import hmac
import json
import unicodedata
from typing import Final

from flask import g, request

from channels.contract import NO_FILES, Files
from dispatcher import office
from dispatcher.rendering.kinds import RENDERED
from dispatcher.sniff import sniff
from inbox import words
from inbox.i18n import _
from inbox.state import inbox, person, runtime
from normalizer.text import storable
from store.blobs import digest
from store.casework import Enclosure

#: Of one answer or note, whatever the channel takes; a mail with so much still passes most servers.
MOST: Final = 5
LARGEST: Final = 10_000_000
IN_ALL: Final = 15_000_000
_LONGEST_NAME: Final = 100
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_OPEN: Final = "application/vnd.oasis.opendocument"
#: What may go out, by its bytes, and the endings of its name; the first is put behind a name that has none of them.
TYPES: Final = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".csv"),
    f"{_OFFICE}.wordprocessingml.document": (".docx",),
    f"{_OFFICE}.spreadsheetml.sheet": (".xlsx",),
    f"{_OFFICE}.presentationml.presentation": (".pptx",),
    f"{_OPEN}.text": (".odt",),
    f"{_OPEN}.spreadsheet": (".ods",),
    f"{_OPEN}.presentation": (".odp",),
    "audio/mpeg": (".mp3",),
    "audio/mp4": (".m4a",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    "audio/aac": (".aac",),
    "audio/amr": (".amr",),
    "audio/wav": (".wav",),
    "video/mp4": (".mp4",),
    "video/3gpp": (".3gp",),
    "video/webm": (".webm",),
    "video/quicktime": (".mov",),
}
#: Between officers no channel sets a limit.
AMONG_US: Final = Files(most=MOST, largest=LARGEST)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a form brought: the files that are safe with us, and the first thing that is wrong with the others."""

    files: tuple[Enclosure, ...] = ()
    problem: str = ""


def taken() -> Taken:
    """The files of this request's form, put away once however often it is asked. BlobError where they are not safe."""
    if "taken" not in g:
        g.taken = _take()
    return g.taken  # type: ignore[no-any-return] # what was put there


def limits(files: Files) -> Files:
    """What an answer may carry there: what the channel takes, within the house's own limits."""
    if not files.most:
        return NO_FILES
    return dataclasses.replace(files, most=min(files.most, MOST), largest=min(files.largest, LARGEST))


def both(one: Files, other: Files) -> Files:
    """What goes into either conversation; empty `types` take any."""
    types = one.types & other.types if one.types and other.types else one.types or other.types
    most = 0 if one.types and other.types and not types else min(one.most, other.most)
    return Files(most=most, largest=min(one.largest, other.largest), types=types) if most else NO_FILES


def misfit(found: Taken, files: Files) -> str:
    """Why these files cannot go along, for the officer; empty where they can."""
    if found.problem or not found.files:
        return found.problem
    if not files.most:
        return _("Kanal ini tidak menerima lampiran. Kirim jawabannya tanpa lampiran, atau lewat kanal lain.")
    if len(found.files) > files.most:
        return _("Paling banyak %(most)s lampiran untuk satu jawaban di sini.", most=files.most)
    if sum(file.size for file in found.files) > IN_ALL:
        return _("Semua lampiran bersama-sama paling besar %(size)s.", size=words.size(IN_ALL))
    return next((why for file in found.files if (why := _misfit(file, files))), "")


def _misfit(file: Enclosure, files: Files) -> str:
    if not files.takes(file.content_type):
        return _("%(name)s: kanal ini tidak menerima jenis berkas itu.", name=file.name)
    return _too_large(file.name, files.largest) if file.size > files.largest else ""


def again() -> list[dict[str, str]]:
    """What a form that is shown again offers: the files that are with us already, each by its signed word."""
    found: Taken = g.get("taken", Taken())
    return [{"key": _sealed(file), "name": file.name, "size": words.size(file.size)} for file in found.files]


def sentence(files: Files) -> str:
    """What may go along, as the officer reads it before he writes."""
    if not files.most:
        return _("Kanal ini tidak menerima lampiran.")
    return _(
        "Paling banyak %(most)s berkas, tiap berkas %(size)s.",
        most=files.most,
        size=words.size(files.largest),
    )


def accepted(files: Files) -> str:
    """The list of endings for the browser's file chooser."""
    return ",".join(ending for kind, endings in TYPES.items() if files.takes(kind) for ending in endings)


def _take() -> Taken:
    uploads = [each for each in request.files.getlist("files") if each.filename]
    kept = {
        (file.sha256, file.name): file
        for each in request.form.getlist("kept")[:MOST]
        if (file := _opened(each)) is not None
    }
    problem = _("Paling banyak %(most)s lampiran.", most=MOST) if len(kept) + len(uploads) > MOST else ""
    for upload in uploads[: MOST - len(kept)]:
        content = upload.stream.read(LARGEST + 1)
        upload.close()
        file, why = _looked_at(upload.filename or "", content)
        problem = problem or why
        if file is not None and (file.sha256, file.name) not in kept:
            runtime().blobs.put(content)
            kept[file.sha256, file.name] = file
    return Taken(files=tuple(kept.values()), problem=problem)


def _looked_at(claimed: str, content: bytes) -> tuple[Enclosure | None, str]:
    """The file as we take it, by its bytes; or None and why not."""
    name = plain(claimed)
    if not content:
        return None, _("%(name)s: berkas ini kosong.", name=name)
    if len(content) > LARGEST:
        return None, _too_large(name, LARGEST)
    found = sniff(content, None, name)
    kind = found.content_type
    if kind == "application/zip":
        kind = office.kind(content) or kind
    if found.note or kind not in TYPES:
        return None, _(
            "%(name)s: jenis berkas ini tidak dikirim. Pakai gambar, PDF, dokumen tanpa makro, suara, atau video.",
            name=name,
        )
    endings = TYPES[kind]
    if not name.lower().endswith(endings):
        name += endings[0]
    return Enclosure(
        name=name, content_type=kind, size=len(content), sha256=digest(content), preview=kind in RENDERED
    ), ""


def _too_large(name: str, most: int) -> str:
    return _("%(name)s terlalu besar: paling besar %(size)s.", name=name, size=words.size(most))


def plain(claimed: str) -> str:
    """A file's name without folders, controls and marks that turn its end around; never empty."""
    last = storable(claimed.replace("\0", "")).replace("\\", "/").rpartition("/")[2]
    letters = "".join(
        each for each in unicodedata.normalize("NFC", last) if each.isprintable() and each not in '<>:"|?*'
    )
    stem, dot, ending = " ".join(letters.split()).rstrip(".").rpartition(".")
    if not dot:
        return (ending or "berkas")[:_LONGEST_NAME]
    return f"{(stem or 'berkas')[: _LONGEST_NAME - 1 - len(ending[:10])]}.{ending[:10]}"


def _mac(body: str) -> str:
    return hmac.digest(inbox().secret, f"enclosure:{person().id}:{body}".encode(), "sha256").hex()


def _sealed(file: Enclosure) -> str:
    body = base64.urlsafe_b64encode(json.dumps(dataclasses.asdict(file)).encode()).decode()
    return f"{body}.{_mac(body)}"


def _opened(sealed: str) -> Enclosure | None:
    """The file of a word that we gave this officer; None for any other."""
    body, _dot, mac = sealed.partition(".")
    if not hmac.compare_digest(mac.encode("utf-8", "replace"), _mac(body).encode()):
        return None
    return Enclosure(**json.loads(base64.urlsafe_b64decode(body)))
