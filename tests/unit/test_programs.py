"""Programs: one file each, checked on its own and against the others, and the one that is shipped."""

from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.programs import PLACEHOLDERS, fold, read_programs
from config.spot import SettingsError
from normalizer.keyword import KeywordIndex
from normalizer.program import WEEK, Calendar, Clock, Program, Recipient, Texts

SHIPPED = Path(__file__).parents[2] / "config" / "programs"
HEAD = 'name = "P"\norganisation = "O"\n'
LAPOR = HEAD + 'keywords = ["lapor"]\n'
KECAMATAN = (
    "Moga",
    "Warungpring",
    "Pulosari",
    "Belik",
    "Watukumpul",
    "Bodeh",
    "Bantarbolang",
    "Randudongkal",
    "Pemalang",
    "Taman",
    "Petarukan",
    "Ampelgading",
    "Comal",
    "Ulujami",
)


def programs(
    folder: Path, accounts: Collection[str] = ("sms1708", "web"), environ: dict[str, str] | None = None, **files: str
) -> tuple[Program, ...]:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
    return read_programs(folder, environ or {}, accounts)


def refused(folder: Path, **files: str) -> str:
    with pytest.raises(SettingsError) as caught:
        programs(folder, **files)
    return str(caught.value)


def test_the_shipped_program_is_that_of_pemalang() -> None:
    (program,) = read_programs(SHIPPED, {}, {"web", "desk"})
    assert (program.key, program.name) == ("masbupsiaga", "Mas Bup Siaga")
    assert program.format == "masbupsiaga <isi aduan>"
    assert program.hashtags == ("masbupsiaga",)
    assert (program.clocks.calendar, program.clocks.first_response, program.clocks.resolution) == ("plain", 24, 48)
    assert len(KECAMATAN) == 14
    assert set(KECAMATAN) <= set(program.places)
    names = {unit.name for unit in program.units}
    assert {f"Kecamatan {name}" for name in KECAMATAN} <= names
    assert len(names) == len(program.units)


def test_everything_a_program_can_hold(tmp_path: Path) -> None:
    text = """
name = "Lapor Dua"
organisation = "O"
keywords = ["lapor dua", "ld"]
hashtags = ["lapordua"]
accounts = ["web"]
window_hours = 48
places = ["Comal"]
timezone = "Asia/Makassar"
region = "ID"
[clocks]
calendar = "working"
first_response = 3
resolution = 5
verification = 1
silence = 10
resolution_calendar = "plain"
office_hours = "07:15-22:15"
weekend = ["minggu"]
collective_leave = false
holidays = [2026-12-24]
workdays = [2026-12-26]
pause_while_waiting = ["resolution"]
pause_while_held = ["first_response", "resolution"]
[[escalation]]
clock = "resolution"
at = "75%"
to = ["officer", "unit_head"]
[[escalation]]
clock = "silence"
at = "+24h"
to = ["leader"]
[[units]]
code = "a"
name = "A"
[[units]]
code = "b"
name = "B"
parent = "a"
[texts]
ack = "Terima kasih {ticket}"
"""
    (program,) = programs(tmp_path, **{"lapor-2": text})
    assert program.key == "lapor-2"
    assert program.clocks.calendar is Calendar.WORKING
    assert (program.clocks.holidays, program.clocks.workdays) == ((date(2026, 12, 24),), (date(2026, 12, 26),))
    assert program.clocks.calendar_of(Clock.RESOLUTION) is Calendar.PLAIN
    assert program.clocks.calendar_of(Clock.SILENCE) is Calendar.WORKING
    assert program.clocks.pause_while_held == (Clock.RESPONSE, Clock.RESOLUTION)
    early, late = program.escalation
    assert (early.share, early.to) == (0.75, (Recipient.OFFICER, Recipient.UNIT_HEAD))
    assert (late.share, late.offset, late.clock) == (None, timedelta(hours=24), Clock.SILENCE)
    assert [(unit.code, unit.parent) for unit in program.units] == [("a", None), ("b", "a")]
    assert program.texts == Texts(ack="Terima kasih {ticket}")


def test_programs_come_in_the_order_of_their_keys_and_may_read_the_environment(tmp_path: Path) -> None:
    found = programs(
        tmp_path, environ={"ORG": "Kab. B"}, b=HEAD.replace('"O"', '"env:ORG"') + 'keywords = ["b"]', a=LAPOR
    )
    assert [program.key for program in found] == ["a", "b"]
    assert found[1].organisation == "Kab. B"


def test_the_same_word_on_different_accounts_is_no_conflict(tmp_path: Path) -> None:
    found = programs(tmp_path, a=LAPOR + 'accounts = ["web"]', b=LAPOR + 'accounts = ["sms1708"]')
    assert len(found) == 2


@pytest.mark.parametrize("word", ["lapor", "LAPOR", "la por", "#lapor:", "ｌａｐｏｒ", "lароr"])  # noqa: RUF001 - meant
def test_the_same_keyword_on_one_account_is_an_error(tmp_path: Path, word: str) -> None:
    message = refused(
        tmp_path,
        a=LAPOR + 'accounts = ["web", "sms1708"]',
        b=HEAD + f'keywords = ["b", "{word}"]\naccounts = ["sms1708"]',
    )
    assert message.startswith(f"{tmp_path / 'b.toml'}: keywords: {word!r} on the account 'sms1708' is the program 'a'")


def test_the_same_hashtag_on_one_account_is_an_error(tmp_path: Path) -> None:
    message = refused(
        tmp_path,
        a=HEAD + 'keywords = ["a"]\nhashtags = ["Aduan"]\naccounts = ["web"]',
        b=HEAD + 'keywords = ["b"]\nhashtags = ["#aduan"]\naccounts = ["web"]',
    )
    assert message.startswith(f"{tmp_path / 'b.toml'}: hashtags: '#aduan' on the account 'web' is the program 'a'")


def test_a_hashtag_that_is_anothers_keyword_is_an_error(tmp_path: Path) -> None:
    message = refused(
        tmp_path,
        a=LAPOR + 'accounts = ["web"]',
        b=HEAD + 'keywords = ["b"]\nhashtags = ["lapor"]\naccounts = ["web"]',
    )
    assert message.startswith(f"{tmp_path / 'b.toml'}: hashtags: 'lapor' on the account 'web' is the program 'a'")


def test_what_is_accepted_the_keyword_step_accepts(tmp_path: Path) -> None:
    found = programs(
        tmp_path,
        a=LAPOR + 'hashtags = ["lapor", "la-por"]\naccounts = ["web"]',
        b=HEAD + 'keywords = ["b", "lapor b"]\naccounts = ["web"]',
    )
    match = KeywordIndex(found).find("lapor jalan rusak")
    assert match is not None
    assert match.program == "a"


STEP = '[[escalation]]\nclock = "{}"\nat = "{}"\nto = [{}]\n'
UNIT = '[[units]]\ncode = "{}"\nname = "N"\nparent = "{}"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('organisation = "O"\nkeywords = ["x"]', "name: missing; expected text"),
        (HEAD, "keywords: missing; expected a list, each item text"),
        (HEAD + "keywords = []", "keywords: expected at least one"),
        (HEAD + 'keywords = ["#"]', "keywords: expected words with letters or digits"),
        (HEAD + 'keywords = "x"', "keywords: expected a list, each item text, found text"),
        (LAPOR + 'hashtags = [""]', "hashtags: expected words with letters or digits"),
        (LAPOR + 'key = "x"', "key: unknown key"),
        (LAPOR + 'keyword = "x"', "keyword: unknown key; did you mean 'keywords'?"),
        (LAPOR + 'accounts = ["sms1709"]', "accounts: there is no account 'sms1709'; accounts are: sms1708, web"),
        (LAPOR + 'region = "Indonesia"', "region: expected a country code of two capital letters"),
        (LAPOR + 'timezone = "WIB"', "timezone: expected a time zone such as Asia/Jakarta"),
        (LAPOR + "window_hours = 0", "window_hours: expected at least 1"),
        (LAPOR + "[clocks]\nfirst_response = 0", "clocks.first_response: expected at least 1"),
        (LAPOR + "[clocks]\nfirst_response = 50", "clocks.resolution: expected at least as much as first_response"),
        (LAPOR + '[clocks]\ncalendar = "moon"', "clocks.calendar: expected one of plain, working-hours, working"),
        (LAPOR + "[clocks]\nsilence = -1", "clocks.silence: expected at least 1, or 0 for no such clock"),
        (LAPOR + '[clocks]\noffice_hours = "7-22"', "clocks.office_hours: expected office hours of one day"),
        (LAPOR + '[clocks.hours]\njumat = "7-14"', "clocks.hours.jumat: expected office hours of one day"),
        (LAPOR + '[clocks.hours]\nfri = "07:30-14:30"', "clocks.hours.fri: unknown key"),
        (LAPOR + '[clocks]\noffice_hours = "22:00-07:00"', "clocks.office_hours: expected office hours of one day"),
        (LAPOR + '[clocks]\noffice_hours = "07:00-24:01"', "clocks.office_hours: expected office hours of one day"),
        (LAPOR + '[clocks]\nweekend = ["sunday"]', "clocks.weekend.1: expected one of senin, selasa"),
        (LAPOR + f"[clocks]\nweekend = {[day.value for day in WEEK]}", "clocks.weekend: expected at least one day"),
        (LAPOR + '[clocks]\npause_while_held = ["silence"]', "clocks.pause_while_held: silence never stands still"),
        (LAPOR + STEP.format("silence", "0", '"officer"'), "escalation.1.clock: the clock silence is off"),
        (LAPOR + STEP.format("resolution", "noon", '"officer"'), "escalation.1.at: expected a share of the time"),
        (LAPOR + STEP.format("resolution", "100%", '"officer"'), "escalation.1.at: expected a share of the time"),
        (LAPOR + STEP.format("resolution", "0", ""), "escalation.1.to: expected at least one of officer"),
        (LAPOR + STEP.format("resolution", "0", '"mayor"'), "escalation.1.to.1: expected one of officer, unit_head"),
        (LAPOR + STEP.format("resolution", "0", '"leader"') * 2, "escalation.2.at: this step stands twice"),
        (LAPOR + '[clocks]\nholidays = ["2026-12-24"]', "clocks.holidays.1: expected a date such as 2026-08-17"),
        (LAPOR + '[[units]]\ncode = "a"', "units.1.name: missing; expected text"),
        (LAPOR + UNIT.format("a", "b"), "units: the parent 'b' of 'a' is no unit's code"),
        (LAPOR + UNIT.format("a", "a"), "units: the unit 'a' stands above itself"),
        (LAPOR + UNIT.format("a", "b") + UNIT.format("b", "a"), "units: the unit 'a' stands above itself"),
        (LAPOR + UNIT.format("a", "a") * 2, "units: the code 'a' stands twice"),
        (LAPOR + '[texts]\nack = "{tiket}"', "texts.ack: unknown placeholder {tiket}; known are: {format}, {link}"),
        (LAPOR + '[texts]\nack = "{ticket"', "texts.ack: expected braces only as {format}"),
        (LAPOR + '[texts]\nack = "{}"', "texts.ack: unknown placeholder {}"),
        (LAPOR + '[texts]\nack = "{ticket!r}"', "texts.ack: expected braces only as {format}"),
        (LAPOR + '[texts]\nack = "{ticket:d}"', "texts.ack: expected braces only as {format}"),
        ("name = ", "expected TOML: "),
    ],
)
def test_an_error_names_file_key_and_what_is_expected(tmp_path: Path, text: str, expected: str) -> None:
    assert refused(tmp_path, p=text).startswith(f"{tmp_path / 'p.toml'}: {expected}")


def test_units_that_turn_in_a_circle_above_another_are_found(tmp_path: Path) -> None:
    text = LAPOR + UNIT.format("x", "a") + UNIT.format("a", "b") + UNIT.format("b", "a")
    assert "units: the unit 'a' stands above itself" in refused(tmp_path, p=text)


def test_a_file_name_that_cannot_be_a_key_is_an_error(tmp_path: Path) -> None:
    assert "expected a file name of a-z, 0-9 and dashes" in refused(tmp_path, Lapor_1=LAPOR)


def test_an_installation_has_a_program(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"{tmp_path}: expected at least one program, such as masbupsiaga.toml"
    assert "expected at least one program" in refused(tmp_path / "missing")


def test_the_texts_the_house_brings_use_known_placeholders_only() -> None:
    filled = dict.fromkeys(PLACEHOLDERS, "x")
    for name in Texts.__dataclass_fields__:
        assert getattr(Texts(), name).format(**filled)


def test_fold_makes_spellings_equal() -> None:
    assert fold("#Mas Bup-Siaga:") == fold("ＭＡＳＢＵＰＳＩＡＧＡ") == "masbupsiaga"  # noqa: RUF001 - full width
