"""Sentences for officers and administrators: said in Indonesian, and still to be translated when somebody reads them.

Whoever says one (an adapter, a sender, the store) knows no reader. A `Sentence` is the Indonesian text, and beside it
the message of the catalogue and what fills it, so that a page can say the same in the reader's language.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

#: The keys of a sentence in the database.
_KEYS: Final = {"say", "with"}


class Sentence(str):
    """An Indonesian text made of `message` and `values`; made by `say` alone, so that the catalogue knows it."""

    __slots__ = ("message", "values")

    message: str
    values: Mapping[str, str | int]

    def __new__(cls, message: str, values: Mapping[str, str | int]) -> Self:
        """The text, its `%(name)s` filled in."""
        made = super().__new__(cls, message % values)
        made.message, made.values = message, values
        return made

    def __str__(self) -> Self:
        """Itself: `str(error)` of an error that was given a sentence is that sentence."""
        return self

    def __getnewargs__(self) -> tuple[str, Mapping[str, str | int]]:  # type: ignore[override] # what __new__ takes
        """For copies."""
        return self.message, self.values


def say(message: str, /, **values: str | int) -> Sentence:
    """A sentence: `message` is a literal (docs/make_catalogue.py looks for it), a percent sign in it is `%%`.

    What fills it may be a sentence too, and is translated with it; other texts are names, or somebody else's words.
    """
    return Sentence(message, values)


def quoted(words: str) -> Sentence:
    """Words that are not ours, a provider's for instance: they stand as they are in every language."""
    return words if isinstance(words, Sentence) else Sentence("%(words)s", {"words": words})


def bug(error: Exception) -> Sentence:
    """A mistake of the program's own; its message stays out, for it may quote anything."""
    return say("Galat di dalam program (%(error)s): laporkan kepada pengelola server.", error=type(error).__name__)


def joined(sentences: list[Sentence], between: str = " ") -> Sentence:
    """Several sentences as one."""
    names = [f"s{number}" for number in range(len(sentences))]
    return Sentence(between.join(f"%({name})s" for name in names), dict(zip(names, sentences, strict=True)))


def told(sentence: str, translated: Callable[[str], str]) -> str:
    """The sentence in another language: `translated` gives the message of that language."""
    if not sentence:
        return ""  # gettext would answer with the catalogue's head
    if not isinstance(sentence, Sentence):
        return translated(sentence.replace("%", "%%")) % {}
    values = {
        name: told(value, translated) if isinstance(value, Sentence) else value
        for name, value in sentence.values.items()
    }
    return translated(sentence.message) % values


def kept(sentence: str) -> str:
    """As it stands in the database: the bare text where nothing fills it, else JSON; `remembered` reads both."""
    if not isinstance(sentence, Sentence):
        return sentence
    if not sentence.values:
        return sentence.message % {}
    return json.dumps(_packed(sentence), ensure_ascii=False)


def remembered(text: str) -> str:
    """What `kept` made, a sentence again; a bare text is its own message."""
    if not text.startswith('{"say"'):
        return text
    try:
        return _unpacked(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text


def _packed(sentence: Sentence) -> dict[str, Any]:
    values = {name: _packed(each) if isinstance(each, Sentence) else each for name, each in sentence.values.items()}
    return {"say": sentence.message, "with": values}


def _unpacked(value: dict[str, Any]) -> Sentence:
    if value.keys() != _KEYS:
        raise ValueError(value)
    return Sentence(
        value["say"],
        {name: _unpacked(each) if isinstance(each, dict) else each for name, each in value["with"].items()},
    )
