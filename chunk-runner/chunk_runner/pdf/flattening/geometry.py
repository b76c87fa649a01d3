"""Rectangles of a page, and coordinates within them."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from pikepdf import Array, Page


class Rectangle(NamedTuple):
    """A rectangle in points."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """The width, 0 or more."""
        return max(self.right - self.left, 0)

    @property
    def height(self) -> float:
        """The height, 0 or more."""
        return max(self.top - self.bottom, 0)

    def clipped(self, other: Rectangle) -> Rectangle:
        """Return the part of it that lies in another rectangle; its width or height is 0 if there is none."""
        return Rectangle(
            max(self.left, other.left),
            max(self.bottom, other.bottom),
            min(self.right, other.right),
            min(self.top, other.top),
        )

    def united(self, other: Rectangle) -> Rectangle:
        """Return the smallest rectangle around both."""
        return Rectangle(
            min(self.left, other.left),
            min(self.bottom, other.bottom),
            max(self.right, other.right),
            max(self.top, other.top),
        )


class Frame(NamedTuple):
    """A coordinate system whose origin is the lower left corner of a rectangle, as it is read.

    Attributes:
        matrix: From the frame to the page: a, b, c, d, e, f.
        width: The width of the rectangle in the frame.
        height: The height of the rectangle in the frame.
    """

    matrix: tuple[float, float, float, float, float, float]
    width: float
    height: float

    @classmethod
    def around(cls, rect: Rectangle, turns: int) -> Frame:
        """Return the frame of a rectangle whose text is turned counterclockwise by so many quarter turns."""
        match turns:
            case 0:
                return cls((1, 0, 0, 1, rect.left, rect.bottom), rect.width, rect.height)
            case 1:
                return cls((0, 1, -1, 0, rect.right, rect.bottom), rect.height, rect.width)
            case 2:
                return cls((-1, 0, 0, -1, rect.right, rect.top), rect.width, rect.height)
            case _:
                return cls((0, -1, 1, 0, rect.left, rect.top), rect.height, rect.width)

    def on_page(self, x: float, y: float) -> tuple[float, float]:
        """Return the coordinates of a point on the page."""
        a, b, c, d, e, f = self.matrix
        return a * x + c * y + e, b * x + d * y + f


_USUAL_BOX = Rectangle(0, 0, 612, 792)
"""The box of a page that has none, as PDFium sees it."""

_COORDINATE_LIMIT = 1e6


def box_of(page: Page) -> Rectangle:
    """Return what a viewer shows of a page: its crop box, as far as it lies in the media box."""
    media_box = rectangle(page.mediabox) or _USUAL_BOX
    crop_box = (rectangle(page.cropbox) or media_box).clipped(media_box)
    return crop_box if crop_box.width and crop_box.height else media_box


def rectangle(value: object) -> Rectangle | None:
    """Return an array of four numbers as a rectangle; `None` if it is none, is empty, or has absurd coordinates."""
    numbers = list(value.as_list()) if isinstance(value, Array) else []
    if len(numbers) != len(Rectangle._fields) or not all(isinstance(number, int | Decimal) for number in numbers):
        return None
    x0, y0, x1, y1 = (float(number) for number in numbers)
    found = Rectangle(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return found if found.width and found.height and max(map(abs, found)) <= _COORDINATE_LIMIT else None
