"""Calls to the X API through tweepy's Client, to the configured address, with failures we can act on."""

from __future__ import annotations

import dataclasses
import enum
import logging
from typing import TYPE_CHECKING, Any, Final

import requests
import tweepy
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from channels.toolkit.http import MAX_ANSWER, is_local
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from channels.x.settings import XSettings

#: Built into tweepy; a request's address begins with it.
BUILT_IN: Final = "https://api.twitter.com"
#: Loggers whose lines hold keys, signatures, or what citizens and officers wrote.
_TALKATIVE: Final = (
    "tweepy.client",
    "tweepy.streaming",
    "requests_oauthlib.oauth1_auth",
    "oauthlib.oauth1.rfc5849",
    "oauthlib",
)
_LONGEST_WORDS: Final = 200


class Trouble(enum.Enum):
    """Why a call failed, as far as it matters for what to do next."""

    LIMIT = 429
    KEYS = 401
    CREDITS = 402
    FORBIDDEN = 403
    GONE = 404
    BAD = 400
    NOT_SENT = "not-sent"
    UNKNOWN = "unknown"


#: What an operator can do about each.
ADVICE: Final = {
    Trouble.LIMIT: say("berjalan lagi sendiri bila batas X mulai dari awal"),
    Trouble.KEYS: say("buat ulang kunci dan access token di konsol pengembang X, lalu pasang"),
    Trouble.CREDITS: say("beli kredit di konsol pengembang X"),
    Trouble.FORBIDDEN: say(
        "beri aplikasi izin Read and write and Direct message, lalu buat ulang access token; atau akun pengembang "
        "ini tidak boleh memakainya"
    ),
}


class CallFailed(Exception):  # noqa: N818 - says what happened
    """A call that X did not fulfil. `detail` is X's own words, which hold neither a text nor a key.

    `until` is when a limit begins anew, in seconds since 1970, where X told it.
    """

    def __init__(self, trouble: Trouble, sentence: Sentence, *, until: float | None = None, body: Any = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.trouble = trouble
        self.until = until
        self.body = body if isinstance(body, dict) else {}

    def tells(self, sentence: Sentence) -> None:
        """Another sentence, now that more is known."""
        self.args, self.sentence = (sentence,), sentence

    @property
    def advised(self) -> Sentence:
        """What went wrong, and what an operator can do about it."""
        advice = ADVICE.get(self.trouble)
        return say("%(error)s: %(advice)s", error=self.sentence, advice=advice) if advice else self.sentence

    @property
    def detail(self) -> str:
        """What X said, in one line."""
        errors = self.body.get("errors")
        first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
        said = self.body.get("detail") or first.get("message") or first.get("detail") or self.body.get("title")
        return " ".join(said.split())[:_LONGEST_WORDS] if isinstance(said, str) else ""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer: its JSON object, and its headers by any spelling."""

    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def until(self) -> float:
        """When X takes the next call of this kind, in seconds since 1970; 0 while it does."""
        return (_reset(self.headers) or 0.0) if self.headers.get("x-rate-limit-remaining") == "0" else 0.0


class _Quiet(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING and record.name != "tweepy.streaming"


_QUIET: Final = _Quiet()


class Session(requests.Session):
    """tweepy's session: to the configured address, with a time-out, and with nothing from the environment if local."""

    def __init__(self, settings: XSettings) -> None:
        super().__init__()
        self._settings = settings
        self.trust_env = not is_local(settings.api_url)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override] # passed through
        """As its base; the address is changed before the signature is made, which covers it."""
        kwargs.setdefault("timeout", self._settings.timeout)
        kwargs.setdefault("allow_redirects", False)
        if url.startswith(BUILT_IN):
            url = self._settings.api_url + url.removeprefix(BUILT_IN)
        return super().request(method, url, *args, **kwargs)


def hush() -> None:
    """Keep keys and texts out of the logs; adding the same filter again changes nothing."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_QUIET)


def call(settings: XSettings, work: Callable[[Any], requests.Response], *, stream: bool = False) -> Answer:
    """The answer to one call that `work` makes on a client: the account's, or the stream's own. CallFailed."""
    hush()
    if stream:
        made = tweepy.StreamingClient(settings.bearer_token, return_type=requests.Response)
    else:
        made = tweepy.Client(
            consumer_key=settings.consumer_key,
            consumer_secret=settings.consumer_secret,
            access_token=settings.access_token,
            access_token_secret=settings.access_token_secret,
            return_type=requests.Response,
        )
    made.session = Session(settings)
    with made.session:
        try:
            return _answer(work(made))
        except CallFailed:
            raise
        except tweepy.HTTPException as error:
            raise _refused(error.response) from None
        except requests.RequestException as error:
            raise _unreachable(error) from None
        except Exception as error:  # noqa: BLE001 - tweepy trips over error bodies of other shapes
            said = say("Jawaban X tidak dapat dibaca (%(error)s)", error=type(error).__name__)
            raise CallFailed(Trouble.UNKNOWN, said) from None


def _answer(response: requests.Response) -> Answer:
    body = _json(response)
    if not isinstance(body, dict):
        raise CallFailed(Trouble.UNKNOWN, say("Jawaban X bukan objek JSON"))
    return Answer(body, CaseInsensitiveDict(response.headers))


def _json(response: requests.Response) -> Any:
    if len(response.content) > MAX_ANSWER * 4:
        return None
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _refused(response: requests.Response) -> CallFailed:
    status = response.status_code
    trouble = Trouble(status) if status in {each.value for each in Trouble} else Trouble.UNKNOWN
    said = say("%(who)s menjawab HTTP %(status)s", who="X", status=status)
    failed = CallFailed(trouble, said, body=_json(response))
    if trouble is Trouble.LIMIT:
        failed.until = _reset(response.headers)
    if failed.detail:
        failed.tells(say("X menjawab HTTP %(status)s: %(detail)s", status=status, detail=failed.detail))
    return failed


#: When each limit ends, and how many calls it still lets through.
_LIMITS: Final = (
    ("x-rate-limit-reset", "x-rate-limit-remaining"),
    ("x-user-limit-24hour-reset", "x-user-limit-24hour-remaining"),
    ("x-app-limit-24hour-reset", "x-app-limit-24hour-remaining"),
)


def _reset(headers: Mapping[str, str]) -> float | None:
    """When all limits that are used up begin anew."""
    used_up = [headers.get(reset, "") for reset, left in _LIMITS if headers.get(left) == "0"]
    given = used_up or [headers.get("x-rate-limit-reset", "")]
    moments = [int(value) for value in given if value.isascii() and value.isdecimal()]
    return float(max(moments)) if moments else None


def _unreachable(error: requests.RequestException) -> CallFailed:
    """Nothing was sent where no connection was made; else nobody knows."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    never = isinstance(reason, NewConnectionError | ConnectTimeoutError) or isinstance(
        error,
        requests.ConnectTimeout
        | requests.exceptions.SSLError
        | requests.exceptions.ProxyError
        | requests.exceptions.InvalidURL,
    )
    name = type(reason if isinstance(reason, Exception) else error).__name__
    if never:
        return CallFailed(Trouble.NOT_SENT, say("%(who)s tidak dapat dihubungi (%(error)s)", who="X", error=name))
    return CallFailed(Trouble.UNKNOWN, say("%(who)s tidak memberi jawaban (%(error)s)", who="X", error=name))
