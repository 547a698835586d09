"""The language of an item, with the evidence that decided: declared (path, html lang) first, unless the body clearly says otherwise.

Pure. The only place langdetect is imported, and only when nothing cheaper decides; titles alone never contradict a declaration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

_FRENCH = """
le la les des du de une un et est sont dans pour par sur avec aux au qui que ce cette ces ont été ses leur leurs en ou il elle elles se sa mais
nous vous était étaient sera seront être avait plusieurs entre afin ainsi comme dont depuis lors après avant chez sans sous vers selon tout tous
toutes l' d' s' qu' n' c' j' jusqu' lorsqu' quelques cet où
dépliant bilingue réunion réunions rencontre rencontres atelier ateliers pays télécharger rapport étude français française anglais consultez
"""
_ENGLISH = """
the of and to in is are was were for with that this these those which by from at be been has have had will would its their as an or not it they we
you between during into some other more than after before about under through all our who whose should can may also such since
bilingual flyer meeting meetings workshop workshops country countries newsletter download report study english french
"""
FRENCH = frozenset(_FRENCH.split())
ENGLISH = frozenset(_ENGLISH.split())
OWN = {"fr": FRENCH, "en": ENGLISH}
SAMPLE = 2000
"""Characters that the quick count reads."""
SEGMENTED = 20_000
"""Characters read when a text may hold two languages."""
MIN_LETTERS = 80
"""Shorter texts are never given to langdetect (it calls "Actualités" Catalan)."""
MIN_CONTRADICTING = 120
"""Letters that langdetect must have seen to overrule a declaration."""
SEED = 0
OWN_SHARE = 12
"""One function word of French or English in so many words: the text is not in a language of another family (Spanish passes as well)."""
MIN_FOREIGN = 150
"""Letters that a text in Latin script must have before it is called foreign; one in another script needs a tenth of them."""
LATIN = tuple(sorted("ca cs da de en es et fi fr hr hu id it lt lv nl no pl pt ro sk sl so sq sv sw tl tr vi".split()))
SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")), ("zh", re.compile("[\u4e00-\u9fff]")), ("ko", re.compile("[\uac00-\ud7af]")),
    ("th", re.compile("[\u0e00-\u0e7f]")), ("ru", re.compile("[\u0400-\u04ff]")), ("ar", re.compile("[\u0600-\u06ff]")),
    ("hi", re.compile("[\u0900-\u097f]")), ("el", re.compile("[\u0370-\u03ff]")), ("he", re.compile("[\u0590-\u05ff]")),
)  # fmt: skip
"""Scripts that name a language, or a family that is as good as one here."""

_ELISION = re.compile("['’‘`]")
_EDGES = '.,;:!?()[]«»"“”…/|–—'
_SEGMENT = re.compile(r"\n+|(?<=[.!?…])\s+|\s[/|–—]\s")
_LETTER = re.compile(r"[^\W\d_]")


def identify(title: str, text: str, *, declared: Sequence[tuple[str, str]], allowed: Sequence[str]) -> tuple[str | None, str]:
    """(language, method). `declared` holds (source, language tag), strongest first; `allowed` the site's two-letter codes.

    Language: one of `allowed`, "mixed" where the body holds two in substantial shares, or None. Method: the declaring source, "text",
    "text contradicts <source>", "langdetect", "langdetect contradicts <source>", "title" or "" (no evidence at all).
    """
    source, stated = _declaration(declared, allowed)
    if set(allowed) <= OWN.keys():
        spoken = _spoken(text, allowed)
        if spoken == "mixed":
            return "mixed", "text"
        if spoken and stated and spoken != stated:
            return (spoken, f"text contradicts {source}") if _clear(text, spoken) else (stated, source)
        if spoken or stated:
            return (stated, source) if stated else (spoken, "text")
        return _undeclared(title, text, allowed)
    return _foreign(title, text, source, stated, allowed)


def _declaration(declared: Sequence[tuple[str, str]], allowed: Sequence[str]) -> tuple[str, str | None]:
    for source, tag in declared:
        code = tag.strip().lower().replace("_", "-").split("-")[0]
        if code in allowed:
            return source, code
    return "", None


def _words(text: str) -> list[str]:
    return _ELISION.sub("' ", text.lower()).split()


def _count(words: list[str]) -> tuple[int, int]:
    """French and English evidence words."""
    french = sum(map(FRENCH.__contains__, words))
    english = sum(map(ENGLISH.__contains__, words))
    return french, english


def _spoken(text: str, allowed: Sequence[str]) -> str | None:
    """The language of the body by its function words, "mixed", or None where they do not decide."""
    french, english = _count(_words(text[:SAMPLE]))
    total, minor = french + english, min(french, english)
    if total >= 8 and minor * 10 <= total and len(text) <= SAMPLE * 2:
        return _permitted("fr" if french > english else "en", allowed)
    if total >= 8 and minor * 10 <= total and not _turns(text, french > english):
        return _permitted("fr" if french > english else "en", allowed)
    return _by_segments(text[:SEGMENTED], allowed)


def _permitted(code: str, allowed: Sequence[str]) -> str | None:
    return code if code in allowed else None


def _turns(text: str, french_first: bool) -> bool:
    """Whether the end of a long text speaks the other language than its start: a bilingual article in two halves."""
    french, english = _count(_words(text[-SAMPLE // 2 :]))
    return (english > french) if french_first else (french > english)


def _segments(text: str) -> Iterator[str]:
    for segment in _SEGMENT.split(text):
        if segment and segment.strip():
            yield segment


def _by_segments(text: str, allowed: Sequence[str]) -> str | None:
    """Sentence by sentence: how many letters each language has among the sentences that one of them clearly owns."""
    letters, evidence = {"fr": 0, "en": 0}, {"fr": 0, "en": 0}
    for segment in _segments(text):
        french, english = _count([word.strip(_EDGES) for word in _words(segment)])
        if french != english:
            owner = "fr" if french > english else "en"
            letters[owner] += len(segment)
            evidence[owner] += abs(french - english)
    total = letters["fr"] + letters["en"]
    if not total:
        return None
    main, other = ("fr", "en") if letters["fr"] >= letters["en"] else ("en", "fr")
    if letters[other] * 4 >= total and evidence[other] >= 2 and evidence[main] >= 2 and other in allowed and main in allowed:
        return "mixed"
    return _permitted(main, allowed) if evidence[main] >= 3 and letters[main] * 4 > total * 3 else None


def _clear(text: str, language: str) -> bool:
    """Whether the body may overrule a declaration: running text, most of whose evidence is of one language."""
    words = _words(text[:SAMPLE])
    french, english = _count(words)
    own, other = (french, english) if language == "fr" else (english, french)
    return own >= 6 and own >= 5 * other and own * 5 >= len(words)


def _undeclared(title: str, text: str, allowed: Sequence[str]) -> tuple[str | None, str]:
    found = _langdetect(text[:SAMPLE], tuple(sorted(allowed)))
    if found and found[1] > 0.9:
        return found[0], "langdetect"
    french, english = _count([word.strip(_EDGES) for word in _words(title)])
    if max(french, english) >= 2 and min(french, english) == 0:
        code = _permitted("fr" if french else "en", allowed)
        return (code, "title") if code else (None, "")
    return None, ""


def _foreign(title: str, text: str, source: str, stated: str | None, allowed: Sequence[str]) -> tuple[str | None, str]:
    """Sites with other languages: our two word lists know nothing of them, so langdetect weighs every long text."""
    found = _langdetect(text[:SAMPLE], tuple(sorted(allowed)))
    if stated is None:
        return (found[0], "langdetect") if found and found[1] > 0.9 else (None, "")
    if found and found[0] != stated and found[1] > 0.99 and len(_LETTER.findall(text[:SAMPLE])) >= MIN_CONTRADICTING:
        return found[0], f"langdetect contradicts {source}"
    return stated, source


@lru_cache(maxsize=1024)
def foreign_language(text: str, allowed: tuple[str, ...]) -> str | None:
    """The language of a text that is clearly neither French nor English nor one of `allowed`; None if it is, or if too little of it is seen."""
    words = _words(text)
    if sum(_count(words)) * OWN_SHARE >= len(words):
        return None
    letters = len(_LETTER.findall(text))
    if not text.isascii():
        for language, script in SCRIPTS:
            seen = len(script.findall(text))
            if seen * 10 >= MIN_FOREIGN and seen * (10 if language == "ja" else 3) >= letters:
                return language if language not in allowed else None
    found = _langdetect(text, LATIN) if letters >= MIN_FOREIGN else None
    return found[0] if found and found[1] > 0.95 and found[0] not in (*allowed, *OWN) else None


def _langdetect(text: str, allowed: tuple[str, ...]) -> tuple[str, float] | None:
    """The likeliest of `allowed` and its probability; None for short texts and for languages that langdetect has no profile of."""
    if len(_LETTER.findall(text)) < MIN_LETTERS:
        return None
    factory = _factory(allowed)
    if factory is None:
        return None
    from langdetect.lang_detect_exception import LangDetectException

    detector = factory.create()
    detector.set_prior_map({_profile_name(code): 1.0 / len(allowed) for code in allowed})
    detector.append(text)
    try:
        best = detector.get_probabilities()
    except LangDetectException:
        return None
    return (best[0].lang.split("-")[0], best[0].prob) if best else None


def _profile_name(code: str) -> str:
    return {"zh": "zh-cn", "nb": "no", "nn": "no"}.get(code, code)


@lru_cache(maxsize=8)
def _factory(allowed: tuple[str, ...]) -> Any:
    """A detector factory with only these languages' profiles (five times as fast as with all) and a fixed seed of its own."""
    from langdetect.detector_factory import DetectorFactory

    folder = resources.files("langdetect") / "profiles"
    profiles = [path.read_text(encoding="utf-8") for code in allowed if (path := folder / _profile_name(code)).is_file()]
    if len(profiles) < 2:
        return None
    factory = DetectorFactory()
    factory.load_json_profile(profiles)
    factory.seed = SEED
    return factory


__all__ = ["foreign_language", "identify"]
