"""What stands in the log: where something broke, and never what a citizen wrote."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from dispatcher import jobs, logs
from dispatcher.bells import Bell

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = "jalan di Comal berlubang"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_exception_is_logged_by_its_type_and_place_only(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", process="drain")
    try:
        int(WORDS)
    except ValueError:
        logging.getLogger("some.library").exception("it broke")
    written = capfd.readouterr().err
    assert "drain ERROR some.library: it broke\nValueError at test_logs.py:" in written
    assert WORDS not in written


def test_no_error_leaves_a_job_for_rq_to_print(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_runtime: object) -> bool:
        raise KeyError(WORDS)

    monkeypatch.setattr(jobs, "current", lambda: type("Made", (), {"redis": None}))
    monkeypatch.setattr(jobs.bells, "answered", lambda *_: None)
    monkeypatch.setattr(jobs.draining, "run", broken)
    logs.configure("info")
    jobs.drain()
    written = capfd.readouterr().err
    assert f"{Bell.DRAIN} failed: KeyError at test_logs.py:" in written
    assert WORDS not in written
