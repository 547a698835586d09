"""The map of places: Europe, Africa and the near East as one SVG, without tiles of anybody, and without a script. Pure.

The outlines are Natural Earth's (public domain), made small by `bench/map_outlines.py`; they take no side in any dispute about a border.
"""

from rabat_crawler.places_map.draw import STYLE, places_map

__all__ = ["STYLE", "places_map"]
