"""The language of an item, with all evidence and how surely: declared (path, html lang, alternate) first, unless the body clearly says otherwise.

Pure. langdetect is imported here only, and only when nothing cheaper decides; a title never decides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from rabat_crawler.extract import ngrams

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
CALENDAR = {
    "fr": frozenset(
        "janvier février avril mai juin juillet août septembre octobre novembre décembre lundi mardi mercredi jeudi vendredi samedi dimanche".split()
    ),
    "en": frozenset(
        "january february april june july august september october november december monday tuesday wednesday thursday friday saturday sunday".split()
    ),
}
"""Evidence for a short text only: a French article may print an English date in the name of a document."""
SAMPLE = 2000
"""Characters that the quick count reads."""
SEGMENTED = 20_000
"""Characters read when a text may hold two languages."""
MIN_LETTERS = 80
"""Shorter texts are never given to langdetect (it calls "Actualités" Catalan)."""
MIN_CONTRADICTING = 120
"""Letters that langdetect, or our own weighing of letters, must have seen to overrule a declaration."""
SEED = 0
TRUST = {"path": 0.95, "html lang": 0.9, "alternate": 0.85}
"""How often a declaration alone is right; templates declare one language for all pages more often than editors file a text wrongly."""
DEFAULT_TRUST = 0.8
SURE, DETECTED = 0.999, 0.99
"""No evidence is surer; langdetect says .9999 of nearly everything."""
LIKELY, SURELY_OTHER, SHORT_LIKELY = 0.9, 0.99, 0.97
"""What langdetect must say of a text of which nothing is declared, of one that is declared otherwise, and what a short text's letters must say."""
MIN_SHORT_WORDS = 3
WORD_ODDS = 0.8
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one piece of evidence says of a text's language, how surely (0 to 1) by itself, and whether the outcome follows it.

    `source`: a declaring one (path, html lang, alternate), text (function words), letters (runs of letters of a short text), langdetect, title.
    """

    source: str
    language: str | None
    confidence: float
    used: bool
    why: str


class Spoken(NamedTuple):
    """A language ("mixed" for two, None for unknown), the method that found it, and how surely (0 to 1; 0 without evidence)."""

    language: str | None
    method: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """What the body itself says; `clear` if that is enough to overrule a declaration, `some` if it is together with another declaration."""

    source: str
    language: str
    confidence: float
    clear: bool = False
    some: bool = False


def identify(title: str, text: str, *, declared: Sequence[tuple[str, str]], allowed: Sequence[str]) -> Spoken:
    """Language, method and confidence. `declared` holds (source, language tag), strongest first; `allowed` the site's two-letter codes.

    Language: one of `allowed`, "mixed" where the body holds two in substantial shares, or None; the title never decides. Method: the source that
    decided (path, html lang, alternate, text, letters, langdetect), "<source> contradicts <source>", or "" (no evidence at all).
    """
    return _outcome(text, declared, allowed)[0]


def language_votes(title: str, text: str, declared: Sequence[tuple[str, str]], allowed: Sequence[str]) -> tuple[Vote, ...]:
    """All evidence with what became of it; `identify` gives the outcome. Declarations first, then the body, then the title, which never decides."""
    found, votes = _outcome(text, declared, allowed)
    passed = tuple(
        Vote(source=source, language=None, confidence=0.0, used=False, why=f"{tag!r} is no language of the site")
        for source, tag in declared
        if tag and _code(tag) not in allowed
    )
    likely = weigh(title, allowed)
    if not likely:
        return (*votes, *passed)
    code = max(likely, key=lambda one: (likely[one], one))
    agrees = "it agrees" if code == found.language else "it says otherwise"
    title_vote = Vote(source="title", language=code, confidence=round(likely[code], 3), used=False, why=f"a title alone never decides; {agrees}")
    return (*votes, *passed, title_vote)


def weigh(text: str, allowed: Sequence[str]) -> dict[str, float]:
    """How likely a short text is in each of `allowed`, all of them equally likely before; {} if nothing speaks for any."""
    words = [word.strip(_EDGES) for word in _words(text[:SAMPLE])]
    french, english = _count(words)
    evidence = {"fr": french + sum(map(CALENDAR["fr"].__contains__, words)), "en": english + sum(map(CALENDAR["en"].__contains__, words))}
    return ngrams.probabilities(text, allowed, evidence)


def _outcome(text: str, declared: Sequence[tuple[str, str]], allowed: Sequence[str]) -> tuple[Spoken, tuple[Vote, ...]]:
    """The body decides where nothing is declared, where it holds two languages, and where it contradicts with enough text; else the strongest declaration."""
    stated = _declarations(declared, allowed)
    body = _body(text, allowed, undeclared=not stated)
    if stated and body is not None and body.language != stated[0][1] and not body.clear and body.some:
        body = replace(body, clear=_letters_say(text, body.language, allowed))
    if not stated and body is None:
        return Spoken(None, "", 0.0), ()
    language, method = _decided(stated, body)
    votes = tuple(
        _vote(source, code, TRUST.get(source, DEFAULT_TRUST), language, _why(source, code, language, stated, body)) for source, code in stated
    )
    if body is not None:
        why = _why_body(body, language, stated)
        votes = (*votes, _vote(body.source, body.language, round(body.confidence, 3), language, why))
    if body is not None and language == "mixed":
        return Spoken(language, method, round(body.confidence, 3)), votes
    return Spoken(language, method, _fused(votes, language)), votes


def _letters_say(text: str, language: str, allowed: Sequence[str]) -> bool:
    """Whether the letters of enough text say the same as its few function words: news in the style of telegrams."""
    if len(_LETTER.findall(text[:SAMPLE])) < MIN_CONTRADICTING:
        return False
    return weigh(text, allowed).get(language, 0.0) >= SURE


def _decided(stated: Sequence[tuple[str, str]], body: _Body | None) -> tuple[str, str]:
    if not stated:
        assert body is not None
        return body.language, body.source
    source, code = stated[0]
    if body is None or body.language == code:
        return code, source
    if body.language == "mixed":
        return "mixed", body.source
    seconded = next((other for other, language in stated[1:] if language == body.language), None)
    if body.clear:
        return body.language, f"{body.source} contradicts {source}"
    if body.some and seconded:
        return body.language, f"{body.source} and {seconded} contradict {source}"
    return code, source


def _vote(source: str, code: str, confidence: float, language: str, why: str) -> Vote:
    return Vote(source=source, language=code, confidence=confidence, used=code == language, why=why)


def _why(source: str, code: str, language: str, stated: Sequence[tuple[str, str]], body: _Body | None) -> str:
    """Why a declaration was followed or not."""
    if code == language:
        return "the strongest declaration" if (source, code) == stated[0] else "it agrees"
    if language == "mixed":
        return "the body holds two languages"
    return f"the {body.source} says otherwise" if body is not None and body.language == language else f"{stated[0][0]} is the stronger declaration"


def _why_body(body: _Body, language: str, stated: Sequence[tuple[str, str]]) -> str:
    if not stated:
        return "nothing is declared"
    if body.language != language:
        return f"too little of it to contradict {stated[0][0]}"
    if language == "mixed":
        return "it holds two languages in substantial shares"
    return "it agrees" if stated[0][1] == language else f"enough of it to contradict {stated[0][0]}"


def _fused(votes: Sequence[Vote], language: str) -> float:
    """The confidence that all evidence together gives: the odds of the votes for the language multiplied, those against it divided out."""
    odds = sum(_logit(vote.confidence) * (1 if vote.used else -1) for vote in votes if vote.language is not None)
    return round(min(SURE, max(0.05, 1 / (1 + math.exp(-odds)))), 3)


def _logit(confidence: float) -> float:
    bounded = min(SURE, max(0.5, confidence))
    return math.log(bounded / (1 - bounded))


def _code(tag: str) -> str:
    return tag.strip().lower().replace("_", "-").split("-")[0]


def _declarations(declared: Sequence[tuple[str, str]], allowed: Sequence[str]) -> list[tuple[str, str]]:
    return [(source, code) for source, tag in declared if (code := _code(tag)) in allowed]


def _body(text: str, allowed: Sequence[str], *, undeclared: bool) -> _Body | None:
    """What the body says by itself; the dearer means are asked only where nothing is declared, or for languages whose function words we do not know."""
    if not text:
        return None
    if set(allowed) <= OWN.keys():
        spoken = _spoken(text, allowed)
        if spoken or not undeclared:
            return spoken
    found = _langdetect(text[:SAMPLE], tuple(sorted(allowed)))
    if found is not None and found[1] > (LIKELY if undeclared else SURELY_OTHER):
        long = len(_LETTER.findall(text[:SAMPLE])) >= MIN_CONTRADICTING
        return _Body(source="langdetect", language=found[0], confidence=min(DETECTED, found[1]), clear=long, some=long)
    return _short(text, allowed) if found is None and undeclared and set(allowed) <= OWN.keys() else None


def _short(text: str, allowed: Sequence[str]) -> _Body | None:
    """A short body by its letters; one or two words say nothing."""
    if len(text) > SAMPLE or len(_words(text)) < MIN_SHORT_WORDS:
        return None
    likely = weigh(text, allowed)
    best = max(likely, key=lambda one: (likely[one], one), default=None)
    return _Body(source="letters", language=best, confidence=likely[best]) if best and likely[best] >= SHORT_LIKELY else None


def _words(text: str) -> list[str]:
    return _ELISION.sub("' ", text.lower()).split()


def _count(words: list[str]) -> tuple[int, int]:
    """French and English evidence words."""
    french = sum(map(FRENCH.__contains__, words))
    english = sum(map(ENGLISH.__contains__, words))
    return french, english


def _spoken(text: str, allowed: Sequence[str]) -> _Body | None:
    """What the body says by its function words; None where they do not decide."""
    words = _words(text[:SAMPLE])
    french, english = _count(words)
    total, minor = french + english, min(french, english)
    if total >= 8 and minor * 10 <= total and (len(text) <= SAMPLE * 2 or not _turns(text, french > english)):
        code = "fr" if french > english else "en"
        return _by_words(code, french, english, len(words)) if code in allowed else None
    return _by_segments(text[:SEGMENTED], allowed, french, english, len(words))


def _by_words(code: str, french: int, english: int, words: int) -> _Body:
    """The body is in this language; it may overrule a declaration if it is running text most of whose evidence is of one language."""
    own, other = (french, english) if code == "fr" else (english, french)
    clear = own >= 6 and own >= 5 * other and own * 5 >= words
    return _Body(
        source="text",
        language=code,
        confidence=min(SURE, max(0.5, 1 / (1 + math.exp(-WORD_ODDS * (own - 2 * other))))),
        clear=clear,
        some=own > 2 * other,
    )


def _turns(text: str, french_first: bool) -> bool:
    """Whether the end of a long text speaks the other language than its start: a bilingual article in two halves."""
    french, english = _count(_words(text[-SAMPLE // 2 :]))
    return (english > french) if french_first else (french > english)


def _segments(text: str) -> Iterator[str]:
    for segment in _SEGMENT.split(text):
        if segment and segment.strip():
            yield segment


def _by_segments(text: str, allowed: Sequence[str], french: int, english: int, words: int) -> _Body | None:
    """Sentence by sentence: how many letters each language has among the sentences that one of them clearly owns."""
    letters, evidence = {"fr": 0, "en": 0}, {"fr": 0, "en": 0}
    for segment in _segments(text):
        own_french, own_english = _count([word.strip(_EDGES) for word in _words(segment)])
        if own_french != own_english:
            owner = "fr" if own_french > own_english else "en"
            letters[owner] += len(segment)
            evidence[owner] += abs(own_french - own_english)
    total = letters["fr"] + letters["en"]
    if not total:
        return None
    main, other = ("fr", "en") if letters["fr"] >= letters["en"] else ("en", "fr")
    if letters[other] * 4 >= total and evidence[other] >= 2 and evidence[main] >= 2 and other in allowed and main in allowed:
        return _Body(source="text", language="mixed", confidence=min(SURE, 0.5 + letters[other] / total))
    if main not in allowed or evidence[main] < 3 or letters[main] * 4 <= total * 3:
        return None
    return _by_words(main, french, english, words)


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
    detector.set_prior_map({ngrams.profile_name(code): 1.0 / len(allowed) for code in allowed})
    detector.append(text)
    try:
        best = detector.get_probabilities()
    except LangDetectException:
        return None
    return (best[0].lang.split("-")[0], best[0].prob) if best else None


@lru_cache(maxsize=8)
def _factory(allowed: tuple[str, ...]) -> Any:
    """A detector factory with only these languages' profiles (five times as fast as with all) and a fixed seed of its own."""
    from langdetect.detector_factory import DetectorFactory

    profiles = [profile for code in allowed if (profile := ngrams.profile_text(code)) is not None]
    if len(profiles) < 2:
        return None
    factory = DetectorFactory()
    factory.load_json_profile(profiles)
    factory.seed = SEED
    return factory


__all__ = ["Spoken", "Vote", "foreign_language", "identify", "language_votes", "weigh"]
