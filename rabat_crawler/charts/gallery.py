"""The archive's own charts, titled and labelled in English and in French: items over time, by kind and language, a word, lag, coverage, nights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from rabat_crawler.charts.chart import Chart, bars, histogram, line, stacked_bars
from rabat_crawler.charts.words import Language, number

Counts = Mapping[str, Mapping[str, int]]
MOST_NAMES = 5
"""So many languages or kinds have a series of their own; the rest is one more."""
REST = "other"

LANGUAGES = {"fr": ("French", "français"), "en": ("English", "anglais"), "mixed": ("bilingual", "bilingue"), "ar": ("Arabic", "arabe"),
             "pt": ("Portuguese", "portugais"), "es": ("Spanish", "espagnol"), "unknown": ("language unknown", "langue inconnue")}  # fmt: skip
KINDS = {"news": ("news", "actualités"), "event": ("events", "événements"), "publication": ("publications", "publications"),
         "project": ("projects", "projets"), "page": ("pages", "pages")}  # fmt: skip
CHANGES = {"new": ("new", "nouveaux"), "changed": ("changed", "modifiés"), "moved": ("moved", "déplacés"), "gone": ("gone", "disparus"),
           "returned": ("returned", "revenus")}  # fmt: skip
LAGS = {
    "before": ("before its date", "avant sa date"), "same-day": ("the same day", "le jour même"), "week": ("within a week", "dans la semaine"),
    "month": ("within a month", "dans le mois"), "quarter": ("within three months", "dans les trois mois"), "year": ("within a year", "dans l’année"),
    "two-years": ("within two years", "dans les deux ans"), "five-years": ("within five years", "dans les cinq ans"),
    "ten-years": ("within ten years", "dans les dix ans"), "longer": ("after more than ten years", "après plus de dix ans"),
}  # fmt: skip
_LAG_EDGES = {
    "en": ("", "0", "1 d", "1 wk", "1 mo", "3 mo", "1 yr", "2 yr", "5 yr", "10 yr", ""),
    "fr": ("", "0", "1 j", "1 sem.", "1 mois", "3 mois", "1 an", "2 ans", "5 ans", "10 ans", ""),
}
_TITLES = {
    ("month", "language"): ("Items per month of publication, by language", "Notices par mois de publication, selon la langue"),
    ("year", "language"): ("Items per year of publication, by language", "Notices par année de publication, selon la langue"),
    ("month", "kind"): ("Items per month of publication, by kind", "Notices par mois de publication, selon le type"),
    ("year", "kind"): ("Items per year of publication, by kind", "Notices par année de publication, selon le type"),
}


def name_of(names: Mapping[str, tuple[str, str]], key: str, language: Language) -> str:
    """What a code is called in a language; an unknown code is its own name."""
    return names[key][language == "fr"] if key in names else key


def items_over_time(
    counts: Counts, *, step: Literal["month", "year"], split: Literal["language", "kind"], unplaced: int, language: Language
) -> Chart:
    """Items by month or year of publication; `unplaced` ones have no date as precise as that, which the chart says."""
    labels = LANGUAGES if split == "language" else KINDS
    kept, used = _with_rest(counts, labels)
    series = [(key, name_of({**labels, REST: ("other", "autres")}, key, language)) for key in used]
    note = _unplaced(unplaced, step, language)
    return stacked_bars(kept, series, title=_TITLES[step, split][language == "fr"], language=language, note=note)


def _with_rest(counts: Counts, labels: Mapping[str, object]) -> tuple[dict[str, dict[str, int]], list[str]]:
    """The counts with rare names put together, and the names: the known ones in their order, so that a colour means the same on every chart."""
    sums: dict[str, int] = {}
    for there in counts.values():
        for key, value in there.items():
            sums[key] = sums.get(key, 0) + value
    order = [*(key for key in labels if key in sums), *sorted((key for key in sums if key not in labels), key=lambda key: (-sums[key], key))]
    own = order if len(order) <= MOST_NAMES + 1 else order[:MOST_NAMES]
    kept: dict[str, dict[str, int]] = {}
    for position, there in counts.items():
        kept[position] = {key: there[key] for key in own if key in there}
        rest = sum(value for key, value in there.items() if key not in own)
        if rest:
            kept[position][REST] = rest
    return kept, own if len(own) == len(order) else [*own, REST]


def _unplaced(count: int, step: str, language: Language) -> str:
    if not count:
        return ""
    of = {"month": ("month", "mois"), "year": ("year", "année"), "day": ("day", "jour")}[step][language == "fr"]
    shown = number(count, language)
    if language == "fr":
        return (
            f"{shown} {'notices' if count > 1 else 'notice'} sans {of} de publication {'ne sont pas comptées' if count > 1 else 'n’est pas comptée'}"
        )
    return f"{shown} {'items' if count > 1 else 'item'} without a {of} of publication {'are' if count > 1 else 'is'} not counted"


def by_kind(counts: Mapping[str, int], *, language: Language) -> Chart:
    """Items by kind, as lying bars."""
    return _lying(counts, KINDS, ("Items by kind", "Notices par type")[language == "fr"], language)


def by_language(counts: Mapping[str, int], *, language: Language) -> Chart:
    """Items by language, as lying bars."""
    return _lying(counts, LANGUAGES, ("Items by language", "Notices par langue")[language == "fr"], language)


def _lying(counts: Mapping[str, int], labels: Mapping[str, tuple[str, str]], title: str, language: Language) -> Chart:
    ordered = sorted(counts, key=lambda key: (-counts[key], key))
    return histogram([(key, name_of(labels, key, language), counts[key]) for key in ordered], title=title, language=language, label=_items(language))


def _items(language: Language) -> str:
    return ("items", "notices")[language == "fr"]


def word_trend(
    words: str, holding: Counts, items: Counts, *, step: Literal["month", "year"], unplaced: int, language: Language, share: bool = True
) -> Chart:
    """The share (or number) of items that hold the words, by period and language; only the languages in which they occur have a line."""
    used = _with_rest(holding, LANGUAGES)[1]
    used = [key for key in used if key != REST]
    series = [(key, name_of(LANGUAGES, key, language)) for key in used]
    values: dict[str, dict[str, float | None]] = {}
    for period, there in items.items():
        found = {key: holding.get(period, {}).get(key, 0) for key in used}
        values[period] = {key: (100 * found[key] / there[key] if share else found[key]) if there.get(key) else None for key in used}
    quoted = f"«\u00a0{words}\u00a0»" if language == "fr" else f"“{words}”"
    by = {"month": ("month", "mois"), "year": ("year", "année")}[step][language == "fr"]
    title = {
        (True, "en"): f"{quoted}: share of each language’s items, by {by}",
        (True, "fr"): f"{quoted}\u00a0: part des notices de chaque langue, par {by}",
        (False, "en"): f"{quoted}: items that hold it, by {by}",
        (False, "fr"): f"{quoted}\u00a0: notices qui le contiennent, par {by}",
    }[share, language]
    chart = line(values if used else {}, series, title=title, language=language, percent=share, note=_unplaced(unplaced, step, language))
    return replace(chart, table=_trend_table(step, used or list(LANGUAGES)[:2], holding, items))


def _trend_table(step: str, languages: Sequence[str], holding: Counts, items: Counts) -> tuple[tuple[str, ...], ...]:
    """Of each period and language: how many items hold the words, how many there are, and the share in percent ("" where there are none)."""
    rows = [(step, *(f"{key}{column}" for key in languages for column in ("", "_items", "_percent")))]
    for period in sorted(items):
        cells = []
        for key in languages:
            found, there = holding.get(period, {}).get(key, 0), items[period].get(key, 0)
            cells += [str(found), str(there), f"{100 * found / there:.4g}" if there else ""]
        rows.append((period, *cells))
    return tuple(rows)


def lag(counts: Mapping[str, int], *, median: int | None, unplaced: int, language: Language) -> Chart:
    """How long after its publication each item was first captured."""
    french = language == "fr"
    said = ""
    if median is not None:
        days = number(median, language)
        said = (
            f"médiane\u00a0: {days} {'jours' if abs(median) > 1 else 'jour'}" if french else f"median: {days} {'day' if abs(median) == 1 else 'days'}"
        )
    note = ("\u00a0; " if french else "; ").join(filter(None, (said, _unplaced(unplaced, "day", language))))
    classes = [(key, name_of(LAGS, key, language), counts.get(key, 0)) for key in LAGS]
    edges: Sequence[str] = _LAG_EDGES[language]
    if not counts.get("before"):
        classes, edges = classes[1:], edges[1:]
    title = "Délai entre la publication et la première capture" if french else "Time between publication and first capture"
    return histogram(classes, title=title, edges=edges, language=language, note=note, label=_items(language))


def coverage(counts: Counts, *, language: Language) -> Chart:
    """Items published beside captures made, by year, each with its own scale."""
    french = language == "fr"
    series = (
        ("published", "Notices, par année de publication" if french else "Items, by year of publication"),
        ("captures", "Captures, par année de capture" if french else "Captures, by year of capture"),
    )
    return bars(counts, series, title="Couverture par année" if french else "Coverage by year", language=language)


def nights(counts: Counts, *, language: Language) -> Chart:
    """What the runs of each day changed."""
    kept = {day: dict(there) for day, there in counts.items()}
    used: Iterable[str] = [key for key in CHANGES if any(key in there for there in kept.values())] or ["new"]
    series = [(key, name_of(CHANGES, key, language)) for key in used]
    return stacked_bars(kept, series, title="Changements par nuit" if language == "fr" else "Changes per night", language=language)
