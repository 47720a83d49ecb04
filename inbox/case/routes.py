"""The routes of what is done to a case beyond answering it, and of canned answers."""

from __future__ import annotations

from typing import Final

from inbox.acts import canned, leaving, merging, reasons
from inbox.queue import bulk
from inbox.rights import Need
from inbox.routing import Route

ROUTES: Final = (
    Route(rule="/<ticket>/hand-on", name="hand_on", view=reasons.hand_on, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/archive", name="archive", view=reasons.archive, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/hold", name="hold", view=reasons.hold, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/resume", name="resume", view=reasons.resume, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/left", name="left", view=leaving.left, need=Need.WORK),
    Route(rule="/<ticket>/undo", name="undo", view=leaving.undo, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/merge", name="merge", view=merging.merge, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/unmerge", name="unmerge", view=merging.unmerge, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/split/<uuid:line_id>", name="split", view=merging.split, need=Need.WORK, method="POST"),
    Route(rule="/bulk", name="bulk", view=bulk.act, need=Need.WORK, method="POST"),
    Route(rule="/canned", name="canned", view=canned.show, need=Need.CANNED),
    Route(rule="/canned", name="canned_add", view=canned.add, need=Need.CANNED, method="POST"),
    Route(rule="/canned/<uuid:canned_id>", name="canned_edit", view=canned.edit, need=Need.CANNED),
    Route(rule="/canned/<uuid:canned_id>", name="canned_change", view=canned.change, need=Need.CANNED, method="POST"),
    Route(
        rule="/canned/<uuid:canned_id>/remove",
        name="canned_remove",
        view=canned.remove,
        need=Need.CANNED,
        method="POST",
    ),
)
