"""What office document a zip archive is, by what stands in it; one with macros is none."""

from __future__ import annotations

import io
import zipfile
from typing import Final

#: The folder that each kind keeps its main part in (ECMA-376).
_OOXML: Final = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
#: As the member `mimetype` of an OpenDocument package says it.
_ODF: Final = frozenset(
    f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet", "presentation")
)
_LONGEST_TYPE: Final = 100
_MOST_MEMBERS: Final = 5_000
#: Where programs stand in both families.
_MACROS: Final = ("vbaproject.bin", "vbadata.xml", "basic/", "scripts/", "activex/")


def kind(content: bytes) -> str | None:
    """The media type of an office document without macros; None for any other archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [member.filename for member in archive.infolist()[: _MOST_MEMBERS + 1]]
            if len(names) > _MOST_MEMBERS or any(_is_macro(name) for name in names):
                return None
            return _ooxml(names) if "[Content_Types].xml" in names else _odf(archive, names)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        return None


def _is_macro(name: str) -> bool:
    lower = name.lower()
    return any(lower.startswith(part) or f"/{part}" in f"/{lower}" for part in _MACROS)


def _ooxml(names: list[str]) -> str | None:
    return next((found for folder, found in _OOXML.items() if any(name.startswith(folder) for name in names)), None)


def _odf(archive: zipfile.ZipFile, names: list[str]) -> str | None:
    """It stands first and is not compressed (OpenDocument 1.3, part 2, 3.3)."""
    if not names or names[0] != "mimetype" or archive.infolist()[0].file_size > _LONGEST_TYPE:
        return None
    said = archive.read("mimetype").decode("ascii", "replace")
    return said if said in _ODF else None
