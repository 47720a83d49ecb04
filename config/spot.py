"""Where a setting stands, so that an error about it can name its key, its file and what is expected."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class SettingsError(Exception):
    """A setting that cannot be used; the message names file, key and what is expected, and never shows a value."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place in the settings: `key` is the dotted path in `source`, a file or the name of a variable or option.

    Relative paths start at `base`. `as_text` says that numbers and truth values come written as text.
    """

    source: str
    base: Path
    key: str = ""
    as_text: bool = False
    environ: Mapping[str, str] = dataclasses.field(default_factory=lambda: os.environ, repr=False)

    def at(self, name: str) -> Spot:
        """The spot of a key or list index below this one."""
        return dataclasses.replace(self, key=f"{self.key}.{name}" if self.key else name)

    def error(self, message: str) -> SettingsError:
        """The error to raise for what stands here."""
        return SettingsError(": ".join(part for part in (self.source, self.key, message) if part))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A value that did not come from the file it was merged into, with the place that it did come from."""

    value: object
    spot: Spot
