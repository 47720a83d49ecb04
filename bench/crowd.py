"""Many complaints of a regency at once, as years of work leave them: a few open ones, and a long history."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

from normalizer import ticket

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

#: What citizens write about; the first are the most frequent.
SUBJECTS = [
    "jalan di depan pasar berlubang dan membahayakan pengendara",
    "lampu jalan mati sudah beberapa malam",
    "sampah menumpuk di pinggir jalan dan berbau",
    "saluran air tersumbat sehingga banjir setiap hujan",
    "jalan menuju sekolah rusak parah",
    "air PDAM tidak mengalir sejak pagi",
    "mohon kejelasan bantuan sosial untuk warga kurang mampu",
    "antrean pelayanan KTP terlalu lama",
    "obat di puskesmas habis dan pasien disuruh membeli sendiri",
    "jembatan desa retak dan hampir putus",
    "pungutan di sekolah tanpa kuitansi",
    "trotoar dipakai berjualan sehingga pejalan kaki turun ke jalan",
    "pohon besar miring dan rawan tumbang",
    "parkir liar membuat macet di jam pulang kerja",
    "limbah pabrik mencemari sungai",
    "pupuk bersubsidi sulit didapat petani",
    "irigasi sawah kering",
    "guru sering tidak masuk mengajar",
    "akta kelahiran belum jadi setelah dua bulan",
    "lampu lalu lintas di perempatan tidak menyala",
    "galian kabel tidak ditutup kembali",
    "pasar malam terlalu bising sampai larut",
    "anjing liar mengganggu warga",
    "rumah tidak layak huni belum didata",
    "kartu BPJS tidak aktif padahal iuran dibayar pemerintah",
    "tanggul sungai jebol",
]
MANNERS = [
    "mohon segera ditindaklanjuti",
    "tolong diperbaiki pak",
    "sudah berkali-kali kami laporkan",
    "warga sangat terganggu",
    "terima kasih atas perhatiannya",
    "kapan ada petugas yang datang",
    "kami menunggu jawaban dari dinas terkait",
    "sudah tiga bulan tidak ada perubahan",
    "mohon dicek ke lokasi",
    "anak-anak sering jatuh di sana",
    "apakah sudah ada anggarannya",
    "tetangga kami juga mengeluhkan hal yang sama",
]
STREETS = ("Pahlawan", "Diponegoro", "Sudirman", "Kartini", "Gajah Mada", "Melati", "Merdeka", "Veteran")
FIRST = ("Siti", "Budi", "Sri", "Agus", "Wati", "Joko", "Dewi", "Slamet", "Rina", "Bambang", "Nur", "Eko", "Tuti")
LAST = ("Rahayu", "Santoso", "Wahyuni", "Prasetyo", "Lestari", "Widodo", "Utami", "Hidayat", "Kusuma", "Setiawan")
PLACES = ("Moga", "Comal", "Randudongkal", "Taman", "Petarukan", "Ulujami", "Bodeh", "Belik", "Pulosari", "Watukumpul")
#: Stands in one complaint of so many.
RARE, RARE_EVERY = "bronjong", 50_000
FREQUENT = "jalan"
UNITS = ("dpu", "dishub", "dlh", "dinkes", "dindik", "dinsos", "disdukcapil", "kec-moga", "kec-comal")
PROGRAMS = ("siaga", "lapor", "sapa")
OFFICERS = 200
#: Of however many; of few no more than half.
OPEN = 30_000

_HEAVY = (
    "complaint",
    "complaint_search",
    "message",
    "outbox",
    "event",
    "attachment",
    "notice",
    "contact",
    "contact_address",
)

# `i` counts in the order of time; of the last ones each second is open.
_CASES = """
CREATE TEMP TABLE crowd AS
SELECT i, at, code, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3) || '8'
                     || substr(h, 4, 15))::uuid AS id,
       (ARRAY['siaga','siaga','siaga','siaga','siaga','siaga','lapor','lapor','lapor','sapa'])[1 + a % 10] AS program,
       CASE WHEN i > n - 2 * open AND i % 2 = 0 THEN
         (ARRAY['baru','baru','baru','diverifikasi','disposisi','disposisi','disposisi','tindak_lanjut','tindak_lanjut',
                'tindak_lanjut','menunggu_warga','ditunda'])[1 + b % 12]
       ELSE (ARRAY['selesai','selesai','selesai','selesai','selesai','selesai','selesai','diarsipkan',
                   'bukan_wewenang'])[1 + b % 9] END AS state,
       i > n - 2 * open AND i % 2 = 0 AS open, (c % 10 * (c / 10 % 10)) / 10 AS unit, 1 + d % contacts AS contact,
       (ARRAY['sms','bot','web','desk'])[1 + c / 100 % 4] AS account,
       (ARRAY['sms','telegram','web','desk'])[1 + c / 100 % 4] AS channel,
       c / 1000 % 100 AS dice, e, 'Jalan ' || street AS street, place, subject || ', ' || manner
         || CASE WHEN i % %(every)s = 7 THEN ', perlu ' || %(rare)s ELSE '' END || '. Lokasi Jalan ' || street
         || ' desa ' || village || ', ' || place AS text
FROM (
  SELECT *, ('x' || substr(h, 1, 6))::bit(24)::int AS a, ('x' || substr(h, 7, 6))::bit(24)::int AS b,
         ('x' || substr(h, 13, 6))::bit(24)::int AS c, ('x' || substr(h, 19, 7))::bit(28)::int AS d,
         ('x' || substr(h, 26, 6))::bit(24)::int AS e
  FROM (SELECT i, n, code, md5('crowd' || i) AS h, least(n / 2, %(open)s) AS open, n * 2 / 5 AS contacts,
               %(now)s::timestamptz - interval '5 years' * ((n - i)::float8 / n) AS at
        FROM code, (SELECT count(*)::int AS n FROM code) AS all_of_them) AS counted
) AS thrown
JOIN village ON village.k = e % (SELECT count(*) FROM village)
JOIN subject ON subject.k = (b / 100 % 26) * (c / 7 % 26) / 26
JOIN manner ON manner.k = b / 9 % 12
JOIN street ON street.k = d / 11 % 8
JOIN place ON place.k = d / 13 % 10
"""
_FILL = (
    """
INSERT INTO contact (id, name, created_at)
SELECT md5('contact' || contact)::uuid, name, min(at) FROM crowd JOIN name ON name.k = contact % 130 GROUP BY 1, 2
""",
    """
INSERT INTO contact_address (scheme, address, contact_id, name, phone, last_seen_at)
SELECT 'sms', '+6281' || lpad(contact::text, 9, '0'), md5('contact' || contact)::uuid, name,
       '+6281' || lpad(contact::text, 9, '0'), max(at)
FROM crowd JOIN name ON name.k = contact % 130 GROUP BY contact, name
""",
    "INSERT INTO ticket (code, complaint_id) SELECT code, id FROM crowd",
    """
INSERT INTO complaint (id, ticket, program, account, channel, conversation, contact_id, state, type, anonim, rahasia,
  format_unclear, likely_double, subject, body, words, place, unit, officer_id, touched, unread, send_failed, opened_at,
  created_at, next_due_at, response_due_at, resolution_due_at, responded_at, closed_at, last_inbound_at,
  last_activity_at, last_answered_at, version)
SELECT c.id, code, CASE WHEN open AND dice = 0 THEN NULL ELSE program END, account, channel,
  '+6281' || lpad(contact::text, 9, '0'), md5('contact' || contact)::uuid, state,
  CASE WHEN dice < 80 THEN 'pengaduan' WHEN dice < 90 THEN 'aspirasi' ELSE 'informasi' END,
  dice = 3, dice = 5, dice BETWEEN 10 AND 14, dice BETWEEN 20 AND 22, left(text, 80), text, text,
  jsonb_build_object('label', street, 'candidates', jsonb_build_array(place)),
  CASE WHEN state IN ('baru', 'diverifikasi') OR (open AND dice = 0) THEN NULL
       ELSE (%(units)s::text[])[1 + c.unit] END,
  CASE WHEN state IN ('tindak_lanjut', 'menunggu_warga', 'ditunda', 'selesai') OR (state = 'disposisi' AND e % 2 = 0)
       THEN (SELECT min(id) FROM officer) + 4 + e % (SELECT count(*) - 4 FROM officer) END,
  state <> 'baru', state = 'baru', open AND dice = 7, at, at,
  CASE WHEN open AND state NOT IN ('menunggu_warga', 'ditunda') THEN due END, CASE WHEN open THEN due END,
  CASE WHEN open THEN due + interval '1 day' END, CASE WHEN NOT open THEN at + interval '1 day' END,
  CASE WHEN NOT open THEN at + interval '2 days' END, at, at, CASE WHEN NOT open THEN at + interval '1 day' END, 3
FROM crowd c, LATERAL (SELECT %(now)s::timestamptz + interval '1 minute' * (e % 20000 - 8000) AS due) AS clock
""",
    """
INSERT INTO message (id, complaint_id, direction, role, account, conversation, external_id, address, name, text, clean,
  opener, sent_at, received_at)
SELECT md5('in' || part || i)::uuid, id, 'in', 'citizen', account, '+6281' || lpad(contact::text, 9, '0'),
  'in' || part || i, '+6281' || lpad(contact::text, 9, '0'), name, CASE part WHEN 0 THEN text ELSE 'Tambahan: ' || text
  END, text, part = 0, at + part * interval '1 hour', at + part * interval '1 hour'
FROM crowd JOIN name ON name.k = contact % 130, generate_series(0, CASE WHEN dice < 25 THEN 1 ELSE 0 END) AS part
""",
    """
INSERT INTO message (id, complaint_id, direction, role, account, conversation, external_id, officer_id, text, sent_at,
  received_at)
SELECT md5(direction || i)::uuid, c.id, direction, CASE direction WHEN 'out' THEN 'answer' ELSE 'note' END, account,
  '+6281' || lpad(contact::text, 9, '0'), CASE direction WHEN 'out' THEN 'out' || i END,
  (SELECT min(id) FROM officer) + 4 + e % (SELECT count(*) - 4 FROM officer),
  'Terima kasih, petugas sudah ke lokasi. ' || subject, at + interval '1 day', at + interval '1 day'
FROM crowd c JOIN subject ON subject.k = e % 26, unnest(ARRAY['out', 'note']) AS direction
WHERE CASE direction WHEN 'out' THEN NOT open ELSE dice < 40 END
""",
    """
INSERT INTO outbox (id, account, conversation, address, complaint_id, message_id, purpose, dedupe, text, lane, state,
  attempts, next_attempt_at, external_id, sent_at, created_at)
SELECT md5(purpose || '/' || i)::uuid, account, '+6281' || lpad(contact::text, 9, '0'),
  '+6281' || lpad(contact::text, 9, '0'), id, CASE purpose WHEN 'answer' THEN md5('out' || i)::uuid END, purpose,
  CASE purpose WHEN 'ack' THEN 'ack:' || i END, 'Aduan Anda kami terima, nomor ' || code, e % 16, 'delivered', 1, at,
  purpose || i, at, at
FROM crowd, unnest(ARRAY['ack', 'answer']) AS purpose WHERE purpose = 'ack' OR NOT open
""",
    """
INSERT INTO event (complaint_id, at, actor, kind, data, seq, hash)
SELECT id, at + step * interval '1 hour', CASE step WHEN 0 THEN 'warga' ELSE 'petugas' END,
  (ARRAY['masuk', 'diambil', 'disposisi', 'dijawab'])[1 + step], '{}', 1 + step, sha256(convert_to(code, 'UTF8'))
FROM crowd, generate_series(0, CASE WHEN open THEN 1 ELSE 3 END) AS step
""",
    """
INSERT INTO attachment (id, message_id, account, name, content_type, size, sha256, state)
SELECT md5('file' || i)::uuid, md5('in0' || i)::uuid, account, 'foto.jpg', 'image/jpeg', 100000,
  encode(sha256(convert_to(code, 'UTF8')), 'hex'), 'stored'
FROM crowd WHERE dice < 30
""",
    """
INSERT INTO notice (officer_id, complaint_id, kind, data, made_at, seen_at, planned)
SELECT c.officer_id, c.id, 'handed', '{"unit": "dpu"}', c.opened_at, CASE WHEN t.dice < 95 THEN c.opened_at END, true
FROM crowd t JOIN complaint c ON c.id = t.id WHERE c.officer_id IS NOT NULL AND t.dice >= 90
""",
    # As store/search_index.py writes it; made at once, since reading a million histories anew takes an hour.
    """
INSERT INTO complaint_search (complaint_id, veiled, opened_at, words)
SELECT c.id, veiled, c.opened_at, to_tsvector('indonesian', concat_ws(' ', c.ticket, c.subject, c.place->>'label',
    t.place, t.text, CASE WHEN dice < 25 THEN 'Tambahan ' || t.text END,
    CASE WHEN NOT veiled THEN name || ' ' || c.conversation END))
  || array_to_tsvector(ARRAY['program ' || coalesce(c.program, ''), 'unit ' || coalesce(c.unit, ''),
    'account ' || c.account, 'channel ' || c.channel, 'type ' || c.type, 'place ' || t.place,
    'weeks1 ' || week, 'weeks16 ' || week / 16, 'weeks128 ' || week / 128]
    || CASE WHEN c.anonim THEN ARRAY['flag anonim'] ELSE '{}' END
    || CASE WHEN c.rahasia THEN ARRAY['flag rahasia'] ELSE '{}' END
    || CASE WHEN c.format_unclear THEN ARRAY['flag format_unclear'] ELSE '{}' END
    || CASE WHEN c.likely_double THEN ARRAY['flag likely_double'] ELSE '{}' END
    || CASE WHEN NOT veiled THEN ARRAY['phone ' || c.conversation] ELSE '{}' END)
FROM crowd t JOIN complaint c ON c.id = t.id JOIN name ON name.k = contact % 130,
  LATERAL (SELECT c.anonim OR c.rahasia AS veiled, extract(epoch FROM c.opened_at)::bigint / 604800 AS week) AS veil
""",
    "DROP TABLE crowd",
)


def gather(connection: psycopg.Connection, count: int, now: str, *, still_open: int = OPEN) -> None:
    """So many complaints up to the time `now` (ISO 8601), in a migrated database without any; the last are still open.

    Wants a superuser on a connection in autocommit: triggers rest meanwhile, and indexes are made at the end.
    """
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
    _words(connection, count)
    _officers(connection, now)
    definitions = _drop_indexes(connection)
    values = {"now": now, "every": RARE_EVERY, "rare": RARE, "units": list(UNITS), "open": still_open}
    for statement in (_CASES, *_FILL):
        connection.execute(statement.replace("%", "%%").replace("%%(", "%("), values)
    for definition in definitions:
        connection.execute(definition)
    connection.execute("RESET ALL")
    connection.execute("VACUUM ANALYZE")


def _words(connection: psycopg.Connection, count: int) -> None:
    """What the complaints are put together from, as tables."""
    dice = random.Random(17081945)
    syllables = ("ka", "rang", "su", "ko", "wa", "ja", "ti", "man", "gu", "bo", "jong", "lo", "ban", "da", "ri", "pe")
    villages = sorted({"".join(dice.choices(syllables, k=dice.choice((2, 3, 3)))).title() for _ in range(6000)})
    codes: dict[str, None] = {}
    while len(codes) < count:
        codes[ticket.new()] = None
    names = [" ".join(pair) for pair in itertools.product(FIRST, LAST)]
    _table(connection, "code", "code", "i", enumerate(codes, start=1))
    tables = {"village": villages, "subject": SUBJECTS, "manner": MANNERS, "street": STREETS, "place": PLACES}
    for table, words in {**tables, "name": names}.items():
        _table(connection, table, table, "k", enumerate(words))


def _table(
    connection: psycopg.Connection, name: str, column: str, number: str, rows: Iterable[tuple[int, str]]
) -> None:
    connection.execute(f"CREATE TEMP TABLE {name} ({number} int, {column} text)")
    with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    connection.execute(f"ANALYZE {name}")


def _officers(connection: psycopg.Connection, now: str) -> None:
    """`admin`, an administrator; `siaga`, `lapor` and `sapa`, of a program each; and officers of units, by number."""
    connection.execute(
        """
        INSERT INTO officer (username, name, password_hash, role, programs, unit, created_at)
        SELECT CASE k WHEN 0 THEN 'admin' WHEN 1 THEN 'siaga' WHEN 2 THEN 'lapor' WHEN 3 THEN 'sapa'
               ELSE 'petugas' || k END, 'Petugas ' || k, '',
               CASE WHEN k = 0 THEN 'administrator' WHEN k < 4 THEN 'program_admin' ELSE 'officer' END,
               CASE WHEN k = 0 THEN '[]' WHEN k < 4 THEN jsonb_build_array((%(programs)s::text[])[k])
               ELSE jsonb_build_array((%(programs)s::text[])[1 + k %% 3]) END,
               CASE WHEN k >= 4 THEN (%(units)s::text[])[1 + k / 3 %% 9] END, %(now)s
        FROM generate_series(0, %(last)s) AS k
        """,
        {"programs": list(PROGRAMS), "units": list(UNITS), "now": now, "last": OFFICERS},
    )


def _drop_indexes(connection: psycopg.Connection) -> list[str]:
    """Takes away the indexes that no key needs, and says how to make them again."""
    found = connection.execute(
        """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid = ANY(%s::text[]::regclass[])
          AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
        """,
        (list(_HEAVY),),
    ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    return [definition for _, definition in found]
