"""The run report and the mail: pages, changes, breaches in lines that stay readable whatever the pages say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from rabat_crawler.health import build_status
from rabat_crawler.models import Run
from rabat_crawler.report import SHOWN, change_lines, mail_body, run_lines, shown_changes

EVIL = "Titre\x1b[2J\nBREACH forged: \u202eall\r\x07\u2028x"


def run_of(status: str = "done", **counts: Any) -> Run:
    return Run(
        run_id="20190501T020000Z-x",
        spider="dialogue",
        site="x",
        started_at="2019-05-01T02:00:00Z",
        finished_at="2019-05-01T02:01:00Z",
        status=status,
        counts=counts,
    )


def change(code: str, number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "change": code,
        "item_id": f"item{number}",
        "title": f"Titre {number}",
        "url": f"https://x.org/fr/{number}",
        "language": "fr",
        "kind": "news",
        "published": "2019-05-01",
        "fields": {},
        "versions": ["v1", "v1"],
    } | more


def test_an_old_run_is_reported_as_before() -> None:
    run = run_of(requests=1234, seconds=2.25, answers={"2xx": 3}, skipped={"mail": {"count": 2, "examples": []}}, failed=0, failures=[])
    assert run_lines(run) == [
        "run 20190501T020000Z-x: done",
        "  site x, 2019-05-01T02:00:00Z to 2019-05-01T02:01:00Z",
        "  requests: 1,234",
        "  seconds: 2.2",
        "  answers: 2xx 3",
        "  links skipped: mail 2",
    ]


def test_a_quiet_night_says_that_nothing_changed() -> None:
    lines = run_lines(run_of(asked=40, unchanged=40, changed=0, new_pages=0, gone_pages=0, states={"done": 300, "put_off": 2}, changes=[]))
    assert "  pages: 40 pages asked, 40 unchanged, 0 changed, 0 gone, 0 new" in lines
    assert "  addresses: done 300, put off 2" in lines
    assert lines[-1] == "  no item is new, changed, moved or gone"


def test_what_was_left_and_what_run_goes_on_is_said() -> None:
    lines = run_lines(run_of(carried_over=1200, resumes="20190430T020000Z-x"))
    assert any("left for the next run: 1,200 addresses" in line for line in lines)
    assert any("goes on with the interrupted run 20190430T020000Z-x" in line for line in lines)


def test_a_breach_names_its_codes_and_how_to_accept() -> None:
    lines = run_lines(run_of("breached", breach=[{"code": "one_text", "message": "31 pages\nshow one text"}], held=True, changes=[]))
    assert "  BREACH one_text: 31 pages show one text" in lines
    assert any("rabat-crawler accept 20190501T020000Z-x" in line for line in lines)
    assert not any("accept" in line for line in run_lines(run_of("breached", breach=[{"code": "x", "message": "y"}], held=False)))


TEXTS = {
    "v1": "La réunion se tiendra à Dakar le 12 mai. " * 3 + "Fin.",
    "v2": "La réunion se tiendra à Praia le 12 mai. " + "La réunion se tiendra à Dakar le 12 mai. " * 2 + "Fin.",
}

SHOWN_CHANGES = [
    ("new", change("new"), None, ["  2019-05-01, news, fr: Titre 1", "    https://x.org/fr/1  (item1)"]),
    ("undated, no language, no address", change("new", published=None, language=None, url=None), None, ["  undated, news, ?: Titre 1", "    without an address of its own  (item1)"]),
    ("title", change("changed", fields={"title": ["Réunion de Dakar", "Réunion de Praia"]}), None, ["    title: Réunion de [-Dakar-] {+Praia+}"]),
    ("date", change("changed", fields={"event_end": [None, "2019-06-02"]}), None, ["    event end: none -> 2019-06-02"]),
    ("moved", change("moved", fields={"canonical_url": ["https://x.org/a", "https://x.org/b"]}), None, ["    from https://x.org/a", "    to   https://x.org/b"]),
    ("text, not given", change("changed", versions=["v1", "v2"]), None, ["    text: another version"]),
    ("text", change("changed", versions=["v1", "v2"]), TEXTS, ["    text:", "      La réunion se tiendra à [-Dakar-] {+Praia+} le 12 mai. La réunion se …"]),
    ("text of a merged item", change("changed", versions=["v1", "v3"]), TEXTS, ["    text: another version (the archive no longer has both as versions of this item)"]),
    ("first text", change("changed", versions=[None, "v2"]), TEXTS, ["    text: another version (the archive no longer has both as versions of this item)"]),
    ("long summary", change("changed", fields={"summary": [TEXTS["v1"] * 2, TEXTS["v2"] * 2]}), None, ["    summary:"]),
]  # fmt: skip


@pytest.mark.parametrize(("one", "texts", "expected"), [case[1:] for case in SHOWN_CHANGES], ids=[case[0] for case in SHOWN_CHANGES])
def test_a_change_is_shown_with_what_differs(one: dict[str, Any], texts: dict[str, str] | None, expected: list[str]) -> None:
    lines = change_lines(run_of(changes=[one]), texts)
    assert [line for line in expected if line not in lines] == [], "\n".join(lines)


def test_the_word_diff_of_an_unchanged_version_is_not_made() -> None:
    assert not any("text" in line for line in change_lines(run_of(changes=[change("changed", fields={"kind": ["news", "event"]})]), TEXTS))


def test_five_thousand_changes_stay_readable() -> None:
    changes = [
        change(code, number, title=f"Titre {number} " * 20) for code in ("new", "changed", "moved", "gone", "returned") for number in range(1000)
    ]
    run = run_of(changes=changes)
    lines = run_lines(run)
    assert len(lines) < 5 * SHOWN * 8 and max(map(len, lines)) < 100
    assert "  changes: 1,000 new, 1,000 changed, 1,000 moved, 1,000 gone, 1,000 returned" in lines
    assert sum("and 988 more (rabat-crawler runs show 20190501T020000Z-x --json lists all)" in line for line in lines) == 5
    assert [len(found) for found in shown_changes(run).values()] == [SHOWN] * 5


def test_counts_are_true_where_the_list_was_cut() -> None:
    run = run_of(changes=[change("new", number) for number in range(20)], change_counts={"new": 4000, "gone": 2})
    lines = change_lines(run)
    assert lines[0] == "changes: 4,000 new, 2 gone"
    assert any(line.startswith("  and 3,988 more") for line in lines)


def test_failures_are_counted_where_the_list_was_cut() -> None:
    failures = [{"url": f"https://x.org/{n}", "reason": "timeout"} for n in range(20)]
    lines = run_lines(run_of("done with failures", failed=1500, failures=failures))
    assert "  failed: 1,500" in lines and "    https://x.org/11: timeout" in lines and "    https://x.org/12: timeout" not in lines
    assert any("and 1,488 more" in line for line in lines)


def test_hostile_text_cannot_forge_a_line_or_steer_a_terminal() -> None:
    changes = [
        change(
            "changed",
            title=EVIL,
            url=EVIL,
            fields={"title": [EVIL, EVIL + "2"], "summary": [EVIL * 9, "x"], "kind": [EVIL, None]},
            versions=["v1", "v2"],
        )
    ]
    run = run_of(
        "breached", changes=changes, breach=[{"code": EVIL, "message": EVIL}], failures=[{"url": EVIL, "reason": EVIL}], failed=1, resumes=EVIL
    )  # fmt: skip
    lines = run_lines(run, {"v1": EVIL, "v2": EVIL + " fin"})
    assert all(line.isprintable() for line in lines)
    assert not any(line.strip().startswith("BREACH forged") for line in lines)
    assert any("Titre\ufffd[2J BREACH forged: \ufffdall \ufffd x" in line for line in lines)


# The mail --------------------------------------------------------------------------------------------------------------------------

NOW = datetime(2019, 5, 1, 10, 0, tzinfo=UTC)


def test_the_mail_says_the_verdict_first_then_the_changes_then_the_health() -> None:
    run = run_of(changes=[change("new"), change("gone", 2)])
    text = mail_body(run, build_status([run], now=NOW))
    lines = text.splitlines()
    assert lines[0] == "healthy: last success 2019-05-01 02:01 UTC (7 h ago), 1 new, 1 gone"
    order = [lines.index(line) for line in ("changes: 1 new, 1 gone", "Health", "next run      none is known to be scheduled")]
    assert order == sorted(order) and text.endswith("\n")


def test_the_mail_of_a_breach_names_it_in_its_first_line() -> None:
    run = run_of("breached", breach=[{"code": "pages_gone", "message": EVIL}], held=True, changes=[])
    first, *rest = mail_body(run, build_status([run], now=NOW)).splitlines()
    assert first.startswith("BREACHED: the run of 2019-05-01 02:00 UTC (8 h ago) was breached: pages_gone: Titre")
    assert first.isprintable() and any("rabat-crawler accept" in line for line in rest)


def test_the_mail_before_the_first_run() -> None:
    assert mail_body(None, build_status([], now=NOW)).startswith("never crawled; begin with rabat-crawler crawl\n\nHealth\n")
