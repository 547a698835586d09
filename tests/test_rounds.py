"""Night after night on a small site: what is asked, what changed, what is gone, what is alarming. A real server, a simulated clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.archive.frontier_store import DATABASE, read_addresses
from rabat_crawler.errors import ConfigError, PutOff, RabatError, RunBreached
from rabat_crawler.models import Run
from rabat_crawler.runner import crawl
from rabat_crawler.session import Budget
from tests.crawling import FAST, Reply, Web, article, links, web

NIGHT = datetime(2026, 1, 5, 2, 30, tzinfo=UTC)
NAMES = [f"/fr/{number}-atelier" for number in range(1, 13)]


CHALLENGE = Reply(
    "<html><head><title>Just a moment...</title></head><body><script src='/cdn-cgi/challenge-platform/h/b/x.js'></script></body></html>"
)


PARKED = Reply("<html><head><title>example.org</title></head><body><h1>Ce domaine est à vendre</h1><p>Acheter ce domaine</p></body></html>")
BROKEN = Reply("<p>Database Error: Unable to connect to the database: Could not connect to MySQL</p>")
CLOSED = Reply("<html><head><title>Dialogue</title></head><body><p>Le site est en maintenance. Merci de votre patience.</p></body></html>")


def pages(*names: str) -> dict[str, Reply | list[Reply]]:
    return {"/": links("/fr/", *names)} | {name: article(f"Atelier {name}") for name in names}


@pytest.fixture
def server() -> Iterator[Web]:
    with web(pages(*NAMES)) as running:
        yield running


def night(server: Web, folder: Path, day: float, **options: object) -> tuple[Run, list[str], RabatError | None]:
    """One night's crawl: its run, the paths asked, the error raised."""
    start, error = len(server.paths()), None
    with Archive.open(folder, write=True, create=True) as archive:
        try:
            settings = FAST | dict(options.pop("settings", {}))  # type: ignore[call-overload]
            site = registry.generic_site(server.origin + "/")
            crawl(archive, site, delay=0.0, settings=settings, now=lambda: NIGHT + timedelta(days=day), **options)  # type: ignore[arg-type]
        except RabatError as raised:
            error = raised
        return archive.runs()[0], server.paths()[start:], error


def changes(run: Run) -> list[tuple[str, str]]:
    return [(change["change"], change["title"]) for change in run.counts["changes"]]


def state(folder: Path, path: str) -> tuple[str, str]:
    return next((row.state, row.reason) for row in read_addresses(folder / "state") if row.url.endswith(path))


def gone(folder: Path) -> list[str]:
    with Archive.open(folder) as archive:
        return [item.title for item in archive.items() if item.gone]


def rebuilt_equal(folder: Path) -> bool:
    with Archive.open(folder, write=True) as archive:
        before = list(archive.dump())
        archive.rebuild()
        return list(archive.dump()) == before


def test_a_quiet_night_asks_little_and_reports_nothing(server: Web, tmp_path: Path) -> None:
    first, asked, _ = night(server, tmp_path, 0)
    assert len(asked) == 14 and {kind for kind, _ in changes(first)} == {"new"}
    second, asked, _ = night(server, tmp_path, 1)
    assert "/" in asked and len(asked) < 5
    assert (changes(second), second.counts["items_new"], second.counts["versions_new"], second.status) == ([], 0, 0, "done")


def test_everything_is_asked_within_the_bound_and_all_of_it_on_demand(server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    later = {path for day in range(1, 31) for path in night(server, tmp_path, day)[1]}
    assert later >= set(NAMES)
    assert set(night(server, tmp_path, 31, everything=True)[1]) >= set(NAMES)


def test_what_is_new_changed_gone_and_back_is_told_once(server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    server.pages |= {"/": links("/fr/", "/fr/99-neuf", *NAMES), "/fr/99-neuf": article("Neuf"), NAMES[0]: article("Atelier rebaptisé")}
    run, _, _ = night(server, tmp_path, 1)
    assert changes(run) == [("new", "Neuf")]
    run, _, _ = night(server, tmp_path, 2, everything=True)
    assert changes(run) == [("changed", "Atelier rebaptisé")]
    assert run.counts["changes"][0]["fields"]["title"] == [f"Atelier {NAMES[0]}", "Atelier rebaptisé"]
    kept = server.pages.pop(NAMES[1])
    run, _, _ = night(server, tmp_path, 3, everything=True)
    assert changes(run) == [("gone", f"Atelier {NAMES[1]}")] and gone(tmp_path) == [f"Atelier {NAMES[1]}"]
    assert state(tmp_path, NAMES[1]) == ("gone", "HTTP 404")
    server.pages[NAMES[1]] = kept
    run, asked, _ = night(server, tmp_path, 4)
    assert NAMES[1] in asked and changes(run) == [("returned", f"Atelier {NAMES[1]}")] and gone(tmp_path) == []
    assert rebuilt_equal(tmp_path)


NO_PROOF = [
    pytest.param(Reply("broken", 500), id="500"),
    pytest.param(Reply("later", 503), id="503"),
    pytest.param(Reply("no", 403), id="403"),
    pytest.param(Reply("who?", 401), id="401"),
    pytest.param(Reply(mode="drop"), id="connection lost"),
    pytest.param(article("Atelier")._replace(mode="cut"), id="cut short"),
    pytest.param(CHALLENGE, id="a check for robots"),
    pytest.param(PARKED, id="the domain is for sale"),
    pytest.param(BROKEN, id="a database error with status 200"),
    pytest.param(CLOSED, id="a notice of maintenance"),
    pytest.param(Reply(""), id="an empty body"),
]


@pytest.mark.parametrize("reply", NO_PROOF)
def test_trouble_is_no_proof_that_an_item_is_gone(reply: Reply, server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    server.pages[NAMES[0]] = reply
    for day in (1, 2, 3):
        run, _, _ = night(server, tmp_path, day, everything=True)
        assert changes(run) == []
    assert gone(tmp_path) == []


def test_an_item_that_its_page_shows_no_more_is_gone_after_a_second_day(server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    server.pages[NAMES[0]] = links("/")
    assert changes(night(server, tmp_path, 1, everything=True)[0]) == []
    assert changes(night(server, tmp_path, 1.1, everything=True)[0]) == []
    assert changes(night(server, tmp_path, 2, everything=True)[0]) == [("gone", f"Atelier {NAMES[0]}")]
    assert rebuilt_equal(tmp_path)


BREACHES = [
    pytest.param(lambda name: Reply("<h1>404</h1>", 404), "pages_gone", id="most pages are gone"),
    pytest.param(lambda name: article(f"Autre chose {name}"), "pages_changed", id="every article changed"),
    pytest.param(lambda name: article("Site en maintenance"), "one_text", id="one text everywhere"),
]


@pytest.mark.parametrize(("spoiled", "code"), BREACHES)
def test_a_night_that_cannot_be_trusted_is_held_back_until_it_is_accepted(spoiled: object, code: str, server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    with Archive.open(tmp_path) as archive:
        before = [(item.item_id, item.title, item.gone) for item in archive.items()]
    good = dict(server.pages)
    server.pages |= {name: spoiled(name) for name in NAMES}  # type: ignore[operator]
    run, _, error = night(server, tmp_path, 1, everything=True)
    assert isinstance(error, RunBreached) and run.status == "breached" and run.counts["held"]
    assert code in [breach["code"] for breach in run.counts["breach"]]
    with Archive.open(tmp_path) as archive:
        assert [(item.item_id, item.title, item.gone) for item in archive.items()] == before
        assert archive.connection.execute("SELECT count(*) FROM captures WHERE held").fetchone()[0] >= len(NAMES)
    assert rebuilt_equal(tmp_path)
    server.pages = good
    run, asked, error = night(server, tmp_path, 2)
    assert error is None and set(asked) >= set(NAMES) and (run.status, changes(run)) == ("done", [])


def test_a_start_page_that_is_gone_is_a_breach(server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    server.pages = {}
    for day in (1, 2):
        run, _, error = night(server, tmp_path, day)
        assert isinstance(error, RunBreached) and "start_gone" in [breach["code"] for breach in run.counts["breach"]]
    assert gone(tmp_path) == []
    server.pages = pages(*NAMES)
    run, _, error = night(server, tmp_path, 3)
    assert (error, run.status, changes(run)) == (None, "done", [])


def test_what_was_held_back_can_be_let_in(server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    server.pages |= {name: article(f"Autre chose {name}") for name in NAMES}
    run, _, _ = night(server, tmp_path, 1, everything=True)
    with Archive.open(tmp_path, write=True) as archive:
        assert [one.run_id for one in archive.accept(run.run_id)] == [run.run_id]
        assert {item.title for item in archive.items()} == {f"Autre chose {name}" for name in NAMES}
        assert all(len(archive.versions(item.item_id)) == 2 for item in archive.items())
        with pytest.raises(ConfigError, match="holds nothing back"):
            archive.accept(run.run_id)
    assert rebuilt_equal(tmp_path)
    run, _, error = night(server, tmp_path, 2, everything=True)
    assert (error, run.status, changes(run)) == (None, "done", [])


def test_what_was_let_in_as_gone_is_no_alarm_on_later_nights(server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    for name in NAMES[:4]:
        del server.pages[name]
    run, _, error = night(server, tmp_path, 1, everything=True)
    assert isinstance(error, RunBreached)
    with Archive.open(tmp_path, write=True) as archive:
        archive.accept(run.run_id)
    assert set(gone(tmp_path)) == {f"Atelier {name}" for name in NAMES[:4]}
    for day in (2, 3):
        run, _, error = night(server, tmp_path, day, everything=True)
        assert (error, run.status, changes(run)) == (None, "done", [])


def test_a_budget_ends_the_run_and_the_next_goes_on(server: Web, tmp_path: Path) -> None:
    run, asked, error = night(server, tmp_path, 0, budget=Budget(requests=5))
    assert error is None and run.status == "done" and len(asked) == 4
    assert run.counts["carried_over"] == 10 and state(tmp_path, NAMES[11])[0] == "queued"
    run, more, _ = night(server, tmp_path, 1)
    assert run.counts["carried_over"] == 0 and {*asked, *more} >= set(NAMES) and "/" in more


def test_a_site_that_asks_to_come_back_later_is_left_alone_until_then(server: Web, tmp_path: Path) -> None:
    server.pages[NAMES[0]] = Reply("later", 429, {"Retry-After": "7200"})
    _, _, error = night(server, tmp_path, 0)
    assert isinstance(error, PutOff) and state(tmp_path, NAMES[0])[0] == "put_off"
    _, asked, error = night(server, tmp_path, 0.05)
    assert isinstance(error, PutOff) and asked == []
    server.pages |= pages(*NAMES)
    run, asked, error = night(server, tmp_path, 0.1)
    assert error is None and run.status == "done" and set(asked) == set(NAMES)


def test_validators_are_sent_back_and_a_304_is_a_revisit(server: Web, tmp_path: Path) -> None:
    server.pages["/"] = links("/fr/", *NAMES)._replace(headers={"ETag": '"a1"', "Last-Modified": "Mon, 05 Jan 2026 00:00:00 GMT"})
    night(server, tmp_path, 0)
    server.pages["/"] = Reply(b"", 304, {"ETag": '"a1"'})
    run, asked, _ = night(server, tmp_path, 1)
    sent = next(one.headers for one in reversed(server.log) if one.path == "/")
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == ('"a1"', "Mon, 05 Jan 2026 00:00:00 GMT")
    assert run.status == "done" and state(tmp_path, server.origin.partition("//")[2] + "/") == ("done", "")
    with Archive.open(tmp_path) as archive:
        found = archive.connection.execute("SELECT record_type, status FROM captures WHERE status = 304").fetchall()
    assert found == [("revisit", 304)] and rebuilt_equal(tmp_path)


def test_a_site_that_answers_everything_with_its_error_page_gets_no_such_items(tmp_path: Path) -> None:
    class Anything(dict[str, Reply]):
        def get(self, path: str, default: object = None) -> Reply:  # type: ignore[override]
            return super().get(path) or article("Page introuvable")

    with web() as server:
        server.pages = Anything({"/robots.txt": Reply("", 404), "/": links("/fr/77-mort", NAMES[0]), NAMES[0]: article("Atelier", date="2017-01-02")})  # type: ignore[assignment]
        server.pages[NAMES[0]] = Reply(str(article("Atelier").body).replace("points focaux", "États partenaires et leurs villes jumelées"))
        run, _, _ = night(server, tmp_path, 0, settings={"RABAT_PROBE": True})
        with Archive.open(tmp_path) as archive:
            assert [item.title for item in archive.items()] == ["Atelier"]
        assert state(tmp_path, "/fr/77-mort") == ("gone", "answers like a random path")
    assert run.status == "done" and rebuilt_equal(tmp_path)


def test_a_damaged_frontier_is_set_aside_and_everything_is_asked_again(server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    for suffix in ("-wal", "-shm"):
        (tmp_path / "state" / (DATABASE + suffix)).unlink(missing_ok=True)
    (tmp_path / "state" / DATABASE).write_bytes(b"no database at all" * 100)
    run, asked, _ = night(server, tmp_path, 1)
    assert set(asked) >= set(NAMES) and changes(run) == []
    assert (tmp_path / "state" / f"{DATABASE}.damaged-1").exists()


def test_every_address_ends_in_a_named_state(server: Web, tmp_path: Path) -> None:
    server.pages |= {
        "/": links("/fr/", "/fr/absent", "/fr/kaputt", "/images/photo.jpg", "/fr/1-atelier?tmpl=component", *NAMES),
        "/fr/kaputt": Reply("", 500),
    }
    run, _, _ = night(server, tmp_path, 0)
    rows = {row.url.removeprefix(server.origin): (row.state, row.reason) for row in read_addresses(tmp_path / "state", run=run.run_id)}
    assert rows["/fr/absent"] == ("gone", "HTTP 404")
    assert rows["/fr/kaputt"] == ("failed", "HTTP 500")
    assert rows["/images/photo.jpg"] == ("skipped", "image, script or style")
    assert rows["/fr/1-atelier?tmpl=component"] == ("folded", "print view")
    assert rows[NAMES[0]] == ("done", "")


def test_a_check_for_robots_on_the_start_page_is_a_breach(server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    server.pages["/"] = CHALLENGE
    run, _, error = night(server, tmp_path, 1)
    assert isinstance(error, RunBreached) and [breach["code"] for breach in run.counts["breach"]] == ["challenge"]
    assert gone(tmp_path) == [] and rebuilt_equal(tmp_path)


def test_a_removed_item_that_redirects_to_the_front_page_is_gone_after_a_second_day(server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    server.pages[NAMES[0]] = Reply("", 301, {"Location": "/"})
    assert changes(night(server, tmp_path, 1, everything=True)[0]) == []
    assert changes(night(server, tmp_path, 2, everything=True)[0]) == [("gone", f"Atelier {NAMES[0]}")]
    assert rebuilt_equal(tmp_path)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [(PARKED, "page of a parked domain"), (BROKEN, "error message with status 200"), (Reply(""), "empty page")],
    ids=["parked", "broken", "empty"],
)
def test_a_page_that_is_not_the_page_is_a_failure_of_its_address_and_is_asked_again(reply: Reply, reason: str, server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    kept, server.pages[NAMES[0]] = server.pages[NAMES[0]], reply
    run, _, error = night(server, tmp_path, 1, everything=True)
    assert (error, run.status, run.counts["failed"], changes(run)) == (None, "done with failures", 1, [])
    assert state(tmp_path, NAMES[0]) == ("failed", reason)
    server.pages[NAMES[0]] = kept
    run, asked, _ = night(server, tmp_path, 2)
    assert NAMES[0] in asked and (run.counts["failed"], changes(run), state(tmp_path, NAMES[0])) == (0, [], ("done", ""))
    assert rebuilt_equal(tmp_path)


def test_a_site_that_is_parked_is_a_breach_and_loses_no_item(server: Web, tmp_path: Path) -> None:
    night(server, tmp_path, 0)
    server.pages = dict.fromkeys(server.pages, PARKED)
    for day in (1, 2, 3):
        run, _, error = night(server, tmp_path, day, everything=True)
        assert isinstance(error, RunBreached) and [breach["code"] for breach in run.counts["breach"]] == ["bad_pages"], run.counts
        assert "page of a parked domain" in str(error)
    assert (changes(run), gone(tmp_path)) == ([], [])


def test_a_first_crawl_of_a_parked_site_says_what_stands_there(server: Web, tmp_path: Path) -> None:
    server.pages = dict.fromkeys(server.pages, PARKED)
    run, _, error = night(server, tmp_path, 0)
    assert isinstance(error, RunBreached) and run.counts["breach"][0]["code"] == "bad_pages"
    with Archive.open(tmp_path) as archive:
        assert list(archive.items()) == []
        roles = archive.connection.execute("SELECT role, problems FROM captures WHERE status = 200").fetchall()
    assert roles and all(role == "bad" and "parked_domain" in problems for role, problems in roles)


def test_a_bare_error_page_like_that_of_a_random_path_is_missing(server: Web, tmp_path: Path) -> None:
    settings = {"RABAT_PROBE": True}
    night(server, tmp_path, 0, settings=settings)
    bare = Reply("<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1><hr>nginx</body></html>")
    server.answer = lambda path: server.pages.get(path, bare)  # type: ignore[method-assign, assignment, return-value]
    del server.pages[NAMES[0]]
    server.pages["/robots.txt"] = Reply("", 404)
    run, _, _ = night(server, tmp_path, 1, everything=True, settings=settings)
    assert state(tmp_path, NAMES[0]) == ("gone", "answers like a random path") and run.counts["failed"] == 0
