"""Single sign-on: the authorization code flow of OpenID Connect with PKCE, by Authlib; no Flask here.

What the provider says of itself is fetched anew at each log-in: keys are turned without a restart of ours.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

#: Seconds that the provider may take over each request.
_PATIENCE: Final = 8.0
#: Signatures with a key of the provider's own; never `none`, never a shared secret.
_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
#: Seconds by which two clocks may differ.
_LEEWAY: Final = 60
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class SignInError(Exception):
    """A log-in that did not hold; names the kind of fault, and nobody."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one log-in is bound to, kept in the browser in between."""

    state: str
    nonce: str
    verifier: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The provider as the settings name it; `claim` says whom: the verified `email`, or another that is a username."""

    issuer: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    name: str
    claim: str
    patience: float = _PATIENCE

    def start(self, back: str, attempt: Attempt) -> str:
        """Where the browser is sent; `back` is where it comes back to. SignInError."""
        with self._session(back) as session:
            address, _ = session.create_authorization_url(
                self._metadata(session)["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return str(address)

    def finish(self, back: str, attempt: Attempt, code: str, now: datetime) -> str:
        """Whom the provider names, in lower case: an address that it has verified, or the claim's text. SignInError."""
        from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415 - the gateway starts without it
        from joserfc.errors import JoseError  # noqa: PLC0415 - the same
        from requests import RequestException  # noqa: PLC0415 - the same

        try:
            with self._session(back) as session:
                metadata = self._metadata(session)
                token = session.fetch_token(
                    metadata["token_endpoint"],
                    code=code,
                    code_verifier=attempt.verifier,
                    grant_type="authorization_code",
                )
                keys = self._fetched(session, metadata["jwks_uri"])
            return self._whom(self._claims(token, keys, attempt.nonce, now))
        except (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, TypeError) as error:
            raise SignInError(type(error).__name__) from None

    def check(self) -> None:
        """Whether the provider says of itself what is needed. SignInError."""
        with self._session("") as session:
            self._metadata(session)

    def _session(self, back: str) -> Any:
        from authlib.integrations.requests_client import OAuth2Session  # noqa: PLC0415 - the gateway starts without it

        session = OAuth2Session(
            self.client_id,
            self.client_secret,
            scope="openid email profile",
            redirect_uri=back,
            code_challenge_method="S256",
            default_timeout=self.patience,
        )
        session.max_redirects = 0  # neither the secret nor a code goes on to another host
        return session

    def _fetched(self, session: Any, address: str) -> Any:
        answer = session.request("GET", address, withhold_token=True)
        answer.raise_for_status()
        return answer.json()

    def _metadata(self, session: Any) -> Mapping[str, str]:
        """OpenID Connect Discovery 1.0, section 4: the issuer is the one that was asked, letter by letter."""
        from requests import RequestException  # noqa: PLC0415 - the gateway starts without it

        try:
            found = self._fetched(session, f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            named = {key: str(found[key]) for key in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        except (RequestException, ValueError, KeyError, TypeError) as error:
            raise SignInError(type(error).__name__) from None
        if found.get("issuer") != self.issuer or not all(map(guarded, named.values())):
            raise SignInError("the provider describes another issuer, or addresses without TLS")
        return named

    def _claims(self, token: Mapping[str, Any], keys: Any, nonce: str, now: datetime) -> Any:
        """OpenID Connect Core 1.0, section 3.1.3.7."""
        from authlib.oidc.core import CodeIDToken  # noqa: PLC0415 - the gateway starts without it
        from joserfc import jwt  # noqa: PLC0415 - the same
        from joserfc.jwk import KeySet  # noqa: PLC0415 - the same
        from joserfc.jws import JWSRegistry  # noqa: PLC0415 - the same

        registry = JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
        read = jwt.decode(token["id_token"], KeySet.import_key_set(keys), registry=registry)
        claims = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self.client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            {"nonce": nonce, "client_id": self.client_id, "access_token": token.get("access_token")},
        )
        claims.validate(now=int(now.timestamp()), leeway=_LEEWAY)
        return claims

    def _whom(self, claims: Mapping[str, Any]) -> str:
        value = claims.get(self.claim)
        if not isinstance(value, str) or not value.isprintable() or not value:
            raise SignInError(f"no {self.claim}")
        if self.claim == "email" and claims.get("email_verified") is not True:
            raise SignInError("the address is not verified")
        return value.strip().lower()


def guarded(address: str) -> bool:
    """Whether an address is protected on its way: by TLS, or because it does not leave this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
