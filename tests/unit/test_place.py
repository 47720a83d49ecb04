"""Places in the citizen's words, candidates, and coordinates."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from normalizer.place import Place, PlaceFinder, coordinates

_FINDER = PlaceFinder(
    (
        "Kecamatan Moga",
        "Randudongkal",
        "Kedungbanteng",
        "Desa Karanganyar",
        "Kelurahan Karanganyar",
        "Karang Tengah",
    )
)


def _found(text: str) -> tuple[str, tuple[str, ...]] | None:
    place = _FINDER.find(text)
    return (place.label, place.candidates) if place else None


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Jl. Jend. Sudirman RT 02/03 rusak parah", "Jl. Jend. Sudirman RT 02/03"),
        ("jl jend sudirman rusak", "jl jend sudirman"),
        ("jln Ahmad Yani depan pasar berlubang", "jln Ahmad Yani"),
        ("Lampu mati di Gg. Mawar 3, RT.01 RW.02 Kel. Mulyoharjo, Kec. Pemalang", None),
        ("rt 3 rw 4 banjir", "rt 3 rw 4"),
        ("di RT 05/RW 02 ada sampah", "RT 05/RW 02"),
        ("Jalan rusak di desa Suka Maju, tolong", "desa Suka Maju"),
        ("desa penggarit belum ada air", "desa penggarit"),
    ],
)
def test_the_words_that_say_where(text: str, label: str | None) -> None:
    expected = label or "Gg. Mawar 3, RT.01 RW.02 Kel. Mulyoharjo, Kec. Pemalang"
    assert _found(text) == (expected, ())


@pytest.mark.parametrize(
    ("text", "label", "candidates"),
    [
        ("jalan rusak di desa karanganyar kec moga parah", "desa karanganyar kec moga", None),
        ("lampu mati di randudongkal", "randudongkal", ("Randudongkal",)),
        ("lampu mati di kedung banteng pak", "kedung banteng", ("Kedungbanteng",)),
        ("banjir di KARANGTENGAH", "KARANGTENGAH", ("Karang Tengah",)),
        ("ds karang tengah sudah seminggu", "ds karang tengah", ("Karang Tengah",)),
        ("jalan provinsi Moga-Pulosari rusak", "jalan provinsi Moga", ("Kecamatan Moga",)),
    ],
)
def test_configured_places_are_candidates(text: str, label: str, candidates: tuple[str, ...] | None) -> None:
    expected = candidates or ("Desa Karanganyar", "Kelurahan Karanganyar", "Kecamatan Moga")
    assert _found(text) == (label, expected)


@pytest.mark.parametrize(
    "text",
    ["", "jalan rusak", "semoga cepat", "jalan di depan pasar", "kel. dan kec.", "mohon kartu kota", "desa, kota"],
)
def test_no_place(text: str) -> None:
    assert _FINDER.find(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "https://maps.google.com/?q=-7.42,109.23 rusak",
        "https://maps.google.com/maps?q=loc:-7.42,109.23",
        "https://www.google.com/maps/search/-7.42,+109.23",
        "https://www.google.com/maps/search/?api=1&query=-7.42%2C109.23",
        "https://www.google.com/maps/@-7.42,109.23,17z",
        "https://www.google.co.id/maps/place/X/@-7.99,109.99,17z/data=!4m5!3m4!8m2!3d-7.42!4d109.23",
        "https://maps.apple.com/?ll=-7.42,109.23&q=X",
        "geo:-7.42,109.23?z=17",
        "lokasi: -7.42, 109.23.",
        "(-7.42,109.23)",
        "-7.42 109.23",
    ],
)
def test_coordinates(text: str) -> None:
    assert coordinates(text) == (-7.42, 109.23)
    assert _FINDER.find(text) == Place(lat=-7.42, lon=109.23)


@pytest.mark.parametrize(
    "text",
    [
        "harga 25.000, 100.000",
        "https://maps.app.goo.gl/abcDEF123",
        "-97.42, 109.23",
        "-7.42, 209.23",
        "12.30 - 14.30",
        "tgl 12.11.2026, 13.11.2026",
        "IP 10.10.10.10, 10.10.10.11",
    ],
)
def test_no_coordinates(text: str) -> None:
    assert coordinates(text) is None


@given(st.floats(-89, -0.01), st.floats(-180, 180))
def test_any_plain_pair_is_read(lat: float, lon: float) -> None:
    assert coordinates(f"lokasi {lat:.6f}, {lon:.6f} ya") == (float(f"{lat:.6f}"), float(f"{lon:.6f}"))


@given(st.text(max_size=200) | st.text("jl rt.0/12 desa kec moga,-7.42\n", max_size=80))
@example("desa \u0130mogiri kec moga")
def test_any_text_gives_its_own_words_or_nothing(text: str) -> None:
    place = _FINDER.find(text)
    if place is None:
        return
    assert place.label or place.lat is not None
    assert (place.lat is None) == (place.lon is None)
    assert len(place.label) <= 120
    words = text.split()
    assert all(word in text for word in place.label.replace(",", " ").split()), words


def test_a_finder_without_places_still_reads_addresses() -> None:
    assert PlaceFinder(()).find("desa Moga") == Place(label="desa Moga")


@pytest.mark.parametrize("piece", ["a.", "jl ", "rt ", "desa x ", "1.1 ", "-7.4,", "maps", "maps ", "moga ", "kedung "])
def test_a_very_long_text_is_read(piece: str) -> None:
    _FINDER.find(piece * (100_000 // len(piece)))
