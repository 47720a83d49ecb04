"""A mail's subject: its keyword chooses the program, and an answer that repeats it opens nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dispatcher import drain
from tests.journalling import deliver, rows, threads
from tests.toy import runtime

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path) -> Runtime:
    return runtime(engine, redis_client, tmp_path)


def hear(world: Runtime, ident: str, text: str, subject: str, at: int) -> None:
    deliver(world, [{"external_id": ident, "text": text, "subject": subject, "at": at}])
    drain.run(world)


def test_a_keyword_in_the_subject_chooses_the_program(world: Runtime) -> None:
    hear(world, "a", "Lampu di depan pasar mati.", "Masbupsiaga: lampu mati", 0)
    assert threads(world) == [("masbup", ["Lampu di depan pasar mati."])]
    assert rows(world, "SELECT body, format_unclear FROM complaint") == [("Lampu di depan pasar mati.", False)]


def test_an_answer_that_repeats_the_subject_belongs_to_the_same_complaint(world: Runtime) -> None:
    hear(world, "a", "Lampu di depan pasar mati.", "masbupsiaga lampu mati", 0)
    hear(world, "b", "Di sebelah kantor pos.", "Re: masbupsiaga lampu mati", 60)
    assert threads(world) == [("masbup", ["Lampu di depan pasar mati.", "Di sebelah kantor pos."])]


def test_the_text_speaks_before_the_subject(world: Runtime) -> None:
    hear(world, "a", "maturbupati jalan rusak", "masbupsiaga", 0)
    assert [program for program, _ in threads(world)] == ["matur"]
