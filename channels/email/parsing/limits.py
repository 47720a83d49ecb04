"""How much of a mail is read: what real mail never reaches, and hostile mail must not pass."""

from __future__ import annotations

#: Bytes of one header block. The longest real ones, lists of hundreds of recipients behind several relays, have 100 kB.
MAX_HEADERS = 512 * 1024
#: Header fields of one block; real mail has 20 to 100.
MAX_FIELDS = 5_000
#: Bytes of one header field that are decoded; beyond lie only endless recipient lists.
MAX_FIELD = 64 * 1024
#: MIME parts of one mail, attached mails included. Photo albums have dozens, digests a few hundred.
MAX_PARTS = 1_000
#: Parts within parts. A mail forwarded ten times, as an attachment each time, has about 25.
MAX_DEPTH = 40
#: Lines that look like a boundary and are none; more than this only wears the splitter out.
MAX_NEAR_BOUNDARIES = 100_000
#: Text parts whose charset is worked out; the rest become files. Mails with photos between words have dozens.
MAX_BODIES = 100
#: Bytes of one text part that are read as text; the part is then attached too. Nobody writes 2 MB.
MAX_BODY = 2_000_000
#: Characters of words, and of history, that are kept as text (a book has 500,000); the whole text is then attached.
MAX_TEXT = 200_000
#: Characters of HTML that are read and, cleaned, kept. Long office threads reach 500,000.
MAX_HTML = 1_000_000
#: Elements within elements in the safe HTML; deeper ones keep their words and lose their frame.
MAX_ELEMENTS_DEEP = 60
#: Characters of an external id; an index row of the database takes no more than about 2,700 bytes.
MAX_ID = 400
#: Characters of an address: 64 before the @, 255 behind it (RFC 5321, 4.5.3.1).
MAX_ADDRESS = 320
#: Characters of a person's or a file's name.
MAX_NAME = 200
#: Ids of References that are looked at, from the newest; some lists carry hundreds.
MAX_REFERENCES = 100
#: Objects and properties of one winmail.dat; real ones have a few hundred.
MAX_TNEF_OBJECTS = 10_000


class Unreadable(Exception):  # noqa: N818 - it names the mail's state, and never leaves the parser
    """The mail is beyond the limits, or of no shape that can be read; the officer gets it as a file."""
