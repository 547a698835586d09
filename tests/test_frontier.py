"""The frontier: every address gets one outcome, in the right order, with traps cut off. No network."""

from __future__ import annotations

import pytest

from rabat_crawler.frontier import ALIAS, LISTING_ENDED, MAX_DEPTH, MAX_REDIRECTS, PART, Entry, Frontier
from rabat_crawler.models import Draft, Host, Link, Page, PartialDate, Role, Site
from rabat_crawler.urls import FEW

HOME = "https://www.example.org/"


def site() -> Site:
    return Site(
        name="example",
        title="Example",
        hosts=(Host(name="www.example.org"), Host(name="example.org"), Host(name="old.example.org", crawl=False)),
        languages=("fr", "en"),
        starts=(HOME,),
        sections=(("actualites", "news"), ("reunions", "event")),
    )


def started(*, max_pages: int | None = None) -> tuple[Frontier, Entry]:
    """A frontier whose home page has been taken."""
    frontier = Frontier(site(), max_pages=max_pages)
    assert frontier.seed([HOME]) == 1
    home = frontier.next()
    assert home is not None
    return frontier, home


def page(role: Role = "other", *links: Link, published: bool = False) -> Page:
    dates = (PartialDate(value="2017-07-17", precision="day", raw="17 juillet 2017", rule="day", role="published"),)
    drafts = (Draft(title="Un atelier", text="Texte.", complete=True, dates=dates if published else ()),) if role == "detail" else ()
    return Page(layout="test", role=role, drafts=drafts, links=links)


def link(path: str, rel: str = "") -> Link:
    return Link(url=HOME + path, rel=rel)


def drain(frontier: Frontier) -> list[str]:
    """The paths of everything that waits, in the order in which it is fetched; every page is an undated page without links."""
    paths = []
    while (entry := frontier.next()) is not None:
        paths.append(entry.url.removeprefix(HOME))
        frontier.visited(entry, page())
    return paths


def test_listings_come_before_their_next_pages_then_items_then_other_pages_then_documents() -> None:
    frontier, home = started()
    frontier.offer(
        [
            link("images/rapport.pdf"),
            link("fr/contact"),
            link("fr/12-atelier", "item"),
            link("fr/actualites?start=10", "next"),
            link("fr/actualites"),
        ],
        parent=home,
    )
    assert drain(frontier) == ["fr/actualites", "fr/actualites?start=10", "fr/12-atelier", "fr/contact", "images/rapport.pdf"]


def test_each_address_is_queued_once() -> None:
    frontier, home = started()
    assert frontier.offer([link("fr/a"), link("fr/a"), link("fr/a#bas"), link("")], parent=home) == 1
    assert frontier.offer([link("fr/a", "item")], parent=home) == 0
    assert drain(frontier) == ["fr/a"]


SKIPPED = [
    pytest.param("https://elsewhere.test/fr/a", "", "outside the site", id="another host"),
    pytest.param("https://www.example.org:8443/fr/a", "", "outside the site", id="another port"),
    pytest.param("https://old.example.org/fr/a", "", "outside the site", id="a host of an earlier epoch"),
    pytest.param(HOME + "fr/component/mailto/?tmpl=component&link=ab12", "", "mailto form", id="mailto form"),
    pytest.param(HOME + "images/photo.jpg", "", "image, script or style", id="image"),
    pytest.param(HOME + "fr/a/b/a/b/a/b", "", "path repeats itself", id="repeated segments"),
    pytest.param(HOME + "fr/" + "x" * 900, "", "longer than 800 characters", id="too long"),
    pytest.param(HOME + "fr/12-dossier?start=1", "part", PART, id="part of an article"),
]


@pytest.mark.parametrize(("url", "rel", "reason"), SKIPPED)
def test_a_skipped_address_is_counted_with_its_reason_and_an_example(url: str, rel: str, reason: str) -> None:
    frontier, home = started()
    assert frontier.offer([Link(url=url, rel=rel)], parent=home) == 0
    assert {name: (tally.count, tally.examples) for name, tally in frontier.skipped.items()} == {reason: (1, [url])}
    assert drain(frontier) == []


def test_a_copy_is_folded_into_the_page_it_is_a_copy_of() -> None:
    frontier, home = started()
    frontier.offer([link("fr/12-atelier?tmpl=component&print=1"), link("fr/12-atelier")], parent=home)
    assert drain(frontier) == ["fr/12-atelier"]
    assert frontier.folded["print view"].count == 1


def test_only_five_examples_are_kept_of_each_reason() -> None:
    frontier, home = started()
    frontier.offer([link(f"images/{number}.png") for number in range(9)], parent=home)
    tally = frontier.skipped["image, script or style"]
    assert (tally.count, len(tally.examples)) == (9, 5)


ALIASES = [
    pytest.param(page("detail", published=True), [], 1, id="a dated article: its other address is a copy"),
    pytest.param(page("detail"), ["fr/toutes/12-atelier"], 0, id="an article that shows no date here: the other address may show one"),
    pytest.param(page("listing"), ["fr/toutes/12-atelier"], 0, id="a category with a number"),
    pytest.param(page("gone"), ["fr/toutes/12-atelier"], 0, id="gone"),
    pytest.param(None, ["fr/toutes/12-atelier"], 0, id="failed"),
]


@pytest.mark.parametrize(("read", "then", "folded"), ALIASES)
def test_a_second_address_of_an_article_waits_for_the_first(read: Page | None, then: list[str], folded: int) -> None:
    frontier, home = started()
    frontier.offer([link("fr/actu/12-atelier"), link("fr/toutes/12-atelier")], parent=home)
    first = frontier.next()
    assert first is not None and first.url == HOME + "fr/actu/12-atelier"
    assert frontier.next() is None
    frontier.done(first.key, read)
    assert drain(frontier) == then
    assert (frontier.folded[ALIAS].count if folded else len(frontier.folded)) == folded


def test_a_second_address_found_after_the_article_was_read_is_folded() -> None:
    frontier, home = started()
    frontier.offer([link("fr/actu/12-atelier")], parent=home)
    first = frontier.next()
    assert first is not None
    frontier.visited(first, page("detail", link("fr/toutes/12-atelier"), published=True))
    assert drain(frontier) == []
    assert frontier.folded[ALIAS].examples == [HOME + "fr/toutes/12-atelier"]


def test_held_addresses_are_tried_one_after_the_other_until_one_is_the_dated_article() -> None:
    frontier, home = started()
    frontier.offer([link(f"fr/{menu}/12-atelier") for menu in ("a", "b", "c", "d")], parent=home)
    seen = []
    for read in (page("gone"), page("detail", published=True)):
        entry = frontier.next()
        assert entry is not None
        seen.append(entry.url)
        frontier.done(entry.key, read)
    assert seen == [HOME + "fr/a/12-atelier", HOME + "fr/b/12-atelier"]
    assert frontier.next() is None
    assert frontier.folded[ALIAS].count == 2


def test_a_redirect_to_a_longer_spelling_of_the_same_page_is_followed() -> None:
    frontier, home = started()
    frontier.offer([link("fr")], parent=home)
    entry = frontier.next()
    assert entry is not None
    frontier.offer([link("fr/", "redirect")], parent=entry)
    frontier.done(entry.key, page("redirect"))
    assert drain(frontier) == ["fr/"]


def test_a_redirect_to_a_copy_that_would_fold_back_is_followed_as_it_is() -> None:
    frontier, home = started()
    frontier.offer([link("fr/a")], parent=home)
    entry = frontier.next()
    assert entry is not None
    frontier.offer([link("index.php/fr/a", "redirect")], parent=entry)
    frontier.done(entry.key, page("redirect"))
    assert drain(frontier) == ["index.php/fr/a"]


def test_a_redirect_loop_ends() -> None:
    frontier, home = started()
    frontier.offer([link("fr/a")], parent=home)
    fetched = []
    while (entry := frontier.next()) is not None:
        fetched.append(entry.url)
        target = "fr/b" if entry.url.endswith("a") else "fr/a"
        frontier.offer([link(target, "redirect")], parent=entry)
        frontier.done(entry.key, page("redirect"))
    assert fetched == [HOME + "fr/a", HOME + "fr/b"]


def test_a_chain_of_redirects_is_followed_six_times() -> None:
    frontier, home = started()
    frontier.offer([link("fr/r0")], parent=home)
    fetched = 0
    while (entry := frontier.next()) is not None:
        fetched += 1
        frontier.offer([link(f"fr/r{fetched}", "redirect")], parent=entry)
        frontier.done(entry.key, page("redirect"))
    assert fetched == MAX_REDIRECTS + 1
    assert frontier.skipped["too many redirects"].count == 1


def test_a_listing_ends_at_the_page_that_brings_no_new_item() -> None:
    frontier, home = started()
    frontier.offer([link("fr/actualites")], parent=home)
    asked = []
    while (entry := frontier.next()) is not None:
        asked.append(entry.url.removeprefix(HOME))
        start = int(entry.url.partition("start=")[2] or 0)
        items = [link(f"fr/{min(start, 20) + number}-atelier", "item") for number in range(10)] if entry.order < 3 else []
        more = [link(f"fr/actualites?start={start + 10}", "next")] if entry.order < 3 else []
        frontier.visited(entry, page("listing", *items, *more))
    listing = [path for path in asked if "actualites" in path]
    assert listing == ["fr/actualites", "fr/actualites?start=10", "fr/actualites?start=20", "fr/actualites?start=30"]
    assert frontier.skipped[LISTING_ENDED].examples == [HOME + "fr/actualites?start=40"]


def test_queued_pages_beyond_the_end_of_a_listing_are_dropped() -> None:
    frontier, home = started()
    items = [link(f"fr/{number}-atelier", "item") for number in range(3)]
    pager = [link(f"fr/actualites?start={start}", "next") for start in (3, 6, 9)]
    frontier.offer(pager, parent=home)
    entry = frontier.next()
    assert entry is not None
    frontier.visited(entry, page("listing", *items))
    entry = frontier.next()
    assert entry is not None and entry.url.endswith("start=6")
    frontier.visited(entry, page("listing", *items))
    assert not [path for path in drain(frontier) if "start=" in path]
    assert frontier.skipped[LISTING_ENDED].count == 1


def test_a_second_listing_of_known_items_is_still_walked() -> None:
    frontier, home = started()
    frontier.offer([link("fr/actualites"), link("fr/reunions?start=3", "next")], parent=home)
    items = [link(f"fr/{number}-atelier", "item") for number in range(3)]
    first = frontier.next()
    assert first is not None
    frontier.visited(first, page("listing", *items))
    second = frontier.next()
    assert second is not None and second.url.endswith("reunions?start=3")
    frontier.visited(second, page("listing", *items, link("fr/reunions?start=6", "next")))
    assert "fr/reunions?start=6" in drain(frontier)


def test_one_path_with_ever_other_queries_is_cut_off() -> None:
    frontier, home = started()
    frontier.offer([link(f"fr/agenda?jour={number}") for number in range(FEW + 40)], parent=home)
    assert len(drain(frontier)) == FEW
    assert frontier.skipped["too many addresses of one pattern"].count == 40


def test_pages_of_a_listing_are_no_pattern() -> None:
    frontier, home = started()
    assert frontier.offer([link(f"fr/actualites?start={number}", "next") for number in range(1, 101)], parent=home) == 100


def test_depth_is_limited_but_a_listing_may_be_long() -> None:
    frontier, home = started()
    deep = Entry(url=HOME + "fr/x", key="x", depth=MAX_DEPTH)
    assert frontier.offer([link("fr/y")], parent=deep) == 0
    assert frontier.offer([link("fr/actualites?start=300", "next")], parent=deep) == 1
    assert frontier.skipped["too deep"].examples == [HOME + "fr/y"]


def test_the_page_limit_ends_the_run_and_what_waits_is_counted() -> None:
    frontier, home = started(max_pages=3)
    frontier.offer([link(f"fr/{name}") for name in "abcde"], parent=home)
    assert len(drain(frontier)) == 2
    assert frontier.finish() == 3
    assert frontier.skipped["page limit"].count == 3


def test_what_robots_txt_forbids_is_a_skip_and_frees_what_waited_for_it() -> None:
    frontier, home = started()
    frontier.offer([link("fr/actu/12-atelier"), link("fr/toutes/12-atelier")], parent=home)
    entry = frontier.next()
    assert entry is not None
    frontier.skip(entry, "robots.txt")
    assert drain(frontier) == ["fr/toutes/12-atelier"]
    assert frontier.skipped["robots.txt"].count == 1


def test_a_dry_run_gives_only_the_starts_and_keeps_every_judgement() -> None:
    frontier = Frontier(site(), starts_only=True)
    frontier.plan = []
    frontier.seed([HOME, "https://elsewhere.test/"])
    home = frontier.next()
    assert home is not None
    frontier.visited(home, page("other", link("fr/a"), link("images/x.png")))
    assert frontier.next() is None
    assert [(row["url"], row["outcome"], row["reason"]) for row in frontier.plan] == [
        (HOME, "queued", ""),
        ("https://elsewhere.test/", "skipped", "outside the site"),
        (HOME + "fr/a", "queued", ""),
        (HOME + "images/x.png", "skipped", "image, script or style"),
    ]
