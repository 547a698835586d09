"""Same item? Same version? What do all the sightings of an item say together? Pure: the answer depends on the set, never on the order.

Keys: `id:` (site, CMS, its article number), `url:` (site, folded address), `text:` (site, title, published date) for items without address,
of a project without address (site, language, title), for its row in a table is edited and has no date.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from rabat_crawler import registry
from rabat_crawler.extract.date_evidence import IMPLAUSIBLE
from rabat_crawler.extract.folding import fold
from rabat_crawler.models import Alternate, Attachment, Draft, Image, Item, PartialDate, Project, Site, Version
from rabat_crawler.urls import fold_key

ID_BITS = 50
"""Below 2**53, so that JavaScript and spreadsheets keep the number; a collision among 100,000 items has odds of 1 in 200,000."""

_WHOLE = re.compile(r"\?showall=1$")
"""The whole text of a page-broken article has an address of its own, but is no article of its own."""

_NUMBER_IN_ADDRESS = re.compile(r"/(\d{1,9})-[^/?#]|[?&](?:id|p|page_id)=(\d{1,9})")
NUMBERING = ("joomla", "wordpress")
"""The name spaces (`Draft.cms`) of numbers that stand in addresses."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
DATE_SOURCES = ("time", "dd.published", "date line", "json-ld", "meta", "text", "listing", "block", "title", "dd.create", "listing (creation)")
"""Where a published date may stand, the most trusted first; the longest name that fits counts. The last two are days of creation: better than none, flagged.
What only the address says comes after everything else."""

CREATION = DATE_SOURCES[-2:]
MAX_REFUSED = 50
"""So many refused dates of all an item's sightings are kept."""

LATELY_DAYS = 60
"""Longer than any address waits for its next visit: one that was last seen so long before the newest belongs to an earlier epoch of the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The names under which one draft may be found: by article number, by address, by what it says."""

    id_key: str | None
    url_key: str | None
    text_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A draft with the first and last capture that showed it; times are ISO 8601 UTC strings of equal width."""

    draft_id: str
    draft: Draft
    page_url: str
    first_seen: str
    last_seen: str
    first_capture: str
    last_capture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """An item and its versions, oldest first."""

    item: Item
    versions: tuple[Version, ...]
    alternates: tuple[Alternate, ...]


def item_number(key: str) -> int:
    """The item's number, made from its key: the same in every copy of the archive."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> (64 - ID_BITS)


def item_id(number: int) -> str:
    """The number as ten characters without look-alikes (Crockford's base 32)."""
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(ID_BITS - 5, -5, -5))


@lru_cache(maxsize=256)
def scope(site: Site) -> str:
    """Whose items these are: the definition's name; the sites that nobody described share one name, so theirs has the host as well."""
    return f"{site.name}@{urlsplit(site.origin or '').netloc}" if site.name == registry.GENERIC else site.name


def keys_of(draft: Draft, site: Site) -> Keys:
    """The keys of a draft; one at least is given if the draft has an address or a date."""
    id_key = f"id:{scope(site)}:{ids_space(draft.url, site)}{draft.cms}:{draft.article_id}" if draft.article_id is not None else None
    url = address_key(draft.url, site) if draft.url else None
    said = first_date(draft.dates, ("published", "event"))
    text = f"text:{scope(site)}:{fold(draft.title)}:{said.value}" if said else None
    if draft.project is not None and (text is None or not url):
        text = f"text:{scope(site)}:project:{draft.language}:{fold(draft.title)}"
    if not (id_key or url or text):
        text = f"text:{scope(site)}:{fold(draft.title)}:{hashlib.sha256(draft.text.encode()).hexdigest()[:16]}"
    return Keys(id_key=id_key, url_key=url, text_key=text)


def address_key(url: str, site: Site) -> str:
    """The key of a draft with this address, whatever it says."""
    return f"url:{scope(site)}:{fold_key(_WHOLE.sub('', url), site)}"


@lru_cache(maxsize=4096)
def numbered_keys(url: str, site: Site) -> tuple[str, ...]:
    """The keys of the articles whose number the address names, if it is one and not the first word of an alias; of every CMS that has such addresses."""
    numbers = {int(found[1] or found[2]) for found in islice(_NUMBER_IN_ADDRESS.finditer(url[:2000]), 8)}
    return tuple(f"id:{scope(site)}:{ids_space(url, site)}{cms}:{number}" for number in sorted(numbers) for cms in NUMBERING)


@lru_cache(maxsize=1024)
def _ids_by_host(site: Site) -> dict[str, str]:
    return {host.name: host.ids for host in site.hosts}


def ids_space(url: str | None, site: Site) -> str:
    """Article numbers of different databases (a site's epochs) are never compared: the name space of the host's numbers, "" for the main one."""
    space = _ids_by_host(site).get(urlsplit(url).hostname or "", "") if url else ""
    return f"{space}:" if space else ""


def first_date(dates: Iterable[PartialDate], roles: Sequence[str]) -> PartialDate | None:
    """The first date that was taken with one of the roles, the roles in order of preference; what only an address says is too little here."""
    found = list(dates)
    return next((date for role in roles for date in found if date.role == role and not date.refused and date.source != "url"), None)


def draft_json(draft: Draft) -> str:
    """The draft as canonical JSON; equal drafts give equal text."""
    return _ENCODER.encode(draft)


def _slots(value: Any) -> dict[str, Any]:
    """A frozen value with slots as a dict (dataclasses.asdict copies deeply, which costs ten times as much)."""
    return {name: getattr(value, name) for name in value.__slots__}


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_slots)


def draft_from_json(text: str) -> Draft:
    """The draft back from `draft_json`."""
    return _draft(json.loads(text))


def brief_json(text: str) -> str:
    """A draft's JSON without what it says: only what tells which version of its item it is, for copies that have the versions' texts anyway."""
    draft, digest = sighted(text)
    return _ENCODER.encode({"title": draft.title, "complete": draft.complete, "truncated": draft.truncated, _DIGEST: digest})


def sighted(text: str) -> tuple[Draft, str]:
    """The draft of `draft_json` or `brief_json` (then without its text and all else), and the digest of its text."""
    values: dict[str, Any] = json.loads(text)
    digest = values.pop(_DIGEST, None)
    if digest is not None:
        return Draft(**values), digest
    draft = _draft(values)
    return draft, text_digest(draft.title, draft.text)


_DIGEST = "text_digest"


def _draft(values: dict[str, Any]) -> Draft:
    values["dates"] = tuple(PartialDate(**date) for date in values["dates"])
    values["attachments"] = tuple(Attachment(**one) for one in values["attachments"])
    values["images"] = tuple(Image(**one) for one in values["images"])
    values["alternates"] = tuple(Alternate(**one) for one in values["alternates"])
    values["project"] = Project(**values["project"]) if values["project"] else None
    values["tags"] = tuple(values["tags"])
    values["parts"] = tuple(values["parts"])
    return Draft(**values)


def draft_id(content: str) -> str:
    """The name of a draft: 32 hex digits of the SHA-256 of its canonical JSON."""
    return hashlib.sha256(content.encode()).hexdigest()[:32]


@lru_cache(maxsize=4096)
def text_digest(title: str, text: str) -> str:
    """The digest that tells one version from another: over the clean title and the clean text, nothing else."""
    return hashlib.sha256(f"{title}\n\n{text}".encode()).hexdigest()[:32]


def merge(key: str, seen: Sequence[Seen], site: Site, *, cut: bool = False) -> Merged:
    """One item from everything that was ever seen of it whole (at least one sighting); `cut`: cut captures show it as well."""
    number = item_number(key)
    name = item_id(number)
    ordered = sorted(seen, key=lambda one: (one.first_seen, one.draft_id))
    complete = [one for one in ordered if one.draft.complete]
    complete = [one for one in complete if one.draft.url] or complete  # a project's own page says more than its row in a table
    versions = _versions(name, complete or ordered)
    current = _current(versions, bool(complete))
    best = _best([one for one in (complete or ordered) if text_digest(one.draft.title, one.draft.text) == current.text_digest])
    published, conflict, implausible = published_date(ordered)
    created = published is not None and published.source in CREATION
    event = event_date(best, ordered)
    canonical = canonical_address(_of_late(ordered), best.draft.language, site.languages)
    draft = best.draft
    item = Item(
        item_id=name,
        site=site.name,
        kind=_kind(ordered, best),
        language=draft.language,
        language_method=draft.language_method,
        language_confidence=draft.language_confidence,
        title=draft.title,
        summary=draft.summary or next((one.draft.summary for one in ordered if one.draft.summary), ""),
        text=draft.text,
        html=draft.html,
        published=published.value if published else None,
        event_start=event.value if event else None,
        event_end=event.end if event else None,
        canonical_url=canonical or min((one.page_url for one in ordered), key=lambda url: (len(url), url)),
        article_id=_article_id(key, ordered),
        section=draft.section or next((one.draft.section for one in ordered if one.draft.section), ""),
        layout=draft.layout,
        first_seen=min(one.first_seen for one in ordered),
        last_seen=max(one.last_seen for one in ordered),
        gone=False,
        current_version=current.version_id,
        flags=_flags(
            complete=bool(complete), canonical=canonical, conflict=conflict, implausible=implausible, created=created, truncated=cut and not complete
        ),
        addresses=_addresses(ordered),
        tags=_union(one.draft.tags for one in ordered if one.draft.complete),
        dates=_all_dates(ordered),
        attachments=draft.attachments,
        images=draft.images,
        project=draft.project or next((one.draft.project for one in reversed(ordered) if one.draft.project), None),
    )
    return Merged(item=item, versions=versions, alternates=_alternates(ordered))


def lately(moment: str) -> str:
    """LATELY_DAYS before a time; both as ISO 8601 UTC with microseconds."""
    then = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return (max(then, _EARLIEST) - timedelta(days=LATELY_DAYS)).isoformat(timespec="microseconds").replace("+00:00", "Z")


_EARLIEST = datetime(1, 6, 1, tzinfo=UTC)


def _of_late(seen: Sequence[Seen]) -> list[Seen]:
    """The sightings of the latest epoch in which the item had an address."""
    addressed = [one.last_seen for one in seen if one.draft.url]
    since = lately(max(addressed)) if addressed else ""
    return [one for one in seen if one.last_seen >= since]


def _article_id(key: str, seen: Sequence[Seen]) -> int | None:
    """The number by which the item is named, else the first that any page gave."""
    if key.startswith("id:"):
        return int(key.rpartition(":")[2])
    return next((one.draft.article_id for one in seen if one.draft.article_id is not None), None)


def _versions(name: str, seen: Sequence[Seen]) -> tuple[Version, ...]:
    groups: dict[str, list[Seen]] = {}
    for one in seen:
        groups.setdefault(text_digest(one.draft.title, one.draft.text), []).append(one)
    versions = []
    for digest, members in groups.items():
        first = min(members, key=lambda one: (one.first_seen, one.draft_id))
        last = max(members, key=lambda one: (one.last_seen, one.draft_id))
        draft = _best(members).draft
        versions.append(
            Version(
                version_id=f"{name}-{digest[:12]}",
                item_id=name,
                text_digest=digest,
                title=draft.title,
                summary=draft.summary,
                text=draft.text,
                html=draft.html,
                layout=draft.layout,
                complete=draft.complete,
                first_capture=first.first_capture,
                last_capture=last.last_capture,
                first_seen=first.first_seen,
                last_seen=last.last_seen,
            )
        )
    return tuple(sorted(versions, key=lambda version: (version.first_seen, version.version_id)))


def _current(versions: Sequence[Version], complete: bool) -> Version:
    """The version seen last; of intros seen on one day the longest, because listings cut where they like."""
    if complete:
        return max(versions, key=lambda version: (version.last_seen, version.version_id))
    return max(versions, key=lambda version: (version.last_seen[:10], len(version.text), version.last_seen, version.version_id))


def _best(seen: Sequence[Seen]) -> Seen:
    """Of sightings with one text the one that says most about it."""
    return max(
        seen, key=lambda one: (one.draft.complete, bool(one.draft.section), _dated(one.draft), len(one.draft.tags), one.last_seen, one.draft_id)
    )


def _dated(draft: Draft) -> int:
    return sum(not date.refused and date.source != "url" for date in draft.dates)


def event_date(best: Seen, seen: Sequence[Seen]) -> PartialDate | None:
    """The event's date: as the sighting with the current text has it, else as a box announces it, at last as the address says."""
    said = first_date(best.draft.dates, ("event",)) or first_date(
        (date for one in seen for date in one.draft.dates if date.source == "block"), ("event",)
    )
    return said or next((date for date in best.draft.dates if date.role == "event" and not date.refused), None)


def published_date(seen: Sequence[Seen]) -> tuple[PartialDate | None, bool, bool]:
    """The published date by rank of evidence, whether sightings disagree on the day, and whether only unbelievable dates were found."""
    found = [(one, date) for one in seen for date in one.draft.dates if date.role == "published"]
    believable = [(one, date) for one, date in found if not date.refused]
    implausible = any(date.refused == IMPLAUSIBLE for _, date in found)
    if not believable:
        return None, False, implausible
    chosen = min(believable, key=lambda pair: (*_rank(pair[1]), *_latest_first(pair[0].last_seen), pair[1].value))[1]
    rivals = {date.value for _, date in believable if date.precision == "day" and _rank(date) <= _rank(chosen)}
    return chosen, len(rivals) > 1, implausible


def _rank(date: PartialDate) -> tuple[int, int]:
    return _source_rank(date.source), {"day": 0, "month": 1, "year": 2}[date.precision]


@lru_cache(maxsize=256)
def _source_rank(source: str) -> int:
    """Its place in DATE_SOURCES, after those named there for a source unknown to it (microdata of any tag: `span[datePublished]`)."""
    if source == "url":
        return len(DATE_SOURCES) + 1
    fitting = [name for name in DATE_SOURCES if source.startswith(name)]
    if fitting:
        return DATE_SOURCES.index(max(fitting, key=len))
    return DATE_SOURCES.index("json-ld") if source.endswith("]") else len(DATE_SOURCES)


def _latest_first(moment: str) -> tuple[int, ...]:
    return tuple(-ord(character) for character in moment)


_CATEGORY_SEGMENT = re.compile(r"/\d+-[^/]*(?=/)")
"""A category in a path by its number: Joomla's sign that no menu entry leads there."""


def _language_order(url: str, languages: Sequence[str]) -> int:
    """Where the address's language stands among the site's, the main one first; anything else comes after them."""
    first = urlsplit(url).path.lstrip("/").split("/", 1)[0]
    return languages.index(first) if first in languages else len(languages)


def canonical_address(seen: Sequence[Seen], language: str | None, languages: Sequence[str] = ()) -> str | None:
    """The address to cite: the own-language hreflang, else what listings link to (deepest path), else the plainest address read. None if it has none."""
    own = [one.draft.url for one in seen if one.draft.url]
    if not own:
        return None
    known = set(own)
    declared = [
        (one.last_seen, alternate.url)
        for one in seen
        if one.draft.complete and one.draft.url and "tmpl=" not in one.draft.url
        for alternate in one.draft.alternates
        if language and alternate.hreflang.split("-")[0].lower() == language and alternate.url in known and not _is_copy(alternate.url)
    ]
    if declared:
        return max(declared)[1]
    listed = [
        one.draft.url
        for one in seen
        if one.draft.url and not one.draft.complete and not _is_copy(one.draft.url) and one.draft.url not in one.draft.parts
    ]
    if listed:
        return min(
            set(listed), key=lambda url: (len(_CATEGORY_SEGMENT.findall(url)), _language_order(url, languages), -url.count("/"), len(url), url)
        )
    return min(known, key=lambda url: (_is_copy(url), "?" in url, len(url), url))


def _is_copy(url: str) -> bool:
    return "/component/" in url or "/index.php" in url or any(mark in url for mark in ("tmpl=", "print=", "layout=", "template=", "showall="))


def _kind(seen: Sequence[Seen], best: Seen) -> Any:
    """The kind by the block that announces it, else by the best sighting."""
    return next((one.draft.kind for one in seen if one.draft.kind == "event"), None) or best.draft.kind or "page"


def _flags(*, complete: bool, canonical: str | None, conflict: bool, implausible: bool, created: bool, truncated: bool) -> tuple[str, ...]:
    named = (
        ("intro_only", not complete),
        ("no_address", canonical is None),
        ("date_conflict", conflict),
        ("date_implausible", implausible),
        ("date_of_creation", created),
        ("truncated", truncated),
    )
    return tuple(name for name, raised in named if raised)


def _addresses(seen: Iterable[Seen]) -> tuple[str, ...]:
    return tuple(sorted({url for one in seen for url in ((one.draft.url,) if one.draft.url else ()) + one.draft.parts}))


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({one for group in groups for one in group}))


def _all_dates(seen: Iterable[Seen]) -> tuple[PartialDate, ...]:
    """Every candidate once, those taken before those refused, the most trusted first; order independent of the sightings' order."""
    unique = {(d.role, d.value, d.end or "", d.source, d.raw, d.rule, d.refused): d for one in seen for d in one.draft.dates}
    kept = sorted(unique.values(), key=lambda d: (d.refused != "", d.role, *_rank(d), d.value, d.end or "", d.source, d.raw, d.rule, d.refused))
    taken = sum(not date.refused for date in kept)
    return tuple(kept[: taken + MAX_REFUSED])


def _alternates(seen: Iterable[Seen]) -> tuple[Alternate, ...]:
    unique = {(a.hreflang, a.url): a for one in seen if one.draft.complete for a in one.draft.alternates}
    return tuple(unique[key] for key in sorted(unique))
