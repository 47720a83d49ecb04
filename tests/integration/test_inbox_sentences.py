"""What adapters and senders say to officers: kept in the database, and read in each officer's own language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from channels.contract import Health
from dispatcher import watch
from normalizer.saying import kept, quoted, say
from store import health, outbox
from tests import factories
from tests.factories import NOW
from tests.inboxkit import Browser, Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


@pytest.fixture
def reader(site: Site) -> Browser:
    return site.officer("admin", "administrator", programs=[])


def both(reader: Browser, url: str) -> tuple[str, str]:
    """The page for an officer who reads Indonesian, and for one who reads English."""
    found = []
    for language in ("id", "en"):
        reader.post("/inbox/me/language", language=language)
        found.append(reader.get(url).text)
    return found[0], found[1]


def test_an_accounts_health_and_last_error_on_its_pages(
    site: Site, reader: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper: Any = site.runtime.accounts["kertas"].channel
    down = say("%(who)s tidak dapat dihubungi (%(error)s)", who="<Mesin>", error="ConnectError")
    found = Health(ok=False, sentence=say("%(error)s: periksa api_url, username dan password.", error=down))
    monkeypatch.setattr(paper, "health", lambda: found)
    watch.begin(site.runtime)
    watch.check(site.runtime, site.runtime.accounts["kertas"])
    with site.engine.begin() as connection:
        health.note_failure(connection, "kertas", say("Server surat menolak surat ini (%(told)s).", told="550"), NOW)
    for url in ("/inbox/channels", "/inbox/channels/kertas"):
        ours, english = both(reader, url)
        assert "&lt;Mesin&gt; tidak dapat dihubungi (ConnectError): periksa api_url, username dan password." in ours
        assert "&lt;Mesin&gt; cannot be reached (ConnectError): check api_url, username and password." in english
    assert "Server surat menolak surat ini (550)." in ours
    assert "The mail server refuses this mail (550)." in english


def test_why_an_answer_did_not_go_out_stands_at_it(site: Site, reader: Browser) -> None:
    ticket = site.complaint()
    case = site.id_of(ticket)
    with site.engine.begin() as connection:
        refusal = kept(say("Kata Telegram: %(words)s", words="Forbidden: 100% %(no)s"))
        factories.outgoing(connection, case, "failed", "Sudah kami perbaiki.", error=refusal)
        factories.outgoing(connection, case, "failed", "Sekali lagi.", error="an error of an older row, 5%")
        factories.outgoing(connection, case, "failed", "Lagi.", error=kept(quoted("{&quot;say")))
    ours, english = both(reader, f"/inbox/{ticket}")
    assert "Kata Telegram: Forbidden: 100% %(no)s" in ours
    assert "Telegram said: Forbidden: 100% %(no)s" in english
    for page in (ours, english):
        assert "an error of an older row, 5%" in page
        assert "{&amp;quot;say" in page
        assert "&#34;say&#34;" not in page


def test_a_sender_that_lost_its_account_says_so_in_both(site: Site, reader: Browser) -> None:
    ticket = site.complaint()
    with site.engine.begin() as connection:
        factories.outgoing(connection, site.id_of(ticket), "queued", "Sudah.", account="hilang")
        outbox.forsake(connection, "hilang", 1, NOW)
    ours, english = both(reader, f"/inbox/{ticket}")
    assert "Akun kanal ini tidak ada lagi di config/muara.toml" in ours
    assert "This channel account is no longer in config/muara.toml" in english


def test_why_a_channel_takes_no_answer_stands_where_one_would_write_it(site: Site, reader: Browser) -> None:
    ticket = site.complaint(account="kertas", address=None)
    ours, english = both(reader, f"/inbox/{ticket}")
    assert "Warga tidak meninggalkan alamat untuk dijawab." in ours
    assert "Warga tidak meninggalkan alamat" not in english
