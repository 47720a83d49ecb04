"""Meta's Graph API, as WhatsApp, Messenger and Instagram share it: handshake, signature, calls and what errors mean."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from channels.contract import Answer, Verdict
from channels.errors import OutcomeUnknown, ProviderDown, Refused, Throttled, VerificationFailed
from channels.toolkit.signatures import hmac_sha256, same
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels.contract import RawRequest
    from channels.errors import SendFailed
    from channels.toolkit.http import Reply

GRAPH: Final = "https://graph.facebook.com/v26.0"
#: What a webhook of Meta's carries its proof in, lower case.
SIGNATURE_HEADER: Final = "x-hub-signature-256"

_LONGEST_CHALLENGE: Final = 256
_NO_TRACE: Final = re.compile(r"[^A-Za-z0-9_-]")
#: Meta's windows of calls slide by the hour, and it does not always say how long it will refuse.
_DEFAULT_WAIT: Final = 60.0
_LONGEST_WAIT: Final = 3600.0

_TOKEN_CODES: Final = frozenset({102, 190, 463, 467})
_THROTTLED_CODES: Final = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
_PERMISSION_CODES: Final = frozenset({3, 10, *range(200, 300)})
_WINDOW_SUBCODES: Final = frozenset({2018065, 2018278, 2534022})
_GONE_SUBCODES: Final = frozenset({1545041, 2018001, 2018108, 2534014})
_PRIVATE_REPLY_CODES: Final = frozenset({10900, 10903})
_PRIVATE_REPLY_SUBCODE: Final = 2534025
_OTHER_APP_SUBCODES: Final = frozenset({2018300, 2534037})
#: "Temporary issue, wait and retry": Meta says that it did nothing.
_DOWN_CODES: Final = frozenset({2, 1200})
_UNKNOWN_CODE: Final = 1
_BLOCKED_CODE: Final = 368
_RESTRICTED_SUBCODE: Final = 1893063
_UNAVAILABLE_CODE: Final = 551
_PARAMETER_CODE: Final = 100
_NO_OBJECT: Final = (33, 1357045)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GraphError:
    """The error object of an answer without its words, which may repeat ours; `trace` is for Meta's support."""

    code: int
    subcode: int = 0
    transient: bool = False
    trace: str = ""

    def __str__(self) -> str:
        number = f"{self.code}/{self.subcode}" if self.subcode else str(self.code)
        return f"Meta {number}, fbtrace {self.trace}" if self.trace else f"Meta {number}"


def handshake(request: RawRequest, verify_token: str) -> Verdict | None:
    """The answer to Meta's GET that sets a webhook up; None for any other method. VerificationFailed."""
    if request.method != "GET":
        return None
    given = {name: values[0] for name, values in parse_qs(request.query, errors="replace").items()}
    if given.get("hub.mode") != "subscribe" or not same(given.get("hub.verify_token", ""), verify_token):
        raise VerificationFailed("the handshake's hub.mode or hub.verify_token is not ours")
    challenge = given.get("hub.challenge", "")
    if not challenge or len(challenge) > _LONGEST_CHALLENGE:
        raise VerificationFailed("the handshake has no usable hub.challenge")
    return Verdict(answer=Answer(body=challenge.encode()), journal=False)


def check_signature(request: RawRequest, app_secret: str) -> None:
    """X-Hub-Signature-256: HMAC-SHA256 of the body's bytes with the app's secret. VerificationFailed."""
    scheme, _, given = request.headers.get(SIGNATURE_HEADER, "").partition("=")
    expected = hmac_sha256(app_secret, request.body) if app_secret else ""
    if scheme != "sha256" or not same(given, expected):
        raise VerificationFailed("X-Hub-Signature-256 is missing or was not made with our app secret")


def app_secret_proof(token: str, app_secret: str) -> str:
    """What shows that whoever uses a token has the app's secret too."""
    return hmac_sha256(app_secret, token.encode())


def graph(
    method: str,
    path: str,
    *,
    token: str,
    timeout: float,
    app_secret: str = "",
    base: str = GRAPH,
    who: str = "Meta",
    params: Mapping[str, str] | None = None,
    body: Any = None,
    data: Mapping[str, Any] | None = None,
    files: Mapping[str, tuple[str, bytes, str]] | None = None,
) -> Reply:
    """One call, whatever is answered; `path` is put behind `base` unless it is a whole address below it.

    The token goes into a header, so that no log of addresses holds it. ProviderDown, OutcomeUnknown.
    """
    from channels.toolkit.http import call  # noqa: PLC0415 - the gateway verifies and must not carry an HTTP client

    url = path if path.startswith(("https://", "http://")) else f"{base}/{path.lstrip('/')}"
    proof = {"appsecret_proof": app_secret_proof(token, app_secret)} if app_secret else {}
    return call(
        method,
        url,
        who=who,
        timeout=timeout,
        params={**(params or {}), **proof},
        body=body,
        data=data,
        files=files,
        headers={"Authorization": f"Bearer {token}"},
    )


def graph_error(reply: Reply) -> GraphError | None:
    """The error object of an answer, if it holds one."""
    answer = reply.json()
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return None
    return GraphError(
        code=_whole(error.get("code")),
        subcode=_whole(error.get("error_subcode")),
        transient=error.get("is_transient") is True,
        trace=_NO_TRACE.sub("", str(error.get("fbtrace_id") or ""))[:40],
    )


def check_graph(reply: Reply, who: str = "Meta") -> Reply:
    """The reply, where it holds no error; else the SendFailed that the error stands for, in Indonesian."""
    error = graph_error(reply)
    if error is not None:
        raise _failure(error, reply)
    from channels.toolkit.http import check  # noqa: PLC0415 - as above

    return check(reply, who)


def wait_for(reply: Reply) -> float:
    """Seconds until Meta answers again: Retry-After, else X-Business-Use-Case-Usage, else a minute; an hour at most."""
    from channels.toolkit.http import retry_after  # noqa: PLC0415 - as above

    if "retry-after" in reply.headers:
        return retry_after(reply.headers)
    minutes = _regain_minutes(reply.headers.get("x-business-use-case-usage", ""))
    return min(minutes * 60.0, _LONGEST_WAIT) if minutes else _DEFAULT_WAIT


def _failure(error: GraphError, reply: Reply) -> SendFailed:
    code = error.code
    if code in _THROTTLED_CODES or reply.status == 429:  # noqa: PLR2004 - too many requests
        limit = say("Batas panggilan Meta tercapai; dicoba lagi nanti (%(error)s).", error=str(error))
        return Throttled(limit, retry_after=wait_for(reply))
    if said := _refusal(error):
        return Refused(say("%(problem)s (%(code)s).", problem=said, code=str(error)))
    if code in _DOWN_CODES or (error.transient and code != _UNKNOWN_CODE):
        down = say("Meta sedang terganggu dan tidak mengirim apa pun; dicoba lagi nanti (%(error)s).", error=str(error))
        return ProviderDown(down)
    if code == _UNKNOWN_CODE or reply.status >= 500:  # noqa: PLR2004 - its fault: it may have sent before it failed
        failed = say("Meta gagal tanpa mengatakan apakah pesan terkirim (%(error)s).", error=str(error))
        return OutcomeUnknown(failed)
    return Refused(say("Meta menolak permintaan ini (%(error)s).", error=str(error)))


def _refusal(error: GraphError) -> Sentence | None:
    """What an officer or an administrator can do about an error that trying again will not mend."""
    code, subcode = error.code, error.subcode
    found = {
        say("Token akses Meta kedaluwarsa atau dicabut; administrator harus membuat token baru"): code in _TOKEN_CODES,
        say("Batas waktu balasan menurut Meta sudah lewat; hubungi warga lewat saluran lain"): subcode
        in _WINDOW_SUBCODES,
        say("Komentar ini sudah, atau tidak dapat, dibalas secara pribadi"): (
            code in _PRIVATE_REPLY_CODES or subcode == _PRIVATE_REPLY_SUBCODE
        ),
        say("Percakapan ini sedang dipegang aplikasi lain; administrator harus mengatur Conversation Routing"): (
            subcode in _OTHER_APP_SUBCODES
        ),
        say("Warga ini tidak dapat dikirimi pesan: akunnya ditutup atau ia memblokir kita"): (
            code == _UNAVAILABLE_CODE or subcode in _GONE_SUBCODES
        ),
        say("Meta membatasi akun kita karena kebijakannya; administrator harus memeriksanya"): (
            code == _BLOCKED_CODE or subcode == _RESTRICTED_SUBCODE
        ),
        say("Yang dibalas sudah tidak ada atau tidak dapat dilihat lagi"): code == _PARAMETER_CODE
        and subcode in _NO_OBJECT,
        say("Aplikasi Meta tidak memiliki izin untuk ini; administrator harus memeriksanya"): code in _PERMISSION_CODES,
    }
    return next((sentence for sentence, applies in found.items() if applies), None)


def _regain_minutes(header: str) -> int:
    try:
        usage = json.loads(header)
    except ValueError:
        return 0
    if not isinstance(usage, dict):
        return 0
    lines = [line for lines in usage.values() if isinstance(lines, list) for line in lines if isinstance(line, dict)]
    return max((_whole(line.get("estimated_time_to_regain_access")) for line in lines), default=0)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53 else 0
