"""From bytes to text: every charset by its many names, lies about it, and none declared at all. Nothing here raises."""

from __future__ import annotations

import codecs
import re

#: What senders write, and what they mean: names unknown to Python, and subsets whose superset is what is really sent
#: (as browsers read them, by the WHATWG encoding standard).
_ALIASES = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "ansi": "cp1252",
    "windows-1252http-equivcontent-type": "cp1252",
    "x-cp1252": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "iso-8859-6-e": "iso8859-6",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "hz-gb-2312": "hz",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "windows-949": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "big-5": "big5hkscs",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "x-unicode-2-0-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "utf-8mb4": "utf-8",
    "cp65001": "utf-8",
    "65001": "utf-8",
    "unicode": "utf-16",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-mac-ce": "mac_latin2",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-greek": "mac_greek",
    "x-mac-turkish": "mac_turkish",
    "koi8": "koi8-r",
}
#: Names that say nothing: the bytes are worked out as if nothing was declared.
_NOTHING = frozenset(
    {"", "ascii", "us-ascii", "ansi_x3.4-1968", "x-unknown", "unknown-8bit", "unknown", "default", "x-user-defined"}
    | {"default_charset", "binary", "8bit", "7bit", "none", "iso-8859", "x-binaryenc"}
)
#: Codecs of Python's own that are no charsets: some are slow by the square of the length.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,39}")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"))
_BOMS_16 = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ESCAPED = frozenset({"utf_7", "hz", "iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2", "iso2022_kr", "iso2022_jp_3"})
#: Bytes that are pairs or triples in every charset of more than one byte.
_PROBE = b"\xc3\xa9\xe3\x81\x82\xd0\x9f"
#: Guessing reads this much, and no less: shorter samples are guessed worse than by assuming western Europe.
_SAMPLE, _LEAST = 4_096, 48
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffc]")


def decode(data: bytes, declared: str | None = None) -> str:
    """Read bytes as text, by their mark, the declared charset where it fits, or a guess; newlines become LF."""
    if declared is None and data.isascii() and (plain := data.decode("ascii")).isprintable():
        return plain  # most fields of a header
    return clean(_decoded(data, _codec(declared) if declared else None))


def clean(text: str) -> str:
    """Take out what no text may hold: NUL, controls, lone surrogates, marks of pictures; newlines become LF."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNPRINTABLE.sub("", plain).removeprefix("\ufeff")


def _codec(declared: str) -> str | None:
    """Python's name of the declared charset; None where it is unknown or says nothing."""
    name = declared.strip().strip("\"'").lower().partition("*")[0]
    name = _ALIASES.get(name, name)
    if name in _NOTHING or not _NAME.fullmatch(name):
        return None
    for candidate in (
        name,
        name.removeprefix("x-"),
        name.removeprefix("cs"),
        name.replace("windows-", "cp"),
        name.replace("cp-", "cp"),
    ):
        try:
            found = codecs.lookup(_ALIASES.get(candidate, candidate)).name
            b"a".decode(found, "replace")  # a LookupError for codecs that do not make text
        except (LookupError, ValueError, UnicodeError):
            continue
        normal = found.replace("-", "_")
        return None if normal in _NO_CHARSETS or normal == "ascii" else found
    return None


def _decoded(data: bytes, codec: str | None) -> str:
    for mark, name in (*_BOMS, *_BOMS_16):
        if data.startswith(mark):
            return data.decode(name, "replace")
    if data.isascii():
        return _ascii(data, codec)
    utf8 = _strictly(data, "utf-8")
    if utf8 is not None and (codec is None or _single_byte(codec)):
        return utf8
    read = None if codec is None else _strictly(data, codec)
    if read is not None:
        return read
    if utf8 is not None:
        return utf8
    return _damaged(data, codec or "utf-8") or _guessed(data, codec)


def _ascii(data: bytes, codec: str | None) -> str:
    """Seven-bit bytes: plain, or in one of the charsets that hide in ASCII, or of two bytes with an empty half."""
    if codec is not None and codec.replace("-", "_") in _ESCAPED:
        return data.decode(codec, "replace")
    if b"\0" in data:
        half = _half_empty(data)
        if half is not None:
            return data.decode(half, "replace")
    if b"\x1b$" in data or b"\x1b(" in data:
        return _strictly(data, "iso2022_jp_ext") or data.decode("ascii", "replace")
    if codec is not None and not codec.startswith(("utf-16", "utf-32", "utf_16", "utf_32")):
        return data.decode(codec, "replace")
    return data.decode("ascii", "replace")


def _half_empty(data: bytes) -> str | None:
    """UTF-16 without its mark: every second byte of western text is NUL."""
    pairs = len(data) // 2
    if pairs and data[1::2].count(0) > pairs * 0.6:
        return "utf-16-le"
    return "utf-16-be" if pairs and data[0::2].count(0) > pairs * 0.6 else None


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError, LookupError):
        return None


def _single_byte(codec: str) -> bool:
    """Whether each byte is a character: then hardly any text in it happens to be valid UTF-8."""
    read = _PROBE.decode(codec, "replace")
    return len(read) == len(_PROBE) and read.count("\ufffd") < len(_PROBE) // 2


def _damaged(data: bytes, codec: str) -> str | None:
    """The text with marks for what could not be read, where most signs could (a cut mail, one bad byte)."""
    text = data.decode(codec, "replace")
    broken = text.count("\ufffd")
    good = sum(1 for sign in text[:100_000] if sign > "\x7f" and sign != "\ufffd")
    return text if good >= 2 * broken > 0 else None


def _guessed(data: bytes, codec: str | None) -> str:
    half = _half_empty(data)
    if half is not None:
        return data.decode(half, "replace")
    if codec is not None and _single_byte(codec):
        return data.decode(codec, "replace")
    return data.decode(_likely(data) or "cp1252", "replace")


def _likely(data: bytes) -> str | None:
    """What the detector takes a sample for; None where it is too short to tell."""
    start = next(at for at, byte in enumerate(data) if byte > 0x7F)  # noqa: PLR2004 - the first that is not ASCII
    sample = data[max(0, start - _SAMPLE // 4) :][:_SAMPLE]
    if len(sample) < _LEAST:
        return None
    import charset_normalizer  # noqa: PLC0415 - 30 ms, and the gateway never guesses

    found = charset_normalizer.from_bytes(sample).best()
    return None if found is None or found.encoding == "ascii" else found.encoding
