"""The routes of figures."""

from __future__ import annotations

from typing import Final

from inbox.numbers import exports, maps, monthly
from inbox.numbers import page as numbers
from inbox.rights import Need
from inbox.routing import Route

ROUTES: Final = (
    Route(rule="/numbers", name="numbers", view=numbers.show, need=Need.READ),
    Route(rule="/numbers/rows", name="number_rows", view=numbers.show_rows, need=Need.READ),
    Route(rule="/numbers/export/<kind>", name="number_export", view=exports.of_figures, need=Need.READ),
    Route(rule="/export/<kind>", name="queue_export", view=exports.of_queue, need=Need.READ),
    Route(rule="/report", name="report", view=monthly.show, need=Need.READ),
    Route(rule="/report/xlsx", name="report_sheet", view=monthly.sheet, need=Need.READ),
    Route(rule="/map", name="map", view=maps.show, need=Need.READ),
    Route(rule="/leaflet/<name>", name="leaflet", view=maps.file, need=Need.READ, touch=False),
)
