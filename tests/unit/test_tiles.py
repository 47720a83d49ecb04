"""The address of a map's tiles: https with its three marks, and nothing that could open the pages' policy further."""

from __future__ import annotations

import pytest

from config.checks import tiles


@pytest.mark.parametrize(
    "url", ["", "https://peta.example.go.id/{z}/{x}/{y}.png", "https://a.example:8443/t?z={z}&x={x}&y={y}"]
)
def test_tiles_that_are_taken(url: str) -> None:
    assert tiles(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://peta.example.go.id/{z}/{x}/{y}.png",
        "https://peta.example.go.id/tiles.png",
        "https://peta.example.go.id/{z}/{x}.png",
        "https://{s}.peta.example.go.id/{z}/{x}/{y}.png",
        "https:///{z}/{x}/{y}.png",
        "https://[peta/{z}/{x}/{y}.png",
        "https://peta.example.go.id; script-src *//{z}/{x}/{y}.png",
        "https://peta.example.go.id https://lain.example/{z}/{x}/{y}.png",
        "javascript:alert(1)//{z}{x}{y}",
    ],
)
def test_tiles_that_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected tiles such as"):
        tiles(url)
