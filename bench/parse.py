"""What `parse` of each adapter reads in a second, one thread, nothing else: `python -m bench.parse`.

Every fixture of an adapter in turn. Beside it, in the same run, what the standard library alone takes to decode the
same payloads (JSON, form or mail) without understanding them; mails are read by `email` with its modern policy.
"""

from __future__ import annotations

import argparse
import contextlib
import email.policy
import json
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from bench.servers import facts
from channels import rawfile, registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.contract import RawMessage


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each adapter and dialect, twice")
    options = parser.parse_args()
    print(facts())
    print("                     parse/s   decode/s   parse takes")
    for manifest in registry.manifests().values():
        for dialect in manifest.dialects or (None,):
            measure(manifest.key, dialect, options.seconds)


def measure(key: str, dialect: str | None, seconds: float) -> None:
    """One line."""
    channel = registry.channel_type(key).offline(dialect)
    raws = payloads(key, dialect)
    ours = rate(channel.parse, raws, seconds)
    theirs = rate(decode_mail if key == "email" else decode, raws, seconds)
    name = f"{key}:{dialect}" if dialect else key
    print(f"{name:17} {ours:10.0f} {theirs:10.0f} {theirs / ours:9.1f} x decoding   ({len(raws)} fixtures)")


def payloads(key: str, dialect: str | None) -> list[RawMessage]:
    """The adapter's fixtures that it can read."""
    folder = registry.ROOT / key / "fixtures" / (dialect or "")
    found = []
    for path in sorted(folder.glob("*")):
        if path.suffix in {".http", ".body"}:
            read = rawfile.read_http if path.suffix == ".http" else rawfile.read_body
            found.append(read(path.read_bytes(), name=path.name))
    return found


def rate(work: Callable[[RawMessage], object], raws: list[RawMessage], seconds: float) -> float:
    """Payloads a second, all fixtures equally often; one that is refused counts as read."""
    count, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        for raw in raws:
            # Fixtures hold broken payloads too.
            with contextlib.suppress(Exception):
                work(raw)
        count += len(raws)
    return count / passed


def decode(raw: RawMessage) -> object:
    """JSON or a form, as it is; everything that has neither is its query."""
    if raw.body[:1] in b"{[" and raw.body:
        return json.loads(raw.body)
    return parse_qsl(raw.query), parse_qsl(raw.body)


def decode_mail(raw: RawMessage) -> object:
    """All headers and the text of all parts."""
    message = email.message_from_bytes(raw.body, policy=email.policy.default)
    return [(part.items(), part.get_payload(decode=True)) for part in message.walk()]


if __name__ == "__main__":
    main()
