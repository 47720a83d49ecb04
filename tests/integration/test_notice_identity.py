"""Nothing of a citizen leaves the house with a notice: not in any byte of a mail or of what Telegram is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from flask import request

from normalizer.telling import SETTLE, Kind, Way, When
from tests.channels.telegram_stand import SITI, Telegram, serving
from tests.noticekit import House
from tests.smtpd import Post, post_office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

NAME, PHONE, MAIL = "Sumiyati Wulandari", "+6281299988877", "sumiyati@rumah.example"
WORDS = f"Kades Pak Darsono minta uang, saya {NAME} RT 04, hubungi {PHONE} atau {MAIL}"
SECRETS = re.compile(r"sumiyati|wulandari|81299988877|darsono|minta uang|rt 04|rumah\.example", re.IGNORECASE)
BOTH = {(kind, way): When.NOW for kind in Kind for way in Way}


@pytest.fixture
def post() -> Iterator[Post]:
    with post_office(login=False) as running:
        yield running


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telegram]:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving() as running:
        yield running


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("hidden", [{}, {"rahasia": True}, {"anonim": True}])
def test_no_kind_of_notice_takes_anything_of_a_citizen_out_of_the_house(  # noqa: PLR0917 - fixtures
    engine: Engine,
    redis_client: Redis,
    tmp_path: Path,
    post: Post,
    telegram: Telegram,
    hidden: dict[str, Any],
    language: str,
) -> None:
    asked: list[bytes] = []
    app: Any = telegram.server.app
    app.before_request(lambda: asked.append(request.get_data()))
    house = House(engine, redis_client, tmp_path, post, telegram.channel())
    officer = house.officer(
        role="administrator", chosen=BOTH, chat=str(SITI.id), language=language, programs=[], sees_identity=True
    )
    place = {"label": "RT 04 rumah Sumiyati", "candidates": [], "lat": None, "lon": None}
    case = house.complaint(WORDS, name=NAME, address=PHONE, unit="dpu", place=place, **hidden)
    for kind in Kind:
        house.tell(officer, None if kind in {Kind.SILENCE, Kind.TEST} else case, kind)
        house.clock.pass_by(SETTLE * 2)
        house.look()
    [(ticket,)] = house.rows("SELECT ticket FROM complaint")
    mails = [bytes(envelope.content or b"").decode() for envelope in post.taken]
    chats = [body.decode() for body in asked]
    assert len(mails) == len(chats) == len(Kind)
    decoded = [f"{mail['Subject']} {mail['From']} {mail['To']} {mail.get_content()}" for mail in post.mails()]
    for each in (*mails, *chats, *decoded, *telegram.delivered()):
        assert not SECRETS.search(each), each
    assert sum(ticket in each for each in chats) == len(Kind) - 2
    assert set(house.states()) == {"sent"}
