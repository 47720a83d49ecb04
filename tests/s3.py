"""A small S3 after Amazon's API reference: one bucket, objects put and got whole, each request's signature recomputed.

It refuses what S3 refuses: a wrong or missing signature (version 4), a body that is not the signed one, what it does
not know.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl, quote

from flask import Flask, Response, request

KEY, SECRET, REGION, BUCKET = "AKIAUJIUJI", "rahasia-untuk-uji", "ap-southeast-3", "muara-uji"
_METHODS = ["GET", "PUT", "POST", "DELETE", "HEAD"]


def refusal(status: int, code: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Response(body, status, content_type="application/xml")


class S3:
    """The bucket: `objects` by key; `down` is the (status, code) that every request gets instead; `puts` counts."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.down: tuple[int, str] | None = None
        self.puts = 0
        self.asked = 0
        self.app = Flask("s3")
        self.app.add_url_rule("/", "root", self.root, methods=_METHODS)
        self.app.add_url_rule("/<path:path>", "serve", self.serve, methods=_METHODS)

    def root(self) -> Response:
        return refusal(400, "InvalidURI")

    def serve(self, path: str) -> Response:
        self.asked += 1
        if self.down is not None:
            return refusal(*self.down)
        if not signed(request.get_data()):
            return refusal(403, "SignatureDoesNotMatch")
        bucket, _, key = path.partition("/")
        if bucket != BUCKET:
            return refusal(404, "NoSuchBucket")
        if request.query_string:
            return refusal(501, "NotImplemented")
        return self.put(key) if request.method == "PUT" else self.get(key)

    def put(self, key: str) -> Response:
        self.puts += 1
        self.objects[key] = request.get_data()
        return Response(status=200, headers={"ETag": f'"{hashlib.md5(self.objects[key]).hexdigest()}"'})  # noqa: S324 - S3's

    def get(self, key: str) -> Response:
        if request.method != "GET":
            return refusal(405, "MethodNotAllowed")
        if key not in self.objects:
            return refusal(404, "NoSuchKey")
        headers = {"ETag": '"x"', "Last-Modified": "Mon, 23 Nov 2026 03:00:00 GMT"}
        return Response(self.objects[key], 200, headers=headers, content_type="application/octet-stream")


def signed(body: bytes) -> bool:
    """Signature version 4: over method, path, query, the signed headers and the body's hash."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    claims = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    sent = request.headers.get("X-Amz-Content-Sha256", "")
    stamp = request.headers.get("X-Amz-Date", "")
    scope = f"{stamp[:8]}/{REGION}/s3/aws4_request"
    if scheme != "AWS4-HMAC-SHA256" or claims.get("Credential") != f"{KEY}/{scope}":
        return False
    if sent not in {hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"}:
        return False
    names = claims.get("SignedHeaders", "").split(";")
    if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names):
        return False
    query = sorted(parse_qsl(request.query_string.decode(), keep_blank_values=True))
    canonical = "\n".join(
        [
            request.method,
            quote(request.path, safe="/-_.~"),
            "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names),
            "",
            claims["SignedHeaders"],
            sent,
        ]
    )
    what = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key: Any = f"AWS4{SECRET}".encode()
    for step in (stamp[:8], REGION, "s3", "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, what.encode(), "sha256").hex(), claims.get("Signature", ""))
