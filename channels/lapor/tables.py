"""Spreadsheets as rows of text: CSV in the charsets and with the delimiters of Indonesian offices, and XLSX.

Nothing is computed: what looks like a formula is text, and of a formula only the value that was last saved is read.
Sizes are bounded before anything is unpacked, and rows are read one by one.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import warnings
import zipfile
from typing import TYPE_CHECKING, Any, Final

from channels.importing import MAX_BYTES, ImportRefused
from channels.lapor import cells
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    Row = list[str] | None

#: Rows below the headings.
MAX_ROWS: Final = 20_000
#: Bytes of an XLSX once unpacked; the reader never takes more of an entry than its directory announces.
MAX_UNPACKED: Final = 150 * 1024 * 1024
MAX_COLUMNS: Final = 200
#: Rows of a sheet with the empty ones.
_MAX_SPAN: Final = 100_000
DELIMITERS: Final = ",;\t|"
#: Rows above the headings (a title, a date) are at most so many.
PREAMBLE: Final = 20
_MEGABYTE: Final = 1024 * 1024
#: How the pages begin that some systems name .xls.
_MARKUP: Final = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<style", b"<meta")
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

_TOO_LARGE: Final = say(
    "Berkas lebih besar dari %(most)s MB. Ekspor masa yang lebih pendek.", most=MAX_BYTES // _MEGABYTE
)
TOO_MANY: Final = say("Berkas berisi lebih dari %(most)s baris. Ekspor masa yang lebih pendek.", most=MAX_ROWS)
_TOO_LONG: Final = say("Lembar kerja terlalu panjang: hapus baris kosong di bawah data. %(more)s", more=TOO_MANY)
_OLD_EXCEL: Final = say("Ini berkas Excel lama (.xls). Simpan sebagai .xlsx atau .csv, lalu unggah lagi.")
_PAGE: Final = say(
    "Ini halaman web atau XML, bukan lembar kerja. Buka di Excel, simpan sebagai .xlsx, lalu unggah lagi."
)
_BROKEN: Final = say("Berkas XLSX ini rusak atau dikunci sandi. Simpan ulang dari Excel, lalu unggah lagi.")
_BLOATED: Final = say("Berkas XLSX ini terlalu besar setelah dibuka. Ekspor masa yang lebih pendek.")


def tables(content: bytes) -> Iterator[Iterator[Row]]:
    """The file read in each way that it may be meant: a CSV once for each delimiter, an XLSX once for each sheet.

    A row that cannot be read is None. ImportRefused where the file is too large or no spreadsheet.
    """
    if len(content) > MAX_BYTES:
        raise ImportRefused(_TOO_LARGE)
    if content.startswith(b"PK\x03\x04"):
        yield from _sheets(content)
        return
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise ImportRefused(_OLD_EXCEL)
    if (
        content[:1024]
        .lstrip(b"\xef\xbb\xbf \t\r\n")
        .lower()
        .startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<style"))
    ):
        raise ImportRefused(_PAGE)
    text = _decoded(content)
    for delimiter in DELIMITERS:
        yield _csv(text, delimiter)


def _decoded(content: bytes) -> str:
    """By its byte order mark; else UTF-8, or Windows-1252 where it is none."""
    for mark, charset in _BOMS:
        if content.startswith(mark):
            return content.decode(charset, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _csv(text: str, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None
        else:
            yield row[:MAX_COLUMNS]


def _sheets(content: bytes) -> Iterator[Iterator[Row]]:
    from openpyxl import load_workbook  # noqa: PLC0415 - a second of imports that only an XLSX needs

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise ImportRefused(_BROKEN) from error
    if unpacked > MAX_UNPACKED:
        raise ImportRefused(_BLOATED)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles, which nobody looks at
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except Exception as error:
        raise ImportRefused(_BROKEN) from error
    try:
        for sheet in book.worksheets:
            yield _sheet(sheet)
    finally:
        book.close()


def _sheet(sheet: Any) -> Iterator[Row]:
    sheet.reset_dimensions()  # some exporters announce a single cell, and the reader would believe them
    rows = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
    for number in itertools.count(1):
        try:
            row = next(rows)
        except StopIteration:
            return
        except Exception as error:
            raise ImportRefused(_BROKEN) from error
        if number > _MAX_SPAN:
            raise ImportRefused(_TOO_LONG)
        yield [cells.text(value) for value in row[: _width(row)]]


def _width(row: tuple[Any, ...]) -> int:
    """How many cells there are up to the last that is not empty."""
    width = len(row)
    while width and row[width - 1] is None:
        width -= 1
    return width


def head(rows: Iterator[Row]) -> list[Row]:
    """The first rows, among which the headings stand."""
    return list(itertools.islice(rows, PREAMBLE))
