"""A round: one visit to a site, in as many runs as it takes. What is due when it begins, what each answer means for the address, what is alarming.

Knows the frontier and the revisit policy; asks nothing itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rabat_crawler import revisit
from rabat_crawler.archive.frontier_store import TAKEN_BACK, Address, FrontierStore, Round
from rabat_crawler.archive.moments import moment, parse_moment
from rabat_crawler.errors import PutOff
from rabat_crawler.frontier import COPY_LEFT, MOVED, ROBOTS, START, Entry, Frontier, listing_path, listing_start
from rabat_crawler.models import Expect, Page
from rabat_crawler.revisit import Answered, Front

STALE = timedelta(hours=20)
"""A round that was interrupted longer ago is over: what it left waits, and the watched pages are asked anew."""
PRIOR = ("state", "outcome", "role", "due_at", "news_at", "times", "etag", "modified", "digest", "teasers")
MIN_GONE, MIN_CHANGED, MIN_ONE_TEXT = 3, 5, 5
ONE_TEXT_SHARE = 0.2
UNLISTED, RETITLED, RETURNED, DEEPER = "no longer listed", "its entry in a list changed", "listed again", "its listing brought something new"
SUSPECTED = (UNLISTED, RETITLED, COPY_LEFT)
"""Addresses asked for these reasons are expected to have changed or gone: they are no sample of the site."""
WHY = "why"


class Visit:
    """The round that is going on. `resumed`: it began in another run; `over`: nothing is left of it.

    `orphans`: addresses that this run's forerunner had asked when it died."""

    def __init__(self, frontier: Frontier, store: FrontierStore, now: Round, *, resumed: bool) -> None:
        self.frontier, self.store, self.round, self.resumed = frontier, store, now, resumed
        self.orphans = [row for row in frontier.rows.values() if row.state == "leased"]
        self.over = False
        self._listed: dict[str, tuple[list[str], list[str]]] = {}

    # Its begin and end ---------------------------------------------------------------------------------------------------

    @classmethod
    def begin(cls, frontier: Frontier, store: FrontierStore, *, everything: bool, before: Callable[[], Mapping[str, str]]) -> Visit:
        """Go on with an interrupted round, or begin one; what is due waits after this. PutOff if the site asked to come back later."""
        now, last = frontier.now(), store.round(frontier.name)
        if last is not None and last.not_before and now < parse_moment(last.not_before):
            seconds = (parse_moment(last.not_before) - now).total_seconds()
            raise PutOff(f"the site asked to come back at {last.not_before[:19]}Z; run the crawl again after that", retry_after=seconds)
        resumed = last is not None and last.finished_at is None and now - parse_moment(last.started_at) < STALE
        if last is not None and resumed:
            visit = cls(frontier, store, last, resumed=True)
            frontier.round = last.round_id
            frontier.restore_listings()
        else:
            number = last.number + 1 if last else 1
            visit = cls(frontier, store, Round(site=frontier.name, round_id=frontier.run_id, number=number, started_at=moment(now)), resumed=False)
            frontier.round = frontier.run_id
            store.begin_round(visit.round, before())
        visit._choose(now, everything=everything)
        frontier.flush()
        return visit

    def _choose(self, now: datetime, *, everything: bool) -> None:
        frontier = self.frontier
        known = [row for row in frontier.rows.values() if row.state in ("done", "failed", "gone", "put_off")]
        watched = revisit.watched(_fronts(known), frontier.policy.watch_limit(len(known)))
        at = moment(now)
        for row in known:
            if row.not_before and row.not_before > at:
                continue
            is_due = everything or row.url in watched or not row.due_at or row.due_at <= at
            if row.state == "put_off" or (row.state == "failed" and self.resumed) or (is_due and row.round != frontier.round):
                frontier.requeue(row)
        for row in [row for row in frontier.rows.values() if row.state == "skipped" and row.reason == ROBOTS and row.round != frontier.round]:
            frontier.requeue(row)

    def end(self) -> None:
        """The round is over; what still waits is asked in the next one."""
        self.round = replace(self.round, finished_at=moment(self.frontier.now()))
        self.store.save_round(self.round)

    @property
    def began(self) -> datetime:
        """When the round began, in whichever run."""
        return parse_moment(self.round.started_at)

    def remember_probe(self, said: str) -> None:
        """Keep what the site shows at a random path."""
        self.round = replace(self.round, probe=said[:100_000])
        self.store.save_round(self.round)

    def come_back(self, seconds: float) -> None:
        """Nothing is asked of the site for so long."""
        self.round = replace(self.round, not_before=moment(self.frontier.now() + timedelta(seconds=seconds)))
        self.store.save_round(self.round)

    # What an answer means ------------------------------------------------------------------------------------------------

    def visited(self, entry: Entry, page: Page, *, status: int, etag: str = "", modified: str = "") -> None:
        """Take in what an address answered: its state, when it is due again, what its lists say of other addresses."""
        frontier, row = self.frontier, self.frontier.rows[entry.url]
        old = json.loads(row.teasers) if row.teasers else None
        self._settle(row, page, status=status, etag=etag, modified=modified)
        frontier.visited(entry, page)
        if row.state == "gone":
            frontier.free_copies(row.key)
        elif status != 304 and page.role in ("listing", "feed", "detail", "other"):
            self._watch(row, page, old)
        frontier.settle()

    def _settle(self, row: Address, page: Page, *, status: int, etag: str, modified: str) -> None:
        now = self.frontier.now()
        asked_for = {WHY: row.reason} if row.reason in SUSPECTED else {}
        row.prior = json.dumps({name: getattr(row, name) for name in PRIOR} | {"state": "done"} | asked_for) if row.digest else ""
        digest = row.digest if status == 304 else revisit.page_digest(page) if page.role in ("detail", "listing", "feed", "other") else ""
        is_gone = page.role in ("gone", "missing")
        if is_gone:
            row.times = row.times + 1 if row.outcome in ("gone", "absent") else 1
            row.outcome, row.reason = ("gone" if row.digest else "absent"), f"HTTP {status}" if page.role == "gone" else "answers like a random path"
        else:
            same = digest == row.digest and bool(row.asked_at)
            row.outcome = "changed" if row.digest and digest and not same else "unchanged" if row.asked_at else "new"
            row.times = row.times + 1 if same else 1
            row.reason = "login page" if page.role == "wall" else "" if status in (200, 304) else f"HTTP {status}"
        row.state = "gone" if is_gone else "done"
        if not is_gone and status in (200, 304) and page.role not in ("wall", "bad"):
            row.digest, row.role = digest, row.role if status == 304 else page.role
            row.etag, row.modified = (row.etag, row.modified) if status == 304 else (etag, modified)
        row.news_at = self._news(row, page, now)
        row.status, row.asked_at, row.round, row.run_id, row.not_before = status, moment(now), self.frontier.round, self.frontier.run_id, None
        row.due_at = self._due(row, now)
        self.frontier.changed(row)

    def _news(self, row: Address, page: Page, now: datetime) -> str | None:
        """The latest of publication, change, and discovery after the first round; never in the future."""
        found = [row.news_at] if row.news_at else []
        said = [date for draft in page.drafts if draft.complete for date in draft.dates if date.role == "published" and not date.refused]
        found += [f"{date.value}-01-01"[:10] for date in said]
        if row.outcome == "changed" or (row.outcome == "new" and self.round.number > 1 and row.found_in == self.round.round_id):
            found.append(moment(now))
        return min(max(found), moment(now)) if found else None

    def _due(self, row: Address, now: datetime) -> str:
        news = datetime.fromisoformat(row.news_at[:10]).replace(tzinfo=UTC) if row.news_at else None
        state = "absent" if row.outcome == "absent" else row.state
        answered = Answered(url=row.url, asked_at=now, state=state, times=row.times, news=news, lists=row.role in ("listing", "feed"))
        return moment(revisit.due(answered, self.frontier.policy))

    def failed(self, entry: Entry, reason: str, *, later: float | None = None) -> None:
        """An address gave no usable answer; with `later` the site asked to come back after so many seconds."""
        row, now = self.frontier.rows[entry.url], self.frontier.now()
        row.times = row.times + 1 if row.outcome == "failed" else 1
        row.state, row.outcome, row.reason = ("failed" if later is None else "put_off"), "failed", reason
        row.asked_at, row.round, row.run_id = moment(now), self.frontier.round, self.frontier.run_id
        row.not_before = moment(now + timedelta(seconds=later)) if later is not None else None
        answered = Answered(url=row.url, asked_at=now, state="failed", times=row.times)
        row.due_at = moment(revisit.due(answered, self.frontier.policy))
        self.frontier.changed(row)
        self.frontier.done(row.key, None)
        self.frontier.flush()

    # What lists say ------------------------------------------------------------------------------------------------------

    def _watch(self, row: Address, page: Page, old: Mapping[str, str] | None) -> None:
        """Entries that changed, came back or vanished make their items due now; news sends the crawl deeper into the listing."""
        frontier = self.frontier
        listed = revisit.teasers(page)
        now = {frontier.rows[url].key: digest for url, digest in listed.items() if url in frontier.rows}
        listed_keys = set(now)
        if row.kind == START:
            now = self._boxes(page, now) | now
        row.teasers = json.dumps(now) if now else ""
        frontier.changed(row)
        if old is None:
            return
        for key, digest in now.items():
            if key in old and old[key] != digest and (key in listed_keys or self._is_article(key)):
                frontier.request(key, RETITLED)
            elif key not in old and all(one.state == "gone" for one in frontier.by_key.get(key, ())):
                frontier.request(key, RETURNED)
        fresh = any(one.found_in == frontier.round for key in now if key not in old for one in frontier.by_key.get(key, ()))
        following = [link.url for link in page.links if link.rel == "next"]
        if fresh:
            for url in following:
                self._deeper(url)
        path = listing_path(row.url) if page.role == "listing" else row.url
        before, shown = self._listed.setdefault(path, ([], []))
        before += old
        shown += now
        for key in revisit.vanished(before, shown, whole=not following and page.role == "listing" and not listing_start(row.url)):
            frontier.request(key, UNLISTED)

    def _boxes(self, page: Page, listed: Mapping[str, str]) -> dict[str, str]:
        """What menus and boxes beside the page's own list call the addresses that they link to, as digests."""
        words: dict[str, list[str]] = {}
        for link in page.links:
            if not link.rel and link.url in self.frontier.rows and (key := self.frontier.rows[link.url].key) not in listed:
                words.setdefault(key, []).append(link.text)
        return {key: revisit.words_digest(texts) for key, texts in words.items()}

    def _is_article(self, key: str) -> bool:
        return any(one.role == "detail" for one in self.frontier.by_key.get(key, ()))

    def _deeper(self, url: str) -> None:
        frontier = self.frontier
        row = frontier.rows.get(url)
        if row is not None and row.state == "folded":
            row = next((one for one in frontier.by_key.get(row.key, ()) if one.state != "folded"), None)
        if row is not None and row.state == "done" and row.round != frontier.round:
            frontier.requeue(row, DEEPER)

    # What is alarming ----------------------------------------------------------------------------------------------------

    def outcomes(self) -> Counter[str]:
        """How the addresses asked in this round answered."""
        return Counter(row.outcome for row in self._asked())

    def _asked(self) -> list[Address]:
        return [
            row for row in self.frontier.rows.values() if row.round == self.frontier.round and row.outcome and row.state in ("done", "gone", "failed")
        ]

    def alarms(self, expect: Expect) -> list[dict[str, str]]:
        """Signs that the site is not itself: too much gone, too much changed, one text at many addresses."""
        asked = self._asked()
        known = [row for row in asked if row.outcome in ("unchanged", "changed") or (row.outcome == "gone" and row.times == 1)]
        all_known = [row for row in self.frontier.rows.values() if row.digest and row.outcome in ("new", "unchanged", "changed", "gone")]
        found = []
        said = _too_many(known, len(all_known), "gone", expect.max_gone_share, MIN_GONE)
        if said:
            found.append({"code": "pages_gone", "message": f"{said} known pages are gone (more than {expect.max_gone_share:.0%})"})
        details = [row for row in known if row.outcome != "gone" and _is_detail(row)]
        said = _too_many(details, sum(map(_is_detail, all_known)), "changed", expect.max_changed_share, MIN_CHANGED)
        if said:
            found.append({"code": "pages_changed", "message": f"{said} known articles changed at once (more than {expect.max_changed_share:.0%})"})
        found += [
            {"code": "start_gone", "message": f"the start page {row.url} is gone"} for row in known if row.kind == START and row.outcome == "gone"
        ]
        texts: dict[str, set[str]] = {}
        for row in asked:
            if row.role == "detail" and row.outcome in ("new", "changed") and row.state == "done":
                texts.setdefault(row.digest, set()).add(row.key)
        most = max((len(keys) for keys in texts.values()), default=0)
        if most >= MIN_ONE_TEXT and most > ONE_TEXT_SHARE * sum(row.role == "detail" for row in asked):
            found.append({"code": "one_text", "message": f"one and the same text stands at {most} addresses"})
        return found

    def take_back(self) -> None:
        """The round is not to be trusted: its addresses are as they were before, and due at once; what they answered is kept for `accept`."""
        for row in self._asked():
            found = {name: getattr(row, name) for name in PRIOR}
            for name, value in _prior(row).items():
                if name in PRIOR:
                    setattr(row, name, value)
            if not row.prior:
                row.digest = row.teasers = row.etag = row.modified = ""
            row.due_at, row.prior = None, json.dumps({TAKEN_BACK: found})
            self.frontier.changed(row)
        self.frontier.flush()


def _prior(row: Address) -> dict[str, object]:
    found: dict[str, object] = json.loads(row.prior) if row.prior else {}
    return found


def _is_detail(row: Address) -> bool:
    return "detail" in (row.role, _prior(row).get("role"))


def _too_many(asked: list[Address], known: int, outcome: str, share: float, least: int) -> str:
    """Says "N of M" if too many answered so: of those asked because their time had come, or of all that are known ("" if not).

    An item that its list retitled or dropped is asked at once, and has mostly changed or gone: editors at work, not a broken site.
    """
    sample = [row for row in asked if WHY not in _prior(row)]
    for rows, total in ((sample, len(sample)), (asked, known)):
        count = sum(row.outcome == outcome for row in rows)
        if count >= least and count > share * total:
            return f"{count} of {total}"
    return ""


def _fronts(rows: Iterable[Address]) -> Iterable[Front]:
    """The pages on which news appears first: start pages, first pages of listings, feeds."""
    for row in rows:
        if (row.kind == START and row.status not in MOVED) or (row.role in ("listing", "feed") and not listing_start(row.url)):
            yield Front(
                url=row.url, start=row.kind == START, feed=row.role == "feed", items=frozenset(json.loads(row.teasers) if row.teasers else ())
            )
