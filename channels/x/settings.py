"""What an administrator sets for one account at X."""

from __future__ import annotations

import dataclasses
import re
from typing import Final
from urllib.parse import urlsplit

_USERNAME: Final = re.compile(r"\w{1,15}", re.ASCII)
_HASHTAG: Final = re.compile(r"(?=\w*[^\W\d])\w{1,100}")
#: Of a recent search by a self-serve developer account, and of a rule of the filtered stream.
_LONGEST_QUERY: Final = 512
_LONGEST_RULE: Final = 1024
#: The fewest that one request may ask for (recent search): a smaller budget could never read anything.
_SMALLEST_BUDGET: Final = 10


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class XSettings:
    """One account; ValueError names the key that cannot be used.

    The four keys are OAuth 1.0a, which do not expire; `bearer_token` is the app's own and serves the filtered stream
    only. `username` and `ignore` are without @, `hashtags` without #. `reads_per_day` counts posts and direct messages
    by UTC day; the costs are in US dollars, for one. `poll_interval` and `timeout` are in seconds.
    """

    username: str
    consumer_key: str = dataclasses.field(repr=False)
    consumer_secret: str = dataclasses.field(repr=False)
    access_token: str = dataclasses.field(repr=False)
    access_token_secret: str = dataclasses.field(repr=False)
    bearer_token: str = dataclasses.field(default="", repr=False)
    hashtags: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    direct_messages: bool = True
    stream: bool = False
    reads_per_day: int = 1000
    cost_post: float = 0.005
    cost_mention: float = 0.001
    cost_direct_message: float = 0.010
    poll_interval: float = 60.0
    timeout: float = 15.0
    api_url: str = "https://api.x.com"

    def __post_init__(self) -> None:
        """Refuse what X would refuse, before the first citizen notices."""
        for key in ("hashtags", "ignore"):
            object.__setattr__(self, key, tuple(word.lstrip("#@") for word in getattr(self, key)))
        object.__setattr__(self, "username", self.username.lstrip("@"))
        object.__setattr__(self, "api_url", self.api_url.rstrip("/"))
        problem = next((text for wrong, text in self._checks() if wrong), None)
        if problem is not None:
            raise ValueError(problem)

    def _checks(self) -> tuple[tuple[bool, str], ...]:
        names = (self.username, *self.ignore)
        return (
            (not all(map(_USERNAME.fullmatch, names)), "username, ignore: at most 15 letters, digits and _, without @"),
            (not all(map(_HASHTAG.fullmatch, self.hashtags)), "hashtags: letters, digits and _, without #"),
            (not (self.consumer_key and self.consumer_secret), "consumer_key, consumer_secret: both are needed"),
            (not self.user_id.isdecimal(), "access_token: begins with the account's number and a dash"),
            (not self.access_token_secret, "access_token_secret: must not be empty"),
            (len(self.query) > _LONGEST_QUERY, f"hashtags: too many for one search of {_LONGEST_QUERY} characters"),
            (len(self.rule) > _LONGEST_RULE, f"hashtags: too many for one rule of {_LONGEST_RULE} characters"),
            (self.stream and not self.bearer_token, "bearer_token: the filtered stream needs it"),
            (self.reads_per_day < _SMALLEST_BUDGET, f"reads_per_day: must be {_SMALLEST_BUDGET} or more"),
            (self.poll_interval <= 0, "poll_interval: must be more than 0 seconds"),
            (self.timeout <= 0, "timeout: must be more than 0 seconds"),
            (urlsplit(self.api_url).scheme not in {"http", "https"}, "api_url: must begin with https:// or http://"),
        )

    @property
    def user_id(self) -> str:
        """The account's number: what an OAuth 1.0a access token begins with."""
        return self.access_token.partition("-")[0]

    @property
    def query(self) -> str:
        """The recent search: posts with a hashtag; those that mention us come cheaper by our own mentions."""
        if not self.hashtags:
            return ""
        return f"{_any(self.hashtags, '#')} -@{self.username} -from:{self.username} -is:retweet"

    @property
    def rule(self) -> str:
        """The rule of the filtered stream: hashtags and mentions."""
        words = [*(f"#{tag}" for tag in self.hashtags), f"@{self.username}"]
        return f"{_any(words)} -from:{self.username} -is:retweet"


def _any(words: tuple[str, ...] | list[str], mark: str = "") -> str:
    joined = " OR ".join(f"{mark}{word}" for word in words)
    return f"({joined})" if len(words) > 1 else joined
