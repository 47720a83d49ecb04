"""format=flowed (RFC 3676): lines that the mailer broke are made whole again."""

from __future__ import annotations

import re

_QUOTES = re.compile(r">*")


def unfold(text: str, *, delete_space: bool) -> str:
    """Join the lines that end in a space with what follows in the same depth of quoting."""
    lines: list[tuple[int, list[str]]] = []
    flowing = False
    for line in text.split("\n"):
        marks = _QUOTES.match(line)
        depth = marks.end() if marks else 0
        words = line[depth:].removeprefix(" ")
        soft = words.endswith(" ") and words != "-- "
        kept = words[:-1] if soft and delete_space else words
        if flowing and lines[-1][0] == depth and words != "-- ":
            lines[-1][1].append(kept)
        else:
            lines.append((depth, [kept]))
        flowing = soft
    return "\n".join(">" * depth + (" " if depth else "") + "".join(words) for depth, words in lines)
