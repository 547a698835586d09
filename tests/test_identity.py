"""Names of items: the same in every copy of the archive, short enough to type, never two for one thing."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler import identity, registry
from rabat_crawler.identity import Seen, draft_from_json, draft_id, draft_json, item_id, item_number, keys_of, merge, published_date
from rabat_crawler.models import Alternate, Attachment, Draft, Image, PartialDate
from tests.building import BASE, RABAT, day

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def seen(draft: Draft, number: int = 0, *, last: int | None = None) -> Seen:
    moment = "2019-05-{:02d}T06:00:00.000000Z".format
    first, latest = number + 1, (number if last is None else last) + 1
    return Seen(
        draft_id=draft_id(draft_json(draft)), draft=draft, page_url=draft.url or BASE, first_seen=moment(first), last_seen=moment(latest),
        first_capture=f"c{first}", last_capture=f"c{latest}",
    )  # fmt: skip


def test_the_id_of_a_key_never_changes() -> None:
    assert item_number("id:rabat-process:joomla:166") == 1060785008471718
    assert item_id(1060785008471718) == "y4rx0ssvn6"


@given(st.text())
def test_an_id_is_ten_characters_and_gives_its_number_back(key: str) -> None:
    number = item_number(key.encode("utf-8", "replace").decode())
    name = item_id(number)
    assert 0 <= number < 2**50 and len(name) == 10 and set(name) <= set(CROCKFORD)
    back = 0
    for letter in name:
        back = back * 32 + CROCKFORD.index(letter)
    assert back == number


def test_ids_are_in_the_order_of_their_numbers() -> None:
    numbers = sorted(item_number(str(n)) for n in range(500))
    assert len(set(numbers)) == 500 and [item_id(n) for n in numbers] == sorted(item_id(n) for n in numbers)


@pytest.mark.parametrize(
    "copy",
    [
        f"{BASE}/fr/actualites/166-reunion?tmpl=component&print=1&layout=default",
        f"{BASE}/fr/component/content/article/9-x/166-reunion",
        f"{BASE}/fr/166-reunion#top",
        f"{BASE}/fr/actualites/166-reunion/",
        "http://rabat-process.org/fr/166-reunion",
    ],
)
def test_copies_of_an_address_have_one_key(copy: str) -> None:
    assert keys_of(Draft(title="x", url=copy), RABAT).url_key == keys_of(Draft(title="x", url=f"{BASE}/fr/actualites/166-reunion"), RABAT).url_key


def test_a_title_is_known_by_its_letters_not_by_its_typography() -> None:
    one, two = Draft(title="L’œuvre : « été »", dates=(day("2017"),)), Draft(title="l'oeuvre, ete", dates=(day("2017"),))
    assert keys_of(one, RABAT).text_key == keys_of(two, RABAT).text_key is not None


def test_every_draft_has_a_key() -> None:
    assert keys_of(Draft(title="x"), RABAT).text_key
    assert keys_of(Draft(title=""), RABAT).text_key
    assert keys_of(Draft(title="x", text="a"), RABAT) != keys_of(Draft(title="x", text="b"), RABAT)


def test_numbers_of_two_hosts_databases_are_not_compared() -> None:
    spaces = {host.ids: host.name for host in RABAT.hosts}
    assert len(spaces) > 1
    keys = {keys_of(Draft(title="x", url=f"https://{name}/fr/5-x", article_id=5, cms="joomla"), RABAT).id_key for name in spaces.values()}
    assert len(keys) == len(spaces)


def test_a_mirror_names_items_as_the_site_does_but_unknown_sites_do_not() -> None:
    draft = Draft(title="x", article_id=5, cms="wordpress", url="http://127.0.0.1:8001/x")
    assert keys_of(draft, registry.at_origin(RABAT, "http://127.0.0.1:8001/")).id_key == keys_of(draft, RABAT).id_key
    one, two = (keys_of(draft, registry.generic_site(start)).id_key for start in ("https://one.example/a", "https://two.example/"))
    assert one != two and one == keys_of(draft, registry.generic_site("https://one.example/b")).id_key


def test_a_draft_survives_its_json() -> None:
    draft = Draft(
        title="Titre « é »", text="a\n\nb", url=BASE, article_id=3, cms="joomla", kind="news", dates=(day("2017-05"),), tags=("a", "b"), parts=(BASE + "/2",),
        attachments=(Attachment(url="x", text="y", media_type=None),), images=(Image(url="i"),), alternates=(Alternate(hreflang="fr", url="z"),), complete=True,
    )  # fmt: skip
    assert draft_from_json(draft_json(draft)) == draft
    assert draft_json(draft_from_json(draft_json(draft))) == draft_json(draft)


DATES = st.lists(
    st.builds(
        PartialDate, value=st.sampled_from(["2016", "2017-05", "2017-05-14", "2017-05-15"]), precision=st.just("day"), raw=st.just("x"),
        rule=st.just("iso"), refused=st.sampled_from(["", "implausible", "deadline"]), role=st.sampled_from(["published", "event", "modified"]),
        source=st.sampled_from(["listing", "meta", "dd.published", "text", "title", "url", "other"]),
    ).map(lambda date: replace(day(date.value, date.source), refused=date.refused, role=date.role)),
    max_size=3,
).map(tuple)  # fmt: skip
SIGHTINGS = st.lists(
    st.tuples(
        st.builds(
            Draft, title=st.sampled_from(["A", "B"]), text=st.sampled_from(["", "x", "xy"]), complete=st.booleans(),
            url=st.sampled_from([None, BASE + "/fr/a", BASE + "/en/a?x"]),
            dates=DATES, kind=st.sampled_from([None, "event", "news"]), language=st.sampled_from([None, "fr"]), tags=st.sampled_from([(), ("t",)]),
            section=st.sampled_from(["", "s"]), summary=st.sampled_from(["", "sum"]), article_id=st.sampled_from([None, 3]),
        ),
        st.integers(0, 3), st.integers(0, 3),
    ),
    min_size=1, max_size=6, unique_by=lambda drawn: draft_json(drawn[0]),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(SIGHTINGS, st.randoms(use_true_random=False))
def test_merging_does_not_depend_on_order(drawn: list[tuple[Draft, int, int]], dice: random.Random) -> None:
    sightings = [seen(draft, first, last=first + more) for draft, first, more in drawn]
    merged = merge("k", sightings, RABAT)
    assert merge("k", dice.sample(sightings, len(sightings)), RABAT) == merged
    assert merged.item.current_version in {version.version_id for version in merged.versions}
    current = next(version for version in merged.versions if version.version_id == merged.item.current_version)
    assert (current.title, current.text) == (merged.item.title, merged.item.text)
    assert ("intro_only" in merged.item.flags) == (not any(draft.complete for draft, _, _ in drawn))
    assert current.complete == any(draft.complete for draft, _, _ in drawn)


@pytest.mark.parametrize(
    ("dates", "value", "conflict", "implausible"),
    [
        ((), None, False, False),
        ((day("2017-05-14", "listing"), day("2017-05-15")), "2017-05-15", False, False),
        ((day("2017-05-14"), day("2017-05-15")), "2017-05-14", True, False),
        ((replace(day("1970-01-01"), refused="implausible"), day("2017-05-14", "title")), "2017-05-14", False, True),
        ((replace(day("1970-01-01"), refused="implausible"),), None, False, True),
        ((day("2017"), day("2017-05-14")), "2017-05-14", False, False),
        ((day("2017-05-13", "url"), day("2017-05-14", "title")), "2017-05-14", False, False),
        ((day("2017-05-13", "url"),), "2017-05-13", False, False),
        ((replace(day("2017-05-13", "url"), refused="stale alias"),), None, False, False),
    ],
    ids=[
        "none",
        "the page before the listing",
        "two days",
        "an unbelievable one beside",
        "only an unbelievable one",
        "a day before a year",
        "an address last",
        "an address alone",
        "a refused one",
    ],
)
def test_the_published_date_follows_the_evidence(dates: tuple[PartialDate, ...], value: str | None, conflict: bool, implausible: bool) -> None:
    found, differs, unbelievable = published_date([seen(Draft(title="x", dates=dates))])
    assert (found.value if found else None, differs, unbelievable) == (value, conflict, implausible)


def test_what_changes_a_version_is_title_and_text_alone() -> None:
    draft = Draft(title="T", text="x", complete=True, url=BASE)
    other = replace(draft, html="<p>x</p>", tags=("a",), section="S", language="fr")
    assert len(merge("k", [seen(draft), seen(other, 1)], RABAT).versions) == 1
    assert len(merge("k", [seen(draft), seen(replace(draft, text="x."), 1)], RABAT).versions) == 2


def test_of_two_intros_of_one_day_the_longer_stands() -> None:
    short, long = Draft(title="T", text="x", url=BASE), Draft(title="T", text="x y", url=BASE)
    assert merge("k", [seen(short), seen(long)], RABAT).item.text == "x y"
    assert merge("k", [seen(long, 0), seen(short, 5)], RABAT).item.text == "x"


@pytest.mark.parametrize(
    ("urls", "complete", "canonical"),
    [
        ((f"{BASE}/fr/a?tmpl=component", f"{BASE}/fr/a"), True, f"{BASE}/fr/a"),
        ((f"{BASE}/index.php/fr/a", f"{BASE}/fr/a/b/c"), True, f"{BASE}/fr/a/b/c"),
        ((f"{BASE}/fr/166-x", f"{BASE}/fr/actualites/166-x"), False, f"{BASE}/fr/actualites/166-x"),
        ((f"{BASE}/en/actualites/166-x", f"{BASE}/fr/actualites/166-x"), False, f"{BASE}/fr/actualites/166-x"),
    ],
    ids=["page before print view", "no index.php", "deepest of what listings link to", "main language"],
)
def test_the_address_to_cite(urls: tuple[str, ...], complete: bool, canonical: str) -> None:
    sightings = [seen(Draft(title="T", text="x", complete=complete, url=url), number) for number, url in enumerate(urls)]
    assert merge("k", sightings, RABAT).item.canonical_url == canonical
    assert merge("k", sightings[::-1], RABAT).item.canonical_url == canonical


def test_an_item_without_address_cites_the_page_that_shows_it() -> None:
    item = merge("k", [replace(seen(Draft(title="T")), page_url=f"{BASE}/fr/")], RABAT).item
    assert item.canonical_url == f"{BASE}/fr/" and item.flags == ("intro_only", "no_address") and item.addresses == ()


def test_no_look_alikes_in_ids() -> None:
    assert not set("ilou") & set(identity._ALPHABET)


def test_of_two_published_dates_the_one_seen_last_stands() -> None:
    early, late = Draft(title="x", dates=(day("2017-05-14"),)), Draft(title="x", dates=(day("2017-05-15"),))
    for first, second, value in ((early, late, "2017-05-15"), (late, early, "2017-05-14")):
        found, differs, _ = published_date([seen(first), seen(second, 5)])
        assert found is not None and (found.value, differs) == (value, True)
