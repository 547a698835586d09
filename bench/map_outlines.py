"""Makes `rabat_crawler/places_map/outlines.tsv`: the countries of Europe, Africa and the near East as small SVG paths. Run once, by hand.

    npm pack world-atlas@2.0.2
    .venv/bin/python bench/map_outlines.py world-atlas-2.0.2.tgz

The outlines are Natural Earth's (1:50 million, version 4.1.0), which are in the public domain; the npm package world-atlas (ISC) has them as TopoJSON.
Borders are simplified arc by arc, so that neighbours keep one border; what lies outside the frame is cut off, small islands are left out.
"""

from __future__ import annotations

import json
import sys
import tarfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from rabat_crawler.errors import ConfigError
from rabat_crawler.names import resolve
from rabat_crawler.places_map.projection import EAST, HEIGHT, NORTH, SOUTH, WEST, WIDTH, project

MEMBER = "package/countries-50m.json"
TARGET = Path(__file__).resolve().parents[1] / "rabat_crawler" / "places_map" / "outlines.tsv"
TOLERANCE = 0.6
"""How far, in units of the map, a simplified line may lie from the true one."""
SMALLEST = 6.0
"""Rings of a smaller area (square units) are left out, unless they are all there is of a country."""
MARGIN = 3.0

Point = tuple[float, float]
NAMES = {"Côte d'Ivoire": "CI", "Dem. Rep. Congo": "CD", "Central African Rep.": "CF", "Eq. Guinea": "GQ", "S. Sudan": "SS", "W. Sahara": "EH",
         "Bosnia and Herz.": "BA", "Macedonia": "MK", "eSwatini": "SZ", "Czechia": "CZ", "São Tomé and Principe": "ST", "Cabo Verde": "CV"}  # fmt: skip


def main(package: str) -> None:
    with tarfile.open(package) as tar:
        stream = tar.extractfile(MEMBER)
        assert stream is not None
        topology = json.load(stream)
    arcs = [simplified([project(lat, lon) for lon, lat in decoded(arc, topology["transform"])]) for arc in topology["arcs"]]
    lines = []
    for country in topology["objects"]["countries"]["geometries"]:
        rings = [clipped(ring(indexes, arcs)) for indexes in ring_indexes(country)]
        rings = sorted((one for one in rings if len(one) > 2), key=area, reverse=True)
        kept = [one for one in rings if area(one) >= SMALLEST] or rings[:1]
        if kept:
            lines.append((code_of(country["properties"]["name"]), "".join(path(one) for one in kept)))
    text = "code\tpath\n" + "".join(f"{code}\t{drawn}\n" for code, drawn in sorted(lines))
    TARGET.write_text(text, encoding="ascii")
    print(f"{len(lines)} countries, {len(text.encode()) / 1024:.1f} KiB, {sum(1 for code, _ in lines if code == '-')} without a code of ours")


def code_of(name: str) -> str:
    if name in NAMES:
        return NAMES[name]
    try:
        return resolve("country", name)[0]
    except ConfigError:
        print(f"no code for {name}", file=sys.stderr)
        return "-"


def decoded(arc: Sequence[Sequence[int]], transform: dict[str, list[float]]) -> Iterator[Point]:
    """The positions of a TopoJSON arc: sums of differences, scaled and moved."""
    (sx, sy), (tx, ty) = transform["scale"], transform["translate"]
    x = y = 0
    turned, before = 0.0, None
    for dx, dy in arc:
        x, y = x + dx, y + dy
        longitude = x * sx + tx
        if before is not None and abs(longitude - before) > 180:  # over the date line the numbers jump, the land does not
            turned += 360 if longitude < before else -360
        before = longitude
        yield longitude + turned, y * sy + ty


def ring_indexes(geometry: dict) -> Iterator[list[int]]:
    polygons = geometry.get("arcs", []) if geometry["type"] == "MultiPolygon" else [geometry.get("arcs", [])]
    for polygon in polygons:
        yield from polygon


def ring(indexes: list[int], arcs: list[list[Point]]) -> list[Point]:
    points: list[Point] = []
    for index in indexes:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        round_the_earth = project(0, 360)[0] - project(0, 0)[0]
        turns = round((points[-1][0] - arc[0][0]) / round_the_earth) if points else 0
        moved = [(x + turns * round_the_earth, y) for x, y in arc]
        points += moved if not points else moved[1:]
    return points


def simplified(points: list[Point]) -> list[Point]:
    """Douglas and Peucker's way: the ends, and whatever lies further from the line between them than the tolerance."""
    if len(points) < 3:
        return points
    keep, waiting = {0, len(points) - 1}, [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        far, distance = 0, 0.0
        for index in range(first + 1, last):
            found = off_line(points[index], points[first], points[last])
            if found > distance:
                far, distance = index, found
        if distance > TOLERANCE:
            keep.add(far)
            waiting += [(first, far), (far, last)]
    return [points[index] for index in sorted(keep)]


def off_line(point: Point, start: Point, end: Point) -> float:
    (x, y), (ax, ay), (bx, by) = point, start, end
    dx, dy = bx - ax, by - ay
    long = dx * dx + dy * dy
    along = max(0.0, min(1.0, ((x - ax) * dx + (y - ay) * dy) / long)) if long else 0.0
    return ((ax + along * dx - x) ** 2 + (ay + along * dy - y) ** 2) ** 0.5


def clipped(points: list[Point]) -> list[Point]:
    """What of a ring lies within the frame (Sutherland and Hodgman's way, edge by edge)."""
    for axis, limit, below in ((0, -MARGIN, False), (0, WIDTH + MARGIN, True), (1, -MARGIN, False), (1, HEIGHT + MARGIN, True)):
        out: list[Point] = []
        for before, point in zip(points[-1:] + points[:-1], points, strict=True):
            inside = point[axis] <= limit if below else point[axis] >= limit
            was = before[axis] <= limit if below else before[axis] >= limit
            if inside != was:
                share = (limit - before[axis]) / (point[axis] - before[axis])
                out.append((before[0] + share * (point[0] - before[0]), before[1] + share * (point[1] - before[1])))
            if inside:
                out.append(point)
        points = out
    return points


def area(points: list[Point]) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1], strict=True))) / 2


def path(points: list[Point]) -> str:
    """The ring as SVG path data: a place, then steps in whole units."""
    rounded = [(round(x), round(y)) for x, y in points]
    steps = [(x - a, y - b) for (a, b), (x, y) in pairwise(rounded)]
    said = "".join(f"{dx if dx < 0 or not n else f' {dx}'}{dy if dy < 0 else f' {dy}'}" for n, (dx, dy) in enumerate(s for s in steps if s != (0, 0)))
    start = f"M{rounded[0][0]} {rounded[0][1]}"
    return f"{start}l{said or '1 0 0 1'}z"  # what is smaller than a unit is a dot


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} world-atlas-2.0.2.tgz   (npm pack world-atlas@2.0.2)")
    print(f"frame {WEST} to {EAST} degrees east, {SOUTH} to {NORTH} north, {WIDTH} by {HEIGHT} units")
    main(sys.argv[1])
