"""The page of officers: an administrator manages all, a program's administrator those of its units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import abort, redirect, request, url_for

from dispatcher.reach import IN_UNITS
from inbox import rights, words
from inbox.i18n import SOURCE, _, _c, lazy, speaking
from inbox.people.mailing import invitation, send_now
from inbox.state import now, page, person, reading, runtime
from store import users as store
from store.acts import REFUSED, TAKEN, TRIED
from store.people import Role
from store.users import Profile, UserError, Wrong

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from store.users import Trace, User

_LONGEST_QUERY: Final = 100
_KINDS: Final = {
    "added": lazy("dibuat di server"),
    "invited": lazy("diundang"),
    "link": lazy("tautan kata sandi dibuat"),
    "password": lazy("kata sandi dipilih lewat tautan"),
    "password_changed": lazy("kata sandi diganti"),
    "totp_on": lazy("masuk dua langkah dinyalakan"),
    "totp_off": lazy("masuk dua langkah dimatikan"),
    "totp_reset": lazy("masuk dua langkah diatur ulang"),
    "recovery_used": lazy("kode pemulihan dipakai"),
    "recovery_renewed": lazy("kode pemulihan baru"),
    "reset_mailed": lazy("tautan kata sandi dikirim ke surelnya"),
    "signed_out": lazy("sesi diakhiri"),
    "changed": lazy("diubah"),
    "activated": lazy("diaktifkan lagi"),
    "telegram_linked": lazy("Telegram dihubungkan"),
    "telegram_unlinked": lazy("Telegram diputuskan"),
    "deactivated": lazy("dinonaktifkan"),
    "exported": lazy("mengunduh daftar aduan"),
    TRIED: lazy("mencoba membuka aduan di luar jangkauannya"),
    REFUSED: lazy("mencoba yang tidak diizinkan perannya"),
    TAKEN: lazy("mengunduh jejak audit"),
}
_FIELDS: Final = {
    "name": lazy("nama"),
    "email": lazy("surel"),
    "role": lazy("peran"),
    "programs": lazy("program"),
    "unit": lazy("unit"),
    "sees_identity": lazy("melihat identitas"),
}
_SAVED: Final = {
    "ubah": lazy("Perubahan disimpan."),
    "lepas": lazy("Akun dinonaktifkan."),
    "aktif": lazy("Akun aktif lagi."),
    "langkah": lazy("Masuk dua langkah diatur ulang."),
}


def show() -> Response:
    """The list, narrowed by words."""
    typed = request.args.get("q", "").replace("\0", "")[:_LONGEST_QUERY].strip()
    with reading() as connection:
        found = store.listing(connection, typed, rights.manageable(person()))
    shown = [{"user": user, **_labels(user)} for user in found[: store.MOST]]
    return page("users.html", title=_c("menu", "Petugas"), users=shown, typed=typed, more=len(found) > store.MOST)


def form() -> Response:
    """The empty form of an invitation."""
    empty = Profile(name="", email=None, role=Role.OFFICER, programs=(), unit=None, sees_identity=False)
    return _form(None, empty)


def invite() -> Response:
    """Make the officer and show the link, this once."""
    profile, problem = _profile()
    username = request.form.get("username", "").replace("\0", "")
    if problem:
        return _form(None, profile, problem, username=username)
    if not rights.manages(person(), profile):
        return _form(None, profile, _BEYOND, 403, username=username)
    try:
        with runtime().engine.begin() as connection:
            officer_id, token = store.invite(connection, now(), person().id, username, profile)
            user = _known(connection, officer_id)
    except UserError as error:
        return _form(None, profile, str(_REFUSED[error.wrong]), username=username)
    return _link(user, token)


_REFUSED: Final = {
    Wrong.USERNAME: lazy("Nama pengguna terdiri atas 2 sampai 64 huruf kecil, angka, titik, garis bawah atau minus."),
    Wrong.INACTIVE: lazy("Akun ini nonaktif. Aktifkan dulu, lalu buat tautannya."),
    Wrong.NAME: lazy("Tulis namanya."),
    Wrong.EMAIL: lazy("Alamat surel ini tidak dapat dipakai."),
    Wrong.EMAIL_TAKEN: lazy("Alamat surel ini sudah dipakai petugas lain."),
    Wrong.USERNAME_TAKEN: lazy("Nama pengguna ini sudah dipakai."),
    Wrong.LAST: lazy("Ini administrator terakhir yang dapat masuk. Angkat administrator lain dulu."),
}
_BEYOND: Final = lazy("Peran, program atau izin itu tidak dapat Anda berikan.")


def one(officer_id: int) -> Response:
    """An officer with the form to change him, and his history."""
    with reading() as connection:
        user = _known(connection, officer_id)
    return _form(user, user.profile, done=_SAVED.get(request.args.get("siap", "")))


def change(officer_id: int) -> BaseResponse:
    """Another profile; it holds from the officer's next click on."""
    profile, problem = _profile()
    beyond = not problem and not rights.manages(person(), profile)
    with runtime().engine.begin() as connection:
        store.alone(connection)
        user = _known(connection, officer_id)
        if not problem and not beyond:
            problem = _refusal(lambda: store.change(connection, now(), person().id, user, profile))
    if beyond:
        return _form(user, profile, _BEYOND, 403)
    return _form(user, profile, problem) if problem else _back(officer_id, "ubah")


def _refusal(act: Callable[[], object]) -> str:
    """Why an act was refused; empty where it was done."""
    try:
        act()
    except UserError as error:
        return str(_REFUSED[error.wrong])
    return ""


def active(officer_id: int) -> BaseResponse:
    """Let an officer go, or take him back."""
    back = request.form.get("active") == "1"
    with runtime().engine.begin() as connection:
        store.alone(connection)
        user = _known(connection, officer_id)
        act = store.take_back if back else store.let_go
        problem = _refusal(lambda: act(connection, now(), person().id, user))
    return _form(user, user.profile, problem) if problem else _back(officer_id, "aktif" if back else "lepas")


def link(officer_id: int) -> BaseResponse:
    """A new link to choose a password with, shown this once."""
    try:
        with runtime().engine.begin() as connection:
            user = _known(connection, officer_id)
            token = store.new_link(connection, now(), person().id, user)
    except UserError as error:
        return _form(user, user.profile, str(_REFUSED[error.wrong]))
    return _link(user, token)


def second(officer_id: int) -> BaseResponse:
    """Take the second factor away from whoever lost his telephone."""
    with runtime().engine.begin() as connection:
        store.reset_second(connection, now(), person().id, _known(connection, officer_id))
    return _back(officer_id, "langkah")


def _known(connection: Connection, officer_id: int) -> User:
    """The officer whom this administrator may manage; 404 for all others."""
    user = store.find(connection, officer_id) if officer_id < 2**63 else None
    if user is None or not rights.manages(person(), user.profile):
        abort(404)
    return user


def _back(officer_id: int, done: str) -> BaseResponse:
    return redirect(url_for("inbox.user", officer_id=officer_id, siap=done), 303)


def _link(user: User, token: str) -> Response:
    address = f"{runtime().public_url}{url_for('inbox.welcome', token=token)}"
    life = store.INVITED if user.waiting else store.RENEWED
    until = words.absolute(now() + life, runtime().zone)
    mailed = None
    if user.profile.email:
        with speaking(user.language or SOURCE):
            day = words.absolute(now() + life, runtime().zone)
            written = invitation(user.profile.name, user.username, day, address)
        mailed = send_now(user.profile.email, *written)
    return page(
        "user_link.html", title=_("Tautan untuk petugas"), user=user, address=address, until=until, mailed=mailed
    )


def _profile() -> tuple[Profile, str | None]:
    """What the form says, and what is wrong with it; what a role has no use for is left out."""
    given = request.form
    role = Role(given["role"]) if given.get("role") in set(Role) else None
    programs = tuple(key for key in given.getlist("programs") if key in runtime().programs)
    unit = given.get("unit") or None
    profile = Profile(
        name=given.get("name", "").replace("\0", ""),
        email=given.get("email") or None,
        role=role or Role.OFFICER,
        programs=() if role is Role.ADMINISTRATOR else programs,
        unit=unit if role in IN_UNITS else None,
        sees_identity=given.get("sees_identity") == "1",
    )
    return profile, _wrong(profile, role)


def _wrong(profile: Profile, role: Role | None) -> str | None:
    units = {unit.code for key in profile.programs for unit in runtime().programs[key].units}
    if role is None:
        return _("Pilih perannya.")
    if role is not Role.ADMINISTRATOR and not profile.programs:
        return _("Pilih paling sedikit satu program.")
    if profile.unit is not None and profile.unit not in units:
        return _("Unit itu tidak ada di program yang dipilih.")
    if role is Role.UNIT_HEAD and profile.unit is None:
        return _("Pilih unit yang dikepalai.")
    return None


def _form(  # noqa: PLR0917 - the form, what it shows, and what is said about it
    user: User | None,
    profile: Profile,
    problem: str | None = None,
    status: int | None = None,
    username: str = "",
    done: str | None = None,
) -> Response:
    trace = []
    if user is not None:
        with reading() as connection:
            trace = [_line(line) for line in store.history(connection, user.id)]
    programs = rights.programs(person(), runtime())
    return page(
        "user.html",
        status or (422 if problem else 200),
        title=user.profile.name if user else _("Undang petugas"),
        user=user,
        profile=profile,
        username=username,
        problem=problem,
        done=done,
        trace=trace,
        grantable={role.value: words.ROLES[role] for role in rights.grantable(person())},
        programs={program.key: program.name for program in programs},
        units=[(program.name, {unit.code: unit.name for unit in program.units}) for program in programs],
        may_show_identity=person().sees_identity or rights.sees_all(person()),
    )


def _labels(user: User) -> dict[str, Any]:
    known = runtime().programs
    units = {unit.code: unit.name for key in user.profile.programs if key in known for unit in known[key].units}
    return {
        "role": words.ROLES[user.profile.role],
        "programs": ", ".join(known[key].name if key in known else key for key in user.profile.programs),
        "unit": units.get(user.profile.unit or "", user.profile.unit or ""),
    }


def told(line: Trace) -> str:
    """What was done to an officer, or by him, in a few words."""
    shown = _line(line)
    return ": ".join(part for part in (str(shown["what"]), shown["changes"]) if part)


def _line(line: Trace) -> dict[str, str]:
    changes = [
        f"{_FIELDS[name]}: {_value(value[0])} → {_value(value[1])}"
        for name, value in line.data.items()
        if line.kind == "changed" and name in _FIELDS
    ]
    if line.kind == "exported":
        changes = [_exported(line.data)]
    elif line.kind in {TRIED, REFUSED, TAKEN}:
        changes = [line.data[name] for name in ("ticket", "route", "filter") if line.data.get(name)]
    return {
        "at": words.absolute(line.at, runtime().zone),
        "what": _KINDS.get(line.kind, line.kind),
        "who": line.actor,
        "changes": "; ".join(changes),
    }


def _exported(data: dict[str, Any]) -> str:
    """`angka XLSX, 120 baris, saringan ?unit=dpu, dengan pelapor`."""
    told = [f"{data['of']} {data['format'].upper()}", _("%(count)s baris", count=data["rows"])]
    told += [_("saringan %(filter)s", filter=data["filter"])] if data["filter"] else []
    return ", ".join([*told, *([_("dengan pelapor")] if data["reporters"] else [])])


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("ya") if value else _("tidak")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return words.ROLES[Role(value)] if value in set(Role) else str(value or "-")
