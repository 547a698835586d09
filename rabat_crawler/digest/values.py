"""The nouns of a newsletter, as the archive fills them and the forms show them. Texts may be hostile: whoever shows them cleans them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rabat_crawler.changes import Code
from rabat_crawler.digest.words import Language
from rabat_crawler.wording import Piece

NEW: Code = "new"
CHANGED: Code = "changed"
GONE: Code = "gone"
RETURNED: Code = "returned"
MOVED: Code = "moved"
CODES: tuple[Code, ...] = (NEW, CHANGED, RETURNED, GONE, MOVED)
"""The sections of changed items, in the order in which they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """The translation of an item: `url` its original address, `room` its page in the reading room. `fresh`: it is as new as the item itself."""

    title: str
    language: str | None
    url: str | None = None
    room: str | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A short field that changed, by its name in `changes.FIELDS`; None stands for "there was none"."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item of which something is told. `gone`: it is no longer on the site. `moved_from`: its address before.

    What changed: `fields`, and of the text the first `places` (pieces of a word diff), `more_places` besides; `text` says what of it is shown:
    "" (it did not change), "diff", "spacing", "long" (too long to compare), "lost" (the archive no longer has both versions).
    `put_back`: it changed in between, and reads now as before. `compare`: the whole comparison in the reading room.
    """

    item_id: str
    title: str
    language: str | None
    kind: str
    published: str | None = None
    event_start: str | None = None
    event_end: str | None = None
    beginning: str = ""
    url: str | None = None
    room: str | None = None
    twin: Twin | None = None
    gone: bool = False
    moved_from: str | None = None
    fields: tuple[Field, ...] = ()
    text: str = ""
    places: tuple[tuple[Piece, ...], ...] = ()
    more_places: int = 0
    put_back: bool = False
    compare: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A meeting that is not over: days (ISO prefixes), place, type and form in the reader's words ("" where nothing says it). `fresh`: first told of now;
    `gone`: nothing on the site tells of it any more.
    """

    title: str
    language: str | None
    start: str
    end: str | None
    where: str = ""
    meeting_type: str = ""
    form: str = ""
    url: str | None = None
    room: str | None = None
    under_way: bool = False
    fresh: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Whether the site could be read: `state` and `cause` as in `health.Status`, of the last crawl and of those of the period. Days are ISO dates.

    `breaches`: codes of what was not expected; `failed`: addresses that gave nothing; `held`: days of crawls of the period whose changes are held
    back; `crawls` in the period, of which `unsuccessful`; `running`: one is under way.
    """

    state: str
    cause: str = ""
    last: str | None = None
    success: str | None = None
    breaches: tuple[str, ...] = ()
    failed: int = 0
    held: tuple[str, ...] = ()
    crawls: int = 0
    unsuccessful: int = 0
    running: bool = False

    @property
    def sound(self) -> bool:
        """True if the last crawl went through, so that "no news" means that there is none."""
        return self.state == "healthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A newsletter. `since` and `moment` (ISO 8601) are what it covers; "now" is `moment`, the archive's, never a clock's.

    `entries` by change code and `coming` are those shown, `totals` (the codes, and "coming") how many there are. `late`: days of crawls from before the
    period that were accepted since; `brought`: items that imports and web archives brought in; `cut`: a crawl kept only the first of its changes.
    """

    language: Language
    site: str
    since: str
    moment: str
    condition: Condition
    entries: Mapping[Code, tuple[Entry, ...]] = field(default_factory=dict)
    coming: tuple[Coming, ...] = ()
    totals: Mapping[str, int] = field(default_factory=dict)
    late: tuple[str, ...] = ()
    brought: int = 0
    cut: bool = False
    room: str | None = None

    @property
    def news(self) -> int:
        """How many items there is something to tell of (meetings that come up are none)."""
        return sum(self.totals.get(code, 0) for code in CODES)
