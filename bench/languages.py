"""Accuracy and time of our reader of languages beside langdetect, py3langid and lingua, in one run.

    python bench/languages.py [--json] [--repeat N] [--wrong]

Texts: bench/titles_fr.txt and bench/titles_en.txt (our own), the sample site's titles, sentences and bodies, and, if ../shared/data is there, the titles and bodies
of its gold articles. "letters" is what our reader makes of a text by itself, knowing only that the site is French and English; for titles it is a figure
for comparison, since a title alone never decides an item's language. "site" is the whole reading: body with the address that the page has; "wrong address" the
same with the address of the other language, where the body has to contradict.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rabat_crawler.demo.content import paragraphs, stories  # noqa: E402
from rabat_crawler.extract.languages import identify, weigh  # noqa: E402

GOLD = ROOT.parent / "shared" / "data" / "joomla_gold_sample.json"
SITE = ("fr", "en")
OTHER = {"fr": "en", "en": "fr"}
LEFT_OUT = {"ours, site": ("titles (own)", "titles (articles)"), "ours, wrong address": ("titles (own)", "titles (articles)", "sentences")}
"""What an address would decide alone, which measures nothing."""
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[A-ZÀÉÈÊÔ«])")
HINTS = {"py3langid": "pip install py3langid", "lingua": "pip install lingua-language-detector"}


@dataclass(frozen=True)
class Text:
    """A text with what it is written in; `title` and `body` apart, one of them may be empty."""

    title: str
    body: str
    language: str

    @property
    def whole(self) -> str:
        """Title and body, as a program without our distinction would see them."""
        return f"{self.title}\n\n{self.body}".strip()


Reader = Callable[[Text], str | None]


def articles() -> Iterator[Text]:
    """Titles with their bodies, in one language each: the sample site's, and the gold articles."""
    for story in stories(2):
        yield Text(story.title, "\n".join(paragraphs(story)), story.language)
    if GOLD.exists():
        for article in json.loads(GOLD.read_text(encoding="utf-8"))["articles"]:
            yield Text(article["title"], article["body_text"], article["text_lang"])


def own_titles() -> Iterator[Text]:
    """Our own list, and the sample site's titles: 3 to 12 words."""
    found = [(line.strip(), code) for code in SITE for line in (ROOT / "bench" / f"titles_{code}.txt").read_text(encoding="utf-8").splitlines()]
    found += [(story.title, story.language) for story in stories(2)]
    for title, code in dict.fromkeys(found):
        if code in SITE and 3 <= len(title.split()) <= 12:
            yield Text(title, "", code)


def sets() -> dict[str, list[Text]]:
    """The texts by kind, each once."""
    known = [text for text in dict.fromkeys(articles()) if text.language in SITE and text.body]
    sentences = {
        sentence: text.language
        for text in known
        for line in text.body.split("\n")
        for sentence in SENTENCE_END.split(line)
        if 4 <= len(sentence.split()) <= 40
    }
    return {
        "titles (own)": list(own_titles()),
        "titles (articles)": [Text(text.title, "", text.language) for text in known],
        "sentences": [Text("", sentence, language) for sentence, language in sentences.items()],
        "bodies": [Text("", text.body, text.language) for text in known],
        "titles with body": known,
    }


def best(likely: dict[str, float]) -> str | None:
    """The likeliest; None if nothing is."""
    return max(likely, key=lambda code: likely[code], default=None)


def ours_letters(text: Text) -> str | None:
    """What the words and letters say, with priors over the site's languages: body if there is one, else title."""
    return identify(text.title, text.body, declared=[], allowed=SITE).language or best(weigh(text.body or text.title, SITE))


def ours_site(text: Text) -> str | None:
    """The whole reading under the right address."""
    return identify(text.title, text.body, declared=[("path", text.language), ("html lang", text.language)], allowed=SITE).language


def ours_wrong(text: Text) -> str | None:
    """The whole reading under the address of the other language."""
    wrong = OTHER[text.language]
    return identify(text.title, text.body, declared=[("path", wrong), ("html lang", wrong)], allowed=SITE).language


def langdetect_readers() -> Iterator[tuple[str, Reader]]:
    """langdetect with all its languages, and with priors for ours only; a fixed seed."""
    langdetect = importlib.import_module("langdetect")
    factory = importlib.import_module("langdetect.detector_factory")
    factory.DetectorFactory.seed = 0
    factory.init_factory()

    def plain(text: Text) -> str | None:
        return str(langdetect.detect(text.whole))

    def with_priors(text: Text) -> str | None:
        detector = factory._factory.create()
        detector.set_prior_map({"fr": 0.5, "en": 0.5})
        detector.append(text.whole)
        return str(detector.detect())

    yield "langdetect", plain
    yield "langdetect, fr/en priors", with_priors


def py3langid_readers() -> Iterator[tuple[str, Reader]]:
    """py3langid with all its languages, and with ours only."""
    module = importlib.import_module("py3langid.langid")
    for name, chosen in (("py3langid", None), ("py3langid, fr/en", list(SITE))):
        identifier = module.LanguageIdentifier.from_model_file(module.MODEL_FILE)
        if chosen:
            identifier.set_languages(chosen)
        yield name, lambda text, identifier=identifier: str(identifier.classify(text.whole)[0])  # type: ignore[misc]


def lingua_readers() -> Iterator[tuple[str, Reader]]:
    """lingua with all its languages, and with ours only."""
    lingua = importlib.import_module("lingua")
    builders = (
        ("lingua", lingua.LanguageDetectorBuilder.from_all_languages()),
        ("lingua, fr/en", lingua.LanguageDetectorBuilder.from_languages(lingua.Language.FRENCH, lingua.Language.ENGLISH)),
    )
    for name, builder in builders:
        detector = builder.build()

        def read(text: Text, detector: Any = detector) -> str | None:
            found = detector.detect_language_of(text.whole)
            return found.iso_code_639_1.name.lower() if found else None

        yield name, read


def readers() -> Iterator[tuple[str, Reader]]:
    """Ours first, then every peer that is installed."""
    yield "ours, letters", ours_letters
    yield "ours, site", ours_site
    yield "ours, wrong address", ours_wrong
    for name, make in (("langdetect", langdetect_readers), ("py3langid", py3langid_readers), ("lingua", lingua_readers)):
        try:
            yield from make()
        except ImportError:
            print(f"{name}: not installed, left out; {HINTS.get(name, '')}", file=sys.stderr)


def safe(read: Reader, text: Text) -> str | None:
    """A peer that fails on a text has no answer for it."""
    try:
        return read(text)
    except Exception:  # a peer may raise anything; that text counts as wrong
        return None


def measure(read: Reader, texts: list[Text], repeat: int) -> tuple[float, float]:
    """Share of right answers, and the median microseconds for a text after a warm-up."""
    right = sum(safe(read, text) == text.language for text in texts) / len(texts)
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        for text in texts:
            safe(read, text)
        times.append((time.perf_counter() - start) / len(texts) * 1e6)
    return right, statistics.median(times)


def report(repeat: int) -> list[dict[str, Any]]:
    """One row for each reader: accuracy and time for each kind of text."""
    kinds = sets()
    rows: list[dict[str, Any]] = [{"reader": "(texts)", **{kind: len(texts) for kind, texts in kinds.items()}}]
    for name, read in readers():
        row: dict[str, Any] = {"reader": name}
        for kind, texts in kinds.items():
            if kind in LEFT_OUT.get(name, ()):
                row[kind] = None
                continue
            right, micro = measure(read, texts, repeat)
            row[kind] = f"{right:.4f} {micro:.0f}us"
        rows.append(row)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as aligned text."""
    heads = list(rows[0])
    cells = [["-" if row[head] is None else str(row[head]) for head in heads] for row in rows]
    widths = [max(len(head), *(len(line[i]) for line in cells)) for i, head in enumerate(heads)]
    return "\n".join("  ".join(value.ljust(width) for value, width in zip(line, widths, strict=True)).rstrip() for line in [heads, *cells])


def wrong_titles() -> list[str]:
    """Our titles that our letters take for the other language."""
    return [f"{text.language}: {text.title}" for text in own_titles() if ours_letters(text) != text.language]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--repeat", type=int, default=1, help="timed passes (default 1)")
    parser.add_argument("--wrong", action="store_true", help="list our titles that our reader takes for the other language")
    options = parser.parse_args()
    if options.wrong:
        print("\n".join(wrong_titles()))
        return 0
    rows = report(max(1, options.repeat))
    print("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) if options.json else table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
