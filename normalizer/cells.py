"""Cells of tables that others open: whatever a citizen wrote stays words, and no program reckons with it."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: What makes a spreadsheet reckon: `= + - @`, in full width too, and what it throws away before it looks.
_BEGINS: Final = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")  # noqa: RUF001 - they are meant
#: A program that parts at another sign than ours sees a cell begin within ours.
_WITHIN: Final = re.compile(r"(?<=[;,\t\r\n])(?=[\s\x22]*(?:[=@＝＠]|[+\-＋－][\w(]))")  # noqa: RUF001 - as above
#: That a file is UTF-8, for the one program that asks.
MARK: Final = "\ufeff"


def safe_cell(value: object) -> object:
    """The value, a text that a spreadsheet would take for a formula with an apostrophe before it; numbers stay."""
    if not isinstance(value, str):
        return value
    value = _WITHIN.sub("'", value.replace("\0", ""))
    return f"'{value}" if _BEGINS.match(value) else value


def csv_text(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A CSV file of safe cells, line by line: UTF-8 with its mark, parted by `;` as Indonesian Excel does it."""
    kept = io.StringIO()
    writer = csv.writer(kept, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    yield MARK
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        yield kept.getvalue()
        kept.seek(0)
        kept.truncate()
