"""How items belong together: translations, duplicates, announcement and outcome; tables of cases, and that no order matters."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from rabat_crawler.models import Image, Item
from rabat_crawler.relations import Relations, Traits, relate, traits_of
from rabat_crawler.relations.cues import cue_of

SAHEL_FR = (
    "Les hauts fonctionnaires de 41 pays se sont réunis à Conakry du 14 au 16 mars 2016, à l'invitation de la Guinée et de la Belgique.\n\n"
    "Un registre commun des passages, ouvert en 2013, compte 28 450 inscriptions. Madame Oumou Cissé-Laval a présenté le calendrier de 2017."
)
SAHEL_EN = (
    "Senior officials of 41 countries met in Conakry from 14 to 16 March 2016, at the invitation of Guinea and Belgium.\n\n"
    "A common register of crossings, opened in 2013, holds 28,450 entries. Ms Oumou Cissé-Laval presented the calendar of 2017."
)
SKILLS_FR = (
    "Un guide de 64 pages sur la reconnaissance des diplômes paraît ce mois-ci, avec des exemples du Ghana, du Portugal et de la Tunisie.\n\n"
    "Il s'appuie sur 312 entretiens menés entre 2011 et 2014 par une équipe de Coimbra."
)
SKILLS_EN = (
    "A 64-page guide on the recognition of diplomas comes out this month, with examples from Ghana, Portugal and Tunisia.\n\n"
    "It builds on 312 interviews held between 2011 and 2014 by a team from Coimbra."
)
NOTE = (
    "Les participants ont échangé sur leurs pratiques pendant deux jours, en français et en anglais, avec le soutien du Secrétariat.\n\n"
    "La réunion de {town} a rassemblé {count} délégués. Les travaux ont été ouverts par le ministre et se sont achevés par une visite de terrain."
    " Un résumé sera envoyé aux points focaux dans les semaines qui suivent."
)


def item(
    name: str, language: str, title: str, text: str, published: str | None = "2016-03-21", *, event: tuple[str, str] | None = None, kind: str = "news",
    section: str = "", site: str = "sample", first_seen: str = "2020-01-01T00:00:00.000000Z", images: tuple[str, ...] = (),
) -> Item:  # fmt: skip
    return Item(
        item_id=name, site=site, kind=kind, language=language, language_method="path", language_confidence=1.0, title=title, summary="", text=text, published=published,
        event_start=event[0] if event else None, event_end=event[1] if event else None, canonical_url=None, article_id=None, section=section, layout="x",
        first_seen=first_seen, last_seen=first_seen, gone=False, current_version="v", images=tuple(Image(url=url) for url in images),
    )  # type: ignore[arg-type]  # fmt: skip


def found(items: Iterable[Item], declared: Iterable[tuple[str, str]] = (), *, sides: dict[str, str] | None = None, **decided: object) -> Relations:
    by_id = {one.item_id: one for one in items}
    traits = {name: traits_of(one, side=(sides or {}).get(name)) for name, one in by_id.items()}
    return relate(traits, set(declared), lambda name: by_id[name].text, **decided)  # type: ignore[arg-type]


def pairs(relations: Relations) -> set[frozenset[str]]:
    return {frozenset((one.item_id, one.other_id)) for one in relations.pairs}


FOUR = [
    item("fr1", "fr", "Réunion des hauts fonctionnaires à Conakry", SAHEL_FR),
    item("en1", "en", "Senior officials meet in Conakry", SAHEL_EN, "2016-03-22"),
    item("fr2", "fr", "Un guide sur les diplômes", SKILLS_FR, "2015-06-02"),
    item("en2", "en", "A guide on diplomas", SKILLS_EN, "2015-06-02"),
]


def test_translations_are_found_by_what_they_say() -> None:
    relations = found(FOUR)
    assert pairs(relations) == {frozenset(("fr1", "en1")), frozenset(("fr2", "en2"))}
    assert {one.evidence for one in relations.pairs} == {"content"}
    assert "published 1 days apart" in next(one.reason for one in relations.pairs if "fr1" in (one.item_id, one.other_id))


def test_an_item_without_a_translation_gets_none() -> None:
    alone = item("fr3", "fr", "Formation à Nouakchott", NOTE.format(town="Nouakchott", count=37), "2016-03-22")
    assert pairs(found([*FOUR, alone])) == {frozenset(("fr1", "en1")), frozenset(("fr2", "en2"))}
    assert pairs(found([alone, FOUR[1], FOUR[3]])) == set()


def test_items_of_two_sites_are_no_translations() -> None:
    other = [item(one.item_id, str(one.language), one.title, one.text, site="other" if one.language == "en" else "sample") for one in FOUR]
    assert pairs(found(other)) == set()


def test_texts_published_long_apart_are_no_translations_unless_very_alike() -> None:
    text = SAHEL_EN.replace("14 to 16 March 2016, at the invitation of Guinea and Belgium", "the spring, as guests of two countries")
    late = item("en1", "en", "Conakry", text, "2019-03-22")
    soon = item("en1", "en", late.title, late.text, "2016-03-22")
    assert pairs(found([FOUR[0], soon, FOUR[2]])) == {frozenset(("fr1", "en1"))}
    assert pairs(found([FOUR[0], late, FOUR[2]])) == set()


def test_what_the_pages_declare_comes_before_the_text_and_people_before_both() -> None:
    declared = {("fr1", "en2"), ("en2", "fr1")}
    assert frozenset(("fr1", "en2")) in pairs(found(FOUR, declared))
    decided = found(FOUR, declared, rejected={("en2", "fr1")})
    assert pairs(decided) == {frozenset(("fr1", "en1")), frozenset(("fr2", "en2"))}
    decided = found(FOUR, declared, confirmed=[("fr1", "en1")])
    assert frozenset(("fr1", "en1")) in pairs(decided)
    assert [(one.item_id, one.other_id) for one in decided.conflicts] == [("en2", "fr1")]
    assert next(one for one in decided.pairs if one.evidence == "confirmed").score == 1.0


def test_a_rejected_pair_is_not_found_again_by_its_text() -> None:
    assert pairs(found(FOUR, rejected={("fr1", "en1")})) == {frozenset(("fr2", "en2"))}


def test_of_two_confirmations_the_later_counts_and_the_other_is_a_conflict() -> None:
    decided = found(FOUR, confirmed=[("fr1", "en1"), ("fr1", "en2")])
    assert pairs(decided) == {frozenset(("fr1", "en2"))}
    assert ("fr1", "en1") in {(one.item_id, one.other_id) for one in decided.conflicts}


def test_a_declared_translation_of_the_same_language_is_a_conflict() -> None:
    decided = found(FOUR, {("fr1", "fr2")})
    assert frozenset(("fr1", "fr2")) not in pairs(decided)
    assert [one.reason for one in decided.conflicts] == ["declared a translation, but both are of one language"]


def test_an_untranslated_text_under_the_other_languages_address_is_the_translation() -> None:
    relations = found([FOUR[0], item("en1", "fr", "Senior officials meet in Conakry", SAHEL_FR)], sides={"fr1": "fr", "en1": "en"})
    assert pairs(relations) == {frozenset(("fr1", "en1"))}
    assert relations.relations == ()


def test_a_copy_does_not_take_the_translation_of_its_original() -> None:
    """Two French and two English copies: the sections tell which belong together."""
    training = [
        item("fr4", "fr", "Un guide", SKILLS_FR, section="Actualités"), item("en4", "en", "A guide", SKILLS_EN, section="News"),
    ]  # fmt: skip
    both = [
        item("fr1", "fr", "Réunion à Conakry", SAHEL_FR, section="Actualités"), item("fr1b", "fr", "Réunion à Conakry", SAHEL_FR, section="Réunions"),
        item("en1", "en", "Meeting in Conakry", SAHEL_EN, section="News"), item("en1b", "en", "Meeting in Conakry", SAHEL_EN, section="Meetings"),
        item("fr5", "fr", "Note", NOTE.format(town="Zinder", count=19), section="Actualités"),
    ]  # fmt: skip
    declared = {("fr6", "en6"), ("fr7", "en7")}
    known = [
        item("fr6", "fr", "Une visite à Tamale", "Une visite à Tamale.", section="Réunions"), item("en6", "en", "A visit to Tamale", "A visit.", section="Meetings"),
        item("fr7", "fr", "Une visite à Kayes", "Une visite à Kayes.", section="Réunions"), item("en7", "en", "A visit to Kayes", "A visit.", section="Meetings"),
    ]  # fmt: skip
    assert {frozenset(("fr1", "en1")), frozenset(("fr1b", "en1b"))} <= pairs(found([*training, *both, *known], declared))


def test_two_candidates_alike_are_left_open() -> None:
    other = item(
        "en9",
        "en",
        "Senior officials meet in Conakry",
        SAHEL_EN.replace("presented the calendar of 2017", "sent her regrets, and nobody spoke of 2017"),
    )
    relations = found([FOUR[0], FOUR[1], other])
    assert len(relations.pairs) <= 1
    assert all(one.score < 1 for one in relations.pairs)


def test_twins_that_give_other_days_say_so() -> None:
    one, other = FOUR[0], FOUR[1]
    first = item("fr1", "fr", one.title, one.text, event=("2016-03-14", "2016-03-16"))
    second = item("en1", "en", other.title, other.text, event=("2016-03-14", "2016-03-17"))
    assert found([first, second], {("fr1", "en1")}).pairs[0].differs == "event 2016-03-14 to 2016-03-16 / 2016-03-14 to 2016-03-17"


DUPLICATES = [
    ("the same text", SAHEL_FR, SAHEL_FR, None, None, True),
    ("the same text with a line more", SAHEL_FR, SAHEL_FR + "\n\nVoir aussi la page du Secrétariat.", None, None, True),
    ("a word changed", SAHEL_FR, SAHEL_FR.replace("à l'invitation", "sur l'invitation"), None, None, True),
    ("other typography", SAHEL_FR, SAHEL_FR.replace("'", "’").replace(" ", "\u00a0", 3), None, None, True),
    ("the note of another town", NOTE.format(town="Sikasso", count=37), NOTE.format(town="Maroua", count=37), None, None, False),
    ("the note of another year", SAHEL_FR, SAHEL_FR.replace("2016", "2017").replace("41", "38"), None, None, False),
    ("another date of the event", SAHEL_FR, SAHEL_FR, ("2016-03-14", "2016-03-16"), ("2016-03-21", "2016-03-23"), False),
    ("something else", SAHEL_FR, SKILLS_FR, None, None, False),
]


@pytest.mark.parametrize(("name", "text", "other", "event", "other_event", "wanted"), DUPLICATES, ids=[case[0] for case in DUPLICATES])
def test_the_same_again_is_a_duplicate_and_a_template_is_not(
    name: str, text: str, other: str, event: tuple[str, str] | None, other_event: tuple[str, str] | None, wanted: bool
) -> None:
    first = item("a", "fr", "Une note", text, "2016-03-21", event=event)
    second = item("b", "fr", "Une note (2)", other, "2016-04-02", event=other_event)
    relations = [(one.item_id, one.relation, one.other_id) for one in found([second, first]).relations if one.relation == "duplicate of"]
    assert relations == ([("b", "duplicate of", "a")] if wanted else [])


OPENING = "The thematic meeting on border management takes its title from the programme."
AHEAD = "The meeting on border management will be held in Tangier on 12-13 May 2022. Registration is open until the end of April."
BEHIND = "The meeting on border management was held in Tangier on 12-13 May 2022. Participants discussed the work of 12 services."
DAYS = ("2022-05-12", "2022-05-13")
MEETINGS = [
    ("by the days of publication", ("Border management in Tangier", AHEAD, "2022-04-02", DAYS), ("Border management: back from Tangier", BEHIND, "2022-05-20", DAYS), True),
    ("without days of publication", ("Upcoming: border management, Tangier", AHEAD, None, DAYS), ("Outcome: border management, Tangier", BEHIND, None, DAYS), True),
    ("by the title alone", ("Seminar on fair recruitment - Tangier", AHEAD, "2022-04-02", DAYS), ("Looking back: Seminar on fair recruitment - Tangier", OPENING, "2022-06-01", None), True),
    ("another event of the same days", ("Border management in Tangier", AHEAD, "2022-04-02", DAYS), ("A study visit by young lawyers", "Ten lawyers visited Bern on 12 May 2022.", "2022-05-20", DAYS), False),
    ("the same title, another year", ("Seminar on fair recruitment - Tangier", AHEAD, "2022-04-02", DAYS), ("Outcome: Seminar on fair recruitment - Tangier", BEHIND, "2023-06-01", ("2023-05-12", "2023-05-13")), False),
    ("two announcements", ("Border management in Tangier", AHEAD, "2022-04-02", DAYS), ("Border management in Tangier: programme", "The programme is out. Two sessions will be held on the port, one on land borders.", "2022-04-20", DAYS), False),
    ("two outcomes", ("Border management in Tangier", BEHIND, "2022-05-20", DAYS), ("Border management: a film of the Tangier meeting", BEHIND[:60] + " A film shows it.", "2022-06-20", DAYS), False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "ahead", "behind", "wanted"), MEETINGS, ids=[case[0] for case in MEETINGS])
def test_announcement_and_outcome_are_linked_and_never_merged(name: str, ahead: tuple, behind: tuple, wanted: bool) -> None:  # type: ignore[type-arg]
    first, second = (item(key, "en", case[0], case[1], case[2], event=case[3]) for key, case in (("a", ahead), ("b", behind)))
    relations = [(one.item_id, one.relation, one.other_id) for one in found([second, first]).relations]
    assert relations == ([("a", "announcement of", "b")] if wanted else [])


def test_what_is_announced_in_one_language_is_in_the_other() -> None:
    """The English outcome has no days and another title: its translation is linked, so it is as well."""
    french = [
        item("fa", "fr", "Gestion des frontières à Tanger", "La réunion se tiendra à Tanger les 12 et 13 mai 2022.", "2022-04-02", event=DAYS),
        item(
            "fb",
            "fr",
            "Gestion des frontières : retour de Tanger",
            "La réunion s'est tenue à Tanger les 12 et 13 mai 2022.",
            "2022-05-20",
            event=DAYS,
        ),
    ]
    english = [item("ea", "en", "Border management", AHEAD, "2022-04-02", event=DAYS), item("eb", "en", "A film", "A film.", "2022-05-20")]
    relations = found([*french, *english], {("fa", "ea"), ("fb", "eb")})
    assert {(one.item_id, one.other_id, one.reason == "so are their translations") for one in relations.relations} == {
        ("fa", "fb", False),
        ("ea", "eb", True),
    }


CUES = [
    ("A venir : réunion thématique", "", "announcement"),
    ("Résultats de la réunion thématique", "", "outcome"),
    ("Retour sur l'atelier", "", "outcome"),
    ("Atelier à Kayes", "L'atelier se tiendra à Kayes le 3 mai 2017.", "announcement"),
    ("Atelier à Kayes", "L'atelier s'est tenu à Kayes le 3 mai 2017.", "outcome"),
    ("Workshop in Kayes", "The workshop will take place in Kayes.", "announcement"),
    ("Workshop in Kayes", "The workshop took place in Kayes and brought together 20 people.", "outcome"),
    ("Outcome of the workshop", "It will be held again.", "outcome"),
    ("Workshop in Kayes", "A town on the river.", ""),
]


@pytest.mark.parametrize(("title", "text", "wanted"), CUES)
def test_words_that_announce_and_words_that_report(title: str, text: str, wanted: str) -> None:
    if title.startswith("Atelier") and "s'est tenu" in text:
        text = text.replace("s'est tenu", "s'est tenue")
    assert cue_of(title, text) == wanted


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_items_says_nothing(seed: int) -> None:
    items = [
        *FOUR,
        item("fr1b", "fr", "Réunion à Conakry", SAHEL_FR, "2016-04-01"),
        item("en8", "en", "Outcome: senior officials meet in Conakry", SAHEL_EN[:90], "2016-05-01"),
    ]
    wanted = found(items, {("fr2", "en2")})
    random.Random(seed).shuffle(items)
    assert found(items, {("fr2", "en2")}) == wanted


def test_traits_come_back_from_their_text() -> None:
    traits = traits_of(item("a", "fr", "Réunion", SAHEL_FR, event=DAYS, images=("http://x.example/a.png",)), side="fr")
    assert Traits.from_json(traits.to_json()) == traits


def test_hostile_texts_are_bounded() -> None:
    for text in ("1 " * 100_000, "é" * 200_000, "Abc " * 60_000, "\u202f".join("1" * 50_000), "", "\n" * 10_000):
        traits = traits_of(item("a", "fr", text[:500], text), side=None)
        assert len(traits.features) <= 1500
        assert found([item("a", "fr", "x", text), item("b", "en", "y", text)]) is not None
