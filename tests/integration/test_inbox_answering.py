"""The case page where the reporter has written on several channels: which are offered, to whom, and what is refused."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from channels.contract import ReplyOptions
from tests import factories
from tests.factories import PaperChannel
from tests.inboxkit import Browser, Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

PHONE, OTHER = "+628112626116", "+628990000777"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


class Pair:
    """Two complaints of one citizen, on two accounts."""

    def __init__(self, site: Site, **second: Any) -> None:
        self.site = site
        self.first = site.complaint("Lampu mati", address=PHONE)
        earlier = factories.NOW - timedelta(days=2)
        self.second = site.complaint(
            "Jalan rusak", address=OTHER, account="kertas", conversation=OTHER, opened_at=earlier, **second
        )
        with site.engine.begin() as connection:
            connection.execute(text("UPDATE message SET account = 'kertas' WHERE address = :a"), {"a": OTHER})

    def contact(self, ticket: str) -> Any:
        return self.site.case(ticket).contact_id

    def join(self, browser: Browser) -> int:
        form = {"with": self.second, **browser.form(self.first)}
        return browser.post(f"/inbox/{self.first}/reporter/join", **form).status_code


def offered(page: str) -> list[str]:
    return re.findall(r'<option value="([0-9a-f]{24})"', page)


def shut(site: Site, account: str) -> None:
    channel = site.runtime.accounts[account].channel
    assert isinstance(channel, PaperChannel)
    channel.options = ReplyOptions(allowed=False, reason="Jendela sudah tutup.")


def test_joined_by_ticket_and_answered_on_the_other_channel(site: Site) -> None:
    pair, sari = Pair(site), site.officer("sari")
    assert offered(sari.get(f"/inbox/{pair.first}").text) == []
    assert pair.join(sari) == 303
    assert pair.contact(pair.first) == pair.contact(pair.second)
    page = sari.get(f"/inbox/{pair.first}").text
    keys = offered(page)
    assert len(keys) == 2
    answer = {"text": "Besok kami datang", "via": keys[1], **sari.form(pair.first)}
    assert sari.post(f"/inbox/{pair.first}/answer", **answer).status_code == 303
    assert site.rows("SELECT account, address FROM outbox") == [("kertas", OTHER)]
    assert "menyatukan pelapor" in sari.get(f"/inbox/{pair.first}").text


def test_by_default_the_channel_of_this_complaint_and_where_it_is_shut_the_other(site: Site) -> None:
    pair, sari = Pair(site), site.officer("sari")
    pair.join(sari)
    for account in ("sms-a", "kertas"):
        sari.post(f"/inbox/{pair.first}/answer", **{"text": f"lewat {account}", **sari.form(pair.first)})
        assert site.rows("SELECT account FROM outbox ORDER BY seq DESC LIMIT 1") == [(account,)]
        shut(site, account)
    page = sari.get(f"/inbox/{pair.first}").text
    assert "Jendela sudah tutup." in page
    assert offered(page) == []


def test_a_conversation_that_is_not_the_reporters_is_refused(site: Site) -> None:
    pair, sari = Pair(site), site.officer("sari")
    answer = {"text": "Halo", "via": "0" * 24, **sari.form(pair.first)}
    refused = sari.post(f"/inbox/{pair.first}/answer", **answer)
    assert refused.status_code == 409
    assert "tidak ada lagi" in refused.text
    assert site.rows("SELECT * FROM outbox") == []


def test_parted_again(site: Site) -> None:
    pair, sari = Pair(site), site.officer("sari")
    pair.join(sari)
    [(scheme, address)] = site.rows("SELECT scheme, address FROM contact_address WHERE phone = :p", p=OTHER)
    form = {"scheme": scheme, "address": address, **sari.form(pair.first)}
    assert sari.post(f"/inbox/{pair.first}/reporter/part", **form).status_code == 303
    assert len(site.rows("SELECT DISTINCT contact_id FROM contact_address")) == 2


@pytest.mark.parametrize("flag", ["anonim", "rahasia"])
def test_whose_identity_is_hidden_is_joined_only_by_those_who_may_know(site: Site, flag: str) -> None:
    pair = Pair(site, **{flag: True})
    sari, dewi = site.officer("sari"), site.officer("dewi", sees_identity=True)
    assert pair.join(sari) == 422
    assert pair.contact(pair.first) != pair.contact(pair.second)
    assert pair.join(dewi) == 422
    dewi.reveal(pair.second)
    assert pair.join(dewi) == 303
    page = sari.get(f"/inbox/{pair.first}").text
    assert OTHER[-9:] not in page
    assert offered(page) == []
    assert sari.post(f"/inbox/{pair.first}/reporter/part", **sari.form(pair.first)).status_code == 404
    assert offered(dewi.get(f"/inbox/{pair.first}").text) == []
    assert len(offered(dewi.get(f"/inbox/{pair.second}").text)) == 2


def test_too_long_by_the_channels_own_count_is_refused_with_the_words_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, sari = site.complaint(), site.officer("sari")
    monkeypatch.setattr(PaperChannel, "length", lambda _channel, text, _conversation: len(text) * 100)
    for act, more in (("answer", {}), ("hand-on", {"to": "PLN"}), ("hold", {"until": "2026-12-01"})):
        refused = sari.post(f"/inbox/{ticket}/{act}", text="Besok kami datang", **more, **sari.form(ticket))
        assert refused.status_code == 422
        assert "terlalu panjang: " in refused.text
        assert "Besok kami datang</textarea>" in refused.text
    assert site.rows("SELECT * FROM outbox") == []


def test_a_form_never_names_the_number_that_it_answers(site: Site) -> None:
    pair, dewi = Pair(site), site.officer("dewi", sees_identity=True)
    pair.join(dewi)
    page = dewi.get(f"/inbox/{pair.first}").text
    composer = page[page.index('<section class="composer"') :]
    assert PHONE[-9:] not in composer
    assert OTHER[-9:] not in composer
