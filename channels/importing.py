"""Files that an officer brings from another complaint system: what an adapter offers that can read them.

Not every channel has this, so it stands beside the contract: an adapter with an `importer` can be imported into.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final, Protocol

from channels.errors import ChannelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from channels.contract import Channel
    from normalizer.saying import Sentence

#: Bytes of a file; years of one regency's reports are far smaller.
MAX_BYTES: Final = 10 * 1024 * 1024


class ImportRefused(ChannelError):  # noqa: N818 - it says what happened
    """The file as a whole cannot be brought in; why, for whoever brought it."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One row of the file. `number` counts as the spreadsheet does; `body` is what is journalled for `parse`.

    `external_id` is never empty: a row that cannot be read (`problem`, Indonesian) has one made of its bytes.
    `words` changes when the citizen's words do, `status` when the other system's status or flags do. `updated` is when
    the other system says that the report last changed.
    """

    number: int
    external_id: str
    body: bytes
    words: str = ""
    status: str = ""
    updated: datetime | None = None
    problem: Sentence | None = None
    #: What will be noted beside it, Indonesian; the row is read all the same.
    note: Sentence | None = None


class Importer(Protocol):
    """Reads a file row by row. ImportRefused where there is nothing to read, or too much."""

    def reports(self, content: bytes) -> Iterator[Report]:
        """All rows below the headings, in their order."""


def importer(channel: Channel[Any]) -> Importer | None:
    """What reads files for this account; None where the channel takes none."""
    found: Importer | None = getattr(channel, "importer", None)
    return found
