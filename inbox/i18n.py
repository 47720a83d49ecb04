"""The inbox in two languages: Indonesian, in which the sources are written, and English out of the catalogue.

A message is its Indonesian text, and a percent sign in it is written `%%`. Outside a request all words are Indonesian.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Final, cast

import flask_babel
from babel import Locale
from babel.support import NullTranslations
from flask import g, has_request_context, request
from markupsafe import Markup

from dispatcher.tongues import english
from normalizer import saying

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from flask import Flask

#: What the languages are called by those who speak them, the one of the sources first.
LANGUAGES: Final = {"id": "Bahasa Indonesia", "en": "English"}
SOURCE: Final = "id"
COOKIE: Final = "muara_language"
#: English as it is written where days come before months and clocks have 24 hours.
_LOCALES: Final = {"id": Locale("id"), "en": Locale("en", "GB")}


@dataclasses.dataclass(frozen=True, slots=True)
class _Tongue:
    """A language with its catalogue and its names of days and months."""

    code: str
    words: NullTranslations
    locale: Locale


def _spoken() -> _Tongue:
    """The language of this request, found once: Flask-Babel would look it up for every word of a page."""
    try:
        return cast("_Tongue", g.muara_tongue)
    except AttributeError:
        code = str(flask_babel.get_locale())
        g.muara_tongue = tongue = _Tongue(code, flask_babel.get_translations(), _LOCALES[code])
        return tongue
    except RuntimeError:  # outside of any request: a thread, the command line
        return _Tongue(SOURCE, NullTranslations(), _LOCALES[SOURCE])


def _(message: str, **values: object) -> str:
    """`message` in the language of this request, its `%(name)s` filled in."""
    return _spoken().words.ugettext(message) % values


def _n(one: str, many: str, num: int, **values: object) -> str:
    """The form that fits `num`, which fills `%(num)s`; in Indonesian both forms are mostly the same."""
    return _spoken().words.ungettext(one, many, num) % {"num": num, **values}


def _c(context: str, message: str) -> str:
    """A word that Indonesian uses for two things: `context` tells the translation which of them is meant."""
    return _spoken().words.upgettext(context, message) % {}


def said(text: str | None) -> str:
    """What an adapter or a sender said, as it is or as the database kept it; a provider's own words stay."""
    return saying.told(saying.remembered(text), _spoken().words.ugettext) if text else ""


def in_english(text: str) -> str:
    """The same for the command line, which speaks English."""
    return saying.told(saying.remembered(text), english().ugettext)


def lazy(message: str) -> str:
    """For tables of modules: translated whenever shown or put through `str()`; `"".join`, JSON and SQL need that."""
    return cast("str", flask_babel.LazyString(_, message))


def lazy_c(context: str, message: str) -> str:
    """As `lazy`, of a word that Indonesian uses for two things."""
    return cast("str", flask_babel.LazyString(_c, context, message))


def _marked(message: str, **values: object) -> Markup:
    """As `_`, in a template: what is filled in is escaped, and then it is safe."""
    text = _spoken().words.ugettext(message)
    return Markup(text) % values if values else Markup(text % values)  # noqa: S704 - the catalogue has no markup: a test


def _marked_n(one: str, many: str, num: int, **values: object) -> Markup:
    return Markup(_spoken().words.ungettext(one, many, num)) % {"num": num, **values}  # noqa: S704 - the same


def speaks() -> str:
    """The language of this request, a code of `LANGUAGES`; outside of one that of the sources."""
    return _spoken().code


def locale() -> Locale:
    """Names of months and days, and signs of numbers, in the language of this request."""
    return _spoken().locale


@contextlib.contextmanager
def speaking(code: str) -> Iterator[None]:
    """Within it, words are in that language, whoever asks; only within an application's context."""
    before = g.pop("muara_tongue", None)
    try:
        with flask_babel.force_locale(code if code in LANGUAGES else SOURCE):
            yield
    finally:
        g.pop("muara_tongue", None)
        if before is not None:
            g.muara_tongue = before


def in_source() -> AbstractContextManager[None]:
    """Within it, words are Indonesian: for what citizens get, which never depends on who writes it."""
    return speaking(SOURCE)


def register(app: Flask) -> None:
    """Words of requests and templates of `app` in the language of whoever asks."""
    babel = flask_babel.Babel(app, default_locale=SOURCE, locale_selector=language)
    domain = flask_babel.Domain(translation_directories=[])
    domain.cache["en", domain.domain[0]] = english()
    babel.domain_instance = domain
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.globals.update(
        _=_marked,
        _n=_marked_n,
        _c=_c,
        gettext=_marked,
        ngettext=_marked_n,
        language=speaks,
        languages=LANGUAGES,
    )


def language() -> str:
    """The officer's choice, else the browser's at the log-in; strangers get what their browser asks for.

    What a browser asks for is mostly what it was installed with, so it does not decide over an officer's work.
    """
    if not has_request_context():
        return SOURCE
    person = g.get("person")
    if person is not None and person.language in LANGUAGES:
        return str(person.language)
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return str(chosen)
    if person is not None:
        return SOURCE
    return request.accept_languages.best_match(LANGUAGES) or SOURCE
