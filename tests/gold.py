"""What a crawl of the real capture must show against the gold sample, requirement by requirement; measures, never crawls.

The gold, the captured bytes and the server's request log are read here without any of our own readers, so that they judge them independently.
"""

from __future__ import annotations

import json
import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from rabat_crawler.models import Item, Run

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
WARC, GOLD, SERVER = DATA / "joomla-site.warc.gz", DATA / "joomla_gold_sample.json", DATA / "serve_capture.py"
MISSING = "the real input is not there: ../shared/data beside the project"
CAPTURED_ORIGIN = "http://127.0.0.1:8765"

F1_MEAN, F1_WORST = 0.99, 0.95
EVENTS = 0.97
EXACT_F1, NEAR_F1 = 0.9, 0.5
"""How alike the texts of duplicates are at the least; also those that the gold calls exact differ in a "Voir aussi" line or a link's label."""

LANGUAGES = {"mul": "mixed"}
NEVER_ASKED = re.compile(r"com(?:ponent/|_)mailto|[?&](?:tmpl|print|task)=|[?&]format=pdf|/component/users|/administrator")
ARTICLE_PAGE = re.compile(rb"<body[^>]*\bview-article\b")
HREFLANG = re.compile(r"<link\b[^>]*\bhreflang=[^>]*>")
HREF = re.compile(r"\bhref=\"([^\"]*)\"")
WORD = re.compile(r"\w+")


class Answer(NamedTuple):
    """A captured answer: status, headers without those of the connection, decoded body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Asked(NamedTuple):
    """One request as the server saw it; `busy`: requests at work at its arrival, this one included."""

    path: str
    status: int
    busy: int


@dataclass(frozen=True)
class Line:
    """One requirement: what was measured, what is demanded ("" if nothing), whether it holds (None: for information), and what is wrong."""

    name: str
    measured: str
    demand: str = ""
    ok: bool | None = None
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """A finished crawl and all that it is measured against. `origin`: where the capture was served; `seconds`: the whole crawl."""

    gold: Mapping[str, Any]
    captured: Mapping[str, Answer]
    origin: str
    items: tuple[Item, ...]
    asked: tuple[Asked, ...]
    run: Run
    seconds: float
    pairs: list[tuple[Mapping[str, Any], Item]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pairs.extend((article, self.by_id[article["id"]][0]) for article in self.reachable if self.by_id.get(article["id"]))

    @cached_property
    def articles(self) -> dict[int, Mapping[str, Any]]:
        """The gold's articles by number."""
        return {article["id"]: article for article in self.gold["articles"]}

    @cached_property
    def reachable(self) -> list[Mapping[str, Any]]:
        """The gold's articles to which a crawler finds a link without logging in."""
        return [article for article in self.articles.values() if article["linked_urls"]]

    @cached_property
    def by_id(self) -> dict[int | None, list[Item]]:
        """The items by the article number that we gave them."""
        found: dict[int | None, list[Item]] = {}
        for item in self.items:
            found.setdefault(item.article_id, []).append(item)
        return found

    def page(self, url: str) -> Answer | None:
        """The captured answer at one of our addresses."""
        return self.captured.get(path_of(url))


def path_of(url: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def read_gold() -> dict[str, Any]:
    """The gold sample; its `meta.notes` explain the keys."""
    found: dict[str, Any] = json.loads(GOLD.read_text(encoding="utf-8"))
    return found


def read_capture() -> dict[str, Answer]:
    """Every captured answer by path and query."""
    from warcio.archiveiterator import ArchiveIterator

    dropped = {"transfer-encoding", "content-encoding", "connection", "content-length", "keep-alive"}
    answers: dict[str, Answer] = {}
    with WARC.open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type == "response":
                headers = tuple((name, value) for name, value in record.http_headers.headers if name.lower() not in dropped)
                body = record.content_stream().read()
                answers[path_of(record.rec_headers.get_header("WARC-Target-URI"))] = Answer(int(record.http_headers.get_statuscode()), headers, body)
    return answers


def token_f1(one: str, other: str) -> float:
    """Harmonic mean of precision and recall over words, lower case, NFC; 1.0 for two empty texts."""
    a, b = (Counter(WORD.findall(unicodedata.normalize("NFC", text).lower())) for text in (one, other))
    total = sum(a.values()) + sum(b.values())
    return 2 * sum((a & b).values()) / total if total else 1.0


# The requirements ----------------------------------------------------------------------------------------------------------


def _all(name: str, wrong: list[str], total: int, demand: str = "all") -> Line:
    return Line(name, f"{total - len(wrong)} of {total}", demand, total > 0 and not wrong, tuple(wrong))


def _none(name: str, wrong: list[str], demand: str = "0") -> Line:
    return Line(name, str(len(wrong)), demand, not wrong, tuple(wrong))


def one_item_each(seen: Evidence) -> Line:
    """Every article that can be reached without logging in is exactly one item."""
    wrong = [f"article {a['id']}: {len(seen.by_id.get(a['id'], []))} items" for a in seen.reachable if len(seen.by_id.get(a["id"], [])) != 1]
    return _all("reachable articles that are one item", wrong, len(seen.reachable))


def titles(seen: Evidence) -> Line:
    """The title, letter for letter (both in NFC)."""
    wrong = [f"{a['id']}: {i.title!r}, gold {a['title']!r}" for a, i in seen.pairs if i.title != unicodedata.normalize("NFC", a["title"])]
    return _all("titles", wrong, len(seen.pairs))


def languages(seen: Evidence) -> Line:
    """The language of the text, whatever the page is labelled."""
    wrong = [f"{a['id']}: {i.language}, gold {a['text_lang']}" for a, i in seen.pairs if i.language != LANGUAGES.get(a["text_lang"], a["text_lang"])]
    return _all("languages", wrong, len(seen.pairs))


def published_dates(seen: Evidence) -> Line:
    """The published date wherever the article's own page or a listing shows one."""
    shown = [(a, i) for a, i in seen.pairs if _shows_date(seen, a)]
    wrong = [f"{a['id']}: {i.published}, gold {a['published_date']}" for a, i in shown if i.published != a["published_date"]]
    return _all("published dates that any page shows", wrong, len(shown))


def _shows_date(seen: Evidence, article: Mapping[str, Any]) -> bool:
    """True unless the date is on none of the article's pages and on no page that lists it."""
    if article["published_display"]:
        return True
    pages = [seen.captured.get(path) for path in (*article["linked_urls"], *article["listed_on"])]
    return any(page is not None and article["published_date"].encode() in page.body for page in pages)


def no_false_date(seen: Evidence) -> Line:
    """No item has a published date that is not the gold's."""
    wrong = [f"{a['id']}: {i.published}" for a, i in seen.pairs if i.published not in (None, a["published_date"])]
    return _none("published dates that are wrong", wrong)


def text_mean(seen: Evidence) -> Line:
    """Token F1 of the text against what the author wrote, on average."""
    mean = statistics.fmean(token_f1(i.text, a["body_text"]) for a, i in seen.pairs) if seen.pairs else 0.0
    return Line("text: token F1, mean", f"{mean:.4f}", f"{F1_MEAN} or more", mean >= F1_MEAN)


def text_worst(seen: Evidence) -> Line:
    """Token F1 of the worst text."""
    scores = sorted((token_f1(i.text, a["body_text"]), a["id"]) for a, i in seen.pairs)
    low = tuple(f"{number}: {score:.3f}" for score, number in scores if score < F1_WORST)
    worst = scores[0][0] if scores else 0.0
    return Line("text: token F1, worst", f"{worst:.4f}", f"{F1_WORST} or more", worst >= F1_WORST, low)


def _duplicates(kind: str, same: Callable[[Item, Item], str]) -> Callable[[Evidence], Line]:
    """The check that every duplicate of a kind and its original are two items, and what `same` finds wrong between them."""

    def check(seen: Evidence) -> Line:
        found = [article for article in seen.reachable if article["duplicate_kind"] == kind]
        wrong = []
        for article in found:
            copies, originals = seen.by_id.get(article["id"], []), seen.by_id.get(article["duplicate_of"], [])
            if len(copies) != 1 or len(originals) != 1 or copies[0].item_id == originals[0].item_id:
                wrong.append(f"{article['id']} and {article['duplicate_of']}: {len(copies)} and {len(originals)} items")
            elif said := same(copies[0], originals[0]):
                wrong.append(f"{article['id']} and {article['duplicate_of']}: {said}")
        return _all(f"duplicates kept apart: {kind}", wrong, len(found))

    check.__name__ = f"duplicates_{kind}"
    return check


def _same_text(one: Item, other: Item) -> str:
    score = token_f1(one.text, other.text)
    return "" if score >= EXACT_F1 else f"F1 {score:.2f} between the texts"


def _near_text(one: Item, other: Item) -> str:
    score = token_f1(one.text, other.text)
    return "" if one.text != other.text and score >= NEAR_F1 else f"F1 {score:.2f} between the texts"


def _other_date(one: Item, other: Item) -> str:
    return _near_text(one, other) or ("" if one.event_start != other.event_start else "the same event date")


def _other_text(one: Item, other: Item) -> str:
    return "" if token_f1(one.text, other.text) < EXACT_F1 else "the same text"


def same_titles_apart(seen: Evidence) -> Line:
    """Articles of one title stay as many items, each with its own date."""
    groups: dict[str, list[Item]] = {}
    for article, item in seen.pairs:
        groups.setdefault(article["title"], []).append(item)
    twice = {title: found for title, found in groups.items() if len(found) > 1}
    wrong = [
        title for title, found in twice.items() if len({i.item_id for i in found}) < len(found) or len({i.published for i in found}) < len(found)
    ]
    return _all("same title, items of their own", wrong, len(twice))


def only_articles(seen: Evidence) -> Line:
    """No listing, search, error or mailto page is an item: each has an address whose captured page Joomla itself marks as an article."""
    wrong = [f"{i.item_id} {i.title!r} {i.canonical_url}" for i in seen.items if i.article_id is None or not _has_article_page(seen, i)]
    return _none("items that are not articles", wrong)


def _has_article_page(seen: Evidence, item: Item) -> bool:
    pages = (seen.page(url) for url in item.addresses)
    return any(page is not None and page.status == 200 and ARTICLE_PAGE.search(page.body) for page in pages)


def item_count(seen: Evidence) -> Line:
    """As many items as the site shows articles, those outside the sample included."""
    visible = seen.gold["meta"]["counts"]["visible"]
    return Line("items in all", str(len(seen.items)), str(visible), len(seen.items) == visible and len(seen.by_id) == visible)


def addresses(seen: Evidence) -> Line:
    """Every address in the gold's linked_urls is an address of its item."""
    pairs = [(a, i, path) for a, i in seen.pairs for path in a["linked_urls"]]
    wrong = [f"{a['id']}: {path}" for a, i, path in pairs if seen.origin + path not in i.addresses]
    return _all("linked addresses known to their item", wrong, len(pairs))


def canonical_addresses(seen: Evidence) -> Line:
    """The address to cite is the one that the site itself uses."""
    wrong = [f"{a['id']}: {i.canonical_url}, gold {a['canonical_url']}" for a, i in seen.pairs if i.canonical_url != seen.origin + a["canonical_url"]]
    return _all("canonical addresses", wrong, len(seen.pairs))


def hidden_absent(seen: Evidence) -> Line:
    """What the site does not show to the public is not in the archive."""
    return _none("hidden articles in the archive", [f"article {n}" for n, a in seen.articles.items() if not a["linked_urls"] and n in seen.by_id])


def twins(seen: Evidence) -> Line:
    """Where a page declares its translation by hreflang, the items are twins."""
    wanted = [(a, i) for a, i in seen.pairs if a["translation_id"] and _declares(seen, a)]
    owner = {item.item_id: item.article_id for item in seen.items}
    wrong = [f"{a['id']} and {a['translation_id']}: {i.twin}" for a, i in wanted if owner.get(i.twin or "") != a["translation_id"]]
    return _all("translations that the page declares", wrong, len(wanted))


def no_false_twin(seen: Evidence) -> Line:
    """No item is the twin of anything but its translation."""
    owner = {item.item_id: item.article_id for item in seen.items}
    wrong = [f"{a['id']}: {owner.get(i.twin)}" for a, i in seen.pairs if i.twin and owner.get(i.twin) != a["translation_id"]]
    return _none("twins that are no translation", wrong)


def _declares(seen: Evidence, article: Mapping[str, Any]) -> bool:
    """True if the canonical page has a hreflang link to an address with the translation's number."""
    page = seen.captured.get(article["canonical_url"])
    tags = HREFLANG.findall(page.body.decode("utf-8", "replace")) if page else []
    number = re.compile(rf"/{article['translation_id']}-[^/]*$")
    return any(number.search(found[1]) for tag in tags if (found := HREF.search(tag)))


def event_recall(seen: Evidence) -> Line:
    """Of the articles whose text tells of an event, those whose item has just its first and last day."""
    wanted = [(a, i, _first_event(a)) for a, i in seen.pairs if _first_event(a)]
    wrong = [f"{a['id']}: {_event(i)}, gold {said}" for a, i, said in wanted if _event(i) != said]
    return _share("event dates: recall", wrong, len(wanted))


def event_precision(seen: Evidence) -> Line:
    """Of the items with an event date, those whose text tells of that event."""
    dated = [(a, i) for a, i in seen.pairs if i.event_start]
    wrong = [f"{a['id']}: {_event(i)}, gold {_first_event(a)}" for a, i in dated if _event(i) != _first_event(a)]
    return _share("event dates: precision", wrong, len(dated))


def _event(item: Item) -> tuple[str, str] | None:
    return (item.event_start, item.event_end or item.event_start) if item.event_start else None


def _first_event(article: Mapping[str, Any]) -> tuple[str, str] | None:
    return next(((d["start"], d["end"] or d["start"]) for d in article["dates_in_text"] if d["role"] == "event"), None)


def _share(name: str, wrong: list[str], total: int) -> Line:
    share = (total - len(wrong)) / total if total else 0.0
    return Line(name, f"{total - len(wrong)} of {total}", f"{EVENTS} or more", share >= EVENTS, tuple(wrong))


# The requests, by the server's own log -------------------------------------------------------------------------------------


def one_at_a_time(seen: Evidence) -> Line:
    """Never more than one request in flight."""
    most = max((one.busy for one in seen.asked), default=0)
    return Line("requests in flight at once", str(most), "1", most == 1)


def robots_first(seen: Evidence) -> Line:
    """robots.txt is the first thing asked for."""
    first = seen.asked[0].path if seen.asked else "nothing"
    return Line("first request", first, "/robots.txt", first == "/robots.txt")


def nothing_disallowed(seen: Evidence) -> Line:
    """No path that robots.txt forbids is asked for."""
    rules = RobotFileParser()
    rules.parse(seen.captured["/robots.txt"].body.decode().splitlines())
    wrong = [one.path for one in seen.asked if one.path != "/robots.txt" and not rules.can_fetch("rabat-crawler", seen.origin + one.path)]
    return _none("paths asked that robots.txt forbids", wrong)


def no_traps(seen: Evidence) -> Line:
    """No mailto form, print view, bare template or login form is asked for."""
    return _none("mail, print, template, login asked", [one.path for one in seen.asked if NEVER_ASKED.search(one.path)])


def asked_once(seen: Evidence) -> Line:
    """No address is asked for twice."""
    return _none("addresses asked twice", [path for path, number in Counter(one.path for one in seen.asked).items() if number > 1])


def fewer_than_naive(seen: Evidence) -> Line:
    """Fewer requests than a crawler that follows every link."""
    naive = seen.gold["meta"]["counts"]["naive_reachable_urls"]
    return Line("requests", str(len(seen.asked)), f"under {naive} (naive crawl)", len(seen.asked) < naive)


def run_is_done(seen: Evidence) -> Line:
    """The run ended by itself, with nothing failed, and its report counts the requests that the server saw."""
    said = f"{seen.run.status}, {seen.run.counts.get('requests')} requests"
    return Line("run report", said, f"done, {len(seen.asked)} requests", said == f"done, {len(seen.asked)} requests")


def seconds(seen: Evidence) -> Line:
    """For information: the time of the crawl."""
    return Line("seconds", f"{seen.seconds:.1f}")


REQUIREMENTS: tuple[Callable[[Evidence], Line], ...] = (
    one_item_each,
    titles,
    languages,
    published_dates,
    no_false_date,
    event_recall,
    event_precision,
    text_mean,
    text_worst,
    _duplicates("exact", _same_text),
    _duplicates("near", _near_text),
    _duplicates("near_other_date", _other_date),
    _duplicates("related_not_duplicate", _other_text),
    same_titles_apart,
    only_articles,
    item_count,
    addresses,
    canonical_addresses,
    hidden_absent,
    twins,
    no_false_twin,
    one_at_a_time,
    robots_first,
    nothing_disallowed,
    no_traps,
    asked_once,
    fewer_than_naive,
    run_is_done,
)
INFORMATION = (seconds,)
