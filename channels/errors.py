"""The channels' errors.

    ChannelError
    ├── VerificationFailed      not proven to be the provider's: nothing is kept
    ├── PayloadError            the whole payload cannot be read: one malformed item
    ├── FetchFailed             a file could not be fetched
    │   ├── FetchLater          try again before the deadline
    │   ├── Expired             the provider has dropped it
    │   └── TooLarge            over the cap
    ├── PollFailed              the provider did not give what is new; `retry_after` where it told
    └── SendFailed              the error itself says whether to try again
        ├── Throttled           not sent: try again after `retry_after` seconds
        ├── ProviderDown        not sent: try again later
        ├── Refused             not sent, and never will be: an officer must know
        └── OutcomeUnknown      perhaps sent: again only where the provider makes that safe

An adapter raises nothing else. Messages name what happened, never a citizen's words, a phone number or a secret. Those
of PollFailed and SendFailed are sentences for officers and administrators (docs/adr/0026), the others are for the log.
"""

from __future__ import annotations

from normalizer.saying import Sentence, quoted


class ChannelError(Exception):
    """Whatever goes wrong between an adapter and its provider."""

    @property
    def sentence(self) -> Sentence:
        """The message for whoever reads it; what was no sentence of ours stands as it is in every language."""
        return quoted(str(self))


class VerificationFailed(ChannelError):  # noqa: N818 - the contract's name
    """Not proven to come from the provider. The message is for our log; the caller gets constant text."""


class PayloadError(ChannelError):
    """The payload as a whole cannot be read."""


class FetchFailed(ChannelError):  # noqa: N818 - the contract's name
    """A file that a message names could not be fetched, and trying again will not help."""


class FetchLater(FetchFailed):
    """The provider was down, slow or throttling."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Expired(FetchFailed):
    """The file is no longer there."""


class TooLarge(FetchFailed):
    """The file is over the cap, or over what the provider hands out."""


class PollFailed(ChannelError):  # noqa: N818 - the contract's name
    """The provider did not answer a poll; `retry_after` in seconds where it said so."""

    def __init__(self, sentence: Sentence, *, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class SendFailed(ChannelError):  # noqa: N818 - the contract's name
    """A reply did not go out as asked."""

    retry = False

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)


class Throttled(SendFailed):
    """The provider took nothing and said when to come back (`retry_after`, seconds).

    With `alone` it meant this recipient only (a mail server's greylisting): the account's other messages go on.
    """

    retry = True

    def __init__(self, sentence: Sentence, *, retry_after: float = 30.0, alone: bool = False) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
        self.alone = alone


class ProviderDown(SendFailed):
    """The request never reached the provider, or it said that it did nothing (503, connection refused)."""

    retry = True


class Refused(SendFailed):
    """The provider will not send this: unknown number, blocked bot, expired token, closed window."""


class OutcomeUnknown(SendFailed):
    """The request left, and no answer came: it may or may not have been sent."""
