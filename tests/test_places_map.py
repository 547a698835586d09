"""The map of places: every town where it belongs, names that do not overlap, links, safe and small."""

from __future__ import annotations

import re
from importlib import resources
from xml.etree import ElementTree

import pytest

from rabat_crawler.names import coordinates, known
from rabat_crawler.places_map import places_map
from rabat_crawler.places_map.draw import _spans, circles, outlines, shade
from rabat_crawler.places_map.projection import HEIGHT, WIDTH, project, within

SVG = "{http://www.w3.org/2000/svg}"
TOWNS = {name.code: 1 + number % 9 for number, name in enumerate(known("town"))}
COUNTRIES = {name.code: 1 + number % 7 for number, name in enumerate(known("country"))}


def drawn(**more: object) -> ElementTree.Element:
    given = {"countries": COUNTRIES, "towns": TOWNS, "title": "Places", "unit": "items", "standalone": True, **more}
    return ElementTree.fromstring(places_map(**given))  # type: ignore[arg-type]


def test_the_outlines_are_small_and_cover_the_partners() -> None:
    assert len(resources.files("rabat_crawler.places_map").joinpath("outlines.tsv").read_bytes()) < 80 * 1024
    codes = {name.code for name in known("country") if name.group == "partner"}
    assert len(codes) > 50
    assert codes - set(outlines()) <= {"MT"}  # too small for the map; its towns have circles
    assert all(re.fullmatch(r"(M-?\d+ -?\d+l[-\d ]+z)+", path) for path in outlines().values())


def ring_holds(path: str, x: float, y: float) -> bool:
    """Whether a point lies in one of the rings of a path (crossings of a ray)."""
    for ring in path.split("z"):
        found = re.fullmatch(r"M(-?\d+) (-?\d+)l([-\d ]*)", ring)
        if not found:
            continue
        numbers = [int(one) for one in re.findall(r"-?\d+", found[3])]
        points = [(int(found[1]), int(found[2]))]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            points.append((points[-1][0] + dx, points[-1][1] + dy))
        inside = False
        for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                inside = not inside
        if inside:
            return True
    return False


@pytest.mark.parametrize("town", ["madrid", "bamako", "niamey", "ouagadougou", "warsaw", "berlin", "paris", "abuja", "nairobi", "ankara"])
def test_a_town_lies_in_its_country(town: str) -> None:
    place = coordinates(town)
    assert place is not None
    country = next(name.within for name in known("town") if name.code == town)
    x, y = project(*place)
    assert ring_holds(outlines()[country], x, y)
    assert sum(ring_holds(path, x, y) for code, path in outlines().items() if code != "-") == 1


def test_circles_lie_on_the_map_and_their_areas_are_the_numbers() -> None:
    found = circles({"dakar": 16, "rabat": 4, "madrid": 1, "nowhere": 9, "paris": 0})
    assert [one.code for one in found] == ["dakar", "rabat", "madrid"]
    assert found[0].radius == pytest.approx(2 * found[1].radius)
    assert all(0 <= one.x <= WIDTH and 0 <= one.y <= HEIGHT for one in circles(TOWNS))
    assert not within(48.2, 100.0)


@pytest.mark.parametrize("size", [15, 25])
def test_names_do_not_overlap(size: int) -> None:
    root = drawn(for_phones=True)
    boxes = []
    for group in root.iter(f"{SVG}g"):
        if group.get("font-size") != str(size):
            continue
        for text in group.iter(f"{SVG}text"):
            wide = 0.6 * size * len(text.text or "")
            x, y = float(text.get("x") or 0), float(text.get("y") or 0)
            left = x - {"start": 0, "end": wide, "middle": wide / 2}[text.get("text-anchor") or "start"]
            boxes.append((left, left + wide, y - 0.7 * size, y))
    assert len(boxes) > 8
    assert not any(a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3] for n, a in enumerate(boxes) for b in boxes[:n])


def test_with_links_each_place_leads_somewhere_and_towns_can_be_reached_by_keyboard() -> None:
    root = drawn(
        countries={"SN": 3}, towns={"dakar": 2}, country_link=lambda code: f"/c?{code}&x", town_link=lambda code: f"/t?{code}", standalone=True
    )
    links = {one.get("href"): (one.get("aria-label"), one.get("tabindex")) for one in root.iter(f"{SVG}a")}
    assert links == {"/c?SN&x": ("Senegal: 3 items", "-1"), "/t?dakar": ("Dakar: 2 items", None)}
    assert root.get("role") == "group"
    assert drawn().get("role") == "img"


def test_inline_there_is_no_style_and_hostile_words_are_text() -> None:
    inline = places_map({"SN": 1}, {"dakar": 1}, title="<script>", unit='"><img src=x>')
    assert "style" not in inline
    assert "<script" not in inline
    assert "<img" not in inline
    assert inline == places_map({"SN": 1}, {"dakar": 1}, title="<script>", unit='"><img src=x>')
    assert "Nothing" not in places_map({}, {}, title="Empty", unit="items")


@pytest.mark.parametrize("top", [1, 2, 3, 8, 28, 1000, 10**6])
def test_the_shades_of_the_legend_are_those_of_the_map(top: int) -> None:
    for kind, (low, high) in enumerate(_spans(top), 1):
        if low <= high:
            assert (shade(low, top), shade(high, top)) == (kind, kind)
    assert shade(0, top) == 0
