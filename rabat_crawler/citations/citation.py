"""What is cited of an item: a value that every format is written from. Pure; nothing is made up, what is not known is left out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import quote

from rabat_crawler import registry
from rabat_crawler.models import Item, Kind

MAX_TITLE = 2_000
MAX_ABSTRACT = 2_000
_SPACES = re.compile(r"\s+")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")
"""Marks that turn the direction of what follows: in a citation they would turn the rest of it."""
_UNSAFE = re.compile(r"[^a-z0-9]+")
_IN_ADDRESS = "!$&'()*+,/:;=?@[]~%#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """An item as it is cited. Texts are one line each, without control characters; addresses are http(s) in ASCII.

    `published` is an ISO prefix as precise as known; `archived_at` aware UTC, the time of the capture behind `archived_url`; `accessed` the reader's day.
    `permanent_url` is the item's page in a reading room. All of them may be None; `key` names the item in any file of citations.
    """

    item_id: str
    site: str
    kind: Kind
    title: str
    organisation: str
    published: str | None = None
    language: str | None = None
    url: str | None = None
    archived_url: str | None = None
    archived_at: datetime | None = None
    permanent_url: str | None = None
    accessed: date | None = None
    translated_title: str = ""
    translated_language: str | None = None
    abstract: str = ""
    keywords: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Site and item id, in letters that every format takes."""
        name = _UNSAFE.sub("-", self.site.partition("@")[0].lower()).strip("-")[:40] or "item"
        return f"{name}-{_UNSAFE.sub('', self.item_id.lower())[:40]}"


def cite(
    item: Item,
    *,
    twin: Item | None = None,
    archived_url: str | None = None,
    archived_at: datetime | None = None,
    permanent_url: str | None = None,
    accessed: date | None = None,
) -> Citation:
    """The citation of an item. `twin` is its translation; the rest is what the caller knows: the clock and the addresses of this place are not read here."""
    return Citation(
        item_id=item.item_id,
        site=item.site,
        kind=item.kind,
        title=one_line(item.title, MAX_TITLE),
        organisation=organisation(registry.resolve(item.site).title, item.language),
        published=item.published,
        language=item.language if item.language != "mixed" else None,
        url=address(item.canonical_url),
        archived_url=address(archived_url),
        archived_at=archived_at.astimezone(UTC) if archived_at else None,
        permanent_url=address(permanent_url),
        accessed=accessed,
        translated_title=one_line(twin.title, MAX_TITLE) if twin else "",
        translated_language=twin.language if twin else None,
        abstract=one_line(item.summary, MAX_ABSTRACT),
        keywords=tuple(filter(None, (one_line(tag, 200) for tag in item.tags))),
    )


def organisation(title: str, language: str | None) -> str:
    """The name of a dialogue in a language: of `Rabat Process / Processus de Rabat` the English one stands first, the French one second."""
    names = [name for name in (one_line(part, 300) for part in title.split(" / ")) if name]
    if len(names) == 2 and language in ("en", "fr"):
        return names[language == "fr"]
    return " / ".join(names)


def one_line(text: str, most: int) -> str:
    """The text with single plain spaces, without control characters, turns of direction and halves of letters; at most so many characters."""
    spaced = _SPACES.sub(" ", _TURNS.sub("", text[: 4 * most]))
    if not spaced.isprintable():
        spaced = "".join(letter for letter in spaced if unicodedata.category(letter) not in ("Cc", "Cs", "Co", "Cn"))
    kept = spaced.strip()
    return kept if len(kept) <= most else kept[: most - 1].rstrip() + "…"


def address(url: str | None) -> str | None:
    """An http(s) address in ASCII, anything in it that could end or break a field escaped; None for any other address."""
    if not url or not url.lower().startswith(("http://", "https://")):
        return None
    return quote(url.encode("utf-8", "replace"), safe=_IN_ADDRESS)
