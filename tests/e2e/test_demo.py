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
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT, temporary_data_dir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

READY = "Ctrl-C untuk berhenti"
SMS = "#sms-6281200000001"
TELEGRAM = "#telegram-8100001"
WORDS = "pagar jembatan Widuri hanyut tadi malam"
ANSWER = "Terima kasih, petugas PU ke lokasi sore ini."
LONGEST = 120  # seconds that a demo may run in all
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
            chat(phones)
            without_scripts(browser, running)
        assert "Peragaan berhenti" in running.stop()
        assert running.process.returncode == 0
    assert "Traceback" not in (data_dir / "stderr").read_text()


def chat(phones: Page) -> None:
    """The same on Telegram, where the program is alone and no keyword is needed."""
    mine = phones.locator(TELEGRAM)
    mine.get_by_role("textbox").fill("lampu taman kota mati")
    mine.get_by_role("textbox").press("Enter")
    expect(mine.locator(".out")).to_contain_text("lampu taman kota mati")
    expect(mine.locator(".in")).to_contain_text("Mas Bup Siaga: aduan Anda kami terima")


def without_scripts(browser: Browser, running: Demo) -> None:
    """On a small screen, from another number, by nothing but forms."""
    with tab(browser, width=390, scripts=False) as phones:
        phones.goto(running.address("/"))
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
    assert sum("done" in json.loads(line) for line in before) >= 30
    with demo(python, data_dir, port) as running:
        assert len(lines := (data_dir / "town.jsonl").read_text().splitlines()) - len(before) <= 1, lines[len(before) :]
        page = urllib.request.urlopen(running.address("/"), timeout=20).read().decode()  # noqa: S310 - loopback
        assert WORDS in page
        assert ANSWER in page
        with tab(browser) as officer:
            log_in(officer, running)
        books = subprocess.run(
            [python, "-m", "cli", "ledger", "--json", "--data-dir", data_dir],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
            text=True,
        )
    assert books.returncode == 0, books.stderr
    accounts = {json.loads(line)["account"] for line in books.stdout.splitlines()}
    assert accounts == {"sms-kannel", "sms-android", "sms-twilio", "telegram", "web"}
