"""Exports as offices write them: charsets, delimiters, headings, dates, flags, words; and files that do harm."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook

from channels.contract import AccountInfo, Conversation, RawMessage
from channels.importing import MAX_BYTES, ImportRefused, Report
from channels.lapor import cells, columns, tables, words
from channels.lapor.adapter import LaporChannel
from channels.lapor.dialects.export import ExportSettings
from normalizer import remote
from normalizer.complaint import CLOSED, TRANSITIONS, State
from normalizer.messages import Edit, Ignored, InboundMessage, Malformed
from normalizer.remote import RemoteState

if TYPE_CHECKING:
    from normalizer.messages import Inbound

WIB = timezone(timedelta(hours=7))
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def channel(**settings: Any) -> LaporChannel:
    return LaporChannel(AccountInfo(name="lapor"), ExportSettings(**settings))


def reports(content: bytes | str, **settings: Any) -> list[Report]:
    importer = channel(**settings).importer
    assert importer is not None
    return list(importer.reports(content.encode() if isinstance(content, str) else content))


def items(report: Report, meta: dict[str, Any] | None = None, **settings: Any) -> list[Inbound]:
    raw = RawMessage(id="1", account="lapor", received_at=NOW, body=report.body, meta=meta or {})
    return channel(**settings).parse(raw)


def message(content: bytes | str, **settings: Any) -> InboundMessage:
    [report] = reports(content, **settings)
    assert report.problem is None
    first = items(report, **settings)[0]
    assert isinstance(first, InboundMessage)
    return first


def xlsx(*rows: list[Any], title: str | None = None) -> bytes:
    book, written = Workbook(), io.BytesIO()
    sheet = book.active
    if title:
        sheet.append([title])
        sheet.append([])
    for row in rows:
        sheet.append(row)
    book.save(written)
    return written.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiters_and_charsets(delimiter: str, charset: str) -> None:
    rows = ("Tracking ID", "Isi Laporan", "Status"), ("9", f'"Café{delimiter} “dekat” pasar"', "Proses")
    found = message("\n".join(delimiter.join(row) for row in rows).encode(charset))
    assert found.text == f"Café{delimiter} “dekat” pasar"
    assert found.external_id == "9"


def test_a_title_above_the_headings_and_blank_rows_do_no_harm() -> None:
    content = "Rekap Laporan\r\nPeriode;November\r\n\r\nTRACKING  ID;ISI LAPORAN\r\n1;Satu\r\n;\r\n2;Dua\r\n"
    assert [(each.number, each.external_id) for each in reports(content)] == [(5, "1"), (7, "2")]


def test_line_breaks_and_quotes_inside_a_cell_stay() -> None:
    assert message('Tracking ID,Isi Laporan\n1,"baris satu\nbaris ""dua"""\n').text == 'baris satu\nbaris "dua"'


def test_headings_of_the_installations_own_go_before_the_known_ones() -> None:
    content = "Kode;Isi Laporan;Keluhan;Tgl\n5;bukan ini;ini;01/02/2026\n"
    found = message(content, column_id="KODE", column_text="keluhan", column_reported="tgl")
    assert (found.external_id, found.text) == ("5", "ini")
    assert found.sent_at == datetime(2026, 2, 1, tzinfo=WIB)
    with pytest.raises(ImportRefused, match="tidak ditemukan"):
        reports(content)


def test_every_heading_is_spelt_as_it_is_looked_for() -> None:
    for names in columns.HEADINGS.values():
        assert [columns.plain(name) for name in names] == list(names)
    known = [name for names in columns.HEADINGS.values() for name in names]
    assert len(known) == len(set(known))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("20/11/2026", datetime(2026, 11, 20, tzinfo=WIB)),
        ("20-11-2026 08:15", datetime(2026, 11, 20, 8, 15, tzinfo=WIB)),
        ("20.11.2026 08.15.30", datetime(2026, 11, 20, 8, 15, 30, tzinfo=WIB)),
        ("5/1/26", datetime(2026, 1, 5, tzinfo=WIB)),
        ("20 November 2026", datetime(2026, 11, 20, tzinfo=WIB)),
        ("Jumat, 20 Nov 2026, pukul 19.05 WIB", datetime(2026, 11, 20, 19, 5, tzinfo=WIB)),
        ("1 Agustus 2026 10:00 WITA", datetime(2026, 8, 1, 2, 0, tzinfo=UTC)),
        ("3 Mei 2026 - 07:00", datetime(2026, 5, 3, 7, 0, tzinfo=WIB)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=WIB)),
        ("2026-11-20 08:15:30", datetime(2026, 11, 20, 8, 15, 30, tzinfo=WIB)),
        ("2026-11-20T01:15:00Z", datetime(2026, 11, 20, 1, 15, tzinfo=UTC)),
        ("46346,34375", datetime(2026, 11, 20, 8, 15, tzinfo=WIB)),
        ("46346", datetime(2026, 11, 20, tzinfo=WIB)),
        ("", None),
        ("-", None),
    ],
)
def test_times_as_offices_write_them(cell: str, expected: datetime | None) -> None:
    assert cells.moment(cell, WIB) == expected


@pytest.mark.parametrize(
    "cell",
    ["31/13/2026", "30/02/2026", "kemarin", "20 Smarch 2026", "1/1/1899", "99999", "20/11/2026 25:00", "9" * 400],
)
def test_what_is_no_time_is_an_error_and_never_another_time(cell: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        cells.moment(cell, WIB)


def test_a_row_whose_time_cannot_be_read_falls_alone() -> None:
    first, second = reports("Tracking ID;Isi Laporan;Tanggal Laporan\n1;a;31/13/2026\n2;b;\n")
    assert first.problem == "tanggal tidak dapat dibaca"
    [lost] = items(first)
    assert isinstance(lost, Malformed)
    assert lost.external_id == first.external_id
    assert second.problem is None


@pytest.mark.parametrize("cell", ["Ya", "y", "TRUE", "1", "✓", "Anonim", "entahlah"])
def test_a_flag_is_set_by_everything_but_a_no(cell: str) -> None:
    found = message(f"Tracking ID;Isi Laporan;Anonim;Rahasia\n1;a;{cell};Tidak\n")
    assert (found.hints["anonim"], found.hints["rahasia"]) == (True, False)


@pytest.mark.parametrize(
    ("cell", "flags"),
    [
        ("Publik", (False, False)),
        ("Anonim", (True, False)),
        ("Rahasia", (False, True)),
        ("Anonim, Rahasia", (True, True)),
    ],
)
def test_one_column_for_both_flags(cell: str, flags: tuple[bool, bool]) -> None:
    found = message(f'Tracking ID;Isi Laporan;Sifat Laporan\n1;a;"{cell}"\n')
    assert (found.hints["anonim"], found.hints["rahasia"]) == flags


def test_a_name_that_says_anonymous_is_no_name() -> None:
    found = message("Tracking ID;Isi Laporan;Nama Pelapor\n1;a;Anonim\n")
    assert (found.sender.name, found.hints["anonim"]) == (None, True)


def test_everything_else_of_a_row_is_a_hint() -> None:
    found = message(
        "Tracking ID;Isi Laporan;Lokasi;Tanggal Kejadian;Instansi Terdisposisi;Kategori;Klasifikasi/ Tipe Laporan;"
        "Sumber;No HP;Email\n"
        "1;a;Pasar;18-11-2026;DPU;Jalan;Permintaan Informasi;SMS;0811-2626-116;Budi@Contoh.Example\n"
    )
    assert found.hints == {
        "anonim": False, "rahasia": False, "no_reply": True, "type": "informasi", "place": "Pasar",
        "incident_date": "2026-11-18", "agency": "DPU", "category": "Jalan", "via": "SMS", "phone": "+628112626116",
        "email": "budi@contoh.example",
    }  # fmt: skip
    assert found.command == "lapor"


def test_meta_says_as_what_a_row_comes() -> None:
    [report] = reports("Tracking ID;Isi Laporan;Status\n1;a;Tuntas\n")
    new, said = items(report)
    edit, again = items(report, {"as": "edit", "at": "2026-11-22T00:00:00Z"})
    assert isinstance(new, InboundMessage)
    assert isinstance(edit, Edit)
    assert isinstance(said, Ignored)
    assert isinstance(again, Ignored)
    assert (edit.version, again.version) == ("2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z")
    assert items(report, {"as": "status", "at": "x"}) == [Ignored(**{**_fields(said), "version": "x"})]


def _fields(item: Ignored) -> dict[str, Any]:
    return {name: getattr(item, name) for name in ("reason", "external_id", "version", "conversation_id", "to")}


def test_the_title_is_the_administrators_and_changes_no_words() -> None:
    one, two, three = (
        reports(f"Tracking ID;Judul;Isi Laporan\n1;{title};{text}\n")[0]
        for title, text in (("Jalan", "rusak"), ("JALAN RUSAK", "rusak"), ("Jalan", "rusak parah"))
    )
    assert one.words == two.words != three.words


def test_words_for_states_of_both_systems_and_of_the_installation() -> None:
    assert words.state_of("Menunggu", {}) is State.BARU
    assert words.state_of("DALAM  TINDAKAN", {}) is State.TINDAK_LANJUT
    assert words.state_of("Tidak Layak", {}) is State.DIARSIPKAN
    assert words.state_of("Disetujui", {}) is None
    more = words.pairs(("Disetujui = selesai", "Proses=bukan wewenang"))
    assert words.state_of("disetujui", more) is State.SELESAI
    assert words.state_of("Proses", more) is State.BUKAN_WEWENANG
    for wrong in ("Disetujui", "Disetujui = beres", "= selesai"):
        with pytest.raises(ValueError, match="expected pairs"):
            words.checked((wrong,))


def test_formulas_are_text_and_nothing_is_computed() -> None:
    assert message('Tracking ID;Isi Laporan\n1;=HYPERLINK("https://x.example")\n').text.startswith("=HYPERLINK")
    found = reports(xlsx(["Tracking ID", "Isi Laporan", "Judul"], [1, "=1+1", "@SUM(A1)"]))
    [each] = found
    assert json.loads(each.body)["row"][2] == ["Judul", "@SUM(A1)"]


def test_an_xlsx_with_real_dates_numbers_and_a_title() -> None:
    rows = (["Tracking ID", "Isi Laporan", "Tanggal Laporan", "Tanggal Kejadian"],)
    content = xlsx(*rows, [7312045.0, "Lampu", datetime(2026, 11, 20, 8, 15), date(2026, 11, 18)], title="Rekap")  # noqa: DTZ001 - as Excel has it
    [report] = reports(content)
    found = message(content)
    assert (report.number, found.external_id) == (4, "7312045")
    assert found.sent_at == datetime(2026, 11, 20, 1, 15, tzinfo=UTC)
    assert found.hints["incident_date"] == "2026-11-18"


def test_the_sheet_with_the_reports_is_found() -> None:
    book, written = Workbook(), io.BytesIO()
    book.active.append(["Ringkasan"])
    book.create_sheet("Data").append(["Tracking ID", "Isi Laporan"])
    book["Data"].append(["8", "Air mati"])
    book.save(written)
    assert message(written.getvalue()).text == "Air mati"


def test_a_sheet_with_cells_in_far_corners_costs_nothing() -> None:
    book, written = Workbook(), io.BytesIO()
    book.active.append(["Tracking ID", "Isi Laporan"])
    book.active.append([1, "a"])
    book.active.cell(row=1_048_576, column=16_384, value="x")
    book.save(written)
    with pytest.raises(ImportRefused, match="hapus baris kosong"):
        reports(written.getvalue())


def test_what_a_sheet_announces_of_its_size_is_not_believed() -> None:
    good, lying = io.BytesIO(xlsx(["Tracking ID", "Isi Laporan"], ["1", "a"], ["2", "b"])), io.BytesIO()
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(lying, "w") as target:
        for entry in source.infolist():
            target.writestr(entry, source.read(entry).replace(b'ref="A1:B3"', b'ref="A1"'))
    assert [each.external_id for each in reports(lying.getvalue())] == ["1", "2"]


def test_a_report_below_a_gap_is_not_lost() -> None:
    book, written = Workbook(), io.BytesIO()
    book.active.append(["Tracking ID", "Isi Laporan"])
    book.active.cell(row=60_000, column=1, value="9")
    book.active.cell(row=60_000, column=2, value="jauh di bawah")
    book.save(written)
    assert [(each.number, each.external_id) for each in reports(written.getvalue())] == [(60_000, "9")]


def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    written = io.BytesIO()
    with (
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as entry,
    ):
        for _ in range(tables.MAX_UNPACKED // (1 << 20) + 1):
            entry.write(bytes(1 << 20))
    assert len(written.getvalue()) < MAX_BYTES
    with pytest.raises(ImportRefused, match="terlalu besar setelah dibuka"):
        reports(written.getvalue())


def test_entities_in_an_xlsx_are_refused() -> None:
    good, bad = io.BytesIO(xlsx(["Tracking ID", "Isi Laporan"], ["1", "a"])), io.BytesIO()
    bomb = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith("sheet1.xml"):
                content = bomb + content.replace(b"<worksheet", b"<worksheet", 1)
            target.writestr(entry, content)
    with pytest.raises(ImportRefused, match="rusak"):
        reports(bad.getvalue())


def test_an_xlsx_that_is_cut_off_or_empty_is_refused() -> None:
    whole = xlsx(["Tracking ID", "Isi Laporan"], ["1", "a"])
    for content in (whole[: len(whole) // 2], whole[:200], b"PK\x03\x04"):
        with pytest.raises(ImportRefused):
            reports(content)


def test_more_rows_than_allowed_are_refused_in_either_form() -> None:
    lines = [["Tracking ID", "Isi Laporan"], *([str(number), "a"] for number in range(tables.MAX_ROWS + 1))]
    for content in (xlsx(*lines), "\n".join(";".join(line) for line in lines).encode()):
        with pytest.raises(ImportRefused, match=r"20000 baris"):
            reports(content)


def test_a_cell_without_end_falls_alone() -> None:
    content = f'Tracking ID;Isi Laporan\n1;a\n2;"{"x" * 200_000}"\n3;c\n'
    found = reports(content)
    assert [each.problem is None for each in found][0::2] == [True, True] or found[0].problem is None
    assert any(each.problem == "baris tidak dapat dibaca sebagai CSV" for each in found)
    broken = next(each for each in found if each.problem)
    [lost] = items(broken)
    assert isinstance(lost, Malformed)
    assert lost.external_id == broken.external_id


def test_the_officer_is_told_to_answer_there() -> None:
    conversation = Conversation(conversation_id="LGWP14376928", address="lapor:x", last_inbound_at=NOW)
    options = channel(system="LaporGub").reply_options(conversation, NOW)
    assert not options.allowed
    assert "LaporGub" in str(options.reason)
    assert "LGWP14376928" in str(options.reason)


def test_what_they_say_of_a_state_comes_back_as_it_was_written() -> None:
    said = RemoteState(word="a:b:c", state=State.SELESAI, anonim=True, rahasia=False)
    assert remote.read(said.reason) == said
    assert remote.read("command:start") is None
    assert remote.read("remote-state:nonsense::x") is None


def test_a_state_follows_only_where_it_may() -> None:
    moves = 0
    for present, wanted, theirs in itertools.product(State, State, [None, *State]):
        found = remote.follow(present, wanted, theirs)
        if found is None:
            continue
        moves += 1
        assert found is not present
        assert found in TRANSITIONS[present] | (TRANSITIONS[State.TINDAK_LANJUT] if present in CLOSED else frozenset())
        assert present not in CLOSED or present is theirs
    assert moves > 100
