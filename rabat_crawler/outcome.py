"""How a run ended: its verdict, its counts, what is alarming, what is held back."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rabat_crawler.changes import Snapshot, compare
from rabat_crawler.errors import RabatError, RobotsForbids, RunBreached, SiteUnreachable
from rabat_crawler.extract.badness import REASONS
from rabat_crawler.health_page import plural
from rabat_crawler.models import Run
from rabat_crawler.rounds import Visit
from rabat_crawler.session import Session
from rabat_crawler.urls import origin_of

if TYPE_CHECKING:
    from rabat_crawler.archive import Archive

MAX_CHANGES = 2000
MANY_CHALLENGES = 3
MANY_STRANGE = 3
STRANGE_SHARE = 0.2


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def totals(archive: Archive) -> tuple[int, int]:
    """Items and versions in the archive."""
    counts = archive.counts()
    return counts["items"], counts["versions"]


def _left_over(session: Session) -> str:
    """Why addresses are still waiting at the end."""
    if session.stopping:
        return "the run ended before"
    return "page limit" if session.frontier.plan is None else "a dry run asks for the start pages only"


def finish(session: Session, run: Run, before: tuple[int, int], after: tuple[int, int], error: BaseException | None, dry_run: bool) -> Run:
    frontier, visit = session.frontier, session.visit
    complete = not frontier.closed and frontier.taken < frontier.max_pages and not session.stopping and error is None
    left = frontier.finish(frontier.closed or _left_over(session))
    if not session.status:
        session.status = "done with failures" if session.failed else "done"
    if error is None and session.error is None and not session.stopping:
        session.error = _verdict(session, run.run_id, complete and not dry_run)
        if visit is not None:
            visit.over = True
    if error is not None:
        session.status = "interrupted"
        session.messages.append(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    elif session.error is not None:
        session.messages.append(str(session.error))
    counts = session.counts() | {"items_new": after[0] - before[0], "items_total": after[0], "versions_new": after[1] - before[1]}
    if frontier.plan is not None:
        counts["plan"] = frontier.plan
    if visit is not None:
        counts |= _round_counts(session, visit, left) | dict(run.counts)
        if session.status == "breached":
            counts |= {"breach": session.breaches, "held": bool(visit.store.before(frontier.name))}
    return replace(run, finished_at=iso(session.now()), status=session.status, counts=counts, messages=tuple(session.messages))


def _verdict(session: Session, run_id: str, complete: bool) -> RabatError | None:
    """What is wrong with a crawl that ran to its end; sets the status that goes with it."""
    if session.pages == 0 and session.forbidden:
        session.status = "put off"
        url = f"{origin_of(session.forbidden[0])}/robots.txt"
        return RobotsForbids(f"{url} forbids every start address; ask the site's operator for permission", url=url)
    if session.pages == 0 and session.failed and not session.challenges and not session.strange:
        session.status = "put off"
        first = session.failures[0]
        return SiteUnreachable(f"no usable answer from {first['url']}: {first['reason']}", url=first["url"])
    breaches = _breaches(session, complete)
    if breaches:
        session.status, session.breaches = "breached", breaches
        said = "; ".join(breach["message"] for breach in breaches)
        said += f" ({session.failed} addresses failed, the first: {session.failures[0]['reason']})" if session.failed else ""
        return RunBreached(f"{said}: the site may have changed, or the start address is wrong; the captures are kept (run {run_id})", run_id=run_id)
    return None


def _breaches(session: Session, complete: bool) -> list[dict[str, str]]:
    """What the site definition does not expect, after a crawl that ran to its end or to its budget."""
    site, expect = session.site, session.site.expect
    found = session.visit.alarms(expect) if session.visit is not None else []
    if session.challenges:
        said = f"{len(session.challenges)} pages showed a check for robots instead of themselves, the first: {session.challenges[0]}"
        if len(session.challenges) >= MANY_CHALLENGES or session.challenges[0] in session.starts:
            found.append({"code": "challenge", "message": said})
    found += _strange(session)
    if not complete:
        return found
    health: dict[str, Any] = session.archive.health(site.name) if session.visit is not None else {"items": len(session.items)}
    held, least = health["items"], max(1, expect.min_items)
    if held < least:
        said = f"only {held} items are there where at least {least} are expected" if held else "no item was found on the site"
        found.append({"code": "min_items", "message": said})
    if health.get("fallback_share", 0.0) > expect.max_fallback_share:
        found.append({"code": "fallback_share", "message": f"{health['fallback_share']:.0%} of the items were read by the generic layout"})
    for name, least_share in expect.min_fill:
        if health.get("fill", {}).get(name, 1.0) < least_share:
            found.append({"code": "fill_rate", "message": f"only {health['fill'][name]:.0%} of the items have a {name}"})
    return found


def _strange(session: Session) -> list[dict[str, str]]:
    """Pages that are not the site's (parked, suspended, broken): alarming where they stand in for a start page, or for a good part of the site."""
    pages = session.strange
    if not pages:
        return []
    starts = [page for page in pages if page[0] in session.starts]
    many = len(pages) >= MANY_STRANGE and len(pages) > STRANGE_SHARE * (session.pages + len(pages))
    if not starts and not many:
        return []
    url, code = (starts or pages)[0]
    said = f"{plural(len(pages), 'page')} showed something else than the site, the first: {url} ({REASONS[code]})"
    return [{"code": "bad_pages", "message": said}]


def _round_counts(session: Session, visit: Visit, left: int) -> dict[str, Any]:
    """The round in figures: addresses by state, what the answers were, what changed, how healthy the archive is."""
    frontier, archive = session.frontier, session.archive
    before = {name: Snapshot(**json.loads(text)) for name, text in visit.store.before(frontier.name).items()}
    changes = compare(before, archive.snapshots(session.site.name))
    outcomes = visit.outcomes()
    states = Counter(row.state for row in frontier.rows.values())
    known = {row.url for row in frontier.rows.values() if row.state not in ("folded", "skipped")}
    fetched = sum(row.digest != "" or row.status is not None for row in frontier.rows.values())
    usage = shutil.disk_usage(archive.path)
    return {
        "states": dict(sorted(states.items())),
        "asked": sum(outcomes.values()),
        "unchanged": outcomes["unchanged"],
        "changed": outcomes["changed"],
        "new_pages": outcomes["new"],
        "gone_pages": outcomes["gone"],
        "carried_over": left,
        "changes": [change.as_json() for change in changes[:MAX_CHANGES]],
        "change_counts": dict(sorted(Counter(change.change for change in changes).items())),
        "health": archive.health(session.site.name)
        | {
            "coverage": {"listed": len(known), "fetched": fetched, "stored": len(archive.captured(session.site.name) & known)},
            "free_bytes": usage.free,
        },
    }


def hold_back(session: Session, run: Run) -> None:
    """Take back what the round of a breached run said, in all its runs, and let its addresses be asked again."""
    archive, visit = session.archive, session.visit
    if visit is None:
        return
    runs = [one for one in archive.runs() if one.run_id == run.run_id or one.parameters.get("round") == visit.round.round_id]
    for one in runs:
        if not one.counts.get("held"):
            archive.end_run(replace(one, counts={**one.counts, "held": True}))
    archive.hold_back(runs)
    visit.take_back()
