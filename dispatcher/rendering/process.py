"""Starts the renderer for one file, waits for it, and believes nothing of what it says without a look."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dispatcher.rendering.child import ANSWER, BROKEN, TOO_HEAVY, TOO_MANY_PIXELS, UNPLAYABLE
from dispatcher.rendering.kinds import FILMS, PICTURES
from dispatcher.sniff import MAX_PIXELS, sniff
from normalizer.saying import say

if TYPE_CHECKING:
    from typing import IO

log = logging.getLogger(__name__)

#: Seconds on the clock, on a machine that has much else to do; of the processor it may take fewer.
PATIENCE: Final = 60.0
NOT_NOW: Final = say("pratinjau tidak dapat dibuat")
_ROOT: Final = Path(__file__).resolve().parents[2]
_LONGEST_HEAD: Final = 4096
_NOTES: Final = frozenset({BROKEN, TOO_HEAVY, TOO_MANY_PIXELS, UNPLAYABLE})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What was made of a file: `shown` in its place, or a `note` why nothing is. `thumb` and `location`: pictures'."""

    shown: bytes | None = None
    thumb: bytes | None = None
    content_type: str | None = None
    location: tuple[float, float] | None = None
    note: str | None = None


def render(content: bytes, content_type: str, *, patience: float = PATIENCE) -> Rendered:
    """Render in a process of its own. Never raises: what cannot be shown, for whatever reason, has a note."""
    try:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
            given.write(content)
            given.seek(0)
            code = _run(content_type, given, answer, patience)
            answer.seek(0)
            return _read(answer, content_type) if code == 0 else _ended(code)
    except subprocess.TimeoutExpired:
        return Rendered(note=TOO_HEAVY)
    except OSError as error:
        log.error("no preview: the renderer cannot be started: %s", type(error).__name__)  # noqa: TRY400 - the type says it
        return Rendered(note=NOT_NOW)


def _ended(code: int) -> Rendered:
    """By the kernel, for taking too much, or by its own fault in a decoder; or because it cannot work at all."""
    if code < 0:
        return Rendered(note=TOO_HEAVY)
    log.error("no preview: the renderer ended with code %d; is a package missing?", code)
    return Rendered(note=NOT_NOW)


def _run(content_type: str, given: IO[bytes], answer: IO[bytes], patience: float) -> int:
    """The exit code; the process sees our code, but nothing of our environment, in which secrets may stand."""
    command = [sys.executable, "-B", "-m", "dispatcher.rendering.child", content_type, str(MAX_PIXELS)]
    return subprocess.run(  # noqa: S603 - our own program; of what a stranger sent only a type of ours is in the command
        command,
        stdin=given,
        stdout=answer,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PYTHONPATH": os.fspath(_ROOT), "PATH": os.defpath, "LANG": "C.UTF-8"},
        timeout=patience,
        check=False,
    ).returncode


def _read(answer: IO[bytes], content_type: str) -> Rendered:
    """The answer, where it is what it should be: a process that hostile bytes have taken over may say anything."""
    try:
        head = json.loads(answer.readline(_LONGEST_HEAD))
        made = [answer.read(_size(size)) for size in head["sizes"]]
        note, place = head.get("note"), _place(head.get("location"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Rendered(note=TOO_HEAVY)
    if not made and note in _NOTES:
        return Rendered(note=note)
    kinds = [sniff(each).content_type for each in made]
    if not _expected(content_type, kinds):
        return Rendered(note=TOO_HEAVY)
    return Rendered(shown=made[0], thumb=made[1] if len(made) > 1 else None, content_type=kinds[0], location=place)


def _expected(content_type: str, made: list[str]) -> bool:
    if content_type in PICTURES:
        return made == ["image/jpeg", "image/jpeg"]
    return made in ([["video/mp4"], ["audio/mp4"]] if content_type in FILMS else [["audio/mpeg"]])


def _size(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= ANSWER:
        raise ValueError(value)
    return value


def _place(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    latitude, longitude = (float(each) for each in value)
    if not (math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180):  # noqa: PLR2004 - the globe
        raise ValueError(value)
    return latitude, longitude
