"""What changed between two nights: every kind of change from a case table, the order, the plain form."""

from __future__ import annotations

import dataclasses
import json
import random

import pytest

from rabat_crawler.changes import CODES, FIELDS, Snapshot, compare, snapshot
from rabat_crawler.models import Item

OLD = Snapshot(
    item_id="a",
    title="Réunion à Dakar",
    kind="event",
    published="2019-05-01",
    event_start="2019-06-01",
    language="fr",
    canonical_url="https://x.org/fr/1-reunion",
    summary="Intro.",
    current_version="v1",
)


def now(**different: object) -> Snapshot:
    return dataclasses.replace(OLD, **different)  # type: ignore[arg-type]


CASES = [
    ("nothing", OLD, OLD, []),
    ("new", None, OLD, [("new", {}, (None, "v1"))]),
    ("new without text", None, now(current_version=None), [("new", {}, (None, None))]),
    ("text", OLD, now(current_version="v2"), [("changed", {}, ("v1", "v2"))]),
    ("title", OLD, now(title="Réunion à Praia"), [("changed", {"title": ("Réunion à Dakar", "Réunion à Praia")}, ("v1", "v1"))]),
    (
        "title and text",
        OLD,
        now(title="Réunion à Praia", current_version="v2"),
        [("changed", {"title": ("Réunion à Dakar", "Réunion à Praia")}, ("v1", "v2"))],
    ),
    ("end given", OLD, now(event_end="2019-06-02"), [("changed", {"event_end": (None, "2019-06-02")}, ("v1", "v1"))]),
    ("date lost", OLD, now(published=None), [("changed", {"published": ("2019-05-01", None)}, ("v1", "v1"))]),
    ("language and kind", OLD, now(language="en", kind="news"), [("changed", {"kind": ("event", "news"), "language": ("fr", "en")}, ("v1", "v1"))]),
    ("summary", OLD, now(summary="Autre."), [("changed", {"summary": ("Intro.", "Autre.")}, ("v1", "v1"))]),
    (
        "moved",
        OLD,
        now(canonical_url="https://x.org/fr/x/1-reunion"),
        [("moved", {"canonical_url": ("https://x.org/fr/1-reunion", "https://x.org/fr/x/1-reunion")}, ("v1", "v1"))],
    ),
    (
        "changed and moved",
        OLD,
        now(canonical_url=None, title="T"),
        [
            ("changed", {"title": ("Réunion à Dakar", "T")}, ("v1", "v1")),
            ("moved", {"canonical_url": ("https://x.org/fr/1-reunion", None)}, ("v1", "v1")),
        ],
    ),
    ("gone", OLD, now(gone=True), [("gone", {}, ("v1", "v1"))]),
    ("still gone", now(gone=True), now(gone=True), []),
    ("returned", now(gone=True), OLD, [("returned", {}, ("v1", "v1"))]),
    ("returned with another text", now(gone=True), now(current_version="v2"), [("changed", {}, ("v1", "v2")), ("returned", {}, ("v1", "v2"))]),
    ("new and gone again", None, now(gone=True), [("new", {}, (None, "v1")), ("gone", {}, (None, "v1"))]),
    ("merged into another", OLD, None, []),
]


@pytest.mark.parametrize(("before", "after", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_change_is_named_with_its_fields_and_versions(before: Snapshot | None, after: Snapshot | None, expected: list[object]) -> None:
    found = compare({"a": before} if before else {}, {"a": after} if after else {})
    assert [(change.change, dict(change.fields), change.versions) for change in found] == expected
    for change in found:
        assert after is not None and (change.title, change.url, change.kind) == (after.title, after.canonical_url, after.kind)


def test_the_order_does_not_depend_on_how_the_items_came() -> None:
    before = {f"{n}": dataclasses.replace(OLD, item_id=f"{n}", gone=n % 3 == 0) for n in range(12)}
    after = {
        name: dataclasses.replace(
            item, gone=int(name) % 2 == 0, published=f"20{10 + int(name) % 4}", canonical_url=name, title="AB"[int(name) % 2], current_version=name
        )
        for name, item in before.items()
    } | {f"n{n}": dataclasses.replace(OLD, item_id=f"n{n}", published=None if n else "2001") for n in range(3)}
    expected = compare(before, after)
    for seed in range(5):
        names = random.Random(seed).sample(sorted(after), len(after))
        assert compare(before, {name: after[name] for name in names}) == expected
    assert [change.change for change in expected] == sorted((change.change for change in expected), key=CODES.index)
    assert {change.change for change in expected} == set(CODES)
    new = [change.published for change in expected if change.change == "new"]
    assert new == ["2001", None, None], "the newest first, those without a date last"


def test_the_plain_form_is_json_with_the_promised_keys() -> None:
    (change,) = compare({"a": OLD}, {"a": now(title="T", current_version=None)})
    plain = json.loads(json.dumps(change.as_json()))
    assert plain == {
        "change": "changed",
        "item_id": "a",
        "title": "T",
        "url": "https://x.org/fr/1-reunion",
        "language": "fr",
        "kind": "event",
        "published": "2019-05-01",
        "fields": {"title": ["Réunion à Dakar", "T"]},
        "versions": ["v1", None],
    }


def test_a_snapshot_holds_what_the_item_says() -> None:
    item = Item(
        item_id="a",
        site="s",
        kind="news",
        language=None,
        language_method="",
        language_confidence=0.0,
        title="T",
        summary="S",
        text="X",
        published="2019",
        event_start=None,
        event_end=None,
        canonical_url="u",
        article_id=1,
        section="",
        layout="l",
        first_seen="",
        last_seen="",
        gone=True,
        current_version="",
    )
    found = snapshot(item)
    assert (found.item_id, found.gone, found.current_version) == ("a", True, None)
    assert all(getattr(found, name) == getattr(item, name) for name in FIELDS)
