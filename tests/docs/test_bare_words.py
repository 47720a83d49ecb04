"""No words outside the catalogue: what an officer reads is marked, in templates, in modules and in scripts."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
from jinja2 import Environment, nodes

from tests.wordkit import READ, ROOM, WORD, indonesian

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARKS = {"say", "_", "_n", "_c", "lazy", "lazy_c", "gettext", "ngettext", "pgettext"}
_READ = re.compile(rf'\b(?:{"|".join(READ)})="([^"]*)"')
#: The product's name, keys of the keyboard, a part of an address, a class of a page's frame, kinds of files, a service.
NAMES = {"Muara", "Enter", "Esc", "Ctrl", "nbsp", "query", "pane", "case", "CSV", "XLSX", "Telegram"}

#: Constants that are Indonesian on purpose, by module: what citizens get never changes with who writes it.
MEANT: dict[str, dict[str, str]] = {
    "acts/reasons": {
        "isinya tidak dapat kami pahami": "what the citizen reads",
        "terlalu umum untuk ditindaklanjuti": "what the citizen reads",
        "bukan urusan pemerintah": "what the citizen reads",
        "Aduan ": "what the citizen reads",
        " bukan wewenang kami dan kami teruskan ke ": "what the citizen reads",
        " tidak kami lanjutkan karena ": "what the citizen reads",
        " kami tunda sampai ": "what the citizen reads",
    },
    "manage/channel_acts": {
        "Pesan uji dari Muara, {at}. Kanal {account} dapat mengirim. Abaikan bila tidak Anda minta.": (
            "a test message, sent to any address"
        ),
    },
    "i18n": {"Bahasa Indonesia": "a language is called what those call it who speak it"},
    "acts/merging": {"Layanan Aduan": "what the citizen reads", "<isi aduan>": "what the citizen reads"},
}


TEMPLATES = sorted((ROOM / "templates").rglob("*.html"))
MODULES = sorted(ROOM.rglob("*.py"))
SCRIPTS = sorted((ROOM / "static").rglob("*.js"))
INDONESIAN = indonesian()


def written(tree: nodes.Template) -> str:
    """What the template writes by itself, a blank for each expression; marked texts are expressions."""
    pieces = []
    for node in tree.find_all((nodes.TemplateData, nodes.Output)):
        if isinstance(node, nodes.TemplateData):
            pieces.append(node.data)
        else:
            pieces.append("\0")
    return "".join(pieces)


def bare(markup: str) -> list[str]:
    """The words in texts and in attributes that are read."""
    markup = re.sub(r"<(svg|style|code)\b.*?</\1>", " ", markup, flags=re.DOTALL)
    shown = [*_READ.findall(markup), re.sub(r"<[^>]*>", " ", re.sub(r'="[^"]*"', "", markup))]
    return [word for text in shown for word in WORD.findall(text) if word not in NAMES]


def speaks(text: str) -> bool:
    """Whether it reads as words for people: a capital or a blank, and a word that only Indonesian knows.

    Keys, addresses and field names have neither capital nor blank.
    """
    stripped = text.strip()
    phrase = " " in stripped or stripped[:1].isupper()
    return phrase and any(word.lower() in INDONESIAN for word in WORD.findall(text))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_writes_no_words_of_its_own(path: Path) -> None:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    environment.policies["ext.i18n.trimmed"] = True
    tree = environment.parse(path.read_text("utf-8"))
    assert bare(written(tree)) == []
    marked = [call for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name)]
    inside = {id(each) for call in marked if call.node.name in MARKS for each in call.find_all(nodes.Const)}  # type: ignore[attr-defined] # a name, above
    constants = [each for each in tree.find_all(nodes.Const) if isinstance(each.value, str) and id(each) not in inside]
    assert [f"{each.lineno}: {each.value}" for each in constants if speaks(each.value)] == []


def spoken(tree: ast.Module) -> Iterator[ast.Constant]:
    """Text constants outside of marks and docstrings."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
            skipped |= {id(each) for argument in node.args for each in ast.walk(argument)}
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            skipped.add(id(node.body[0].value))  # type: ignore[attr-defined] # a docstring is an expression
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node


def named(path: Path) -> str:
    """As `MEANT` calls a module: `acts/reasons`."""
    return path.relative_to(ROOM).with_suffix("").as_posix()


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_says_nothing_outside_the_catalogue(path: Path) -> None:
    meant = MEANT.get(named(path), {})
    found = [each for each in spoken(ast.parse(path.read_text("utf-8"))) if speaks(str(each.value))]
    assert [f"{each.lineno}: {each.value}" for each in found if each.value not in meant] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_takes_its_words_from_the_page(path: Path) -> None:
    code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text("utf-8"), flags=re.DOTALL)
    texts = [text for pair in re.findall(r'"([^"\n]*)"|`([^`]*)`', code) for text in pair]
    assert [text for text in texts if speaks(text)] == []


def test_the_list_of_what_is_meant_is_no_longer_than_it_must_be() -> None:
    for module, texts in MEANT.items():
        said = {each.value for each in spoken(ast.parse((ROOM / f"{module}.py").read_text("utf-8")))}
        assert set(texts) <= said, module


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<p>Aduan ini</p>", ["Aduan", "ini"]),
        ('<a title="Lihat" class="Aduan" href="/inbox/aduan">\0</a>', ["Lihat"]),
        ('<p class="x">\0, \0</p> Muara', []),
        ('<label for="x">\0</label><kbd>Enter</kbd>', []),
    ],
)
def test_bare_words_are_seen(text: str, found: list[str]) -> None:
    assert bare(text) == found


def test_indonesian_is_told_from_names() -> None:
    assert speaks("Kembali ke antrean")
    assert speaks("tidak dapat dibalas")
    assert not speaks("antrean")
    assert not speaks("SELECT id FROM officer")
    assert not speaks("a mail to an officer was not sent: %s")
