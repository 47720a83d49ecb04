"""The language of the IMAP stand-in: the words of a command, ranges of numbers, the keys of a search."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standins.postbox import Stored

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\((?:[^()"]|"[^"]*")*\))|([^\s()"]+)')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Refusal(Exception):  # noqa: N818 - what a server does
    """An answer of NO or BAD to one command."""

    def __init__(self, words: str, *, bad: bool = False) -> None:
        super().__init__(words)
        self.word = "BAD" if bad else "NO"


def words_of(arguments: str) -> list[str]:
    """Atoms, quoted strings and lists (with their parentheses); BAD for anything else."""
    words, at = [], 0
    while at < len(arguments):
        if arguments[at] == " ":
            at += 1
            continue
        found = _WORD.match(arguments, at)
        if found is None:
            raise Refusal("the arguments cannot be read", bad=True)
        quoted = found[1]
        words.append(found[0] if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        at = found.end()
    return words


def count(words: list[str], wanted: int) -> None:
    """BAD for a command with more or fewer arguments."""
    if len(words) != wanted:
        raise Refusal(f"{wanted} arguments are wanted, not {len(words)}", bad=True)


def within(uid: int, numbers: str, highest: int) -> bool:
    """Whether a set of numbers such as 1,4:6,9:* holds the UID; the order of a range's ends means nothing."""
    for each in numbers.split(","):
        low, _, high = each.replace("*", str(highest)).partition(":")
        if not low.isdigit() or not (high or low).isdigit():
            raise Refusal(f"{each} is no number", bad=True)
        ends = sorted((int(low), int(high or low)))
        if ends[0] <= uid <= ends[1]:
            return True
    return False


def fits(mail: Stored, words: list[str], highest: int) -> bool:
    """All of the keys fit: ALL, SEEN, UNSEEN, UNDELETED, SINCE day, UID numbers."""
    rest = iter(words)
    flags: dict[str, bool] = {
        "ALL": True,
        "SEEN": "\\Seen" in mail.flags,
        "UNSEEN": "\\Seen" not in mail.flags,
        "UNDELETED": "\\Deleted" not in mail.flags,
    }
    all_fit = True
    for key in rest:
        if key.upper() == "UID":
            all_fit = within(mail.uid, next(rest, ""), highest) and all_fit
        elif key.upper() == "SINCE":
            all_fit = mail.arrived.date() >= day(next(rest, "")) and all_fit
        elif key.upper() in flags:
            all_fit = flags[key.upper()] and all_fit
        else:
            raise Refusal(f"{key} is not known here", bad=True)
    return all_fit


def day(text: str) -> date:
    """Read a day as IMAP writes it; BAD for anything else."""
    try:
        number, month, year = text.split("-")
        return date(int(year), _MONTHS.index(month) + 1, int(number))
    except ValueError:
        raise Refusal(f"{text} is no day", bad=True) from None


def stamp(mail: Stored) -> str:
    """When a mail arrived, as IMAP writes it."""
    return f"{mail.arrived:%d}-{_MONTHS[mail.arrived.month - 1]}-{mail.arrived:%Y %H:%M:%S} +0000"
