"""The public pages: what this is, the form, the tracking page. Indonesian, light, and whole without JavaScript."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from flask import Blueprint, render_template, request, url_for

from gateway import lacak, lapor, wording
from gateway.codes import CodePool
from gateway.limits import Throttle, network
from gateway.proof import Proof
from gateway.quick import Quick
from gateway.security import Proxies
from gateway.signing import Signer
from gateway.submission import ACCOUNT, Submissions
from gateway.work import Stamps
from normalizer.complaint import LABELS
from store import tickets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask import Flask, Response

    from dispatcher.runtime import Account, Runtime
    from gateway.submission import Accepts
    from normalizer.program import Program

_STATIC: Final = Path(__file__).parent / "static" / "public"
#: Everything comes from this host; photos are previewed from the browser's own memory (blob:).
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
NO_PROXIES: Final = Proxies()
_A_YEAR: Final = 365 * 24 * 3600


class FormLimits(Protocol):
    """The settings under `[limits]` that the form goes by."""

    @property
    def form_per_address_per_hour(self) -> int:
        """Complaints from one network address."""

    @property
    def form_per_phone_per_day(self) -> int:
        """Complaints that name one phone number."""

    @property
    def proof_of_work_bits(self) -> int:
        """Leading zero bits of the proof; 0 asks for none."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A channel as the first page names it: the number or account to write to, and the formats that it needs."""

    name: str
    addresses: Sequence[str]
    formats: Sequence[str]


def register(
    app: Flask,
    runtime: Runtime,
    acceptor: Accepts,
    *,
    secret_key: bytes,
    limits: FormLimits,
    data_dir: Path,
    proxies: Proxies = NO_PROXIES,
) -> CodePool:
    """Add the public pages to the application. The pool of ticket codes is returned for whoever closes things."""
    quick = Quick(runtime.engine)
    pool = CodePool(data_dir / "codes", lambda count: quick.run(lambda connection: tickets.reserve(connection, count)))
    throttle = Throttle(quick, secret_key, runtime.clock)
    pages = Blueprint(
        "public", __name__, template_folder="templates", static_folder=_STATIC, static_url_path="/aset/public"
    )
    _add_front(pages, runtime)

    def who() -> str:
        peer = request.remote_addr or ""
        return network(proxies.remote(peer, request.headers.get("X-Forwarded-For")))

    proof = Proof(secret_key, https=runtime.public_url.startswith("https://"))
    lacak.add(pages, lacak.Tracker(runtime=runtime, throttle=throttle, quick=quick, who=who, proof=proof))
    if ACCOUNT in runtime.accounts:
        pool.start()
        desk = lapor.Counter(
            runtime=runtime,
            submissions=Submissions(runtime, acceptor, pool, quick),
            stamps=Stamps(secret_key, limits.proof_of_work_bits),
            flash=Signer(secret_key, "receipt"),
            throttle=throttle,
            who=who,
            per_address=limits.form_per_address_per_hour,
            per_phone=limits.form_per_phone_per_day,
        )
        lapor.add(pages, desk)
    app.register_blueprint(pages)
    return pool


def _add_front(pages: Blueprint, runtime: Runtime) -> None:
    programs = _programs(runtime)
    versions = _versions()
    only = next(iter(programs.values())) if len(programs) == 1 else None

    def words() -> dict[str, Any]:
        return {
            "only": only,
            "programs": programs,
            "has_form": ACCOUNT in runtime.accounts,
            "asset": lambda name: url_for("public.static", filename=name, v=versions[name]),
            "state_label": LABELS.__getitem__,
            "state_words": wording.STATES.__getitem__,
            "day": lambda at: wording.day(at, runtime.zone),
            "moment": lambda at: wording.moment(at, runtime.zone),
            "sort_word": wording.sort,
            "size_words": wording.size,
        }

    pages.context_processor(words)
    pages.after_request(_finish)

    @pages.get("/")
    def front() -> str:
        return render_template("public/front.html", ways=_ways(runtime))

    @pages.get("/privasi")
    def privacy() -> str:
        return render_template("public/privasi.html")


def _programs(runtime: Runtime) -> Mapping[str, Program]:
    """The programs that the form serves, or all where there is no form."""
    account = runtime.accounts.get(ACCOUNT)
    return {program.key: program for program in account.programs} if account else runtime.programs


def _ways(runtime: Runtime) -> list[Way]:
    """The channels that citizens reach from outside; the form and the desk receive neither hook nor poll."""
    return [_way(account) for account in runtime.accounts.values() if _comes_from_outside(account)]


def _comes_from_outside(account: Account) -> bool:
    able = account.channel.capabilities
    return able.webhook or able.polling


def _way(account: Account) -> Way:
    return Way(
        name=account.manifest.name,
        addresses=sorted(account.channel.addresses) or [account.name],
        formats=[program.format for program in account.programs],
    )


def _versions() -> dict[str, str]:
    """A short hash of each file, so that browsers may keep it for a year and still see a new one at once."""
    return {
        path.relative_to(_STATIC).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in _STATIC.rglob("*")
        if path.is_file()
    }


def _finish(response: Response) -> Response:
    # A file of an answer comes with a policy of its own, which allows less.
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "public.static":
        response.headers.setdefault("Cache-Control", "no-store")
    elif "v" in request.args:
        response.headers["Cache-Control"] = f"public, max-age={_A_YEAR}, immutable"
    return response
