"""Photos as citizens might send them: drawn, small, and the same for the same name at every start."""

from __future__ import annotations

import functools
import io
import random

from PIL import Image, ImageDraw, ImageFilter

SIZE = (640, 480)
_SKY, _GRASS, _ROAD, _WATER = (168, 196, 214), (104, 128, 78), (96, 94, 92), (112, 98, 72)
_NIGHT = (26, 30, 44)
#: What a photo can show; a name is `<kind>-<number>`.
KINDS = ("jalan", "sampah", "banjir", "lampu")


def is_known(name: str) -> bool:
    """Whether a photo of this name can be drawn."""
    kind, _, number = name.partition("-")
    return kind in KINDS and number.isascii() and number.isdigit() and len(number) < 5  # noqa: PLR2004 - four digits


@functools.lru_cache(maxsize=64)
def jpeg(name: str) -> bytes:
    """The photo `jalan-3`, `sampah-1`, `banjir-2` or `lampu-4` as JPEG."""
    kind = name.partition("-")[0]
    chance = random.Random(name)
    image = Image.new("RGB", SIZE, _NIGHT if kind == "lampu" else _SKY)
    draw = ImageDraw.Draw(image)
    horizon = chance.randint(150, 210)
    draw.rectangle((0, horizon, *SIZE), fill=(30, 36, 32) if kind == "lampu" else _GRASS)
    middle = chance.randint(270, 370)
    road = [(middle - 25, horizon), (middle + 25, horizon), (middle + 300, SIZE[1]), (middle - 300, SIZE[1])]
    draw.polygon(road, fill=_WATER if kind == "banjir" else (44, 44, 48) if kind == "lampu" else _ROAD)
    {"jalan": _holes, "sampah": _heap, "banjir": _ripples, "lampu": _pole}[kind](draw, chance, horizon)
    noisy = Image.blend(image, Image.effect_noise(SIZE, 60).convert("RGB"), 0.08)
    content = io.BytesIO()
    noisy.filter(ImageFilter.GaussianBlur(0.8)).save(content, "JPEG", quality=70)
    return content.getvalue()


def _holes(draw: ImageDraw.ImageDraw, chance: random.Random, horizon: int) -> None:
    for _ in range(chance.randint(4, 8)):
        y = chance.randint(horizon + 70, SIZE[1] - 40)
        x = chance.randint(220, 420)
        wide = (y - horizon) // 4 + 8
        draw.ellipse((x - wide, y - wide // 3, x + wide, y + wide // 3), fill=(52, 46, 40), outline=(70, 64, 58))


def _heap(draw: ImageDraw.ImageDraw, chance: random.Random, horizon: int) -> None:
    for _ in range(90):
        x, y = round(chance.gauss(320, 90)), chance.randint(horizon + 60, SIZE[1] - 40)
        colour = chance.choice([(222, 222, 214), (58, 74, 150), (172, 52, 46), (40, 42, 40), (214, 186, 64)])
        draw.rectangle((x, y, x + chance.randint(10, 44), y + chance.randint(8, 30)), fill=colour)


def _ripples(draw: ImageDraw.ImageDraw, chance: random.Random, horizon: int) -> None:
    draw.rectangle((0, horizon + 60, *SIZE), fill=_WATER)
    for _ in range(40):
        x, y = chance.randint(0, SIZE[0]), chance.randint(horizon + 70, SIZE[1])
        draw.line((x, y, x + chance.randint(20, 90), y), fill=(138, 124, 96), width=2)


def _pole(draw: ImageDraw.ImageDraw, chance: random.Random, horizon: int) -> None:
    x = chance.randint(160, 480)
    draw.line((x, horizon + 120, x, 60), fill=(90, 92, 98), width=8)
    draw.line((x, 62, x + 70, 52), fill=(90, 92, 98), width=6)
    draw.ellipse((x + 58, 44, x + 88, 62), fill=(64, 66, 72))
