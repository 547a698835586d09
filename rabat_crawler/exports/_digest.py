"""The newsletter of an archive: asks what a period brought, and writes it; what was told is noted only once it is written whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import quote

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.archive.agenda import AgendaFilters, Event
from rabat_crawler.archive.lock import lock_holder
from rabat_crawler.archive.told import Told, read_told, write_told
from rabat_crawler.calendars import FORMATS, TYPES, named, where
from rabat_crawler.changes import FIELDS, Code
from rabat_crawler.citations import organisation
from rabat_crawler.digest import (
    CODES,
    Coming,
    Condition,
    Digest,
    Entry,
    Envelope,
    Field,
    Language,
    Net,
    Twin,
    condition,
    crawls_of,
    is_tellable,
    mail,
    merged,
    page,
    plain_text,
)
from rabat_crawler.digest.words import said
from rabat_crawler.errors import ConfigError, NotFound
from rabat_crawler.exports._addresses import place
from rabat_crawler.exports._placing import check, placed
from rabat_crawler.models import Item, Run
from rabat_crawler.report import MAX_TEXT
from rabat_crawler.wording import diff_places

Form = Literal["html", "text", "eml"]
FORMS: tuple[Form, ...] = get_args(Form)
SUFFIXES: Mapping[Form, str] = {"html": ".html", "text": ".txt", "eml": ".eml"}
LANGUAGES: tuple[Language, ...] = ("fr", "en")

DAYS = 7
"""So many days before the archive's moment are told where nothing else is asked."""

LIMIT = 40
BEGINNING = 280
PLACES = 4
"""So many places of a changed text are shown."""

CHUNK = 50
_SENTENCE_ENDS = (".", "!", "?", ":", ";", ",", "…", "»", '"', "”")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a newsletter. `since`: an ISO prefix; `since_last`: what was not told yet in this language; neither: the last DAYS days.

    `base_url`: where the reading room stands; `limit`: so many entries are shown of each section.
    """

    language: Language
    since: str | None = None
    since_last: bool = False
    base_url: str | None = None
    limit: int = LIMIT

    def check(self) -> None:
        """ConfigError for what cannot be."""
        if self.since is not None and self.since_last:
            raise ConfigError("--since and --since-last say two things; give one of them")
        place(self.base_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A newsletter, and what will have been told once it is written."""

    digest: Digest
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    """The runs of the archive as a newsletter sees them: `chosen` are told, `before` were told already, `crawls` are all, the latest first."""

    moment: str
    since: str
    crawls: Sequence[Run]
    within: Sequence[Run]
    chosen: Sequence[Run]
    before: Sequence[Run]
    told: Told = field(default_factory=lambda: Told(moment="", runs=frozenset()))


def gather(archive: Archive, asked: Asked) -> Gathered:
    """The newsletter as the archive knows it now. ConfigError; NotFound if the archive was never crawled nor anything brought in."""
    asked.check()
    archive.refuse_unfinished_takedown()
    with archive.consistent():
        runs = archive.runs()
        period = _period(archive, asked, runs)
        digest = _digest(archive, asked, period, runs)
    told = period.told.runs | {run.run_id for run in runs if is_tellable(run)}
    return Gathered(digest=digest, told=Told(moment=period.moment, runs=told))


def rendered(digest: Digest, form: Form, envelope: Envelope | None = None) -> bytes:
    """The newsletter in a form."""
    if form == "eml":
        return mail(digest, envelope)
    return (page(digest) if form == "html" else plain_text(digest)).encode("utf-8", "replace")


def write_digest(archive: Archive, asked: Asked, targets: Mapping[Form, Path], envelope: Envelope | None = None, *, force: bool = False) -> Gathered:
    """Write the newsletter to files, each whole or not at all, then note what was told if `since_last` is asked. Errors as for `export`."""
    for target in targets.values():
        check(target, folder=False, force=force)
    found = gather(archive, asked)
    for form, target in targets.items():
        content = rendered(found.digest, form, envelope)
        with placed(target, folder=False, force=force) as beside:
            beside.write_bytes(content)
    if asked.since_last:
        keep(archive, found)
    return found


def keep(archive: Archive, found: Gathered) -> None:
    """Note that this newsletter was given out: the next one with `since_last` in its language tells what comes after it."""
    write_told(archive.state_dir, found.digest.language, found.told)


# The period --------------------------------------------------------------------------------------------------------------------


def _period(archive: Archive, asked: Asked, runs: Sequence[Run]) -> _Period:
    moment = archive.latest()
    if moment is None:
        raise NotFound(f"the archive {archive.path} was never crawled, so there is nothing to tell; rabat-crawler crawl does")
    if asked.since is not None and asked.since > moment[: len(asked.since)]:
        raise ConfigError(f"--since {asked.since} is after the archive's last run ({moment[:10]}), so there is nothing to tell; give an earlier day")
    told = read_told(archive.state_dir, asked.language) if asked.since_last else None
    since = told.moment if told else asked.since or (date.fromisoformat(moment[:10]) - timedelta(days=DAYS)).isoformat()
    known = told.runs if told else frozenset()
    fresh = [run for run in runs if run.run_id not in known]
    crawls = crawls_of(runs)
    names = {run.run_id for run in crawls}
    chosen = [run for run in fresh if run.run_id in names and is_tellable(run) and (told is not None or run.started_at >= since)]
    return _Period(
        moment=moment,
        since=since if len(since) > 7 else f"{since}-01-01"[:10] if len(since) == 4 else f"{since}-01",
        crawls=crawls,
        within=[run for run in fresh if run.started_at >= since],
        chosen=chosen,
        before=[run for run in crawls if run.run_id in known],
        told=told or Told(moment="", runs=frozenset()),
    )


def _digest(archive: Archive, asked: Asked, period: _Period, runs: Sequence[Run]) -> Digest:
    names = {run.run_id for run in period.crawls}
    nets = merged(period.chosen, period.before)
    telling = _Telling(archive, asked)
    groups = telling.grouped(nets)
    every_coming = telling.coming(period.moment, {net.item_id for net in nets if "new" in net.codes})
    return Digest(
        language=asked.language,
        site=_site(period.crawls or runs, asked.language),
        since=period.since,
        moment=period.moment,
        condition=_condition(archive, period, names),
        entries={code: tuple(telling.entry(net, code) for net in found[: asked.limit]) for code, found in groups.items()},
        coming=tuple(telling.meeting(event, fresh, period.moment) for event, fresh in every_coming[: asked.limit]),
        totals={code: len(found) for code, found in groups.items()} | {"coming": len(every_coming)},
        late=tuple(sorted({run.started_at[:10] for run in period.chosen if run.started_at < period.since})),
        brought=sum(_number(run.counts.get("items_new")) for run in period.within if run.spider in ("import", "backfill")),
        cut=any(sum((run.counts.get("change_counts") or {}).values()) > len(run.counts.get("changes") or ()) for run in period.chosen),
        room=place(asked.base_url),
    )


def _site(runs: Sequence[Run], language: Language) -> str:
    """The names of the sites that were crawled; one without a definition is called by its host."""
    origins = {(run.site, str(run.parameters.get("origin") or "")) for run in runs}
    titles = {registry.resolve(f"{name}@{origin}" if origin else name).title for name, origin in origins}
    return " · ".join(organisation(title, language) for title in sorted(titles))


def _condition(archive: Archive, period: _Period, names: set[str]) -> Condition:
    within = [run for run in period.within if run.run_id in names]
    return condition(period.crawls, within, moment=period.moment, holder=lock_holder(archive.state_dir))


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


# Items and meetings ------------------------------------------------------------------------------------------------------------


class _Telling:
    """Makes entries of what changed, for readers of one language."""

    def __init__(self, archive: Archive, asked: Asked) -> None:
        self.archive, self.language, self.room = archive, asked.language, place(asked.base_url)
        self.twins: dict[str, str] = {}
        self.fresh: set[str] = set()

    def grouped(self, nets: Sequence[Net]) -> dict[Code, list[Net]]:
        """The items of each section: those in the reader's language first, then the newest published. Two new translations are one entry."""
        self.twins = {
            one: other for pair in self.archive.translations() for one, other in ((pair.item_id, pair.other_id), (pair.other_id, pair.item_id))
        }
        self.fresh = {net.item_id for net in nets if "new" in net.codes}
        ordered = sorted(nets, key=lambda net: (net.title, net.item_id))
        ordered.sort(key=lambda net: net.published or "", reverse=True)
        ordered.sort(key=lambda net: net.language not in (self.language, "mixed"))
        gone = self._gone(ordered)
        groups: dict[Code, list[Net]] = {code: [] for code in CODES}
        shown: set[str] = set()
        for net in ordered:
            for code in CODES:
                if code not in net.codes or ("new" in net.codes and (code != "new" or self.twins.get(net.item_id) in shown)):
                    continue
                if code in ("gone", "returned") and gone.get(net.item_id, code == "gone") != (code == "gone"):
                    continue
                shown.add(net.item_id)
                groups[code].append(net)
        return {code: found for code, found in groups.items() if found}

    def _gone(self, nets: Sequence[Net]) -> dict[str, bool]:
        """Whether those items that vanished or came back are gone as the archive knows it now."""
        wanted = [net.item_id for net in nets if net.codes & {"gone", "returned"}]
        return {item.item_id: item.gone for item in self._items(wanted)}

    def _items(self, names: Sequence[str]) -> Iterator[Item]:
        for start in range(0, len(names), CHUNK):
            yield from self.archive.items_of(names[start : start + CHUNK])

    def entry(self, net: Net, code: Code) -> Entry:
        """What is told of an item in a section; of one that was merged into another since what the run said of it."""
        item = next(iter(self.archive.items_of([net.item_id])), None)
        named = Entry(
            item_id=net.item_id,
            title=item.title if item else net.title,
            language=item.language if item else net.language,
            kind=item.kind if item else net.kind,
            published=item.published if item else net.published,
            event_start=item.event_start if item else None,
            event_end=item.event_end if item else None,
            beginning=_beginning(item) if item and code == "new" else "",
            url=item.canonical_url if item else net.url,
            room=self._page(net.item_id) if item else None,
            twin=self._twin(net.item_id),
            gone=item.gone if item else "gone" in net.codes,
            moved_from=net.moved_from,
        )
        return self._with_changes(named, net) if code == "changed" else named

    def _with_changes(self, entry: Entry, net: Net) -> Entry:
        old, new = net.versions
        text, places = ("", []) if old == new else self._text(net.item_id, old, new)
        worded = text and text != "same"  # a summary is the beginning of the text, whose change shows it
        changed = [name for name in FIELDS if name in net.fields and not (name == "summary" and worded)]
        fields = tuple(Field(name=name, old=net.fields[name][0], new=net.fields[name][1]) for name in changed)
        compare = self._page(net.item_id)
        return replace(
            entry,
            fields=fields,
            text="" if text == "same" and fields else text,
            places=tuple(places[:PLACES]),
            more_places=max(0, len(places) - PLACES),
            put_back=net.put_back,
            compare=f"{compare}?from={quote(old, safe='')}&to={quote(new, safe='')}#difference" if compare and old and new and places else None,
        )

    def _text(self, item_id: str, old: str | None, new: str | None) -> tuple[str, list[tuple[tuple[Literal[" ", "-", "+"], str], ...]]]:
        texts = {version.version_id: version.text for version in self.archive.versions(item_id) if version.version_id in (old, new)}
        if old not in texts or new not in texts:
            return "lost", []
        if len(texts[old]) + len(texts[new]) > MAX_TEXT:
            return "long", []
        places = diff_places(texts[old], texts[new], left_out=said("left_out", self.language, count="{count}"))
        return ("diff" if places else "same" if texts[old] == texts[new] else "spacing"), places

    def _twin(self, item_id: str) -> Twin | None:
        other = self.twins.get(item_id)
        item = next(iter(self.archive.items_of([other])), None) if other else None
        if item is None or item.gone:
            return None
        fresh = (item.item_id in self.fresh) == (item_id in self.fresh)
        return Twin(title=item.title, language=item.language, url=item.canonical_url, room=self._page(item.item_id), fresh=fresh)

    def _page(self, item_id: str) -> str | None:
        return f"{self.room}/{self.language}/item/{item_id}" if self.room else None

    def coming(self, moment: str, new: set[str]) -> list[tuple[Event, bool]]:
        """The meetings that are not over on the day of the archive's moment, each with whether all that tells of it is new."""
        day = moment[:10]
        events = self.archive.agenda(AgendaFilters(since=day[:4]))
        return [(event, all(one.item_id in new for one in event.items)) for event in events if _last(event) >= day[: len(_last(event))]]

    def meeting(self, event: Event, fresh: bool, moment: str) -> Coming:
        """What is told of a meeting, by the item in the reader's language if there is one."""
        best = next((one for one in event.items if one.language == self.language), event.items[0])
        told = self.archive.items_of([one.item_id for one in event.items])
        return Coming(
            title=best.title,
            language=best.language,
            start=event.start,
            end=event.end,
            where=where(event, self.language),
            meeting_type=named(TYPES, event.meeting_type, self.language),
            form=named(FORMATS, event.format, self.language),
            url=best.canonical_url,
            room=self._page(best.item_id),
            under_way=len(event.start) == 10 and event.start < moment[:10],
            fresh=fresh,
            gone=bool(told) and all(item.gone for item in told),
        )


def _last(event: Event) -> str:
    return event.end or event.start


def _beginning(item: Item) -> str:
    """The summary, else the first words of the text; cut between two words."""
    said_first = _flat(item.summary) or _flat(item.text)
    if said_first.casefold() == _flat(item.title).casefold():
        said_first = _flat(item.text)
    if said_first.casefold() == _flat(item.title).casefold():
        return ""
    return said_first if len(said_first) <= BEGINNING else said_first[: BEGINNING - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def _flat(text: str) -> str:
    """The first lines of a text in one; a point between two of which the first is no sentence."""
    flat = ""
    for line in text[: 8 * BEGINNING].splitlines():
        words = " ".join(line.split())
        if words:
            flat += (" " if flat.endswith(_SENTENCE_ENDS) else " · ") * bool(flat) + words
    return flat


def targets_in(folder: Path, name: str, forms: Iterable[Form] = FORMS) -> dict[Form, Path]:
    """A file for each form in a folder."""
    return {form: folder / f"{name}{SUFFIXES[form]}" for form in forms}
