"""`muara parse`: raw payloads to JSON lines, with no database, no settings and no network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from channels import printing, rawfile, registry
from channels.errors import ChannelError
from commands.saying import fail
from normalizer.messages import Ignored, Inbound, Malformed

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from channels.contract import Channel, RawMessage


def parse(adapter: str, files: tuple[Path, ...], *, http: bool) -> None:
    """Print every item of every file. What cannot be read is an item too; only a wrong call ends otherwise."""
    channel = _channel(adapter)
    for path in files:
        for line in printing.lines(_items(channel, path, http=http)):
            click.echo(json.dumps(line, ensure_ascii=False))


def _channel(adapter: str) -> Channel[Any]:
    key, _, dialect = adapter.partition(":")
    known = registry.manifests()
    if key not in known:
        fail(f"there is no channel {key!r}; there are: {', '.join(known)}")
    dialects = known[key].dialects
    if dialect not in (dialects or ("",)):
        shown = " or ".join(f"{key}:{name}" for name in dialects) or key
        fail(f"write {shown}, not {adapter!r}")
    return registry.channel_type(key).offline(dialect or None)


def _items(channel: Channel[Any], path: Path, *, http: bool) -> list[Inbound]:
    try:
        raw = _raw(path, http=http)
        return channel.parse(raw) or [Ignored(reason="empty")]
    except ChannelError as error:
        return [Malformed(error=f"{type(error).__name__}: {error}")]
    except OSError as error:
        fail(f"{path}: {error.strerror}")


def _raw(path: Path, *, http: bool) -> RawMessage:
    content = path.read_bytes()
    return rawfile.read_http(content, name=path.name) if http else rawfile.read_body(content, name=path.name)
