"""The map as SVG: countries shaded by a number, towns as circles, names where there is room. Classes with a plain colour beside each, no style of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise

from rabat_crawler.charts.scale import ticks
from rabat_crawler.charts.svg import escaped, extent, short
from rabat_crawler.charts.words import Language, number
from rabat_crawler.names import coordinates, label
from rabat_crawler.places_map.projection import HEIGHT, WIDTH, project, within

SHADES = ("#e3e9ee", "#c3d4e0", "#9bbad0", "#6f9bbb")
LARGEST, SMALLEST = 26.0, 3.5
"""Radius of the largest circle and the least one, in units."""
MOST_LABELS, LABEL, LARGE_LABEL = 34, 15, 25

STYLE = (
    ":root{--map-sea:#fff;--map-land:#eeece6;--map-line:#fff;--map-1:#dbe5ec;--map-2:#bfd3e0;--map-3:#9bbad0;--map-4:#6f9bbb;--map-town:#a8431f;"
    "--map-ink:#1d2430;--map-halo:#fff}"
    "@media(prefers-color-scheme:dark){:root{--map-sea:#15181d;--map-land:#262b33;--map-line:#15181d;--map-1:#2b3a47;--map-2:#33495b;--map-3:#3f5f78;"
    "--map-4:#527d9e;--map-town:#f0a374;--map-ink:#eceef1;--map-halo:#15181d}}"
    "svg.map{background:var(--map-sea);font-family:system-ui,Arial,sans-serif}.map-land{fill:var(--map-land)}.map-country,.map-land{stroke:var(--map-line)}"
    ".map-1{fill:var(--map-1)}.map-2{fill:var(--map-2)}.map-3{fill:var(--map-3)}.map-4{fill:var(--map-4)}"
    ".map-town{fill:var(--map-town);stroke:var(--map-halo)}.map-label{fill:var(--map-ink);stroke:var(--map-halo)}.map-word{fill:var(--map-ink)}"
)
_SAID = {
    "none": ("none", "aucune"),
    "beside": (
        "Each circle’s area is its number; the darker a country, the more.",
        "L’aire de chaque cercle est son nombre\u00a0; plus un pays est foncé, plus il y en a.",
    ),
    "towns": ("{count} towns, most: {names}", "{count} villes, en tête\u00a0: {names}"),
    "countries": ("{count} countries, most: {names}", "{count} pays, en tête\u00a0: {names}"),
}


@dataclass(frozen=True, slots=True)
class Circle:
    """A town on the map: code, number, centre and radius in units."""

    code: str
    value: int
    x: float
    y: float
    radius: float


Box = tuple[float, float, float, float]
Link = Callable[[str], str]


def places_map(
    countries: Mapping[str, int],
    towns: Mapping[str, int],
    *,
    title: str,
    unit: str,
    language: Language = "en",
    country_link: Link | None = None,
    town_link: Link | None = None,
    standalone: bool = False,
    for_phones: bool = False,
    ident: str = "places-map",
) -> str:
    """Numbers by country (ISO 3166-1 alpha-2) and town (code of `names`) as an SVG element; `unit` is what is counted ("meetings").

    `for_phones`: the names a second time in large letters, fewer of them (class `narrow` beside `wide`, for a style sheet to choose).
    With links each is an `<a>`, towns reachable by keyboard. What lies outside the frame, or has no coordinates, is not drawn: show a table beside.
    """
    drawn = circles(towns)
    top = max((value for code, value in countries.items() if code in outlines()), default=0)
    space = f' xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"' if standalone else ""
    role = "group" if country_link or town_link else "img"
    parts = [
        f'<svg{space} class="map" viewBox="0 0 {WIDTH} {HEIGHT}" role="{role}" aria-labelledby="{ident}-t {ident}-d" lang="{language}" font-size="{LABEL}">',
        f'<title id="{ident}-t">{escaped(title)}</title><desc id="{ident}-d">{escaped(described(countries, towns, language))}</desc>',
        f"<style>{STYLE}</style>" if standalone else "",
        f'<g stroke-width="0.8" stroke-linejoin="round">{"".join(_lands(countries, top, unit, language, country_link))}</g>',
        f'<g stroke-width="1.2">{"".join(_town(one, unit, language, town_link) for one in drawn)}</g>',
        *(_names(drawn, language, size, kind) for size, kind in ((LABEL, "wide"), (LARGE_LABEL, "narrow")) if kind == "wide" or for_phones),
        *_legend(drawn, top, unit, language),
        "</svg>\n" if standalone else "</svg>",
    ]
    return "".join(parts)


@lru_cache(maxsize=1)
def outlines() -> dict[str, str]:
    """SVG path data by country code; "-" has the land of which no code of ours is known."""
    found: dict[str, str] = {}
    for line in resources.files(__package__).joinpath("outlines.tsv").read_text(encoding="ascii").splitlines()[1:]:
        code, path = line.split("\t")
        found[code] = found.get(code, "") + path
    return found


def circles(towns: Mapping[str, int]) -> tuple[Circle, ...]:
    """The towns that the map shows, the largest first, so that small ones are drawn above large ones. The area goes with the number."""
    placed = [(code, value, point) for code, value in towns.items() if value > 0 and (point := coordinates(code)) and within(*point)]
    most = max((value for _, value, _ in placed), default=1)
    scale = min(LARGEST, 8 + 2 * math.sqrt(most)) / math.sqrt(most)
    found = [Circle(code, value, *project(*point), radius=max(SMALLEST, scale * math.sqrt(value))) for code, value, point in placed]
    return tuple(sorted(found, key=lambda one: (-one.value, one.code)))


def described(countries: Mapping[str, int], towns: Mapping[str, int], language: Language) -> str:
    """What the map shows, in words: how many countries and towns, and those with the highest numbers."""
    french, said = language == "fr", []
    for key, kind, counts in (("countries", "country", countries), ("towns", "town", towns)):
        first = sorted(counts, key=lambda code: (-counts[code], code))[:5]
        if first:
            names = ", ".join(f"{label(kind, code, language)} {number(counts[code], language)}" for code in first)  # type: ignore[arg-type]
            said.append(_SAID[key][french].format(count=len(counts), names=names))
    said.append(_SAID["beside"][french])
    return " ".join(f"{one.rstrip('.')}." for one in said)


def shade(value: int, top: int) -> int:
    """The class of a country, 1 to 4, by the root of its share of the highest number; 0 for none."""
    return 0 if value <= 0 or not top else min(4, 1 + int(4 * math.sqrt(value / top) - 1e-9)) if value < top else 4


def _lands(countries: Mapping[str, int], top: int, unit: str, language: Language, link: Link | None) -> Iterator[str]:
    for code, path in outlines().items():
        value = countries.get(code, 0)
        kind = shade(value, top)
        if not kind:
            yield f'<path class="map-land" fill="#eeece6" stroke="#fff" d="{path}"/>'
            continue
        name = escaped(_named("country", code, value, unit, language))
        land = f'<path class="map-country map-{kind}" fill="{SHADES[kind - 1]}" stroke="#fff" d="{path}"><title>{name}</title></path>'
        yield f'<a href="{escaped(link(code))}" tabindex="-1" aria-label="{name}">{land}</a>' if link else land


def _town(one: Circle, unit: str, language: Language, link: Link | None) -> str:
    name = escaped(_named("town", one.code, one.value, unit, language))
    disc = (
        f'<circle class="map-town" fill="#a8431f" fill-opacity="0.82" stroke="#fff" cx="{short(one.x)}" cy="{short(one.y)}" r="{short(one.radius)}">'
        f"<title>{name}</title></circle>"
    )
    return f'<a href="{escaped(link(one.code))}" aria-label="{name}">{disc}</a>' if link else disc


def _named(kind: str, code: str, value: int, unit: str, language: Language) -> str:
    colon = "\u00a0: " if language == "fr" else ": "
    return f"{label(kind, code, language)}{colon}{number(value, language)} {unit}"  # type: ignore[arg-type]


def _names(drawn: tuple[Circle, ...], language: Language, size: int, kind: str) -> str:
    return f'<g class="{kind}" font-size="{size}" stroke-width="{4 if kind == "wide" else 6}" stroke-linejoin="round">{"".join(_labels(drawn, language, size))}</g>'


def _labels(drawn: tuple[Circle, ...], language: Language, size: int) -> Iterator[str]:
    """The names of the largest towns, right of, left of, above or below the circle, wherever nothing else stands; no name where there is no room."""
    taken: list[Box] = [(one.x - one.radius * 0.75, one.y - one.radius * 0.75, one.x + one.radius * 0.75, one.y + one.radius * 0.75) for one in drawn]
    for index, one in enumerate(drawn[:MOST_LABELS]):
        text = label("town", one.code, language)
        wide = extent(text, size)
        for anchor, x, y in (("start", one.x + one.radius + 4, one.y + size / 3), ("end", one.x - one.radius - 4, one.y + size / 3),
                             ("middle", one.x, one.y - one.radius - 5), ("middle", one.x, one.y + one.radius + size)):  # fmt: skip
            if anchor == "middle":
                x = min(max(x, wide / 2 + 4), WIDTH - wide / 2 - 4)
            left = x - {"start": 0, "end": wide, "middle": wide / 2}[anchor]
            box = (left - 1, y - size * 0.8, left + wide + 1, y + size * 0.2)
            if box[0] < 2 or box[2] > WIDTH - 2 or any(_touch(box, other) for n, other in enumerate(taken) if n != index):
                continue
            taken.append(box)
            yield (
                f'<text class="map-label" fill="#1d2430" stroke="#fff" paint-order="stroke" x="{short(x)}" y="{short(y)}" text-anchor="{anchor}" '
                f'aria-hidden="true">{escaped(text)}</text>'
            )
            break


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _legend(drawn: tuple[Circle, ...], top: int, unit: str, language: Language) -> Iterator[str]:
    """In the south-west sea: three circles with their numbers, the shades with theirs."""
    x, y = 24.0, HEIGHT - 330.0
    yield f'<g class="map-legend" aria-hidden="true"><text class="map-word" fill="#1d2430" x="{short(x)}" y="{short(y)}" font-weight="600">{escaped(unit)}</text>'
    y += 14
    if drawn:
        most = drawn[0]
        unit_radius = most.radius / math.sqrt(most.value)
        for value in sorted({most.value, round(ticks(most.value)[len(ticks(most.value)) // 2]), 1} - {0}, reverse=True):
            radius = max(SMALLEST, unit_radius * math.sqrt(value))
            y += radius + 4
            yield (
                f'<circle class="map-town" fill="#a8431f" fill-opacity="0.82" stroke="#fff" cx="{short(x + LARGEST)}" cy="{short(y)}" r="{short(radius)}"/>'
                f'<text class="map-word" fill="#1d2430" x="{short(x + 2 * LARGEST + 12)}" y="{short(y + 5)}">{number(value, language)}</text>'
            )
            y += radius + 4
        y += 12
    for kind, (low, high) in enumerate(_spans(top), 1):
        text = number(low, language) if low == high else f"{number(low, language)}–{number(high, language)}"
        if low <= high:
            yield (
                f'<rect class="map-{kind}" fill="{SHADES[kind - 1]}" x="{short(x)}" y="{short(y)}" width="{short(2 * LARGEST)}" height="16"/>'
                f'<text class="map-word" fill="#1d2430" x="{short(x + 2 * LARGEST + 12)}" y="{short(y + 13)}">{text}</text>'
            )
            y += 22
    yield "</g>"


def _spans(top: int) -> list[tuple[int, int]]:
    """The least and greatest number of each shade; a greatest below the least where a shade has none."""
    borders = [0, *(math.floor(top * (kind / 4) ** 2 + 1e-9) for kind in range(1, 4)), top]
    return [(low + 1, high) for low, high in pairwise(borders)]
