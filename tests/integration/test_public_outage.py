"""The public pages while the database is away: the code is final, the words are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.settings import Limits
from normalizer import ticket
from store.engine import connect
from tests.public_site import Site, code_in, running
from tests.publickit import NOWHERE, cut_off, site

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from redis import Redis

__all__ = ["cut_off", "site"]
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(500)
WORDS = "Lampu jalan mati di Widuri"


# ---- without the database ----


def test_while_the_database_is_down_the_code_is_final_and_the_words_are_spooled(
    site: Site, redis_client: Redis, tmp_path: Path
) -> None:
    site.pool.refill()
    site.pool.close()
    nowhere = connect(NOWHERE)
    with running(nowhere, redis_client, tmp_path) as cut:
        page = cut.send(cut.app.test_client(use_cookies=False))
        code = code_in(page.text)
        [name] = cut.edge.spool.names()
        assert cut.edge.spool.read(name).meta["ticket"] == code
        again = cut.send(cut.app.test_client(use_cookies=False))
        assert code_in(again.text) != code
    nowhere.dispose()
    assert site.rows("SELECT 1 FROM ticket WHERE code = :code", code=code)


def test_a_double_click_while_the_database_is_down_is_one_spooled_form(
    site: Site, redis_client: Redis, tmp_path: Path
) -> None:
    site.pool.refill()
    site.pool.close()
    nowhere = connect(NOWHERE)
    with running(nowhere, redis_client, tmp_path) as cut:
        stamp = cut.proven()
        pages = [cut.send(cut.app.test_client(use_cookies=False), stamp=stamp) for _ in range(2)]
        assert len({code_in(page.text) for page in pages}) == 1
        assert len(cut.edge.spool.names()) == 1
    nowhere.dispose()


def test_with_neither_database_nor_codes_the_words_are_kept(cut_off: Site) -> None:
    answer = cut_off.send()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "BELUM tersimpan" in answer.text
    assert WORDS in answer.text


def test_with_neither_database_nor_spool_the_words_are_kept_and_the_code_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway.accept import NotDurable  # noqa: PLC0415 - beside its only use

    accept = site.edge.acceptor.accept

    def refuse(_: object) -> None:
        raise NotDurable("the disk is full")

    stamp = site.proven()
    monkeypatch.setattr(site.edge.acceptor, "accept", refuse)
    answer = site.send(stamp=stamp, files=[("foto.jpg", JPEG, "image/jpeg")])
    assert answer.status_code == 503
    assert WORDS in answer.text
    assert "Pilih kembali berkasnya" in answer.text
    assert f'value="{stamp["kiriman"]}"' in answer.text
    monkeypatch.setattr(site.edge.acceptor, "accept", accept)
    assert site.send(stamp=stamp, files=[("foto.jpg", JPEG, "image/jpeg")]).status_code == 303
    assert len(site.rows("SELECT 1 FROM journal")) == 1


def test_the_limits_hold_in_the_process_while_the_database_is_down(redis_client: Redis, tmp_path: Path) -> None:
    nowhere = connect(NOWHERE)
    limits = Limits(proof_of_work_bits=4, form_per_address_per_hour=2)
    with running(nowhere, redis_client, tmp_path, limits=limits) as site:
        assert [site.send(isi=f"aduan {number}").status_code for number in range(3)] == [503, 503, 429]
    nowhere.dispose()


def test_every_page_stands_without_the_database(cut_off: Site) -> None:
    client = cut_off.app.test_client()
    for path in ("/", "/lapor", "/lacak", "/privasi"):
        assert client.get(path).status_code == 200
    answer = client.post("/lacak", data={"nomor": "K7MP-2XWD"})
    assert answer.status_code in {404, 503}
    assert client.post("/lacak", data={"nomor": ticket.new()}).status_code == 503
