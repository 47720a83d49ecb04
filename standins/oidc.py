"""A provider of OpenID Connect, strict about what it is asked and signing what it says with a key of its own.

Written from OpenID Connect Core 1.0 (section 3.1), Discovery 1.0, RFC 6749, RFC 7636 and RFC 9207. `lies`
changes claims and `signing` the way in which they are signed, so that a client can show what it refuses.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response as BaseResponse

_ASKED = {
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
}
#: A state or nonce as short as this can be guessed.
_SHORTEST = 20
_GIVEN = {"grant_type", "code", "redirect_uri", "code_verifier"}


@dataclasses.dataclass
class Provider:
    """One client, one person who is logged in there; `clock` gives seconds since the epoch."""

    clock: Callable[[], float]
    redirect_uri: str
    issuer: str = ""
    client_id: str = "muara"
    client_secret: str = "rahasia-klien-yang-panjang"
    person: dict[str, Any] = dataclasses.field(default_factory=dict)
    lies: dict[str, Any] = dataclasses.field(default_factory=dict)
    signing: str = "RS256"
    down: bool = False
    codes: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    key: RSAKey = dataclasses.field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "satu", "use": "sig"}))
    described: dict[str, Any] = dataclasses.field(default_factory=dict)

    def id_token(self, nonce: str) -> str:
        """What is said of the person, signed as `signing` tells."""
        now = int(self.clock())
        claims = {
            "iss": self.issuer,
            "sub": "248289761001",
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.person,
            **self.lies,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.signing == "none":
            return jwt.encode({"alg": "none"}, claims, OctKey.generate_key(), algorithms=["none"])
        if self.signing == "HS256":  # with what everybody knows, the public key
            shared = OctKey.import_key(self.key.as_pem(private=False))
            return jwt.encode({"alg": "HS256", "kid": self.key.kid}, claims, shared, algorithms=["HS256"])
        stranger = RSAKey.generate_key(2048, {"kid": str(self.key.kid)})
        key = stranger if self.signing == "stranger" else self.key
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def create_app(provider: Provider) -> Flask:
    """Discovery, authorize, token, keys."""
    app = Flask("oidc")

    @app.get("/.well-known/openid-configuration")
    def discovery() -> BaseResponse:
        if provider.down:
            return Response("maintenance", 503)
        at = provider.issuer
        return jsonify(
            {
                "issuer": at,
                "authorization_endpoint": f"{at}/authorize",
                "token_endpoint": f"{at}/token",
                "jwks_uri": f"{at}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                **provider.described,
            }
        )

    @app.get("/keys")
    def keys() -> BaseResponse:
        return jsonify({"keys": [provider.key.as_dict(private=False)]})

    @app.get("/authorize")
    def authorize() -> BaseResponse:
        return _authorize(provider)

    @app.post("/token")
    def token() -> BaseResponse:
        return _token(provider)

    return app


def _authorize(provider: Provider) -> BaseResponse:
    asked = request.args
    if set(asked) != _ASKED or asked["client_id"] != provider.client_id:
        return Response("invalid_request", 400)
    if asked["redirect_uri"] != provider.redirect_uri:
        return Response("redirect_uri mismatch", 400)
    right = asked["response_type"] == "code" and "openid" in asked["scope"].split()
    bound = min(len(asked["state"]), len(asked["nonce"])) > _SHORTEST and asked["code_challenge_method"] == "S256"
    if not (right and bound):
        return Response("invalid_request", 400)
    code = secrets.token_urlsafe(24)
    provider.codes[code] = {"nonce": asked["nonce"], "challenge": asked["code_challenge"]}
    answer = urlencode({"code": code, "state": asked["state"], "iss": provider.issuer})
    return redirect(f"{provider.redirect_uri}?{answer}", 302)


def _token(provider: Provider) -> BaseResponse:
    client = request.authorization
    if client is None or (client.username, client.password) != (provider.client_id, provider.client_secret):
        return _refused("invalid_client", 401)
    given = request.form
    kept = provider.codes.pop(given.get("code", ""), None)
    if not set(given) >= _GIVEN or set(given) - _GIVEN - {"client_id"}:
        return _refused("invalid_request", 400)
    digest = hashlib.sha256(given["code_verifier"].encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if kept is None or kept["challenge"] != challenge or given["redirect_uri"] != provider.redirect_uri:
        return _refused("invalid_grant", 400)
    body = {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "expires_in": 300}
    return jsonify({**body, "id_token": provider.id_token(kept["nonce"])})


def _refused(error: str, status: int) -> BaseResponse:
    response = jsonify({"error": error})
    response.status_code = status
    return response
