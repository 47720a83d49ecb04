"""The stock of ticket codes: final, unique, and there while the database is away."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from gateway.codes import CodePool, NoCodeError
from gateway.quick import AwayError
from normalizer import ticket

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def unique() -> Callable[[int], list[str]]:
    given: set[str] = set()

    def reserve(count: int) -> list[str]:
        fresh = [code for code in ticket.batch(count) if code not in given]
        given.update(fresh)
        return fresh

    return reserve


def away(count: int) -> list[str]:
    raise AwayError(f"no {count} codes")


def test_codes_come_from_the_stock_while_the_database_is_away(tmp_path: Path) -> None:
    stock = CodePool(tmp_path, unique(), size=5)
    stock.refill()
    stock.close()
    pool = CodePool(tmp_path, away, size=5)
    codes = [pool.take() for _ in range(5)]
    assert len(set(codes)) == 5
    assert all(ticket.read(code) == code for code in codes)
    with pytest.raises(NoCodeError):
        pool.take()
    pool.close()


def test_a_code_has_left_the_file_before_it_is_given_out(tmp_path: Path) -> None:
    pool = CodePool(tmp_path, unique(), size=5)
    pool.refill()
    code = pool.take()
    assert code not in (tmp_path / "pool-0").read_text("ascii").splitlines()
    assert len((tmp_path / "pool-0").read_text("ascii").splitlines()) == 4
    pool.close()


def test_the_next_process_uses_up_what_a_dead_one_left(tmp_path: Path) -> None:
    first = CodePool(tmp_path, unique(), size=5)
    first.refill()
    taken = {first.take(), first.take()}
    first.close()
    second = CodePool(tmp_path, away, size=5)
    rest = {second.take() for _ in range(3)}
    assert not taken & rest
    with pytest.raises(NoCodeError):
        second.take()
    second.close()


def test_two_living_processes_have_a_file_each(tmp_path: Path) -> None:
    reserve = unique()
    pools = [CodePool(tmp_path, reserve, size=5) for _ in range(3)]
    for pool in pools:
        pool.refill()
    codes = list(itertools.chain.from_iterable([pool.take() for _ in range(5)] for pool in pools))
    assert len(set(codes)) == 15
    for pool in pools:
        pool.close()


@pytest.mark.parametrize("torn", [b"", b"K7MP", b"\xff\xfe\n", b"AAAA-AAAA\n", b"not a code\n" * 3])
def test_a_file_that_a_crash_tore_is_mended(tmp_path: Path, torn: bytes) -> None:
    good = ticket.new()
    (tmp_path / "pool-0").write_bytes(f"{good}\n{good}\n".encode() + torn)
    pool = CodePool(tmp_path, away, size=5)
    assert (tmp_path / "pool-0").read_bytes() == f"{good}\n".encode()
    assert pool.take() == good
    with pytest.raises(NoCodeError):
        pool.take()
    pool.close()


def test_a_disk_that_takes_nothing_gives_no_code_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = CodePool(tmp_path, unique(), size=5)
    pool.refill()
    in_file = set((tmp_path / "pool-0").read_text("ascii").splitlines())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert pool.take() not in in_file
    monkeypatch.undo()
    pool.close()
