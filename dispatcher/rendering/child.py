"""The renderer's process: `python -m dispatcher.rendering.child TYPE MAX_PIXELS`, file on stdin, answer on stdout.

It ties itself down before it reads a byte. The answer is a line of JSON (`sizes`, `location`, `note`) and then what
was made. What is foreseen ends with a note, in Indonesian; what is not, with the process.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import TYPE_CHECKING, Any, Final

from dispatcher.rendering.kinds import FILMS, PICTURES
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Callable

#: Bytes of address space, the libraries' own some 200 MB among them; seconds of processor time; bytes of the answer.
MEMORY, SECONDS, ANSWER = 1_200_000_000, 20, 40_000_000
BROKEN: Final = say("gambar rusak, tidak dapat ditampilkan")
TOO_HEAVY: Final = say("terlalu berat untuk ditampilkan")
TOO_MANY_PIXELS: Final = say("gambar terlalu besar untuk ditampilkan")
UNPLAYABLE: Final = say("rekaman tidak dapat diputar di sini")


def main(content_type: str, max_pixels: int) -> None:
    """Load what this type needs, tie ourselves down, render."""
    if content_type in PICTURES:
        from dispatcher.rendering import pictures  # noqa: PLC0415 - only what is needed is loaded

        pictures.prepare(content_type)
        _tie_down()
        _answer(*_picture(pictures, content_type, max_pixels))
    elif content_type in FILMS:
        from dispatcher.rendering import films  # noqa: PLC0415 - the same

        films.prepare()
        _tie_down()
        _answer(*_played(films.render))
    else:
        from dispatcher.rendering import sounds  # noqa: PLC0415 - the same

        sounds.prepare()
        _tie_down()
        _answer(*_played(lambda content: sounds.render(content, content_type)))


def _tie_down() -> None:
    """From here on no file and no socket can be opened, and whoever takes too much is ended by the kernel."""
    for what, ours in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, ANSWER),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = ours if hard == resource.RLIM_INFINITY else min(ours, hard)
        resource.setrlimit(what, (most, most))


def _picture(pictures: Any, content_type: str, max_pixels: int) -> tuple[list[bytes], dict[str, Any]]:
    try:
        made, place = pictures.render(sys.stdin.buffer.read(), content_type, max_pixels)
    except MemoryError:
        return [], {"note": TOO_HEAVY}
    except pictures.TooManyPixels:
        return [], {"note": TOO_MANY_PIXELS}
    except Exception:  # noqa: BLE001 - decoders raise whatever a file makes them raise
        return [], {"note": BROKEN}
    return made, {"location": place}


def _played(render: Callable[[bytes], bytes]) -> tuple[list[bytes], dict[str, Any]]:
    try:
        return [render(sys.stdin.buffer.read())], {}
    except MemoryError:
        return [], {"note": TOO_HEAVY}
    except Exception:  # noqa: BLE001 - the same
        return [], {"note": UNPLAYABLE}


def _answer(made: list[bytes], head: dict[str, Any]) -> None:
    line = json.dumps({"sizes": [len(each) for each in made], **head})
    sys.stdout.buffer.write(line.encode() + b"\n" + b"".join(made))
    sys.stdout.buffer.flush()
    # Nothing is left to do, and libraries that tidy up after hostile bytes may only fail.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
