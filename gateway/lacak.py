"""The tracking page: a code in, the state and the officers' answers out, with their files."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import abort, make_response, render_template, request

from dispatcher import serving
from gateway import enclosed
from gateway.quick import AwayError
from gateway.tracking import look_up
from normalizer import ticket

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from flask import Blueprint, Response

    from dispatcher.runtime import Runtime
    from gateway.limits import Throttle
    from gateway.proof import Proof
    from gateway.quick import Quick
    from gateway.tracking import Track

#: Wrong codes that one address may try in an hour: plenty for typing errors, nothing against 23^7 codes.
WRONG_PER_HOUR: Final = 60
#: Times that files of one complaint are opened in an hour, each up to 10 MB; thumbnails do not count.
FILES_PER_HOUR: Final = 120
_HOUR: Final = timedelta(hours=1)
_MAX_BODY: Final = 4096
_LONGEST: Final = 60
_UNKNOWN: Final = "Nomor ini tidak kami temukan. Periksa kembali tiap huruf dan angkanya."
_TOO_MANY: Final = "Terlalu banyak percobaan dengan nomor yang salah. Coba lagi satu jam lagi."
_TOO_OFTEN: Final = "Lampiran aduan ini sudah terlalu sering dibuka. Coba lagi satu jam lagi."
_AGAIN: Final = (
    "Untuk membuka lampiran, masukkan nomor aduannya sekali lagi. Halamannya sudah lama terbuka, atau peramban Anda "
    "tidak mengizinkan kuki."
)
_AWAY: Final = "Sistem sedang terganggu. Aduan Anda aman. Coba lagi beberapa menit lagi."

#: Nothing of a complaint stays in a browser that others use, or anywhere on the way.
_KEPT: Final = "private, no-store"

Page = tuple[str, int]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """What the tracking page works with; `who` is the network address of whoever asks."""

    runtime: Runtime
    throttle: Throttle
    quick: Quick
    who: Callable[[], str]
    proof: Proof


def add(pages: Blueprint, tracker: Tracker) -> None:
    """Put the tracking page at `/lacak`, and under it the files of answers."""

    @pages.get("/lacak")
    def track_form() -> Page:
        return _page(tracker)

    @pages.post("/lacak")
    def track() -> Page | Response:
        request.max_content_length = _MAX_BODY
        return _track(tracker, request.form.get("nomor", "")[:_LONGEST])

    @pages.get("/lacak/<key>/<uuid:file_id>")
    def track_file(key: str, file_id: UUID) -> Page | Response:
        return _file(tracker, key, file_id, small=False)

    @pages.get("/lacak/<key>/<uuid:file_id>/kecil")
    def track_thumb(key: str, file_id: UUID) -> Page | Response:
        return _file(tracker, key, file_id, small=True)


def _track(tracker: Tracker, typed: str) -> Page | Response:
    who = tracker.who()
    if tracker.throttle.spent("lacak", who, WRONG_PER_HOUR, _HOUR):
        return _page(tracker, typed, error=_TOO_MANY, status=429)
    code = ticket.read(typed)
    try:
        found = None if code is None else tracker.quick.run(lambda connection: look_up(connection, code))
    except AwayError:
        return _page(tracker, typed, error=_AWAY, status=503)
    if found is None:
        tracker.throttle.hit("lacak", who, WRONG_PER_HOUR, _HOUR)
        return _page(tracker, typed, error=_UNKNOWN, status=404)
    page = _page(tracker, found.code, found=found)
    if not any(file.sha256 for file in found.files()):
        return page
    response = make_response(page)
    tracker.proof.give(response, found.code, tracker.runtime.clock())
    return response


def _file(tracker: Tracker, key: str, file_id: UUID, *, small: bool) -> Page | Response:
    """A file that the page of that code shows, to whoever typed the code in this browser; 404 for any other."""
    code = tracker.proof.code(request.cookies, key, tracker.runtime.clock())
    if code is None:
        return _page(tracker, error=_AGAIN, status=403)
    if not small and not tracker.throttle.hit("lacak-file", code, FILES_PER_HOUR, _HOUR):
        return _page(tracker, error=_TOO_OFTEN, status=429)
    try:
        found = tracker.quick.run(lambda connection: look_up(connection, code))
    except AwayError:
        return _page(tracker, error=_AWAY, status=503)
    file = found.file(file_id) if found else None
    sha256 = None if file is None else file.thumb if small else file.sha256
    if file is None or sha256 is None:
        abort(404)
    shown = file.content_type if file.kind == "picture" else None
    return serving.answer(tracker.runtime.blobs, sha256, file.name, shown, cache=_KEPT)


def _page(
    tracker: Tracker, typed: str = "", *, found: Track | None = None, error: str | None = None, status: int = 200
) -> Page:
    program = tracker.runtime.programs.get(found.program) if found and found.program else None
    page = render_template(
        "public/lacak.html",
        typed=typed,
        found=found,
        program=program,
        error=error,
        key=tracker.proof.key(found.code) if found else "",
        sizes=enclosed.sizes(tracker.runtime.blobs, found.files()) if found else {},
    )
    return page, status
