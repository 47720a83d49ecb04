"""Our own mail addresses, and the unguessable tokens by which an answer finds its conversation again."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import re
import unicodedata

#: 80 bits: nobody guesses one, and a tagged local part stays far below the 64 octets that RFC 5321 allows.
TOKEN_LENGTH = 16
_REPLY_ID = re.compile(r"[a-z0-9._-]{1,100}")
_TOKEN = re.compile(rf"[a-z2-7]{{{TOKEN_LENGTH}}}")


def canonical(address: str) -> str:
    """Give the form in which two spellings of one mail address are equal: trimmed, composed, lower case."""
    return unicodedata.normalize("NFC", address).strip().lower()


@dataclasses.dataclass(frozen=True, slots=True)
class Mailbox:
    """The addresses that are ours (lower case, without tags) and the secret that makes conversation tokens.

    `tag_separator` stands between the local part and the token; empty where the provider knows no sub-addresses.
    `authserv` is the name with which our own mail server begins its Authentication-Results (RFC 8601); without one
    nobody's are believed.
    """

    addresses: tuple[str, ...]
    key: str = dataclasses.field(repr=False)
    tag_separator: str = "+"
    authserv: str = ""

    def owns(self, address: str) -> bool:
        """Tell whether mail to or from this address is ours, with any tag or none."""
        return self.own(address) is not None

    def own(self, address: str) -> str | None:
        """Find which of our addresses this is, once any tag is taken off; None where it is somebody else's."""
        plain = canonical(address)
        local, at, domain = plain.rpartition("@")
        token = self.find_token(plain)
        untagged = local.removesuffix(f"{self.tag_separator}{token}") if token else local.partition("+")[0]
        return next((one for one in (plain, untagged + at + domain) if one in self.addresses), None)

    def token(self, address: str) -> str:
        """Make the token of a citizen's address, which is the id of the conversation with it."""
        digest = hmac.digest(self.key.encode(), canonical(address).encode("utf-8", "replace"), hashlib.sha256)
        return base64.b32encode(digest).decode("ascii").lower()[:TOKEN_LENGTH]

    def tagged(self, address: str, token: str) -> str:
        """Put a token into one of our addresses, so that an answer to it names its conversation."""
        if not self.tag_separator:
            return address
        local, at, domain = address.rpartition("@")
        return f"{local}{self.tag_separator}{token}{at}{domain}"

    def find_token(self, address: str) -> str | None:
        """Find the token in a tagged address of ours; None for every other address."""
        if not self.tag_separator:
            return None
        local, at, domain = canonical(address).rpartition("@")
        base, _, token = local.rpartition(self.tag_separator)
        return token if _TOKEN.fullmatch(token) and base + at + domain in self.addresses else None

    def message_id(self, reply_id: str, token: str, domain: str) -> str:
        """Make the Message-ID of a reply, with its angle brackets; its external id is the same without them."""
        return f"<{reply_id}.{token}@{domain}>"

    def read_message_id(self, message_id: str) -> str | None:
        """Find the token in a Message-ID that we made, with or without brackets; None for one of anybody else's."""
        left, _, domain = message_id.strip().strip("<>").lower().rpartition("@")
        reply_id, _, token = left.rpartition(".")
        ours = any(address.rpartition("@")[2] == domain for address in self.addresses)
        return token if ours and _REPLY_ID.fullmatch(reply_id) and _TOKEN.fullmatch(token) else None
