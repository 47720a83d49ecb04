"""What a citizen newly wrote, divided from the history and the signature that came along."""

from __future__ import annotations

import re

#: Characters of one line that are looked at: marks stand at its beginning.
_LINE = 400
#: Lines over which mailers break the sentence above a quote, and lines of a signature.
_WRAPPED, _SIGNATURE = 4, 15
#: Lines below "From:" within which its block of fields ends.
_BLOCK = 8

_FORWARD_SUBJECT = re.compile(r"\s*(?:fwd?|trs?|terusan|diteruskan|wg|enc)\s*:", re.IGNORECASE)
_FORWARD = re.compile(
    r"\W*(?:[-_]{3,}\s*(?:forwarded message|pesan (?:yang )?(?:di)?teruskan|pesan terusan|diteruskan)\b.*"
    r"|(?:begin forwarded message|(?:(?:memulai|mulai|awal) )?pesan (?:yang )?(?:diteruskan|teruskan|terusan))\s*:\s*)",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"\W*-{2,}\s*(?:original (?:message|appointment)|pesan (?:asli|sebelumnya)|surat asli|reply message)\s*-{2,}.*",
    re.IGNORECASE,
)
_INTRO = re.compile(r"\W{0,4}(?:on|pada|pd|tanggal|tgl|in|am|le|el)\b", re.IGNORECASE)
_WROTE = re.compile(r".*\b(?:wrote|writes|menulis|menuliskan|schrieb|a écrit|escribió)\b[^:]{0,60}:\W*", re.IGNORECASE)
_DATED = re.compile(r"\d{1,4}[./: -]\d|\d\s+\w{3,}\s+\d{4}|\w{3,}\s+\d{1,2},\s+\d{4}|@")
_FROM = re.compile(r"\W{0,4}(?:from|dari|de|von)\W{0,3}:\s*\S", re.IGNORECASE)
_SENT = re.compile(r"\W{0,4}(?:sent|dikirim|terkirim|date|tanggal|tgl)\W{0,3}:.*\d", re.IGNORECASE)
_SENT_ONLY = re.compile(r"\W{0,4}(?:sent|dikirim|terkirim)\W{0,3}:", re.IGNORECASE)
_TO = re.compile(r"\W{0,4}(?:to|kepada|ke|untuk|subject|subjek|perihal|judul)\W{0,3}:", re.IGNORECASE)
_RULE = re.compile(r"\s*[-_=*]{5,}\s*")
#: Where Outlook's plain text has a picture: `[cid:image001.png@01DB…]`; the file has that name.
_PICTURE = re.compile(r"\[cid:([^\]\s@]{1,100})[^\]\s]{0,100}\]")
_QUOTED = re.compile(r"\s{0,3}>")
_DEVICE = (
    r"(?:my |saya |ponsel|hp\b|perangkat|smartphone|iphone|ipad|ipod|samsung|galaxy|xiaomi|redmi|poco|oppo|vivo"
    r"|realme|infinix|huawei|nokia|blackberry|android|yahoo|ymail|outlook|mail\b|windows|gmail|proton|spark|aplikasi|telepon|mobile|bluemail)"
)
_PHONE = re.compile(
    rf"\W{{0,3}}(?:(?:di|ter)kirim (?:dari|melalui|menggunakan|lewat|via|dengan) {_DEVICE}"
    rf"|sent (?:from|via|with|using) {_DEVICE}"
    r"|(?:dapatkan|unduh|get) (?:outlook|bluemail|yahoo mail) (?:untuk|for)\b|yahoo mail: search, organi[sz]e).{0,200}",
    re.IGNORECASE,
)


def is_forward(subject: str | None) -> bool:
    """Tell by its subject whether a mail was forwarded."""
    return bool(_FORWARD_SUBJECT.match(subject or ""))


def split(text: str, *, forwarded: bool, answers_us: bool) -> tuple[str, str | None]:
    """Divide a text into the new words and the rest. What was forwarded is new; so is a quote that stands alone,
    unless the mail answers one of ours, whose words we know.
    """
    lines = _PICTURE.sub(r"[\1]", text).split("\n")
    old = _history(lines, forwarded=forwarded)
    new = [at for at in range(len(lines)) if at not in old]
    old |= set(_signature(lines, new))
    words = "\n".join(lines[at] for at in new if at not in old).strip()
    if not words and not answers_us:
        return "\n".join(lines).strip(), None
    apart = ("\n" if at - 1 not in old else "" for at in sorted(old))
    rest = "\n".join(gap + lines[at] for gap, at in zip(apart, sorted(old), strict=True)).strip("\n")
    return words, rest if rest.strip() else None


def _history(lines: list[str], *, forwarded: bool) -> set[int]:
    """Which lines are the words of earlier mails, with the sentences that introduce them."""
    old: set[int] = set()
    at = 0
    while at < len(lines):
        line = lines[at][:_LINE]
        if _FORWARD.fullmatch(line.strip()):
            break
        if _ORIGINAL.fullmatch(line.strip()) or _is_block(lines, at):
            return old if forwarded else old | set(range(_above(lines, at), len(lines)))
        wrapped = _introduction(lines, at)
        if wrapped:
            quote = _next(lines, at + wrapped)
            if forwarded:
                break
            if quote == len(lines) or not _QUOTED.match(lines[quote]):
                return old | set(range(at, len(lines)))
            end = _run(lines, quote)
            old |= set(range(at, end))
            at = end
        elif _QUOTED.match(line):
            end = _run(lines, at)
            old |= set(range(at, end)) if end - at > 1 and not forwarded else set()
            at = end
        else:
            at += 1
    return old


def _introduction(lines: list[str], at: int) -> int:
    """How many lines a sentence like "Pada … menulis:" takes here; 0 where there is none."""
    first = lines[at][:_LINE].strip()
    if _QUOTED.match(first) or not first:
        return 0
    opened = _INTRO.match(first) is not None
    joined = ""
    for count, line in enumerate(lines[at : at + (_WRAPPED if opened else 1)], 1):
        joined = f"{joined} {line[:_LINE].strip()}"
        if _WROTE.fullmatch(joined):
            return count if _DATED.search(joined) else 0
    return 0


def _is_block(lines: list[str], at: int) -> bool:
    """Whether Outlook's block of From, Sent, To and Subject begins here, and not a letter with a similar head."""
    if not _FROM.match(lines[at][:_LINE]):
        return False
    below = [line[:_LINE] for line in lines[at : at + _BLOCK]]
    mailed = "@" in below[0] or any(_SENT_ONLY.match(line) for line in below)
    ruled = at > 0 and _RULE.fullmatch(lines[_above(lines, at)][:_LINE]) is not None
    return (
        (mailed or ruled)
        and any(_SENT.match(line) for line in below[1:])
        and any(_TO.match(line) for line in below[1:])
    )


def _above(lines: list[str], at: int) -> int:
    """The line of dashes that stands above a block of history, or the block itself."""
    before = at - 1
    while before >= 0 and at - before < 3 and not lines[before].strip():  # noqa: PLR2004 - a blank line or two
        before -= 1
    return before if before >= 0 and _RULE.fullmatch(lines[before][:_LINE]) else at


def _next(lines: list[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def _run(lines: list[str], at: int) -> int:
    """Where the lines that begin with `>` end; single blank lines between them belong to them."""
    while at < len(lines):
        if _QUOTED.match(lines[at]):
            at += 1
        elif not lines[at].strip() and at + 1 < len(lines) and _QUOTED.match(lines[at + 1]):
            at += 2
        else:
            break
    return at


def _signature(lines: list[str], new: list[int]) -> list[int]:
    """Which of the new lines sign the mail: those below `-- `, or what a phone adds at the end."""
    filled = [at for at in new if lines[at].strip()]
    for at in filled[-_SIGNATURE:]:
        if lines[at].rstrip() == "--":
            return [line for line in new if line >= at]
    count = 0
    while count < len(filled) and _PHONE.fullmatch(lines[filled[-1 - count]][:_LINE].strip()):
        count += 1
    return filled[len(filled) - count :] if count else []
