"""Slides and photographs of slides with words at known places."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from index.notes.ocr import Box

if TYPE_CHECKING:
    from PIL.Image import Image

FONT = "/usr/share/fonts/truetype/nanum/NanumGothic{}.ttf"
SLIDE = ("경사 하강법", "손실의 기울기를 따라 조금씩 내려간다.", "학습률은 0.1에서 시작한다.", "모멘텀은 지난 걸음을 기억한다.")


@dataclass(frozen=True)
class Drawn:
    """A picture, and where on it each line was drawn, as parts of its width and height."""

    image: Image
    places: dict[str, Box]

    def png(self) -> bytes:
        return encoded(self.image)


def slide(*lines: str, size: tuple[int, int] = (1280, 720), body: int = 34, ink: str = "#16202b", paper: str = "white") -> Drawn:
    """A slide: its first line large and bold, the others below as bullets."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", size, paper)
    draw = ImageDraw.Draw(image)
    places = {}
    y = size[1] // 12
    for number, line in enumerate(lines or SLIDE):
        font = ImageFont.truetype(FONT.format("" if number else "Bold"), body if number else body * 3 // 2)
        x = size[0] // 14
        if number:
            draw.text((x, y), "•", font=font, fill=ink)
            x += body
        draw.text((x, y), line, font=font, fill=ink)
        left, top, right, bottom = draw.textbbox((x, y), line, font=font)
        places[line] = (left / size[0], top / size[1], right / size[0], bottom / size[1])
        y += round(body * 2.4)
    return Drawn(image, places)


def photographed(drawn: Drawn, degrees: float = 1.2, seed: int = 7) -> Drawn:
    """The slide as a photograph: turned a little, blurred, with noise and less contrast."""
    from math import cos, radians, sin

    import numpy as np
    from PIL import Image, ImageFilter

    image = drawn.image.rotate(degrees, fillcolor="#d8d8d4", resample=Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(0.8))
    noise = np.random.default_rng(seed).normal(0, 9, (image.height, image.width, 1))
    grey = np.asarray(image, dtype=np.float64) * 0.8 + 30 + noise
    wide, high = image.size
    c, s = cos(radians(degrees)), sin(radians(degrees))

    def turned(box: Box) -> Box:
        corners = [((x - 0.5) * wide, (y - 0.5) * high) for x in box[::2] for y in box[1::2]]
        xs, ys = [c * x + s * y for x, y in corners], [-s * x + c * y for x, y in corners]
        return min(xs) / wide + 0.5, min(ys) / high + 0.5, max(xs) / wide + 0.5, max(ys) / high + 0.5

    photo = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    return Drawn(photo, {line: turned(box) for line, box in drawn.places.items()})


def encoded(image: Image, form: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def overlap(found: Box, drawn: Box) -> float:
    """Intersection over union."""
    wide, high = min(found[2], drawn[2]) - max(found[0], drawn[0]), min(found[3], drawn[3]) - max(found[1], drawn[1])
    both = max(wide, 0) * max(high, 0)
    return both / (sum((box[2] - box[0]) * (box[3] - box[1]) for box in (found, drawn)) - both)


def around(boxes: list[Box]) -> Box:
    """The box around boxes."""
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
