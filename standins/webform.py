"""Fills in the public form as a citizen's browser does: the page's one-time id, proof of work, files, receipt."""

from __future__ import annotations

import hashlib
import html
import itertools
import re
import uuid
from typing import TYPE_CHECKING

from standins.postman import Browser

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_CHALLENGE = re.compile(r'data-challenge="([^"]+)" data-bits="(\d+)"')
_CODE = re.compile(r"data-code>([^<]+)<")
_SHA256_BITS = 256


def send(site: str, fields: Mapping[str, str], photos: Sequence[bytes] = ()) -> str:
    """The receipt's ticket code. OSError where the site does not answer or refuses, ValueError without one."""
    browser = Browser()
    page = browser.get(f"{site}/lapor")
    found = {name: html.unescape(value) for name, value in _HIDDEN.findall(page)}
    challenge = _CHALLENGE.search(page)
    if challenge is None:
        raise ValueError("no form at /lapor")
    values = found | {"bukti": str(proof(html.unescape(challenge[1]), int(challenge[2])))} | dict(fields)
    body, content_type = _multipart(values, photos)
    receipt = browser.post(f"{site}/lapor", body, {"Content-Type": content_type})
    code = _CODE.search(receipt)
    if code is None:
        raise ValueError("no ticket code on the receipt")
    return html.unescape(code[1]).strip()


def proof(challenge: str, bits: int) -> int:
    """The first number whose SHA-256 behind the challenge begins with so many zero bits."""
    for number in itertools.count():
        digest = hashlib.sha256(f"{challenge}:{number}".encode()).digest()
        if int.from_bytes(digest) >> (_SHA256_BITS - bits) == 0:
            return number
    raise AssertionError


def _multipart(values: Mapping[str, str], photos: Sequence[bytes]) -> tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in values.items()
    ]
    for number, photo in enumerate(photos, start=1):
        head = f'Content-Disposition: form-data; name="lampiran"; filename="foto{number}.jpg"'
        parts.append(f"--{boundary}\r\n{head}\r\nContent-Type: image/jpeg\r\n\r\n".encode() + photo + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
