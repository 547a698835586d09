"""Where a point of the earth lies on the map: Mercator, from Iceland to the Cape and from the Azores' sea to the Gulf.

Mercator keeps shapes and makes Europe, where most of the meetings' towns stand close together, larger than it is.
"""

from __future__ import annotations

import math

WEST, EAST, SOUTH, NORTH = -25.5, 60.5, -35.5, 66.0
WIDTH = 800


def _north(latitude: float) -> float:
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2)))


_SCALE = WIDTH / (EAST - WEST)
HEIGHT = round((_north(NORTH) - _north(SOUTH)) * _SCALE)


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """The place in units from the left and from the top; outside the frame for what the map does not show."""
    bounded = max(-85.0, min(85.0, latitude))
    return (longitude - WEST) * _SCALE, (_north(NORTH) - _north(bounded)) * _SCALE


def within(latitude: float, longitude: float) -> bool:
    """Whether the map shows that point."""
    return WEST <= longitude <= EAST and SOUTH <= latitude <= NORTH
