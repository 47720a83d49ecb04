"""Takes the pictures of docs/images from a running demo: `python docs/make_pictures.py http://127.0.0.1:8080 PASSWORD`.

PASSWORD is that of the demo's `admin`, which the demo prints. Needs the packages for tests, and chromium.
"""  # noqa: INP001 - a script

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER: Final = Path(__file__).parent / "images"
LOOKS: Final = {
    "desktop-light": (1280, 800, "light"),
    "desktop-dark": (1280, 800, "dark"),
    "phone-light": (390, 844, "light"),
    "phone-dark": (390, 844, "dark"),
}
#: Name of the picture, address below /inbox; `case` is the first case that is due soon.
PAGES: Final = {
    "queue": "?antrean=semua",
    "case": "case",
    "search": "?q=jalan",
    "numbers": "/numbers",
    "map": "/map",
    "report": "/report?bulan=2026-11",
    "channels": "/channels",
    "quarantine": "/quarantine",
    "audit": "/audit",
    "users": "/users",
    "notices": "/notices",
}
COLOURS: Final = 128


def main(address: str, password: str, *names: str) -> None:
    """All pictures, or those that are named."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for look, (width, height, colours) in LOOKS.items():
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=colours,  # type: ignore[arg-type]
                locale="id-ID",
                reduced_motion="reduce",
            )
            page = context.new_page()
            log_in(page, address, password)
            for name, where in PAGES.items():
                if not names or name in names:
                    go(page, address, where)
                    keep(page.screenshot(), f"{name}-{look}.png")
        browser.close()


def log_in(page: Page, address: str, password: str) -> None:
    """As the demo's administrator."""
    page.goto(f"{address}/inbox")
    page.get_by_label("Nama pengguna").fill("admin")
    page.get_by_label("Kata sandi").fill(password)
    page.keyboard.press("Enter")
    page.locator("[data-ticket]").first.wait_for()


def go(page: Page, address: str, where: str) -> None:
    """Open a page and wait for its pictures."""
    if where != "case":
        page.goto(f"{address}/inbox{where}", wait_until="load")
        return
    page.goto(f"{address}/inbox?antrean=segera")
    page.goto(f"{address}{page.locator('.card').first.get_attribute('href')}", wait_until="load")


def keep(picture: bytes, name: str) -> None:
    """Few colours are enough for a page, and make the file small."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(FOLDER / name, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
