"""One real browser for each module of end-to-end tests; each test opens a window of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

# Milliseconds; the machine may be busy, and a test that passes does not wait.
expect.set_options(timeout=30_000)

# Without the last three it looks for hosts of its maker at every start.
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# For a module, not the session: while it is open, playwright's event loop runs in the thread of the tests.
@pytest.fixture(scope="module")
def browser(need: Callable[[str], str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=need("chromium"), args=ARGUMENTS)
        yield launched
        launched.close()
