"""The form page: shown, checked, limited, handed on, and the ticket shown at the end."""

from __future__ import annotations

import dataclasses
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import make_response, redirect, render_template, request, url_for

from channels.errors import PayloadError
from channels.toolkit.form import Form, read_form
from gateway import report as reports
from gateway import uploads
from gateway.accept import NotDurable
from gateway.codes import NoCodeError
from gateway.signing import SignatureError
from gateway.submission import ACCOUNT
from normalizer.complaint import ReportType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import IO

    from flask import Blueprint, Response

    from dispatcher.runtime import Runtime
    from gateway.limits import Throttle
    from gateway.report import Report
    from gateway.signing import Signer
    from gateway.submission import Submissions
    from gateway.work import Stamp, Stamps

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
#: Nobody fills in the form in less; whoever proves work need not wait.
_FASTEST: Final = timedelta(seconds=4)
#: Without the proof an address may send this part of its number.
_UNPROVEN_SHARE: Final = 4
#: One page's id serves for a form that is changed and sent again, not for a stream of them.
_PER_STAMP: Final = 5
_RECEIPT_AGE: Final = timedelta(minutes=30)
_RECEIPT: Final = "terima"
_COOKIES_WORK: Final = "kue"
_TO_MEND: Final = 422
_UNAVAILABLE: Final = 503
_CHUNK: Final = 64 * 1024
_HEAD: Final = 256 * 1024

_CUT_OFF: Final = "Kiriman terputus di tengah jalan. Periksa isinya, lalu kirim sekali lagi."
_TOO_LARGE: Final = "Semua berkas bersama-sama lebih besar dari {} MB. Kurangi berkasnya, lalu kirim sekali lagi."
_STALE: Final = "Halaman ini sudah terlalu lama terbuka. Periksa isinya, lalu kirim sekali lagi."
_TRAPPED: Final = "Satu kolom tersembunyi terisi, mungkin oleh pengisi otomatis. Kami kosongkan; kirim sekali lagi."
_TOO_FAST: Final = "Formulir terkirim terlalu cepat. Periksa isinya, lalu kirim sekali lagi."
_ADDRESS_LIMIT: Final = "Dari jaringan ini sudah banyak aduan masuk dalam satu jam terakhir. Coba lagi nanti."
_PHONE_LIMIT: Final = "Nomor telepon ini sudah dipakai untuk banyak aduan hari ini. Coba lagi besok."
_DOWN: Final = "Sistem sedang terganggu dan aduan Anda BELUM tersimpan. Coba kirim lagi beberapa menit lagi."
_AGAIN_FILES: Final = " Pilih kembali berkasnya."


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What the form page works with."""

    runtime: Runtime
    submissions: Submissions
    stamps: Stamps
    flash: Signer
    throttle: Throttle
    who: Callable[[], str]
    per_address: int
    per_phone: int

    @property
    def programs(self) -> Sequence[str]:
        """The keys of the programs that a citizen may choose from."""
        return [program.key for program in self.runtime.accounts[ACCOUNT].programs]

    @property
    def max_body(self) -> int:
        """Bytes of a whole form."""
        return self.runtime.accounts[ACCOUNT].manifest.max_body


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a form is shown again, filled in as it was."""

    status: int
    notice: str | None = None


def add(pages: Blueprint, counter: Counter) -> None:
    """Put the form at `/lapor` and the receipt at `/lapor/terima`."""

    @pages.get("/lapor")
    def form() -> Response:
        filled = reports.blank({"program": request.args.get("program", ""), "jenis": ReportType.PENGADUAN})
        response = _form_page(counter, filled, counter.stamps.issue(counter.runtime.clock()), Refusal(status=200))
        _set_cookie(counter, response, _COOKIES_WORK, "1", path="/lapor")
        return response

    @pages.post("/lapor")
    def send() -> Response:
        return _receive(counter)

    @pages.get("/lapor/terima")
    def receipt() -> tuple[str, int]:
        return _receipt_page(counter, request.cookies.get(_RECEIPT, ""))


def _receive(counter: Counter) -> Response:
    request.max_content_length = sys.maxsize  # the limit is kept here, so that the words of a form over it are kept too
    content_type = request.headers.get("content-type", "")
    body, total = _read(request.stream, counter.max_body)
    now = counter.runtime.clock()
    form, refusal = _form_in(counter, body, content_type, whole=total <= counter.max_body)
    report = reports.check(form, counter.programs, counter.runtime.day(now), counter.max_body)
    try:
        stamp = counter.stamps.read(form.get("kiriman"), form.get("tanda"), now)
    except SignatureError:
        stamp = counter.stamps.issue(now)
        refusal = refusal or Refusal(status=400, notice=_STALE)
    refusal = refusal or _to_mend(report)
    if refusal is not None:
        return _form_page(counter, report, stamp, refusal)
    with counter.submissions.turn(stamp.id, report) as turn:
        code = turn.known()
        refusal = None if code else _over_limit(counter, report, stamp, now)
        if refusal is not None:
            return _form_page(counter, report, stamp, refusal)
        try:
            code = code or turn.submit(body, content_type)
        except (NoCodeError, NotDurable):
            return _form_page(counter, report, stamp, Refusal(status=_UNAVAILABLE, notice=_DOWN))
    return _sent(counter, code, report.values["program"], now)


def _form_in(counter: Counter, body: bytes, content_type: str, *, whole: bool) -> tuple[Form, Refusal | None]:
    """The form, or what can be saved of one that is too large or broke off, and why it is refused."""
    refusal = None if whole else Refusal(status=413, notice=_TOO_LARGE.format(counter.max_body // uploads.MEGABYTE))
    try:
        return read_form(body, content_type, partial=not whole), refusal
    except PayloadError:
        refusal = refusal or Refusal(status=400, notice=_CUT_OFF)
    try:
        return read_form(body, content_type, partial=True), refusal
    except PayloadError:
        return Form({}), refusal


def _to_mend(report: Report) -> Refusal | None:
    if report.errors:
        return Refusal(status=_TO_MEND)
    return Refusal(status=400, notice=_TRAPPED) if report.form.get(reports.TRAP) else None


def _over_limit(counter: Counter, report: Report, stamp: Stamp, now: datetime) -> Refusal | None:
    """Why a robot or a stream of complaints has to wait; a form that is let through is counted."""
    proven = stamp.proven_by(report.form.get("bukti"))
    if not proven and now - stamp.issued_at < _FASTEST:
        return Refusal(status=400, notice=_TOO_FAST)
    who = counter.who()
    unproven = max(1, counter.per_address // _UNPROVEN_SHARE)
    within = (
        counter.throttle.hit("kiriman", stamp.id, _PER_STAMP, _DAY)
        and (proven or counter.throttle.hit("form-unproven", who, unproven, _HOUR))
        and counter.throttle.hit("form", who, counter.per_address, _HOUR)
    )
    if not within:
        return Refusal(status=429, notice=_ADDRESS_LIMIT)
    phone = report.phone
    if phone and not counter.throttle.hit("phone", phone, counter.per_phone, _DAY):
        return Refusal(status=429, notice=_PHONE_LIMIT)
    return None


def _read(stream: IO[bytes], limit: int) -> tuple[bytes, int]:
    """The body and its length; of a longer one its beginning, and the rest read away so that the answer is seen."""
    chunks: list[bytes] = []
    total = 0
    while total <= 4 * limit and (chunk := stream.read(_CHUNK)):
        total += len(chunk)
        if total <= limit:
            chunks.append(chunk)
        else:
            del chunks[_HEAD // _CHUNK :]
    return b"".join(chunks), total


def _form_page(counter: Counter, report: Report, stamp: Stamp, refusal: Refusal) -> Response:
    notice = refusal.notice
    if notice and report.form.uploads:
        notice += _AGAIN_FILES
    page = render_template(
        "public/lapor.html",
        values=report.values,
        errors=report.errors if refusal.status == _TO_MEND else {},
        notice=notice,
        stamp=stamp,
        proof=report.form.get("bukti") if stamp.id == report.form.get("kiriman") else "",
        types=list(ReportType),
        longest=reports.LONGEST,
        today=counter.runtime.day(counter.runtime.clock()),
        had_files=bool(report.form.uploads),
    )
    response = make_response(page)
    response.status_code = refusal.status
    if refusal.status == _UNAVAILABLE:
        response.headers["Retry-After"] = "30"
    return response


def _sent(counter: Counter, code: str, program: str, now: datetime) -> Response:
    """On to the receipt. Neither the address nor a Referer carries the code; without cookies it is shown at once."""
    signed = counter.flash.sign(f"{code}:{program}", now)
    if _COOKIES_WORK not in request.cookies:
        return make_response(_receipt_page(counter, signed))
    response = make_response(redirect(url_for("public.receipt"), 303))
    _set_cookie(counter, response, _RECEIPT, signed, path="/lapor/terima", max_age=_RECEIPT_AGE)
    return response


def _receipt_page(counter: Counter, signed: str) -> tuple[str, int]:
    try:
        text, at = counter.flash.read(signed, counter.runtime.clock(), _RECEIPT_AGE)
    except SignatureError:
        return render_template("public/terima.html", code=None), 410
    code, _, key = text.partition(":")
    return render_template("public/terima.html", code=code, program=counter.runtime.programs.get(key), at=at), 200


def _set_cookie(
    counter: Counter, response: Response, name: str, value: str, *, path: str, max_age: timedelta | None = None
) -> None:
    secure = counter.runtime.public_url.startswith("https://")
    response.set_cookie(name, value, max_age=max_age, path=path, secure=secure, httponly=True, samesite="Lax")
