"""Healthy or broken: the state of every history from a table, and the page that says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler.health import KEYS, STATES, Disk, build_status
from rabat_crawler.health_page import WIDTH
from rabat_crawler.models import Run

NOW = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
EVIL = "Titre\x1b[2J\nhealthy: forged\u202e\r"


def figures(items: int = 100, *, fallback: float = 0.0, published: float = 0.9, **more: Any) -> dict[str, Any]:
    return {
        "items": items,
        "by_kind": {"news": items - 20, "event": 20},
        "by_language": {"fr": items // 2, "en": items - items // 2},
        "fill": {"title": 1.0, "published": published, "language": 0.995},
        "fallback_share": fallback,
        "coverage": {"listed": 290, "fetched": 288, "stored": 288},
    } | more


def night(days_ago: float, status: str = "done", *, site: str = "rabat", spider: str = "dialogue", **counts: Any) -> Run:
    """A run of half past two, so many nights ago, with a minute of work."""
    began = datetime(2026, 1, 5, 2, 30, tzinfo=UTC) - timedelta(days=days_ago)
    ended = None if status == "running" else f"{began + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    return Run(
        run_id=f"{began:%Y%m%dT%H%M%SZ}-{site}",
        spider=spider,
        site=site,
        started_at=f"{began:%Y-%m-%dT%H:%M:%SZ}",
        finished_at=ended,
        status=status,
        counts={"changes": []} | counts,
        messages=("the server said 503",) if status == "put off" else (),
    )


FAULT = {"code": "pages_gone", "message": "25 of 100 pages are gone"}
NEWS = [{"change": "new"}, {"change": "new"}, {"change": "gone"}]

HISTORIES: list[tuple[str, list[Run], int | None, str, str]] = [
    ("nothing", [], None, "no_runs", "never crawled; begin with rabat-crawler crawl"),
    ("imports only", [night(0, spider="import")], None, "no_runs", "never crawled; begin with rabat-crawler crawl"),
    ("quiet", [night(0), night(1)], None, "healthy", "healthy: last success 2026-01-05 02:31 UTC (7 h ago), no news"),
    ("news", [night(0, changes=NEWS)], None, "healthy", "healthy: last success 2026-01-05 02:31 UTC (7 h ago), 2 new, 1 gone"),
    ("many", [night(0, changes=NEWS, change_counts={"new": 4000})], None, "healthy", "healthy: last success 2026-01-05 02:31 UTC (7 h ago), 4,000 new"),
    ("late", [night(2)], None, "late", "late: no run since 2026-01-03 02:31 UTC (2 days ago); one is expected every 26 h (that one ended: done)"),
    ("not late yet", [night(0.75)], None, "healthy", "healthy: last success 2026-01-04 08:31 UTC (25 h ago), no news"),
    ("failures", [night(0, "done with failures", failed=3)], None, "failing", "failing: 3 addresses failed in the run of 2026-01-05 02:30 UTC (8 h ago); the rest is up to date, no news"),
    ("one failure for three nights", [*(night(n, "done with failures", failed=1) for n in range(3)), night(3)], None, "failing", "failing: 1 address failed in the last 3 runs since 2026-01-03 02:30 UTC (2 days ago); the rest is up to date, no news"),
    ("put off", [night(0, "put off"), night(1, "put off"), night(2)], None, "failing", "failing: the last 2 runs were put off, since 2026-01-04 02:30 UTC (32 h ago): the server said 503"),
    ("breached", [night(0, "breached", breach=[FAULT], held=True), night(1)], None, "breached", "BREACHED: the run of 2026-01-05 02:30 UTC (8 h ago) was breached: pages_gone: 25 of 100 pages are gone"),
    ("breached thrice", [*(night(n, "breached", breach=[FAULT]) for n in range(3)), night(3)], None, "breached", "BREACHED: the last 3 runs were breached, since 2026-01-03 02:30 UTC (2 days ago): pages_gone: 25 of 100 pages are gone"),
    ("breached, then silence", [night(5, "breached", breach=[FAULT])], None, "breached", "BREACHED: the run of 2025-12-31 02:30 UTC (5 days ago) was breached: pages_gone: 25 of 100 pages are gone; no run since 2025-12-31 02:31 UTC (5 days ago)"),
    ("breached, then accepted", [night(0, "breached", breach=[FAULT], held=False, accepted=True)], None, "healthy", "healthy: last success 2026-01-05 02:31 UTC (7 h ago), no news"),
    ("breached, then good", [night(0), night(1, "breached", breach=[FAULT])], None, "healthy", "healthy: last success 2026-01-05 02:31 UTC (7 h ago), no news"),
    ("interrupted", [night(0, "interrupted"), night(1)], None, "interrupted", "interrupted: the run of 2026-01-05 02:30 UTC (8 h ago) was interrupted; the next run goes on where it stopped"),
    ("died", [night(0, "running"), night(1)], None, "interrupted", "interrupted: the run of 2026-01-05 02:30 UTC (8 h ago) ended without a word; the next run goes on where it stopped"),
    ("running", [night(0, "running"), night(1)], 77, "running", "running: a run began 2026-01-05 02:30 UTC (8 h ago); before: healthy: last success 2026-01-04 02:31 UTC (31 h ago), no news"),
    ("the first is running", [night(0, "running")], 77, "running", "running: a run began 2026-01-05 02:30 UTC (8 h ago); before: no run has ended yet"),
    ("running after a breach", [night(0, "running"), night(1, "breached", breach=[FAULT])], 77, "breached", "BREACHED: the run of 2026-01-04 02:30 UTC (32 h ago) was breached: pages_gone: 25 of 100 pages are gone"),
    ("running for days", [night(3, "running"), night(4)], 77, "late", "late: the run that began 2026-01-02 02:30 UTC (3 days ago) has not ended yet"),
    ("another writer", [night(0), night(1)], 77, "healthy", "healthy: last success 2026-01-05 02:31 UTC (7 h ago), no news"),
    ("old program", [night(0, changes=None, items_new=2, versions_new=5)], None, "healthy", "healthy: last success 2026-01-05 02:31 UTC (7 h ago), no news"),
    ("unknown status", [night(0, "melted")], None, "failing", "failing: the run of 2026-01-05 02:30 UTC (8 h ago) was melted"),
    ("the demo beside it", [night(0), night(300, site="sample")], None, "healthy", "healthy: last success 2026-01-05 02:31 UTC (7 h ago), no news"),
    ("the demo alone", [night(300, site="sample")], None, "late", "late: no run since 2025-03-11 02:31 UTC (300 days ago); one is expected every 26 h (that one ended: done)"),
    ("one of two sites", [night(0), night(0, "breached", site="prague", breach=[FAULT])], None, "breached", "prague BREACHED: the run of 2026-01-05 02:30 UTC (8 h ago) was breached: pages_gone: 25 of 100 pages are gone"),
]  # fmt: skip


@pytest.mark.parametrize(("runs", "holder", "state", "headline"), [case[1:] for case in HISTORIES], ids=[case[0] for case in HISTORIES])
def test_the_first_line_tells_no_news_from_broken(runs: list[Run], holder: int | None, state: str, headline: str) -> None:
    found = build_status(runs, now=NOW, holder=holder)
    assert (found.state, found.headline) == (state, headline)
    assert " ".join(" ".join(found.lines[: found.lines.index("")]).split()).startswith(headline), "the page begins with it"


def test_every_state_has_a_history() -> None:
    assert {case[3] for case in HISTORIES} == set(STATES)


def test_runs_of_an_older_program_count_items_only() -> None:
    run = night(0)
    old = Run(**{name: getattr(run, name) for name in ("run_id", "spider", "site", "started_at", "finished_at", "status")}, counts={"items_new": 2, "versions_new": 5, "items_total": 90})  # type: ignore[arg-type]  # fmt: skip
    found = build_status([old], now=NOW)
    assert found.headline.endswith(", 2 new, 3 changed")
    assert found.values["items"]["now"] == 90 and found.values["fill"]["title"]["now"] is None
    assert any("title not known" in line for line in found.lines)


def test_one_site_can_be_asked_for() -> None:
    runs = [night(0), night(0, "breached", site="prague", breach=[FAULT])]
    assert build_status(runs, now=NOW, site="rabat").state == "healthy"
    assert build_status(runs, now=NOW, site="khartoum").headline.startswith("never crawled: no run of khartoum")
    others = build_status(runs, now=NOW).values["other_sites"]
    assert [(other["site"], other["state"]) for other in others] == [("rabat", "healthy")]


def test_the_age_after_which_a_run_is_missing_can_be_set() -> None:
    assert build_status([night(0)], now=NOW, max_age=timedelta(hours=2)).state == "late"
    assert build_status([night(6)], now=NOW, max_age=timedelta(days=8)).state == "healthy"


def test_the_cause_is_the_status_that_decided() -> None:
    causes = {status: build_status([night(0, status)], now=NOW).cause for status in ("put off", "done with failures", "disk full", "breached")}
    assert causes == {status: status for status in causes}


# Figures ---------------------------------------------------------------------------------------------------------------------------


def test_items_are_compared_with_the_median_of_fourteen_runs_before() -> None:
    runs = [
        night(0, health=figures(110)),
        *(night(n, health=figures(100 + n)) for n in range(1, 15)),
        *(night(n, health=figures(10)) for n in range(15, 40)),
    ]
    items = build_status(runs, now=NOW, figures={"rabat": figures(112)}).values["items"]
    assert items == {"now": 112, "median": 107.5, "change": 4.5, "trend": list(range(114, 100, -1))}


def test_breached_nights_are_no_measure() -> None:
    runs = [
        night(0, "breached", health=figures(3)),
        night(1, health=figures(100)),
        night(2, "breached", health=figures(1)),
        night(3, health=figures(90)),
    ]
    values = build_status(runs, now=NOW).values
    assert values["items"] == {"now": 100, "median": 90, "change": 10, "trend": [90]}
    assert values["last_success"]["run_id"] == night(1).run_id


def test_a_kind_that_is_no_longer_there_counts_zero() -> None:
    runs = [night(0, health=figures(by_kind={"news": 5})), night(1, health=figures(by_kind={"news": 4, "project": 2}))]
    found = build_status(runs, now=NOW)
    assert found.values["by_kind"]["project"] == {"now": 0, "median": 2, "change": -2, "trend": [2]}
    assert any(line.split()[:4] == ["project", "0", "2", "-2"] for line in found.lines)


def test_the_page_shows_all_that_an_archivist_asks() -> None:
    runs = [
        night(
            0,
            "done with failures",
            health=figures(104, archive_bytes=5_200_000),
            asked=40,
            unchanged=38,
            changed=1,
            new_pages=1,
            gone_pages=0,
            failed=2,
            failures=[{"url": "https://x.org/a", "reason": "timeout"}, {"url": "https://x.org/b", "reason": "500"}],
            skipped={"mail form": {"count": 12, "examples": []}, "robots.txt": {"count": 30, "examples": []}},
            carried_over=7,
        ),
        night(1, health=figures(100, archive_bytes=5_000_000), changes=NEWS),
        night(2, "put off"),
    ]
    found = build_status(
        runs, now=NOW, disk=Disk(archive_bytes=5_250_000, free_bytes=40_000_000_000), next_run=datetime(2026, 1, 6, 2, 30, tzinfo=UTC)
    )
    page = "\n".join(found.lines)
    for line in (
        "warning       left for the next run: 7 addresses (the budget was used up)",
        "last success  the same run",
        "last news     2026-01-04 02:31 UTC (31 h ago), done, 2 new, 1 gone",
        "next run      2026-01-06 02:30 UTC (in 16 h)",
        "last 3 runs   p.f (. done, f done with failures, p put off)",
        "pages         40 asked, 38 unchanged, 1 changed, 1 new, 0 gone",
        "items               104       100       +4  _^",
        "  event              20        20        0  --",
        "filled        title 100 % (median 100 %); published 90 % (median 90 %);",
        "              language 99.5 % (median 99.5 %)",
        "fallback      pages read by the fallback: 0 % (median 0 %)",
        "coverage      listed 290, fetched 288, stored 288",
        "skipped       robots.txt 30, mail form 12",
        "failed        2 addresses",
        "              https://x.org/a: timeout",
        "disk          archive 5.2 MB, 200 kB more a run; 40.0 GB free",
    ):
        assert line in found.lines, page
    assert max(map(len, found.lines)) <= WIDTH


WARNINGS = [
    ("low disk", {}, {}, Disk(archive_bytes=1, free_bytes=300_000_000), "only 300 MB are free"),
    ("fewer items", {"health": figures(90)}, {"health": figures(100)}, None, "10 items fewer"),
    ("fewer dates", {"health": figures(published=0.5)}, {"health": figures()}, None, "fewer items have a published: 50%, before 90%"),
    ("the fallback reads", {"health": figures(fallback=0.6)}, {"health": figures()}, None, "the fallback reads 60% of the pages, before 0%"),
    ("left over", {"carried_over": 1}, {}, None, "left for the next run: 1 address ("),
]


@pytest.mark.parametrize(("last", "before", "disk", "said"), [case[1:] for case in WARNINGS], ids=[case[0] for case in WARNINGS])
def test_what_should_be_looked_at_is_a_warning(last: dict[str, Any], before: dict[str, Any], disk: Disk | None, said: str) -> None:
    runs = [night(0, **last), night(1, **before)]
    found = build_status(runs, now=NOW, disk=disk)
    assert found.state == "healthy" and len(found.values["warnings"]) == 1 and said in found.values["warnings"][0]
    assert any(line.startswith("warning ") for line in found.lines)


def test_held_changes_and_a_slow_clock_are_warnings() -> None:
    held = build_status([night(0, "breached", breach=[FAULT], held=True)], now=NOW)
    assert any(f"rabat-crawler accept {night(0).run_id}" in said for said in held.values["warnings"])
    slow = build_status([night(-1)], now=NOW)
    assert any("clock" in said for said in slow.values["warnings"])


def test_a_good_night_has_no_warning() -> None:
    assert (
        build_status([night(0, health=figures(99)), night(1, health=figures(100))], now=NOW, disk=Disk(archive_bytes=1, free_bytes=10**10)).values[
            "warnings"
        ]
        == []
    )


# Robustness ------------------------------------------------------------------------------------------------------------------------


def test_the_json_has_its_keys_in_their_order() -> None:
    assert tuple(build_status([night(0)], now=NOW).values) == KEYS == tuple(build_status([], now=NOW).values)


def test_hostile_text_cannot_forge_a_line() -> None:
    run = night(
        0,
        "breached",
        breach=[{"code": EVIL, "message": EVIL}],
        failed=1,
        failures=[{"url": EVIL, "reason": EVIL}],
        skipped={EVIL: 3},
        changes=[{"change": EVIL}],
    )
    found = build_status([run], now=NOW, figures={"rabat": figures(by_kind={EVIL: 3}, by_language={EVIL: 3})})
    assert all(line.isprintable() for line in (*found.lines, found.headline))
    assert not any(line.startswith("healthy") for line in found.lines)
    assert max(map(len, found.lines)) <= WIDTH


COUNTS = st.fixed_dictionaries(
    {},
    optional={
        "changes": st.none() | st.lists(st.just({"change": "new"}), max_size=3),
        "health": st.none() | st.just({}) | st.just(figures()) | st.just({"items": 3}),
        "breach": st.none() | st.just([FAULT]),
        "held": st.booleans(),
        "accepted": st.booleans(),
        "skipped": st.none() | st.just({"x": 2}),
        "failures": st.none() | st.just([{"url": "u", "reason": "r"}]),
        "failed": st.integers(0, 10**6),
        "items_total": st.integers(0, 10**6),
        "seconds": st.floats(0, 1e6),
    },
)
STATUSES = st.sampled_from(["done", "done with failures", "breached", "put off", "interrupted", "running", "error", ""])


@settings(deadline=None)
@given(
    st.lists(st.tuples(STATUSES, COUNTS, st.sampled_from(["2026-01-05T02:30:00Z", "2027", "", "yesterday"])), max_size=5),
    st.none() | st.integers(0, 9),
)
def test_no_history_breaks_the_page(history: list[tuple[str, dict[str, Any], str]], holder: int | None) -> None:
    runs = [
        Run(run_id=f"r{n}", spider="dialogue", site="s", started_at=at, finished_at=None, status=status, counts=counts)
        for n, (status, counts, at) in enumerate(history)
    ]
    found = build_status(runs, now=NOW, holder=holder)
    assert found.state in STATES and found.lines and max(map(len, found.lines)) <= 200
