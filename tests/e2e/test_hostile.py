"""Markup and scripts in every field that a citizen controls: text everywhere, and never an element of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.windowkit import DESKTOP, address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.inboxkit import Site

__all__ = ["address", "site", "visit"]

PAYLOADS = [
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "\"'><svg onload=window.pwned=1>",
    "' autofocus onfocus='window.pwned=1",
    "</textarea></title><iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "javascript:window.pwned=1",
    "{{ 7*7 }}{% raw %}${7*7}",
    "&lt;b&gt;&#60;script&#62;",
    "\u202e\u2066<b onclick=1>\u0085",
]
#: What would be there if a field had become markup.
ALIEN = """() => [
  ...[...document.querySelectorAll("*")].flatMap((each) => [...each.attributes])
     .filter((each) => each.name.startsWith("on") || /^\\s*javascript:/i.test(each.value) && each.name !== "value"
                       && !each.name.startsWith("data-"))
     .map((each) => each.ownerElement.tagName + " " + each.name),
  ...[...document.scripts].filter((each) => !each.src.startsWith(location.origin)).map(() => "script"),
  ...[...document.querySelectorAll("iframe, object, embed, base, b, svg[onload]")].map((each) => each.tagName),
  ...(window.pwned ? ["pwned"] : []),
]"""


def planted(site: Site, evil: str) -> str:
    """A complaint all of whose citizen's fields say it."""
    values: dict[str, Any] = {"name": evil, "subject": evil, "place": {"label": evil, "candidates": [evil]}}
    ticket = site.complaint(f"Aduan {evil}", **values)
    other = site.complaint(f"Aduan {evil}", name=evil, address=evil)
    with site.writing() as connection:
        line = factories.line(
            connection,
            site.id_of(ticket),
            evil,
            name=evil,
            subject=evil,
            quoted=evil,
            revised=evil,
            location={"lat": -6.9, "lon": 109.1, "label": evil},
            sent_at=factories.NOW,
        )
        for state in ("stored", "expired", "refused"):
            sha256 = site.runtime.blobs.put(b"isi") if state == "stored" else None
            factories.attachment(connection, line, name=evil, state=state, sha256=sha256, error=evil, content_type=evil)
        factories.outgoing(connection, site.id_of(ticket), "failed", evil, error=evil)
        factories.outgoing(connection, site.id_of(other), "unknown", evil, error=evil)
    return ticket


@pytest.mark.parametrize("evil", PAYLOADS)
def test_what_a_citizen_writes_is_never_markup(site: Site, visit: Callable[..., Page], evil: str) -> None:
    ticket = planted(site, evil)
    page = visit(DESKTOP)
    for url in ("/inbox?antrean=semua", "/inbox?q=aduan", f"/inbox/{ticket}", "/inbox/notices"):
        answer = page.goto(url)
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        expect(page.locator("main, section").first).to_be_visible()
        assert page.evaluate(ALIEN) == [], url
