"""Every way of writing `masbupsiaga <aduan>`, and the words that must not be taken for it."""

# ruff: noqa: RUF001 - letters that look alike are what is tested
from __future__ import annotations

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from normalizer.keyword import KeywordIndex, Match
from normalizer.letters import distance
from normalizer.program import Program

_PEMALANG = Program(
    key="pemalang",
    name="Mas Bup Siaga",
    organisation="Kabupaten Pemalang",
    keywords=("masbupsiaga",),
    hashtags=("pemalangsiaga",),
)
_TEGAL = Program(key="tegal", name="Lapor Bupati", organisation="Kabupaten Tegal", keywords=("laporbupati", "lapor"))
_PURBALINGGA = Program(key="purbalingga", name="Matur Bupati", organisation="Purbalingga", keywords=("maturbup",))
_ALL = KeywordIndex((_PEMALANG, _TEGAL, _PURBALINGGA))
_ORDINARY = (
    "lapar kapur lapur lapas lapis lapo laporan melapor kapor pelapor apor vapor lapak lapisan dapur larap matur"
    " maturnuwun masuk mas masbup maturan siaga bupati masjid masalah masyarakat laporkan lapangan laporannya bersiaga"
)
_SENTENCE = "jalan rusak sampah banjir pasar lampu mati pagi pak bupati tolong air desa"
_BODY = "Jalan di desa Karanganyar rusak!\nTolong, sdh 3 bulan (parah)"


def _found(text: str) -> tuple[str, str, bool] | None:
    match = _ALL.find(text)
    return (match.program, match.body, match.exact) if match else None


@pytest.mark.parametrize(
    "form",
    [
        "masbupsiaga {}",
        "MASBUPSIAGA {}",
        "MasBupSiaga   {}",
        "  \n masbupsiaga {}",
        "#masbupsiaga {}",
        "# masbupsiaga {}",
        "@masbupsiaga {}",
        "masbupsiaga#{}",
        "masbupsiaga # {}",
        "masbupsiaga:{}",
        "masbupsiaga : {}",
        "masbupsiaga,{}",
        "masbupsiaga.{}",
        "masbupsiaga-{}",
        "masbupsiaga - {}",
        "masbupsiaga\n{}",
        "masbupsiaga\r\n\r\n{}",
        "masbupsiaga <{}>",
        "masbupsiaga<{}>",
        "masbupsiaga <{}",
        "masbupsiaga {}>",
        "<masbupsiaga> <{}>",
        "<masbupsiaga> {}",
        "<masbupsiaga {}>",
        "[masbupsiaga] {}",
        '"masbupsiaga {}"',
        "\u201cmasbupsiaga {}\u201d",
        "masbupsiaga \uff1c{}\uff1e",
        "mas bup siaga {}",
        "Mas Bup Siaga: {}",
        "masbup siaga {}",
        "mas-bup-siaga {}",
        "m a s b u p s i a g a {}",
        "ｍａｓｂｕｐｓｉａｇａ\u3000{}",
        "＃masbupsiaga：{}",
        "m\u0430sbupsi\u0430ga {}",
        "\u041c\u0410SBUPSIAGA {}",
        "𝐦𝐚𝐬𝐛𝐮𝐩𝐬𝐢𝐚𝐠𝐚 {}",
        "m\u200basbup\u200bsiaga\u200b {}",
        "\ufeffmasbupsiaga {}",
        "ma\u0301sbupsiaga\u0301 {}",
        "🙏 masbupsiaga {}",
    ],
)
def test_the_keyword_itself_however_written(form: str) -> None:
    assert _found(form.replace("{}", _BODY)) == ("pemalang", _BODY, True)


@pytest.mark.parametrize(
    "form",
    [
        "masbupsiag {}",
        "masbubsiaga {}",
        "masbpusiaga {}",
        "masbupsiagaa {}",
        "nasbupsiaga {}",
        "masbusiga: {}",
        "mas bup siga {}",
        "masbups1aga {}",
        "MA5BUP51AGA {}",
        "masbupsiagaJalan {}",
        "aduan masbupsiaga {}",
        "ADUAN: masbupsiaga: {}",
        "aduan#masbupsiaga#{}",
        "Assalamu'alaikum wr. wb. masbupsiaga {}",
        "Selamat pagi Pak, mas bup siaga {}",
        "Yth. Bupati Pemalang, masbupsiaga {}",
        "halo min masbupsiga {}",
    ],
)
def test_nearly_right_is_unclear_not_lost(form: str) -> None:
    body = f"Jalan {_BODY}" if "Jalan" in form else _BODY
    assert _found(form.replace("{}", _BODY)) == ("pemalang", body, False)


@pytest.mark.parametrize("text", ["masbupsiaga", " MASBUPSIAGA. ", "#masbupsiaga", "<masbupsiaga>", "masbupsiaga <>"])
def test_the_keyword_alone_has_no_words(text: str) -> None:
    assert _found(text) == ("pemalang", "", True)


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("jalan rusak parah #masbupsiaga", "jalan rusak parah"),
        ("jalan rusak parah #MasBupSiaga!", "jalan rusak parah"),
        ("#pemalangsiaga jalan rusak", "jalan rusak"),
        ("dear #masbupsiaga jalan rusak", "dear #masbupsiaga jalan rusak"),
    ],
)
def test_a_hashtag_counts_anywhere(text: str, body: str) -> None:
    assert _found(text) == ("pemalang", body, True)


@pytest.mark.parametrize(
    "body",
    ["#jalanrusak parah", "-5 derajat", "<3 bupati", "<a> atau <b>", "(jalan) rusak", "@budi lihat", "a > b <c>"],
)
def test_what_is_the_citizens_own_stays(body: str) -> None:
    assert _found(f"masbupsiaga {body}") == ("pemalang", body, True)


def test_a_closed_bracket_inside_the_words_goes_with_its_opening() -> None:
    assert _found("masbupsiaga <jalan rusak> tolong pak") == ("pemalang", "jalan rusak tolong pak", True)


@pytest.mark.parametrize(
    "word",
    _ORDINARY.split(),
)
def test_ordinary_words_are_not_eaten(word: str) -> None:
    assert _found(f"{word} jalan rusak pak") is None


@pytest.mark.parametrize(
    "text", ["", " ", "<>", "Selamat pagi pak", "mas bupati siaga dong", "pak bupati", "1708", "?"]
)
def test_no_keyword_is_no_match(text: str) -> None:
    assert _found(text) is None


@pytest.mark.parametrize("word", ["laporr", "lapro", "laopr", "lap0r", "1apor", "llapor"])
def test_a_short_keyword_forgives_a_slip_only(word: str) -> None:
    assert _found(f"{word} jalan rusak") == ("tegal", "jalan rusak", False)


def test_the_longer_keyword_wins() -> None:
    assert _found("lapor bupati jalan rusak") == ("tegal", "jalan rusak", True)
    assert _found("lapor jalan rusak") == ("tegal", "jalan rusak", True)


def test_near_to_two_programs_is_near_to_none() -> None:
    east = Program(key="timur", name="-", organisation="-", keywords=("siagatimor",))
    west = Program(key="barat", name="-", organisation="-", keywords=("siagatimbr",))
    index = KeywordIndex((east, west))
    assert index.find("siagatimxr jalan") is None
    assert index.find("siagatimoor jalan") == Match(program="timur", body="jalan", exact=False)


def test_two_programs_may_not_share_a_keyword() -> None:
    twin = Program(key="kembar", name="-", organisation="-", keywords=("Mas Bup Siaga",))
    with pytest.raises(ValueError, match="masbupsiaga belongs to pemalang and to kembar"):
        KeywordIndex((_PEMALANG, twin))


def test_a_keyword_without_letters_is_an_error() -> None:
    with pytest.raises(ValueError, match="has no letters"):
        KeywordIndex((Program(key="x", name="-", organisation="-", keywords=("##",)),))


def test_no_programs_no_match() -> None:
    assert KeywordIndex(()).find("masbupsiaga jalan") is None


_CYRILLIC = str.maketrans("aeopcxyimk", "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u043c\u043a")
_FULL_WIDTH = str.maketrans({char: chr(ord(char) + 0xFEE0) for char in string.ascii_letters})


@st.composite
def _exact_spellings(draw: st.DrawFn, keyword: str) -> str:
    """The keyword in any case, with letters that look alike and things of no width or little between them."""
    gaps = st.sampled_from(["", "", "", " ", "-", ".", "\u200b", "_"])
    pieces = []
    for letter in keyword:
        change = draw(st.sampled_from(["", "", "upper", "wide", "cyrillic"]))
        char = letter.upper() if change == "upper" else letter
        char = char.translate(_FULL_WIDTH) if change == "wide" else char
        pieces.append(char.translate(_CYRILLIC) if change == "cyrillic" else char)
        pieces.append(draw(gaps))
    return "".join(pieces[:-1])


@st.composite
def _misspellings(draw: st.DrawFn, keyword: str, edits: int) -> str:
    """The keyword after one or two slips of a finger."""
    word = keyword
    for _ in range(edits):
        at = draw(st.integers(0, len(word) - 2))
        letter = draw(st.sampled_from(string.ascii_lowercase))
        word = draw(
            st.sampled_from(
                [
                    word[:at] + word[at + 1 :],
                    word[:at] + letter + word[at:],
                    word[:at] + letter + word[at + 1 :],
                    word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                ]
            )
        )
    return word


#: Words that begin like words and bring no brackets, quotes or hashtags of their own.
_bodies = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='<>＜＞‹›«»"“”#＃'), max_size=80).map(
    lambda text: f"Jalan {text}".strip()
)
_dividers = st.sampled_from([" ", "\n", ": ", ":", "#", ", ", "\r\n", " - ", " : ", "\u3000", ".\n"])


@given(_exact_spellings("masbupsiaga"), _dividers, _bodies)
def test_any_exact_spelling_gives_the_words_back(spelling: str, divider: str, body: str) -> None:
    assert _found(f"{spelling}{divider}{body}") == ("pemalang", body, True)
    assert _found(f"{spelling} <{body}>") == ("pemalang", body, True)


@given(_misspellings("masbupsiaga", 1), _dividers, _bodies)
def test_one_wrong_letter(spelling: str, divider: str, body: str) -> None:
    match = _ALL.find(f"{spelling}{divider}{body}")
    assert match is not None
    assert (match.program, match.body) == ("pemalang", body)
    assert match.exact == (spelling == "masbupsiaga")


@given(_misspellings("masbupsiaga", 2), _bodies)
def test_two_wrong_letters(spelling: str, body: str) -> None:
    assume(0 < distance(spelling, "masbupsiaga", 2) <= 2)
    assert _found(f"{spelling}: {body}") == ("pemalang", body, False)


@given(st.sampled_from(["aduan", "ADUAN:", "Halo,", "Selamat pagi.", "Assalamualaikum wr wb", "Yth Bapak"]), _bodies)
def test_behind_a_greeting(greeting: str, body: str) -> None:
    assert _found(f"{greeting} masbupsiaga {body}") == ("pemalang", body, False)


@given(st.text(max_size=300))
@example("#\u0130masbupsiaga")
@example("masbupsiaga\ud800")
def test_any_text_is_read_without_an_error_and_nothing_is_made_up(text: str) -> None:
    match = _ALL.find(text)
    if match:
        assert match.program in {"pemalang", "tegal", "purbalingga"}
        assert match.body in text


@given(st.lists(st.sampled_from(_SENTENCE.split())))
def test_sentences_without_a_keyword_have_none(words: list[str]) -> None:
    assert _found(" ".join(words)) is None


@pytest.mark.parametrize("piece", ["a", " ", "#", "masbup ", "m ", "<", "\u200b", "#masbusig ", "pak ", "\u0301", "1"])
def test_a_very_long_text_is_read(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    assert _found(f"masbupsiaga x{text}") is not None
    assert _found(text) is None


@given(
    st.text(string.ascii_lowercase, min_size=4, max_size=12), st.text(string.ascii_lowercase, min_size=1, max_size=12)
)
def test_a_word_far_from_the_keyword_is_never_it(keyword: str, word: str) -> None:
    assume(not word.startswith(keyword))
    assume(len(set(word) ^ set(keyword)) > 4)
    program = Program(key="p", name="-", organisation="-", keywords=(keyword,))
    assert KeywordIndex((program,)).find(f"{word}. 7") is None


@pytest.mark.parametrize(
    "text",
    [
        "@aduan_kab masbupsiaga jalan rusak",
        "@aduan_kab @bupati #masbupsiaga jalan rusak",
        "@Aduan: masbupsiaga jalan rusak",
    ],
)
def test_accounts_that_a_post_is_addressed_to_stand_before_the_keyword(text: str) -> None:
    assert _found(text) == ("pemalang", "jalan rusak", True)


def test_an_address_without_a_keyword_is_none() -> None:
    assert _found("@aduan_kab jalan rusak") is None
    assert _found("@ masbup jalan") is None
