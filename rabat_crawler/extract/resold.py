"""Is this still the dialogue's site? A host whose time is over, a language that is none of the site's, a vocabulary of the trades that buy domains.

Pure. Each sign is weak by itself: old texts are re-hosted, partners write in their own languages, and articles are about gambling, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from rabat_crawler.extract.html import fold
from rabat_crawler.extract.languages import foreign_language
from rabat_crawler.extract.stock_phrases import SAME, SPAM_PIECES, SPAM_WORDS
from rabat_crawler.extract.walls import visible_text
from rabat_crawler.models import Site

SAMPLE = 1200
"""Characters in which language and vocabulary are looked at."""
MAX_READ = 150_000
PARTNERS = frozenset("ar es pt it de nl".split())
"""Languages in which partners of a dialogue publish; they say nothing about who owns the site."""
FAR = frozenset("id vi th ja ko zh tl ms hi".split())
"""Languages of no dialogue's partners, in which most re-sold domains speak."""
STEM = 6
SUBJECTS = 2
_OVER = (0.15, 0.3)
_SPAM = (0.0, 0.1, 0.25, 0.4, 0.6, 0.75, 0.85)
_MARKS = ".,;:!?()'’-"


class Sign(NamedTuple):
    """One piece of evidence: the code of what it speaks for, its weight between 0 and 1, what was seen."""

    code: str
    weight: float
    message: str


def resold_signs(*, url: str, title: str, text: str, source: str, declared: str, site: Site, captured_at: datetime) -> Iterator[Sign]:
    """The signs that the page is somebody else's. `declared` is the language of `<html lang>`, two letters or ""."""
    years = _years_over(url, site, captured_at.year)
    if years:
        yield Sign("resold_domain", _OVER[min(years, 2) - 1], f"the captured host was the dialogue's until {captured_at.year - years}")
    if years > 1 and not _on_subject(source, site):
        yield Sign("resold_domain", 0.4, "the page has no word of what the dialogue is about")
    sample = f"{title} {text[:SAMPLE]}"
    language = foreign_language(sample, site.languages)
    if language and language not in PARTNERS:
        yield Sign("resold_domain", 0.45 if language in FAR else 0.25, f"its language is {language}, which is none of the site's")
        if declared == language:
            yield Sign("resold_domain", 0.15, f"it declares the language {language}")
    yield from _spam(title, sample, foreign=bool(language))


def _spam(title: str, sample: str, *, foreign: bool) -> Iterator[Sign]:
    """Words of gambling, medicines, loans, pornography: one or two stand in many an article, half a dozen in none."""
    found = {SAME.get(word, word) for word in SPAM_WORDS.intersection(_words(sample))}
    if found:
        yield Sign("resold_domain", _SPAM[min(len(found), len(_SPAM) - 1)], f"it speaks of {', '.join(sorted(found)[:6])}")
        named = {SAME.get(word, word) for word in SPAM_WORDS.intersection(fold(title).split())} if len(found) > 1 else set()
        if len(named) > 1:
            yield Sign("resold_domain", 0.3, f"its title speaks of {', '.join(sorted(named)[:6])}")
    pieces = [piece for piece in SPAM_PIECES if piece in sample.lower()] if foreign else []
    if pieces:
        yield Sign("resold_domain", 0.3 if len(pieces) == 1 else 0.5, f"it speaks of {', '.join(pieces[:6])}")


def _words(sample: str) -> list[str]:
    """The words of a text, in lower case: a few replacements are many times as fast as a pattern or a table."""
    sample = sample.lower()
    for mark in _MARKS:
        sample = sample.replace(mark, " ")
    return sample.split()


@lru_cache(maxsize=1024)
def _last_year(host: str, site: Site) -> int | None:
    """The last year in which the host was the site's, with or without www; None if it still is, or is not the site's."""
    years = [known.last for known in site.hosts if known.name.removeprefix("www.") == host.removeprefix("www.")]
    known = [year for year in years if year is not None]
    return max(known) if known and len(known) == len(years) else None


def _years_over(url: str, site: Site, year: int) -> int:
    """Whole years between the end of the host's epoch and the capture, 0 if it is not over."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return 0
    last = _last_year(host, site)
    return max(0, year - last) if last is not None else 0


@lru_cache(maxsize=64)
def _subject(site: Site) -> frozenset[str]:
    """The beginnings of the long words with which the definition describes the site: the same in French and in English more often than not."""
    words = fold(site.description).split()
    return frozenset(word[:STEM] for word in words if len(word) > STEM and word.isalpha())


def _on_subject(source: str, site: Site) -> bool:
    """Whether the page, its menus included, has at least two words of the dialogue's subject."""
    subject = _subject(site)
    if len(subject) < SUBJECTS:
        return True
    words = {word[:STEM] for word in fold(visible_text(source[:MAX_READ], menus=True)).split()}
    return len(words & subject) >= SUBJECTS
