"""Citizens' files as the media job leaves them, put straight into the tables and the blob store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.rendering.kinds import RENDERED
from dispatcher.rendering.process import render
from dispatcher.sniff import sniff
from store import renditions
from tests import factories
from tests.factories import NOW

if TYPE_CHECKING:
    import uuid

    from tests.inboxkit import Site


def attach(site: Site, ticket: str, content: bytes, name: str | None = None) -> uuid.UUID:
    """A file of a new line of that complaint, with what is shown of it."""
    blobs = site.runtime.blobs
    kind, sha256, note = sniff(content).content_type, blobs.put(content), None
    with site.engine.begin() as connection:
        if kind in RENDERED:
            found = render(content, kind)
            note = found.note
            made = renditions.Made(
                shown=blobs.put(found.shown) if found.shown else None,
                thumb=blobs.put(found.thumb) if found.thumb else None,
                content_type=found.content_type,
                location=found.location,
                note=note,
            )
            renditions.keep(connection, sha256, made, NOW)
        line = factories.line(connection, site.id_of(ticket), "ini berkasnya")
        values = {"content_type": kind, "sha256": sha256, "size": len(content), "name": name, "error": note}
        return factories.attachment(connection, line, **values)
