"""The demo as a newcomer meets it: one command, a message typed on a phone, its answer back on the phone."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import threading
import urllib.request
from typing import TYPE_CHECKING, NamedTuple

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT, temporary_data_dir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

READY = "Ctrl-C untuk berhenti"
SMS = "#sms-6281200000001"


class Channel(NamedTuple):
    """A phone, how it is written there, and what the answer is said to be."""

    kind: str
    phone: str
    way: str = ""
    label: str = ""


CHANNELS = [
    Channel("telegram", "telegram-8100001"),
    Channel("whatsapp", "whatsapp-6281200000002", "Mas Bup Siaga (Cloud API)"),
    Channel("line", f"line-U{1:032x}"),
    Channel("email", "email-anda-warga-example"),
    Channel("x", "x-1600000000000000001", "Pos yang menyebut akun", "Balasan"),
    Channel("facebook", "facebook-7012000000000001", "Messenger", "Messenger"),
    Channel("instagram", "instagram-17841499000000001", "Pesan langsung", "Pesan langsung"),
    Channel("facebook", "facebook-7012000000000001", "Komentar di halaman", "Balasan"),
    Channel("instagram", "instagram-17841499000000001", "Komentar", "Balasan"),
]
#: From here on a phone has been written on and answered before.
FIRST_AGAIN = 7
BARE = Channel("x", "x-1600000000000000001", "Pos dengan tagar saja")
#: Messages of the accounts that are polled: those of the opening, and two or three of the newcomer's.
POLLED = {"email": 2 + 2, "x": 7 + 3, "open311": 2}
WORDS = "pagar jembatan Widuri hanyut tadi malam"
ANSWER = "Terima kasih, petugas PU ke lokasi sore ini."
LONGEST = 240  # seconds that a demo may run in all
PATIENCE = 60_000  # milliseconds; the machine may be busy, and a test that passes does not wait


@dataclasses.dataclass
class Demo:
    """A running demo, and what it has printed."""

    process: subprocess.Popen[str]
    printed: str

    def address(self, path: str) -> str:
        return re.search(rf"http://127\.0\.0\.1:\d+{path}(?=\s)", self.printed)[0]  # type: ignore[index]

    @property
    def password(self) -> str:
        return re.search(r"petugas / (\S+)", self.printed)[1]  # type: ignore[index]

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=60)
        return rest


@contextlib.contextmanager
def demo(python: Path, data_dir: Path, port: int) -> Iterator[Demo]:
    """Started with the environment of a machine on which nothing is set."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("MUARA_")}
    command = [python, "-m", "cli", "demo", "--data-dir", data_dir, "--port", str(port), "--pace", "0"]
    environ |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with (
        (data_dir / "stderr").open("w") as errors,
        subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        watchdog = threading.Timer(LONGEST, process.kill)
        watchdog.start()
        try:
            yield Demo(process, until_ready(process, data_dir))
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(60)
            watchdog.cancel()


def until_ready(process: subprocess.Popen[str], data_dir: Path) -> str:
    printed = ""
    assert process.stdout is not None
    for line in process.stdout:
        printed += line
        if READY in line:
            return printed
    raise AssertionError((data_dir / "stderr").read_text())


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    with temporary_data_dir() as path:
        yield path


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
        return found


@contextlib.contextmanager
def tab(browser: Browser, *, width: int = 1280, scripts: bool = True) -> Iterator[Page]:
    """A window of its own; whatever the console or the policy complains of fails the test."""
    context = browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=scripts, locale="id-ID")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if "status of" not in line.text else None)
    yield page
    context.close()
    assert troubles == []


def log_in(page: Page, running: Demo) -> None:
    page.goto(running.address("/inbox"))
    page.get_by_label("Nama pengguna").fill("petugas")
    page.get_by_label("Kata sandi").fill(running.password)
    page.keyboard.press("Enter")
    expect(page.locator("[data-ticket]").first).to_be_visible(timeout=PATIENCE)


def test_what_is_typed_on_a_phone_is_answered_on_it(python: Path, data_dir: Path, port: int, browser: Browser) -> None:
    expect.set_options(timeout=PATIENCE)
    with demo(python, data_dir, port) as running:
        with tab(browser) as phones, tab(browser) as officer:
            phones.goto(running.address("/"))
            mine = phones.locator(SMS)
            mine.get_by_role("textbox", name="SMS").fill(f"masbupsiaga {WORDS}")
            mine.get_by_role("button", name="Kirim").click()
            expect(mine.locator(".in").first).to_contain_text("aduan Anda kami terima, nomor ")
            ticket = re.search(r"nomor (\S{9})\.", mine.locator(".in").first.inner_text())[1]  # type: ignore[index]

            log_in(officer, running)
            officer.locator(f"[data-ticket='{ticket}'] a").click()
            expect(officer.locator("[data-thread]")).to_contain_text(WORDS)
            officer.get_by_role("textbox", name="Jawaban untuk warga").fill(ANSWER)
            officer.get_by_role("button", name="Kirim", exact=True).click()

            expect(mine.locator(".in").last).to_contain_text(ANSWER)
            for number, channel in enumerate(CHANNELS):
                there_and_back(running, phones, officer, channel, number)
            a_bare_hashtag(running, phones, officer)
            without_scripts(browser, running)
        assert "Peragaan berhenti" in running.stop()
        assert running.process.returncode == 0
    assert "Traceback" not in (data_dir / "stderr").read_text()


def there_and_back(running: Demo, phones: Page, officer: Page, channel: Channel, number: int) -> None:
    """Written on the channel's page, in the queue under the ticket that came back, answered, the answer on the page."""
    words, answer = f"warga ke-{number} melapor pohon tumbang", f"Jawaban ke-{number}: tim BPBD berangkat."
    mine = write(running, phones, channel, words)
    expect(mine.locator(".in")).to_have_count(1 if number < FIRST_AGAIN else 3)
    ticket = re.search(r"nomor (\S{9})\b", mine.locator(".in").last.inner_text())[1]  # type: ignore[index]

    officer.goto(f"{running.address('/inbox')}/{ticket}")
    expect(officer.locator("[data-thread]")).to_contain_text(words)
    officer.get_by_role("textbox", name="Jawaban untuk warga").fill(answer)
    officer.get_by_role("button", name="Kirim", exact=True).click()

    expect(mine.locator(".in").last).to_contain_text(answer)
    if channel.label:
        expect(mine.locator(".in").last.locator(".label")).to_have_text(channel.label)


def write(running: Demo, phones: Page, channel: Channel, words: str) -> Locator:
    """On the channel's page; the phone."""
    phones.goto(f"{running.address('/')}?saluran={channel.kind}")
    mine = phones.locator(f"#{channel.phone}")
    if channel.way:
        mine.get_by_role("combobox").select_option(channel.way)
    if channel.kind == "email":
        mine.get_by_label("Subjek").fill("Laporan warga")
    mine.locator("textarea").fill(words)
    mine.get_by_role("button", name="Kirim").click()
    expect(mine.locator(".out").last).to_contain_text(words)
    return mine


def find(running: Demo, officer: Page, word: str) -> None:
    """Open the complaint with this word as soon as it is in the queue."""
    card = officer.locator("[data-ticket] a").first
    for _ in range(100):
        officer.goto(f"{running.address('/inbox')}?q={word}")
        if card.count():
            break
    card.click()
    expect(officer.locator("[data-thread]")).to_contain_text(word)


def a_bare_hashtag(running: Demo, phones: Page, officer: Page) -> None:
    """It is in the queue, and the inbox says why it cannot be answered."""
    mine = write(running, phones, BARE, "kabel listrik menjuntai rendah sekali")
    expect(mine.locator(".out").last).to_contain_text("#masbupsiaga")
    find(running, officer, "menjuntai")
    expect(officer.locator("body")).to_contain_text("Warga tidak menyebut atau mengutip @masbupsiaga")


def without_scripts(browser: Browser, running: Demo) -> None:
    """On a small screen, from another number, by nothing but forms."""
    with tab(browser, width=390, scripts=False) as phones:
        for kind in ("sms", "whatsapp", "email", "x", "facebook", "instagram", "line", "web", "open311", ""):
            phones.goto(f"{running.address('/')}?saluran={kind}")
            assert phones.evaluate("document.documentElement.scrollWidth") <= 390, kind
        expect(phones.locator(SMS).get_by_role("textbox")).to_have_count(0)  # there is no room for all at once
        phones.locator(SMS).get_by_role("link", name="Tulis SMS").click()
        mine = phones.locator(SMS)
        mine.get_by_label("Dari").fill("0812 0000 0777")
        mine.get_by_role("textbox", name="SMS").fill("maturbupati <b>pasar</b> kotor")
        mine.get_by_role("button", name="Kirim").click()
        expect(phones).to_have_url(re.compile("/hp/sms-6281200000777$"))
        expect(phones.locator(".out")).to_contain_text("<b>pasar</b>")
        assert phones.evaluate("document.documentElement.scrollWidth") <= 390
        for _ in range(100):
            if phones.locator(".in").count():
                break
            phones.goto(phones.url)
        expect(phones.locator(".in")).to_contain_text("Matur Bupati: aduan Anda kami terima")


def test_a_second_start_finds_it_all_again_and_plays_nothing_twice(
    python: Path, data_dir: Path, port: int, browser: Browser
) -> None:
    before = (data_dir / "town.jsonl").read_text().splitlines()
    assert sum("done" in json.loads(line) for line in before) >= 50
    with demo(python, data_dir, port) as running:
        assert len(lines := (data_dir / "town.jsonl").read_text().splitlines()) - len(before) <= 1, lines[len(before) :]
        page = urllib.request.urlopen(running.address("/"), timeout=20).read().decode()  # noqa: S310 - loopback
        assert WORDS in page
        assert ANSWER in page
        with tab(browser) as phones, tab(browser) as officer:
            log_in(officer, running)
            # What comes after the start shows that these accounts have been asked again.
            for channel, word in ((CHANNELS[3], "meluber"), (CHANNELS[4], "berserakan")):
                write(running, phones, channel, f"sampah {word} lagi")
                find(running, officer, word)
        books = subprocess.run(
            [python, "-m", "cli", "ledger", "--json", "--data-dir", data_dir],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
            text=True,
        )
    assert books.returncode == 0, books.stderr
    rows = [json.loads(line) for line in books.stdout.splitlines()]
    pushed = {"sms-kannel", "sms-android", "sms-twilio", "whatsapp", "telegram", "line", "facebook", "instagram", "web"}
    assert {row["account"] for row in rows} == pushed | POLLED.keys()
    for account, messages in POLLED.items():
        mine = [row for row in rows if row["account"] == account]
        assert sum(row["message"] + row["joined"] for row in mine) == messages, account
        assert sum(row["remainder"] for row in mine) == 0
