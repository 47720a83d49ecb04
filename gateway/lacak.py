"""The tracking page: a code in, the state and the officers' answers out."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import render_template, request

from gateway.quick import AwayError
from gateway.tracking import look_up
from normalizer import ticket

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint

    from dispatcher.runtime import Runtime
    from gateway.limits import Throttle
    from gateway.quick import Quick
    from gateway.tracking import Track

#: Wrong codes that one address may try in an hour: plenty for typing errors, nothing against 23^7 codes.
WRONG_PER_HOUR: Final = 60
_HOUR: Final = timedelta(hours=1)
_MAX_BODY: Final = 4096
_LONGEST: Final = 60
_UNKNOWN: Final = "Nomor ini tidak kami temukan. Periksa kembali tiap huruf dan angkanya."
_TOO_MANY: Final = "Terlalu banyak percobaan dengan nomor yang salah. Coba lagi satu jam lagi."
_AWAY: Final = "Sistem sedang terganggu. Aduan Anda aman. Coba lagi beberapa menit lagi."

Page = tuple[str, int]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """What the tracking page works with; `who` is the network address of whoever asks."""

    runtime: Runtime
    throttle: Throttle
    quick: Quick
    who: Callable[[], str]


def add(pages: Blueprint, tracker: Tracker) -> None:
    """Put the tracking page at `/lacak`."""

    @pages.get("/lacak")
    def track_form() -> Page:
        return _page(tracker)

    @pages.post("/lacak")
    def track() -> Page:
        request.max_content_length = _MAX_BODY
        return _track(tracker, request.form.get("nomor", "")[:_LONGEST])


def _track(tracker: Tracker, typed: str) -> Page:
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
    return _page(tracker, found.code, found=found)


def _page(
    tracker: Tracker, typed: str = "", *, found: Track | None = None, error: str | None = None, status: int = 200
) -> Page:
    program = tracker.runtime.programs.get(found.program) if found and found.program else None
    return render_template("public/lacak.html", typed=typed, found=found, program=program, error=error), status
