"""Finds blocks of dated items (title line, date line, intro) in any markup: "En action", "A venir", or such repeats without a heading.

Works on the page's lines, so tables, fonts and meaningless classes make no difference. Pure; makes no drafts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlsplit

from rabat_crawler.extract.dates import date_line
from rabat_crawler.extract.html import Document, fold
from rabat_crawler.extract.lines import Element, Line, Lines, common, page_lines
from rabat_crawler.models import Kind, PartialDate
from rabat_crawler.urls import DOCUMENT_SUFFIX

DEFAULT_HEADINGS: tuple[tuple[str, Kind], ...] = (("en action", "news"), ("in action", "news"), ("a venir", "event"), ("next events", "event"))
READ_MORE = re.compile(
    r"^(?:lire (?:la )?(?:suite|plus|l article|la version)|read (?:more|on|the)|en savoir plus|la suite|suite$|more$|plus d "
    r"infos?|savoir plus|continue reading|"
    r"continuer la lecture|learn more|find out more|voir (?:plus|la suite|le detail)|details?$|full (?:story|text|article))"
)
READ_MORE_TAIL = re.compile(
    r"(?<![\s\[(«>→])[\s\[(«>→]*+(?:lire (?:la )?(?:suite|plus)|read more|en savoir plus|la suite|continue reading|learn more)[^\w]*$", re.I
)
CLOCK = re.compile(r"\d\s?(?:[:h]|heures?)\s?\d|\d\s?h\b|\b(?:à|at)\s+\d", re.I)
LABELLED = re.compile(
    r":|^(?:\w+ )?(?:publi|post|paru|mis[e]? (?:en|à)|cré|creat|modif|updat|last|derni|written|écrit|submitted|soumis|released|date\b)", re.I
)
FACT_LINE = re.compile(
    r"^(?:cat[ée]gor(?:ie|y)|rubrique|section|écrit par|written by|auteur|author|par|by|posted|publi\w+|détails?|details?|"
    r"affichages|hits|tags?|mots[- ]clés)\b.{0,2}(?::|par|by|$)|"
    r"^(?:écrit par|written by|posted by|publié par)\b",
    re.I,
)
COPYRIGHT = re.compile(r"^\W*(?:©|\(c\)|copyright|tous droits|all rights)", re.I)
COMMENT_HEADING = re.compile(r"^(?:\d+ )?(?:vos |les |latest )?(?:commentaires?|comments?|reactions?|responses?|reponses?|messages?|replies)\b")
CALENDAR_WORDS = frozenset(("calendar", "calendrier", "datepicker", "cal"))
NAME_WORD = re.compile(r"^[^\W\d_a-z][\w.'’-]*$")
HAS_DIGIT = re.compile(r"[0-9]")
LETTER = re.compile(r"[^\W\d_]")
TITLE_END = ".;:,…"
MAX_TITLE = 250
MAX_SENTENCE = 60
"""A longer plain line that ends in a full stop is text, not a title."""
MAX_DATE = 60
MAX_INTRO_LINES = 40
MIN_INTRO = 40


@dataclass(frozen=True, slots=True)
class BlockItem:
    """One item: its title, date and the line numbers of its intro. `url` is the address the title or the read-more link gives, or None."""

    title: str
    date: PartialDate
    intro: tuple[int, ...]
    url: str | None
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """Items that stand together; `start` is the line of the heading or of the first title, `end` the line after the last. `kind` None: no heading."""

    start: int
    end: int
    kind: Kind | None
    items: tuple[BlockItem, ...]


@dataclass(slots=True)
class _Pair:
    """A title (lines `first` to `title`) and its date line."""

    first: int
    title: int
    date: int

    @property
    def start(self) -> int:
        return min(self.first, self.date)

    @property
    def body(self) -> int:
        return max(self.title, self.date) + 1


@lru_cache(maxsize=2)
def find_blocks(doc: Document) -> tuple[Block, ...]:
    """Every block of dated items on the page, in order, none overlapping."""
    page = page_lines(doc)
    dates = _date_lines(page, doc.html_lang)
    if not dates:
        return ()
    finder = _Finder(doc, page, dates)
    blocks = list(finder.headed())
    taken = {index for block in blocks for index in range(block.start, block.end)}
    blocks += finder.headless(taken)
    return tuple(sorted(blocks, key=lambda block: block.start))


def read_date_line(text: str, language: str | None) -> PartialDate | None:
    """The date of a line that is nothing but a date; a clock time makes it a comment's line, a label an article's own."""
    if len(text) > MAX_DATE or not HAS_DIGIT.search(text) or CLOCK.search(text) or LABELLED.search(text):
        return None
    found = date_line(text, language=language) or (date_line(text, language=None) if language else None)
    return found if found is not None and found.precision == "day" else None


def _date_lines(page: Lines, language: str | None) -> dict[int, PartialDate]:
    found: dict[int, PartialDate] = {}
    for line in page:
        if len(line.text) <= MAX_DATE and not line.element.comment:
            date = read_date_line(line.text, language)
            if date is not None and not _calendar(line.element):
                found[line.index] = date
    return found


def _calendar(element: Element) -> bool:
    return any(not CALENDAR_WORDS.isdisjoint(around.words) for around in element.ancestors())


def is_read_more(line: Line) -> bool:
    """The line is a link to the whole text and nothing else."""
    return bool(line.links) and len(line.text) < 80 and bool(READ_MORE.match(fold(line.text)))


class _Finder:
    def __init__(self, doc: Document, page: Lines, dates: dict[int, PartialDate]) -> None:
        self.doc, self.page, self.lines, self.dates = doc, page, page.lines, dates
        self.own = own_titles(doc)
        words = dict(doc.site.block_headings or DEFAULT_HEADINGS)
        folded = ((line.index, fold(line.text)) for line in self.lines if len(line.text) <= 40)
        self.headings: dict[int, Kind] = {index: words[text] for index, text in folded if text in words and not _menu_entry(self.lines[index])}

    def headed(self) -> Iterator[Block]:
        done = 0
        for index, kind in self.headings.items():
            if index < done:
                continue
            block = self._under(index, kind)
            if block is not None:
                done = block.end
                yield block

    def _under(self, heading: int, kind: Kind) -> Block | None:
        first = self._first_pair(heading)
        if first is None or fold(self._title(first)) in self.own:
            return None
        pairs = [first]
        stop = self._stop(heading, first)
        for date in sorted(d for d in self.dates if first.date < d < stop):
            pair = self._pair(date, date_first=first.date < first.title)
            if pair and pair.start >= pairs[-1].body and pair.title < stop and self._alike(first, pair):
                pairs.append(pair)
        if self.lines[heading].heading == 1 and len(pairs) == 1:
            return None
        items = self._items(pairs, stop)
        return Block(heading, max(items[-1].end, heading + 1), kind, tuple(items))

    def _first_pair(self, heading: int) -> _Pair | None:
        """The first title and date under a heading; at most two lines may stand between (an image's caption, a link to all items)."""
        near = [d for d in range(heading + 1, min(heading + 6, len(self.lines))) if d in self.dates]
        if not near or any(i in self.headings for i in range(heading + 1, near[0])):
            return None
        pair = self._pair(near[0], date_first=near[0] == heading + 1)
        return pair if pair and heading < pair.start <= heading + 3 else None

    def _pair(self, date: int, *, date_first: bool) -> _Pair | None:
        title = date + 1 if date_first else date - 1
        if not 0 <= title < len(self.lines) or not self._may_be_title(title):
            return None
        first, element = title, _heading_element(self.lines[title])
        while not date_first and element and first and _heading_element(self.lines[first - 1]) is element and first - 1 not in self.dates:
            first -= 1
        return _Pair(first, title, date)

    def _may_be_title(self, index: int) -> bool:
        line = self.lines[index]
        return (
            index not in self.dates
            and index not in self.headings
            and len(line.text) <= MAX_TITLE
            and len(LETTER.findall(line.text)) >= 4
            and not line.element.comment
            and not line.text.endswith(("...", ":"))
            and not is_read_more(line)
            and not COPYRIGHT.match(line.text)
            and not FACT_LINE.match(line.text)
            and not (line.text.endswith(".") and len(line.text) > MAX_SENTENCE and not (line.heading or line.strong or line.links))
        )

    def _alike(self, one: _Pair, other: _Pair) -> bool:
        """The titles look alike (same element and weight), or both stand in plain text."""
        a, b = self.lines[one.title], self.lines[other.title]
        return (a.element.tag, a.element.name, a.strong) == (b.element.tag, b.element.name, b.strong) and len(b.text) <= MAX_TITLE

    def _stop(self, heading: int, first: _Pair) -> int:
        """The line after the last that can belong to the block under `heading`."""
        head, title = self.lines[heading], self.lines[first.title]
        around = common(head.element, title.element)
        for index in range(first.body, around.end):
            line = self.lines[index]
            if index in self.headings or COPYRIGHT.match(line.text):
                return index
            of_item = index + 1 in self.dates or index - 1 in self.dates
            if of_item or line.signature == title.signature:
                continue
            if (line.heading and line.heading <= (head.heading or 2)) or (head.strong and line.signature == head.signature):
                return index
        return around.end

    def _items(self, pairs: Sequence[_Pair], stop: int) -> list[BlockItem]:
        ends = [pair.start for pair in pairs[1:]] + [self._last_end(pairs, stop)]
        return [self._item(pair, end) for pair, end in zip(pairs, ends, strict=True)]

    def _last_end(self, pairs: Sequence[_Pair], stop: int) -> int:
        """Where the last item's intro ends: at its own wrapper, a line of furniture or copyright, a link list, or after its read-more link."""
        last = pairs[-1]
        title, date = self.lines[last.title], self.lines[last.date]
        if len(pairs) > 1:
            around = common(self.lines[pairs[0].title].element, title.element)
            own = common(title.element, date.element)
            wrapped = own is not around and own not in self.lines[pairs[-2].title].element.ancestors() and own.end > last.body
            stop = min(stop, own.end if wrapped else max(around.end, last.body))
        inside = title.furniture
        for index in range(last.body, stop):
            line = self.lines[index]
            if is_read_more(line):
                return index + 1
            odd = (line.furniture and not inside) or line.heading or COPYRIGHT.match(line.text) or index - last.body > MAX_INTRO_LINES
            if odd or (line.linked * 10 >= len(line.text) * 8 and not _document_link(line)):
                return index
        return stop

    def _item(self, pair: _Pair, end: int) -> BlockItem:
        intro: list[int] = []
        more: str | None = None
        for index in range(pair.body, end):
            line = self.lines[index]
            if is_read_more(line) or (line.links and READ_MORE.match(fold(line.links[-1][1]))):
                more = self.doc.absolute(line.links[-1][0]) or more
            if not is_read_more(line):
                intro.append(index)
        targets = (self.doc.absolute(href) for i in range(pair.first, pair.title + 1) for href, _ in self.lines[i].links)
        url = next((target for target in targets if target), None) or more
        date = replace(self.dates[pair.date], source="block")
        return BlockItem(self._title(pair), date, tuple(intro), url, pair.start, end)

    def _title(self, pair: _Pair) -> str:
        return " ".join(self.lines[i].text for i in range(pair.first, pair.title + 1))

    def headless(self, taken: set[int]) -> Iterator[Block]:
        groups: dict[object, list[_Pair]] = defaultdict(list)
        for date in sorted(self.dates):
            pair = self._pair(date, date_first=False)
            if pair and not taken.intersection(range(pair.start, pair.body)) and self._stands_alone(pair):
                title = self.lines[pair.title]
                day = self.lines[date]
                groups[(title.element.tag, title.element.name, title.strong, day.element.tag, day.element.name)].append(pair)
        for pairs in groups.values():
            for run in _runs(pairs, taken):
                block = self._headless_block(run)
                if block is not None:
                    yield block

    def _stands_alone(self, pair: _Pair) -> bool:
        """Strict: without a heading the title itself must look like one."""
        title = self._title(pair)
        line = self.lines[pair.title]
        words = title.split()
        if len(words) < 2 or len(title) < 10 or title[-1] in TITLE_END or fold(title) in self.own or line.heading == 1 or _document_link(line):
            return False
        named = len(words) <= 3 and all(NAME_WORD.match(word) for word in words) and not line.links
        return not named and "nav" not in {element.tag for element in line.element.ancestors()}

    def _headless_block(self, pairs: Sequence[_Pair]) -> Block | None:
        if len(pairs) < 2 or self._after_comments(pairs[0]):
            return None
        around = common(self.lines[pairs[0].title].element, self.lines[pairs[-1].title].element)
        items = self._items(pairs, around.end)
        told = [item for item in items if sum(len(self.lines[i].text) for i in item.intro) >= MIN_INTRO]
        return Block(pairs[0].start, items[-1].end, None, tuple(items)) if len(told) >= 2 else None

    def _after_comments(self, pair: _Pair) -> bool:
        before = (self.lines[i] for i in range(pair.start - 1, -1, -1))
        heading = next((line for line in before if line.heading or (line.strong and len(line.text) < 60)), None)
        return heading is not None and bool(COMMENT_HEADING.match(fold(heading.text)))


def _runs(pairs: Sequence[_Pair], taken: set[int]) -> Iterator[list[_Pair]]:
    run: list[_Pair] = []
    for pair in pairs:
        far = run and (pair.start - run[-1].body > MAX_INTRO_LINES or taken.intersection(range(run[-1].body, pair.start)))
        if far:
            yield run
            run = []
        run.append(pair)
    if run:
        yield run


def _heading_element(line: Line) -> Element | None:
    return next((element for element in line.element.ancestors() if element.tag in ("h1", "h2", "h3", "h4", "h5", "h6")), None)


def _menu_entry(line: Line) -> bool:
    return bool(line.links) and not line.heading and any(element.tag in ("li", "nav") for element in line.element.ancestors())


def _document_link(line: Line) -> bool:
    return any(DOCUMENT_SUFFIX.search(urlsplit(href.split("#")[0]).path if "[" not in href else href) for href, _ in line.links)


TITLE_BREAK = re.compile(r"\s+[|–—·»>:-]+\s+|\s*[|»]\s*|\s+::\s+")


@lru_cache(maxsize=2)
def own_titles(doc: Document) -> frozenset[str]:
    """The page's own title as `<title>` and og:title say it, folded: whole, and without the site's name."""
    said = [title for title in (doc.title, doc.meta("og:title") or "") if title]
    pieces = {fold(piece) for title in said for piece in (title, *TITLE_BREAK.split(title))}
    for title in said:
        for match in TITLE_BREAK.finditer(title):
            pieces |= {fold(title[: match.start()]), fold(title[match.end() :])}
    return frozenset(piece for piece in pieces if piece)
