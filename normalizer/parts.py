"""Joining the parts of a text that the network split; what did not arrive is said in its place."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: UTF-16 halves of one character: a network may cut an emoji in two.
_HALVES: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """The joined text, and the numbers of the parts that are missing from it."""

    text: str
    missing: tuple[int, ...] = ()


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers, ascending and once each, as (first, last) of each unbroken run."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _run_note(first: int, last: int, total: int) -> str:
    which = f"{first}" if first == last else f"{first}-{last}"
    return f"bagian {which} dari {total} tidak sampai"


def assemble(parts: Mapping[int, str], total: int) -> Assembled:
    """The parts in the order of their numbers, put together as they are, with a placeholder for each gap.

    Numbers count from 1. A part whose number lies outside 1 … total is kept at its place in the order: the count was
    wrong, not the text.
    """
    missing = tuple(number for number in range(1, total + 1) if number not in parts)
    pieces = [(number, text) for number, text in parts.items()]
    pieces += [(first, f" [{_run_note(first, last, total)}] ") for first, last in runs(missing)]
    text = "".join(text for _, text in sorted(pieces)).strip(" ") if missing else "".join(t for _, t in sorted(pieces))
    whole = _HALVES.sub(lambda halves: halves[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)
    return Assembled(text=whole, missing=missing)
