"""Scales: periods of time without holes, coarser ones where there are too many, and round numbers for an axis."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

Step = Literal["day", "month", "year", "decade", "century"]
STEPS: tuple[Step, ...] = ("day", "month", "year", "decade", "century")

_KEY = re.compile(r"(?!0000)[0-9]{4}(-(0[1-9]|1[0-2])(-[0-9]{2})?)?", re.ASCII)


def step_of(keys: Iterable[str]) -> Step:
    """What the keys are: "day" ("2017-05-14"), "month" ("2017-05") or "year". ValueError for anything else, or several of them at once."""
    lengths = set()
    for key in keys:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no period of a chart; give years (2017), months (2017-05) or days (2017-05-14)")
        lengths.add(len(key))
    if len(lengths) > 1:
        raise ValueError("a chart takes years, months or days, not several of them at once")
    steps: dict[int, Step] = {7: "month", 10: "day"}
    return steps.get(next(iter(lengths), 4), "year")


def place(key: str, step: Step) -> int:
    """The number of a period among those of its step; two neighbours differ by one."""
    year = int(key[:4])
    if step == "day":
        return date.fromisoformat(key).toordinal()
    if step == "month":
        return year * 12 + int(key[5:7]) - 1
    return year // {"year": 1, "decade": 10, "century": 100}[step]


def key_at(number: int, step: Step) -> str:
    """The period of that number: "2017-05-14", "2017-05", "2017", "201x", "20xx"."""
    if step == "day":
        return date.fromordinal(number).isoformat()
    if step == "month":
        return f"{number // 12:04d}-{number % 12 + 1:02d}"
    return {"year": f"{number:04d}", "decade": f"{number:03d}x", "century": f"{number:02d}xx"}[step]


def fitting(keys: Iterable[str], step: Step, most: int) -> Step:
    """The finest step, from `step` on, with which all periods from the first to the last are at most `most`; else the coarsest there is."""
    first, last = min(keys), max(keys)
    for coarser in STEPS[STEPS.index(step) :]:
        if place(last, coarser) - place(first, coarser) < max(1, most):
            return coarser
    return STEPS[-1]


def without_holes(keys: Iterable[str], step: Step) -> tuple[str, ...]:
    """Every period of the step from the first key to the last, those without a key too."""
    first, last = min(keys), max(keys)
    return tuple(key_at(number, step) for number in range(place(first, step), place(last, step) + 1))


def summed(counts: Mapping[str, Mapping[str, float]], step: Step) -> dict[str, dict[str, float]]:
    """The counts added up by the periods of a step."""
    found: dict[str, dict[str, float]] = {}
    for key, values in counts.items():
        there = found.setdefault(key_at(place(key, step), step), {})
        for name, value in values.items():
            there[name] = there.get(name, 0) + value
    return found


def ticks(highest: float, *, most: int = 6, whole: bool = True) -> tuple[float, ...]:
    """Round numbers from 0 to the first one not below `highest`, at most `most` steps apart by 1, 2 or 5 times a power of ten."""
    if highest <= 0:
        return (0, 1)
    power = 10.0 ** math.floor(math.log10(highest / most))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if power * factor * most >= highest * (1 - 1e-9))
    if whole:
        step = max(1, step)
    count = max(1, math.ceil(highest / step - 1e-9))
    return tuple(round(step * number, 6) for number in range(count + 1))
