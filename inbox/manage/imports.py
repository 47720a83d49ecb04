"""Another system's reports from a file: upload, look at what would come, confirm. It works without JavaScript.

Between the two steps the file lies in Redis for an hour, one for each officer: what nobody confirms is gone by itself.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import abort, redirect, request, url_for
from redis.exceptions import RedisError

from channels.importing import MAX_BYTES, ImportRefused
from dispatcher import importing
from dispatcher.importing import Fate
from inbox import rights
from inbox.i18n import _, lazy, said
from inbox.state import page, person, runtime
from store.blobs import BlobError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

    from dispatcher.importing import Outcome
    from dispatcher.runtime import Account

#: Seconds for which an upload waits to be confirmed.
_KEPT: Final = 3600
#: Rows that the preview shows; the sums count all.
_SHOWN: Final = 200
_LONGEST_NAME: Final = 120
_FATES: Final = {
    Fate.NEW: lazy("baru"),
    Fate.EDITED: lazy("isi berubah"),
    Fate.STATUS: lazy("status berubah"),
    Fate.UNCHANGED: lazy("tidak berubah"),
    Fate.OLDER: lazy("lebih lama dari yang sudah ada"),
    Fate.REPEATED: lazy("ganda di berkas ini"),
    Fate.UNREADABLE: lazy("tidak terbaca"),
}
_AWAY: Final = lazy("Penyimpanan sementara sedang tidak dapat dihubungi. Coba lagi sebentar lagi.")
_GONE: Final = lazy("Unggahan ini sudah diimpor atau sudah kedaluwarsa. Unggah berkasnya lagi.")


def _accounts() -> dict[str, Account]:
    """The accounts that this officer may bring files into."""
    reached = {account for program in rights.programs(person(), runtime()) for account in program.accounts}
    everywhere = rights.sees_all(person())
    found = importing.accounts(runtime())
    return {name: account for name, account in found.items() if everywhere or name in reached}


def _key() -> str:
    return f"muara:import:{person().id}"


def _form(status: int = 200, **extra: Any) -> Response:
    names = {name: f"{account.channel.settings.system} ({name})" for name, account in _accounts().items()}
    values = {"accounts": names, "megabytes": MAX_BYTES // 1024 // 1024, "problem": None, "counts": {}, "preview": None}
    return page("import.html", status, title=_("Impor laporan"), **values | extra)


def _written(counts: Mapping[Fate, int]) -> dict[str, int]:
    return {str(_FATES[fate]): count for fate, count in counts.items() if count}


def show() -> Response:
    """The form; after an import, what came of the rows on top."""
    given = {fate: request.args.get(fate.value, "") for fate in Fate}
    return _form(counts=_written({fate: int(text) for fate, text in given.items() if text.isdecimal()}))


def upload() -> BaseResponse:
    """What would come of the file; nothing is written yet."""
    account = _accounts().get(request.form.get("account", ""))
    given = request.files.get("file")
    if account is None or given is None or not given.filename:
        return _form(422, problem=_("Pilih akun dan berkasnya dulu."))
    content = given.stream.read(MAX_BYTES + 1)
    try:
        outcome = importing.preview(runtime(), account, content)
    except ImportRefused as error:
        return _form(422, problem=said(str(error)))
    token = secrets.token_urlsafe(24)
    kept: dict[str, str | bytes] = {
        "token": token,
        "account": account.name,
        "name": given.filename[-_LONGEST_NAME:],
        "content": content,
    }
    try:
        with runtime().redis.pipeline() as pipe:
            pipe.delete(_key())
            pipe.hset(_key(), mapping=kept)  # type: ignore[arg-type] # its own type forbids mixing str and bytes
            pipe.expire(_key(), _KEPT)
            pipe.execute()
    except RedisError:
        return _form(503, problem=_AWAY)
    return _form(preview=_preview(outcome), token=token, name=given.filename, account=account.name)


def _preview(outcome: Outcome) -> dict[str, Any]:
    news = [line for line in outcome.lines if line.fate is not Fate.UNCHANGED]
    return {
        "counts": _written(outcome.counts),
        "lines": [
            {"number": line.number, "id": line.external_id, "label": _FATES[line.fate], "note": said(line.note)}
            for line in news[:_SHOWN]
        ],
        "more": max(0, len(news) - _SHOWN),
        "anything": any(line.fate is not Fate.UNCHANGED for line in outcome.lines),
    }


def confirm() -> BaseResponse:
    """Bring the file in that this officer has just looked at."""
    try:
        kept: dict[bytes, bytes] = runtime().redis.hgetall(_key())  # type: ignore[assignment] # bytes, as the client is made
    except RedisError:
        return _form(503, problem=_AWAY)
    given = request.form.get("token", "")
    if not kept or not hmac.compare_digest(given.encode("utf-8", "replace"), kept[b"token"]):
        return _form(409, problem=_GONE)
    account = _accounts().get(kept[b"account"].decode())
    if account is None:
        abort(403)
    try:
        outcome = importing.bring(
            runtime(), account, kept[b"content"], name=kept[b"name"].decode(), by=person().username
        )
    except ImportRefused as error:
        return _form(422, problem=said(str(error)))
    except BlobError:
        return _form(503, problem=_AWAY)
    # Where it cannot be taken away it runs out by itself; brought in again it changes nothing.
    with contextlib.suppress(RedisError):
        runtime().redis.delete(_key())
    counts = {fate.value: count for fate, count in outcome.counts.items() if count}
    return redirect(f"{url_for('inbox.import_form')}?{urlencode(counts)}", 303)
