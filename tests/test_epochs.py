"""One article under the names of several epochs: numbers, addresses, hosts; and every way to the database gives the same rows."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rabat_crawler import epochs, registry
from rabat_crawler.archive import schema, store
from rabat_crawler.archive.bulk import Bulk
from rabat_crawler.archive.rows import AGAIN, Preparer
from rabat_crawler.archive.workers import Workers
from rabat_crawler.epochs import Fact, Group, precedence, roots, strength
from rabat_crawler.models import Draft, PartialDate
from tests.building import BASE, RABAT, Shot, day, items_of, rows_of

OLD_HOST = "http://www.processusderabat.net"
LONG = " ".join(f"Les points focaux du dialogue ont préparé la feuille de route numéro {n} à Dakar avec les partenaires." for n in range(4))
OTHER_TEXT = LONG.replace("Dakar", "Luanda")
OLDEST, MIDDLE, NEWEST = 0, 1200, 3000


def article(url: str, *, title: str = "Réunion à Dakar", text: str = LONG, on: str | None = "2017-07-17", number: int | None = None) -> Draft:
    dates = (day(on),) if on else ()
    return Draft(
        title=title, text=text, complete=True, url=url, article_id=number, cms="joomla" if number else "", dates=dates, language="fr", kind="news"
    )


def shot(name: str, days: float, draft: Draft) -> Shot:
    return Shot(name=name, url=draft.url or BASE, days=days, drafts=(draft,))


B = f"{BASE}/fr/a-propos-processus-de-rabat/371-reunion-a-dakar"
C = f"{BASE}/fr/en-action/actualites/371-reunion-a-dakar"
D = f"{BASE}/fr/activites/reunion-a-dakar"


def test_an_item_of_three_epochs_is_one_item_with_all_its_addresses() -> None:
    shots = [shot("b", OLDEST, article(B, number=371)), shot("c", MIDDLE, article(C, number=371)), shot("d", NEWEST, article(D))]
    (item,) = items_of(shots)
    assert set(item.addresses) == {B, C, D} and item.canonical_url == D and item.article_id == 371
    assert (item.first_seen[:10], item.last_seen[:10]) == ("2019-05-01", "2027-07-18")


def test_the_older_hosts_numbers_are_other_numbers() -> None:
    older = article(f"{OLD_HOST}/web/index.php/fr/12-reunion", number=12)
    stranger = article(f"{BASE}/fr/12-autre", title="Autre chose", text=OTHER_TEXT, on="2018-01-01", number=12)
    items = items_of([shot("a", OLDEST, older), shot("c", MIDDLE, article(C, number=371)), shot("x", MIDDLE, stranger)])
    assert {item.title: len(item.addresses) for item in items} == {"Réunion à Dakar": 2, "Autre chose": 1}


JOINED = {
    "same text and day, other title": replace(article(D), title="Dakar : la réunion"),
    "same title and day, other text": replace(article(D), text=OTHER_TEXT),
    "same text and title, no day": article(D, on=None),
    "same title, no day, an edited text": article(D, on=None, text=LONG + " Une phrase de plus a été ajoutée."),
    "other typography": replace(article(D), text=LONG.replace("'", "’").replace(" ", "\u00a0", 3), title="REUNION A DAKAR"),
}
APART = {
    "same title, another day": article(D, on="2018-07-17", text=OTHER_TEXT),
    "same title and text, another day": article(D, on="2018-07-17"),
    "same text, another title, no day": replace(article(D, on=None), title="Réunion"),
    "same title, no day, other text": article(D, on=None, text=OTHER_TEXT),
    "same title, no day, another year in the text": article(D, on=None, text=LONG + " Ce sera en 2019."),
    "another language": replace(article(D), language="en"),
    "a short text": replace(article(D, on=None), text="Plus d'informations ici.", title="Réunion à Dakar"),
    "a numbered copy": article(f"{BASE}/fr/en-action/actualites/372-reunion-a-dakar-2", title="Réunion à Dakar (2)", number=372),
    "a numbered article of the same title and day": article(f"{BASE}/fr/en-action/actualites/373-reunion-a-dakar", number=373),
}


@pytest.mark.parametrize("case", JOINED)
def test_what_shows_the_same_is_one_article(case: str) -> None:
    assert len(items_of([shot("c", MIDDLE, article(C, number=371)), shot("d", NEWEST, JOINED[case])])) == 1


@pytest.mark.parametrize("case", APART)
def test_what_does_not_stays_apart(case: str) -> None:
    assert len(items_of([shot("c", MIDDLE, article(C, number=371)), shot("d", NEWEST, APART[case])])) == 2


def test_of_two_numbered_copies_the_address_goes_to_the_one_of_its_day() -> None:
    copy = article(f"{BASE}/fr/en-action/actualites/372-reunion-a-dakar-2", on="2017-09-09", number=372)
    items = items_of([shot("c", MIDDLE, article(C, number=371)), shot("k", MIDDLE, copy), shot("d", NEWEST, article(D, on="2017-09-09"))])
    assert {item.article_id: D in item.addresses for item in items} == {371: False, 372: True}


def test_two_addresses_of_one_time_are_two_articles_and_one_that_moved_is_one() -> None:
    moved = f"{BASE}/fr/nouvelles/reunion-a-dakar"
    assert len(items_of([shot("1", 0, article(D)), shot("2", 100, article(moved)), shot("3", 200, article(D))])) == 2
    assert len(items_of([shot("1", 0, article(D)), shot("2", 20, article(moved))])) == 2
    (item,) = items_of([shot("1", 0, article(D)), shot("2", 100, article(moved))])
    assert item.canonical_url == moved and set(item.addresses) == {D, moved}


def test_an_item_is_gone_when_its_latest_addresses_are() -> None:
    shots = [shot("c", OLDEST, article(C, number=371)), shot("d", NEWEST, article(D)), Shot(name="e", url=D, days=NEWEST + 1, status=404)]
    (item,) = items_of(shots)
    assert item.gone
    (item,) = items_of([*shots[:2], Shot(name="e", url=C, days=NEWEST + 1, status=404)])
    assert not item.gone


def test_two_titles_over_one_text_at_one_time_are_two_articles() -> None:
    other = replace(article(D), title="Dakar : la réunion")
    assert len(items_of([shot("c", 0, article(C, number=371)), shot("d", 1, other)])) == 2
    assert len(items_of([shot("c", 0, article(C, number=371)), shot("d", 100, other)])) == 1
    assert len(items_of([shot("c", 0, article(C, number=371)), shot("d", 100, other), shot("e", 200, article(C, number=371))])) == 2


def test_what_many_say_is_no_evidence() -> None:
    many = [shot(f"c{n}", 0, article(f"{BASE}/fr/{n}-x", number=n)) for n in range(1, epochs.TOO_COMMON + 1)]
    assert len(items_of([*many[:-1], shot("d", 1, article(D))])) == epochs.TOO_COMMON - 1
    assert len(items_of([*many, shot("d", 1, article(D))])) == epochs.TOO_COMMON + 1


def test_names_keep_their_numbers_before_addresses() -> None:
    names = ["url:rabat-process:org,rabat-process)/a", "id:rabat-process:a:joomla:1", "id:rabat-process:joomla:9"]
    assert sorted(names, key=precedence) == ["id:rabat-process:joomla:9", "id:rabat-process:a:joomla:1", "url:rabat-process:org,rabat-process)/a"]


@given(st.randoms(use_true_random=False))
def test_roots_do_not_depend_on_the_order_of_the_links(dice: random.Random) -> None:
    keys = [f"id:s:joomla:{n}" for n in range(3)] + [f"url:s:h{n})/x" for n in range(4)]
    pairs = [(one, other) for one in keys for other in keys if one < other and not (one[0] == other[0] == "i")]
    edges = {pair: dice.choice((2, 3)) for pair in dice.sample(pairs, 6)}
    shuffled = list(edges.items())
    dice.shuffle(shuffled)
    found = roots(keys, edges)
    assert found == roots(reversed(keys), dict(shuffled))
    assert len({root for root in found.values() if root.startswith("id:")}) == 3


def test_a_group_without_reading_of_its_own_is_not_taken_for_moved() -> None:
    one = Group("url:s:h)/a", frozenset((Fact("fr", "x", "2017-01-01", None),)))
    assert strength(one, replace(one, key="url:s:h)/b")) == 0 and strength(one, replace(one, key="url:s:g)/b")) == 2


# Every way to the database -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What hypothesis chooses for one capture."""

    where: int
    title: int
    text: int
    on: int
    days: int
    again: int


ADDRESSES = [
    (f"{BASE}/fr/x/371-a", 371), (f"{BASE}/fr/y/371-a", 371), (f"{BASE}/fr/y/372-b", 372), (f"{OLD_HOST}/web/12-a", 12), (D, None),
    (f"{BASE}/fr/nouvelles/b", None), ("http://dialogueuroafricainmd.net/a", None), (None, None),
]  # fmt: skip
PLANS = st.builds(
    Plan, where=st.integers(0, len(ADDRESSES) - 1), title=st.integers(0, 1), text=st.integers(0, 2), on=st.integers(0, 2), days=st.integers(0, 6),
    again=st.integers(0, 5),
)  # fmt: skip
TEXTS = (LONG, OTHER_TEXT, "Court.")
DAYS = ("2017-07-17", "2018-07-17", None)


def shots_of(plans: list[Plan]) -> list[Shot]:
    shots: list[Shot] = []
    for number, plan in enumerate(plans):
        url, article_number = ADDRESSES[plan.where]
        on = DAYS[plan.on]
        draft = Draft(
            title=("Réunion", "Atelier")[plan.title], text=TEXTS[plan.text], complete=url is not None and plan.again != 4, url=url,
            article_id=article_number, cms="joomla" if article_number else "", language="fr", kind="news",
            dates=(PartialDate(value=on, precision="day", raw=on, rule="iso", role="published", source="listing"),) if on else (),
        )  # fmt: skip
        again = f"c{number // 2}" if plan.again == 5 and number else None
        page_url = url or f"{BASE}/fr/"
        if again:
            page_url = next(one.url for one in shots if one.name == again)
        status = 404 if plan.again == 3 else 200
        shots.append(
            Shot(
                name=f"c{number}",
                url=page_url,
                days=plan.days * 40 + number / 100,
                drafts=() if status == 404 else (draft,),
                status=status,
                again=again,
            )
        )
    return shots


def bulk_rows(shots: list[Shot]) -> list[str]:
    """The dump of a database filled at once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bulk.db"
        connection = schema.connect(path, write=True, create=True)
        bulk, preparer = Bulk(connection), Preparer()
        for one in shots:
            bulk.take(preparer.prepare(one.capture(), AGAIN if one.again else one.page(), one.site))
        with Workers(1) as workers:
            bulk.finish(workers, str(path), lambda what, done, total: None)
        found = list(store.dump(connection))
        connection.close()
    return found


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PLANS, min_size=2, max_size=14), st.integers(1, 5), st.randoms(use_true_random=False))
def test_every_order_and_the_bulk_give_the_same_rows(plans: list[Plan], batch: int, dice: random.Random) -> None:
    shots = shots_of(plans)
    wanted = rows_of(shots)
    shuffled = shots[:]
    dice.shuffle(shuffled)
    assert rows_of(shuffled, batch=batch) == wanted
    assert bulk_rows(shuffled) == wanted


def test_the_definition_of_the_old_host_is_found_by_its_name() -> None:
    assert registry.site_of(f"{OLD_HOST}/web/x") is RABAT
    assert registry.site_of("http://nobody.example/x").name == "generic"
