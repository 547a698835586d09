"""The languages of short texts (titles, captions): runs of one to three letters, weighed by langdetect's profiles, and function words.

Pure, and the same answer every time: langdetect itself draws its n-grams by chance, which on a title of five words decides the outcome.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources

MAX_LETTERS = 600
"""A longer text is clipped; it needs no such care."""
LONGEST = 3
GRAM_WEIGHT = 0.3
"""Runs of letters overlap, so each counts for less than it says."""
WORD_WEIGHT = 3.0
"""What one function word adds for its language, in the unit of the runs' log odds. Both were tried on pieces of 2 to 6 words of running text."""
TEMPER = 0.35
"""Runs of one word are no independent evidence: their log odds are shortened to give a probability that may be believed."""
SMOOTHING = 0.1
KINDS = (60, 1500, 6000)
"""About so many different runs of one, two, three letters a language has; what a profile does not know gets its share of SMOOTHING."""

_WORDS = re.compile(r"[^\W\d_]+")


def probabilities(text: str, allowed: Sequence[str], words: Mapping[str, int]) -> dict[str, float]:
    """How likely each of `allowed` is, their sum 1; {} if the text has no letters or fewer than two languages have a profile.

    `words`: how many function words of a language stand in the text, for the languages of which that is known.
    """
    tables = {code: table for code in allowed if (table := _profile(code))}
    runs = _runs(text)
    if len(tables) < 2 or not runs:
        return {}
    scores = {code: GRAM_WEIGHT * sum(_score(run, table) for run in runs) + WORD_WEIGHT * words.get(code, 0) for code, table in tables.items()}
    best = max(scores.values())
    weights = {code: math.exp(max(-50.0, (score - best) * TEMPER)) for code, score in scores.items()}
    total = sum(weights.values())
    return {code: weight / total for code, weight in weights.items()}


def _score(run: str, table: Mapping[str, float]) -> float:
    known = table.get(run)
    return known if known is not None else _UNKNOWN[len(run) - 1]


_UNKNOWN = tuple(math.log(SMOOTHING / kinds) for kinds in KINDS)


def _runs(text: str) -> list[str]:
    padded = f" {' '.join(_WORDS.findall(text[:MAX_LETTERS].lower()))} "
    if len(padded) <= LONGEST:
        return []
    return [padded[i : i + size] for size in range(1, LONGEST + 1) for i in range(len(padded) - size + 1) if padded[i : i + size] != " "]


def profile_name(code: str) -> str:
    """The name of langdetect's profile of a language."""
    return {"zh": "zh-cn", "nb": "no", "nn": "no"}.get(code, code)


def profile_text(code: str) -> str | None:
    """langdetect's profile of a language as JSON; None if it has none."""
    path = resources.files("langdetect") / "profiles" / profile_name(code)
    return path.read_text(encoding="utf-8") if code.isalpha() and path.is_file() else None


@lru_cache(maxsize=16)
def _profile(code: str) -> dict[str, float]:
    """The log of each run's share among the runs of its length, capital letters as small ones; {} without a profile."""
    text = profile_text(code)
    if text is None:
        return {}
    counts: dict[str, int] = {}
    for run, count in json.loads(text)["freq"].items():
        if len(run) <= LONGEST:
            counts[run.lower()] = counts.get(run.lower(), 0) + count
    totals = [sum(count for run, count in counts.items() if len(run) == size) for size in range(1, LONGEST + 1)]
    return {run: math.log(count / totals[len(run) - 1] + SMOOTHING / KINDS[len(run) - 1]) for run, count in counts.items() if 0 < len(run) <= LONGEST}


__all__ = ["probabilities", "profile_name", "profile_text"]
