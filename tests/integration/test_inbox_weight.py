"""The first page of the inbox stays light: what a browser loads for fifty cards, compressed as a proxy does."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest

from tests.factories import NOW
from tests.inboxkit import Site, tickets

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from tests.inboxkit import Browser

LIMIT = 100_000
WORDS = "Jalan {} di depan pasar Comal berlubang dan membahayakan pengendara, mohon segera diperbaiki pak {}"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def loaded(browser: Browser, page: str) -> dict[str, bytes]:
    """Everything that a page has a browser load, by its address."""
    found: dict[str, bytes] = {}
    waiting = [unescape(url) for url in re.findall(r'(?:src|href)="(/inbox/static/[^"]+)"', page)]
    while waiting:
        url = waiting.pop()
        if url in found:
            continue
        with browser.get(url) as answer:
            assert answer.status_code == 200, url
            found[url] = answer.data
        folder = url.partition("?")[0].rpartition("/")[0]
        names = re.findall(rb'(?:from|import) "\./([^"]+)"', found[url]) if ".js" in url else []
        waiting += [f"{folder}/{name.decode()}" for name in names]
    return found


def test_the_first_page_with_all_that_it_loads(site: Site) -> None:
    for number in range(60):
        words = WORDS.format(f"{number * 7919 % 1000}", "terima kasih " * (number % 5))
        site.complaint(words, name=f"Warga {number}", opened_at=NOW - timedelta(hours=number), unit="dpu")
    browser = site.officer("dewi", "program_admin")
    page = browser.get("/inbox?antrean=unit").text
    assert len(tickets(page)) == 50
    files = loaded(browser, page)
    assert {url.rpartition(".")[2].partition("?")[0] for url in files} >= {"css", "js"}
    sent = {"the page": page.encode(), **files}
    weight = {url: len(gzip.compress(content, 6)) for url, content in sent.items()}
    assert sum(weight.values()) < LIMIT, weight
