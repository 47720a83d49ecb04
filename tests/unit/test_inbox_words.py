"""Times, spans and sizes as officers read them, in both languages; Indonesian outside a request."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from inbox import i18n, words
from store.passwords import Weakness
from store.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 8, 23, 7, 5, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Jakarta")


@contextlib.contextmanager
def english() -> Iterator[None]:
    app = Flask("uji")
    i18n.register(app)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        yield


@pytest.mark.parametrize(
    ("left", "indonesian", "foreign"),
    [
        (timedelta(seconds=20), "kurang dari 1 menit lagi", "less than a minute left"),
        (timedelta(minutes=45), "45 menit lagi", "45 minutes left"),
        (timedelta(hours=2, minutes=59), "2 jam lagi", "2 hours left"),
        (timedelta(hours=47), "47 jam lagi", "47 hours left"),
        (timedelta(days=3, hours=4), "3 hari lagi", "3 days left"),
        (timedelta(0), "lewat kurang dari 1 menit", "less than a minute late"),
        (timedelta(hours=-1), "lewat 1 jam", "1 hour late"),
        (timedelta(days=-5), "lewat 5 hari", "5 days late"),
    ],
)
def test_what_is_left_of_a_deadline(left: timedelta, indonesian: str, foreign: str) -> None:
    assert words.left(NOW + left, NOW) == indonesian
    with english():
        assert words.left(NOW + left, NOW) == foreign


@pytest.mark.parametrize(
    ("since", "indonesian", "foreign"),
    [
        (timedelta(seconds=59), "baru saja", "just now"),
        (timedelta(minutes=1), "1 menit lalu", "1 minute ago"),
        (timedelta(hours=47), "47 jam lalu", "47 hours ago"),
        (timedelta(days=29), "29 hari lalu", "29 days ago"),
        (timedelta(days=90), "25 Mei 2026", "25 May 2026"),
    ],
)
def test_how_long_ago(since: timedelta, indonesian: str, foreign: str) -> None:
    assert words.ago(NOW - since, NOW, ZONE) == indonesian
    with english():
        assert words.ago(NOW - since, NOW, ZONE) == foreign


def test_moments_stay_in_the_zone_of_the_office() -> None:
    yesterday, last_year = NOW - timedelta(days=1), NOW - timedelta(days=300)
    assert words.absolute(NOW, ZONE) == "Minggu, 23 Agu 2026 14.05 WIB"
    assert words.moment(NOW, NOW, ZONE) == "14.05"
    assert words.moment(yesterday, NOW, ZONE) == "22 Agu 14.05"
    assert words.moment(last_year, NOW, ZONE) == "27 Okt 2025 14.05"
    with english():
        assert words.absolute(NOW, ZONE) == "Sunday, 23 Aug 2026 14:05 WIB"
        assert words.moment(NOW, NOW, ZONE) == "14:05"
        assert words.moment(yesterday, NOW, ZONE) == "22 Aug 14:05"
        assert words.moment(last_year, NOW, ZONE) == "27 Oct 2025 14:05"


@pytest.mark.parametrize(
    ("at", "indonesian", "foreign"),
    [
        ("0", "tenggat penyelesaian sudah sampai", "the deadline for resolution is reached"),
        ("80%", "tenggat penyelesaian sudah berjalan 80%", "80% of the time for resolution is over"),
        ("-4h", "tenggat penyelesaian tinggal 4 jam", "4 hours are left for resolution"),
        ("+24h", "tenggat penyelesaian lewat 24 jam", "the deadline for resolution passed 24 hours ago"),
    ],
)
def test_a_step_of_escalation(at: str, indonesian: str, foreign: str) -> None:
    assert words.step("resolution", at, NOW, ZONE) == f"{indonesian}: Minggu, 23 Agu 2026 14.05 WIB"
    with english():
        assert words.step("resolution", at, NOW, ZONE) == f"{foreign}: Sunday, 23 Aug 2026 14:05 WIB"


def test_sizes() -> None:
    assert [words.size(count) for count in (None, 0, 340_000, 1_240_000)] == ["", "1 kB", "340 kB", "1,2 MB"]
    with english():
        assert words.size(1_240_000) == "1.2 MB"


def test_tables_speak_the_language_of_each_request() -> None:
    assert str(words.QUEUES[Queue.LATE]) == "Lewat tenggat"
    assert words.weakness(Weakness.SHORT) == "Kata sandi paling sedikit 12 huruf."
    with english():
        assert str(words.QUEUES[Queue.LATE]) == "Overdue"
        assert words.weakness(Weakness.SHORT) == "A password has at least 12 characters."
    assert f"{words.QUEUES[Queue.LATE]}" == "Lewat tenggat"


def test_templates_fill_in_what_is_escaped() -> None:
    app = Flask("uji")
    i18n.register(app)
    text = "{{ _('Masuk lewat %(name)s', name=name) }}|{% trans who=name %}oleh {{ who }}{% endtrans %}|{{ _('10%%') }}"
    with app.test_request_context():
        page = app.jinja_env.from_string("{% autoescape true %}" + text + "{% endautoescape %}").render(name="<b>")
    assert page == "Masuk lewat &lt;b&gt;|oleh &lt;b&gt;|10%"


def test_another_language_for_a_while() -> None:
    with english():
        assert i18n.speaks() == "en"
        with i18n.in_source():
            assert words.absolute(NOW, ZONE) == "Minggu, 23 Agu 2026 14.05 WIB"
        assert words.absolute(NOW, ZONE) == "Sunday, 23 Aug 2026 14:05 WIB"
        with i18n.speaking("xx"):
            assert i18n.speaks() == "id"
