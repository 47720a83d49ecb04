"""Charts as SVG pictures: they carry their own styles, in light and dark, and are shown as images (docs/adr/0023)."""

from __future__ import annotations

import base64
import dataclasses
import functools
import sys
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

_INK: Final = ("#172224", "#e3eae9")
_SOFT: Final = ("#526066", "#9cadb0")
_LINE: Final = ("#c9c7bb", "#3a4a50")
#: Told apart by lightness too, not by hue alone; light and dark in pairs.
_SERIES: Final = (("#0b6a6c", "#62c6c1"), ("#e0a030", "#f2cb6e"), ("#8a1b12", "#ff8f80"), ("#8b9494", "#65777b"))
_WIDTH: Final = 760
_TALL: Final = 280
_BAR: Final = 34
_MARGIN: Final = 96
_LONGEST_LABEL: Final = 34
_MOST_LABELS: Final = 12
_FONT: Final = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"


@dataclasses.dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers with its name."""

    name: str
    values: Sequence[int]


def _rules(shade: int) -> str:
    ink, soft, line = _INK[shade], _SOFT[shade], _LINE[shade]
    found = (
        f"text{{fill:{ink}}}.axis text{{fill:{soft}}}.axis path,.axis .line{{stroke:{line}}}"
        f".axis .guide.line{{stroke:{line};stroke-dasharray:2 3}}.graph .background,.plot .background{{fill:none}}"
    )
    for place, colours in enumerate(_SERIES):
        found += f".color-{place}{{fill:{colours[shade]};stroke:{colours[shade]}}}"
    return found


_CSS: Final = (
    "inline:text{stroke:none}"
    ".axis.x text{text-anchor:middle}.axis.y text{text-anchor:end}.axis.x text[transform]{text-anchor:start}"
    ".tooltip,.tooltip-overlay{display:none}"
    ".legends text{text-anchor:start}" + _rules(0) + "@media (prefers-color-scheme:dark){" + _rules(1) + "}"
)


def columns(labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """Columns side by side, in the order of the labels; too many labels are thinned out."""
    return _picture("Bar", labels, series, height=_TALL)


def stacked(labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """Columns on top of one another."""
    return _picture("StackedBar", labels, series, height=_TALL)


def rows(labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """Lying bars on one another, the first label on top."""
    turned = [Series(each.name, list(reversed(each.values))) for each in series]
    short = [label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…" for label in reversed(labels)]
    return _picture("HorizontalStackedBar", short, turned, height=_MARGIN + _BAR * len(labels))


def _picture(kind: str, labels: Sequence[str], series: Sequence[Series], *, height: int) -> Markup:
    pygal = _library()
    chart = getattr(pygal, kind)(
        style=pygal.style.Style(font_family=_FONT, label_font_size=12, major_label_font_size=12, legend_font_size=13),
        css=[_CSS],
        js=[],
        disable_xml_declaration=True,
        explicit_size=True,
        width=_WIDTH,
        height=height,
        margin=6,
        legend_at_bottom=True,
        legend_at_bottom_columns=len(series),
        legend_box_size=12,
        show_legend=len(series) > 1,
        show_minor_x_labels=len(labels) <= _MOST_LABELS,
        x_labels_major_count=_MOST_LABELS,
        truncate_label=-1,
        formatter=_number,
        value_formatter=_number,
        x_labels=list(labels),
        no_data_text="-",
    )
    for each in series:
        chart.add(each.name, list(each.values))
    picture = base64.b64encode(chart.render(is_unicode=True).encode()).decode()
    return Markup(f"data:image/svg+xml;base64,{picture}")  # noqa: S704 - of digits and letters only


@functools.cache
def _library() -> Any:
    """The library without its hook for plugins, of which there are none: Python 3.11 warns of it at every import."""
    import pygal  # noqa: PLC0415 - a tenth of a second that only pages with charts need

    sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, pygal.PluginImportFixer)]
    return pygal


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", ".")
