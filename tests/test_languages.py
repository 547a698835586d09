"""Languages: what is declared stands, unless the body clearly says otherwise."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler.extract.languages import identify, language_votes, weigh

GOLD = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "joomla_gold_sample.json"
TITLES = Path(__file__).resolve().parents[1] / "bench"
SITE = ("fr", "en")
FR = "Les pays partenaires du dialogue se sont réunis à Dakar afin de faire le point sur les visas et sur la mobilité des étudiants."
EN = "The partner countries of the dialogue met in Dakar to take stock of the work on visas and on the mobility of students."
ES = "Los participantes hablaron de la migración y del desarrollo en los países del diálogo; la próxima reunión tendrá lugar en Madrid."
RU = "Участники встречи обсудили вопросы миграции и развития в странах диалога, а также возвращение; следующая встреча пройдет весной в Праге."
NAMES = "Bamako, Dakar, Lomé, Praia, Rabat, Accra, Niamey, Berne, Lisbonne, Madrid, Rome, Abuja, Banjul, Conakry, Freetown, Cotonou"

FEW_FR = "Voir la carte. Bureau numéro sept, escalier principal, matin et soir, entrée du jardin."
FEW_EN = "See the map. Room seven, main staircase, mornings and evenings, entrance of garden."
PROGRAMME = """Ouverture de la réunion par le ministre
Opening of the meeting by the minister
Présentation des résultats de l'étude
Presentation of the results of the study
Pause et photo de famille
Break and family photo"""
TABLE = "Le thème de la session | The theme of the session\nLes pays de la région | The countries of the region"

TELEGRAM = """Togo will host a workshop on birth certificates, co-chaired by Portugal. Opening session: late certificates. Delegations show digital registers.
Registration closes on 20 October. Working languages: English, French, Portuguese."""

CASES: list[tuple[str, str, str, list[tuple[str, str]], tuple[str | None, str]]] = [
    ("agrees", "", FR, [("path", "fr")], ("fr", "path")),
    ("agrees english", "", EN, [("path", "en"), ("html lang", "en-GB")], ("en", "path")),
    ("html lang", "", FR, [("html lang", "fr-FR")], ("fr", "html lang")),
    ("strongest first", "", "", [("path", "fr"), ("html lang", "en")], ("fr", "path")),
    ("unknown tag passed over", "", "", [("path", "web"), ("html lang", "en_GB")], ("en", "html lang")),
    ("contradicted", "Dialogue on visas", FR, [("path", "en")], ("fr", "text contradicts path")),
    ("contradicted english", "", EN, [("html lang", "fr")], ("en", "text contradicts html lang")),
    ("too short to contradict", "", "Voir la carte.", [("path", "en")], ("en", "path")),
    ("names do not contradict", "", NAMES, [("path", "en")], ("en", "path")),
    ("title never contradicts", "The results of the meeting", "", [("path", "fr")], ("fr", "path")),
    ("text alone", "", FR, [], ("fr", "text")),
    ("text alone english", "", EN, [], ("en", "text")),
    ("title alone never decides", "Les résultats de la réunion", "", [], (None, "")),
    ("title alone in english", "The results of the meeting", "", [], (None, "")),
    ("title beside a label", "Les résultats de la réunion", "PDF", [], (None, "")),
    ("short text by its letters", "", "Voir la carte routière.", [], ("fr", "letters")),
    ("short english text by its letters", "", "Photographs from Friday's opening session", [], ("en", "letters")),
    ("two words say nothing", "", "Document final", [], (None, "")),
    ("names say nothing", "", "Bamako, Dakar, Lomé", [], (None, "")),
    ("alternate", "", "", [("alternate", "fr")], ("fr", "alternate")),
    ("alternate after html lang", "", "", [("html lang", "en"), ("alternate", "fr")], ("en", "html lang")),
    ("path before alternate", "", FR, [("path", "fr"), ("alternate", "en")], ("fr", "path")),
    ("two declarations against the body", "", FR, [("path", "en"), ("html lang", "en")], ("fr", "text contradicts path")),
    ("three declarations against the body", "", EN, [("path", "fr"), ("html lang", "fr"), ("alternate", "fr")], ("en", "text contradicts path")),
    ("little text and a second declaration", "", FEW_FR, [("path", "en"), ("html lang", "fr")], ("fr", "text and html lang contradict path")),
    ("little text and an alternate", "", FEW_FR, [("path", "en"), ("alternate", "fr")], ("fr", "text and alternate contradict path")),
    ("little english text and a second declaration", "", FEW_EN, [("path", "fr"), ("html lang", "en")], ("en", "text and html lang contradict path")),
    ("little text alone", "", FEW_FR, [("path", "en")], ("en", "path")),
    ("little english text alone", "", FEW_EN, [("path", "fr")], ("fr", "path")),
    ("little text against two declarations", "", FEW_FR, [("path", "en"), ("html lang", "en")], ("en", "path")),
    ("a second declaration without text", "", "", [("path", "en"), ("html lang", "fr"), ("alternate", "fr")], ("en", "path")),
    ("a title and a second declaration", "Les résultats de la réunion", "", [("path", "en"), ("html lang", "fr")], ("en", "path")),
    ("french under an english address", "Dialogue on visas", f"{FR} {FR}", [("path", "en"), ("html lang", "en-gb")], ("fr", "text contradicts path")),
    (
        "english under a french address",
        "Dialogue sur les visas",
        f"{EN} {EN}",
        [("path", "fr"), ("html lang", "fr-fr")],
        ("en", "text contradicts path"),
    ),
    (
        "french with an english quotation",
        "",
        f"{FR} « A road for all » (devise de la conférence). {FR}",
        [("path", "en")],
        ("fr", "text contradicts path"),
    ),
    (
        "english with french names",
        "",
        f"{EN} The Direction générale des étrangers sent its regrets. {EN}",
        [("path", "fr")],
        ("en", "text contradicts path"),
    ),
    ("a list of names under the other address", "", f"{NAMES}. {NAMES}.", [("path", "fr")], ("fr", "path")),
    ("figures do not contradict", "", "2014: 120 000 / 2015: 340 500 / 2016: 298 110", [("path", "fr")], ("fr", "path")),
    ("a programme of names", "", "Mme Diallo (Guinée), M. Costa (Portugal), Mme Ndiaye (Sénégal)", [("html lang", "en")], ("en", "html lang")),
    ("links of the other language", "", f"{EN} {EN} Lire aussi la note de la présidence.", [("path", "en")], ("en", "path")),
    ("mixed and declared french", "", f"{EN}\n\n{FR}", [("path", "fr"), ("html lang", "fr")], ("mixed", "text")),
    ("mixed and nothing declared", "", f"{EN}\n\n{FR}", [], ("mixed", "text")),
    ("mixed, one language after the other, short", "", "The flyer of the meeting. Le dépliant de la réunion.", [], ("mixed", "text")),
    ("mixed lines of a programme", "", PROGRAMME, [("path", "en")], ("mixed", "text")),
    ("mixed by slashes", "", "Le rapport de la réunion / The report of the meeting", [("path", "fr")], ("mixed", "text")),
    ("mixed by dashes", "", "La lettre de la présidence – The letter of the chair", [("html lang", "en")], ("mixed", "text")),
    ("mixed, three to one", "", f"{FR} {FR}\n{EN}", [("path", "fr")], ("mixed", "text")),
    ("a summary in the other language is no mix", "", f"{FR} " * 9 + f"\n\nSummary: {EN}", [("path", "fr")], ("fr", "path")),
    ("mixed halves, english first", "", f"{EN} " * 30 + "\n" + f"{FR} " * 30, [("path", "en")], ("mixed", "text")),
    ("mixed columns of a table", "", TABLE, [("path", "fr")], ("mixed", "text")),
    ("one english line in french", "", f"{FR} {FR} {FR}\nThe Way Forward", [("path", "fr")], ("fr", "path")),
    (
        "mixed in short sentences",
        "",
        "Télécharger le dépliant. Download the flyer. Pour en savoir plus. To know more.",
        [("html lang", "fr")],
        ("mixed", "text"),
    ),
    ("english capitals", "", EN.upper(), [("path", "fr")], ("en", "text contradicts path")),
    ("an english postscript", "", f"{FR} {FR} {FR} {FR}\n\nThis article is available in English.", [("path", "fr")], ("fr", "path")),
    ("a french postscript", "", f"{EN} {EN} {EN} {EN}\n\nCet article est disponible en français.", [("path", "en")], ("en", "path")),
    ("mixed captions", "", "La ministre et le président / The minister and the president\nVue de la salle / View of the room", [], ("mixed", "text")),
    ("alternate against the body", "", EN, [("alternate", "fr")], ("en", "text contradicts alternate")),
    ("html lang against path and body", "", FR, [("path", "fr"), ("html lang", "en")], ("fr", "path")),
    ("news in few words", "", TELEGRAM, [("path", "fr")], ("en", "text contradicts path")),
    ("capitals", "", FR.upper(), [("path", "en")], ("fr", "text contradicts path")),
    (
        "typographic apostrophes",
        "",
        "L’atelier s’est ouvert à l’heure ; c’est à l’hôte qu’il revient d’en dire les résultats et d’inviter.",
        [("path", "en")],
        ("fr", "text contradicts path"),
    ),
    ("one word is no evidence", "Actualités", "", [], (None, "")),
    ("nothing", "", "", [], (None, "")),
    ("mixed paragraphs", "", f"{FR}\n\n{EN}", [("path", "fr")], ("mixed", "text")),
    ("mixed sentences", "", "Some photos of the event. Quelques photos de la rencontre.", [("path", "en")], ("mixed", "text")),
    ("mixed label", "", "Rapport bilingue / Bilingual report (PDF)", [("path", "en")], ("mixed", "text")),
    ("mixed halves of a long text", "", f"{FR} " * 30 + "\n" + f"{EN} " * 30, [("path", "fr")], ("mixed", "text")),
    ("a quotation is no mix", "", f"{FR} " * 8 + " « " + EN + " »", [("path", "fr")], ("fr", "path")),
    (
        "names of the other language",
        "",
        f"{EN} " * 4 + "See Côte d'Ivoire and the Haut Commissariat des Nations unies pour les réfugiés.",
        [("path", "en")],
        ("en", "path"),
    ),
]


@pytest.mark.parametrize(("title", "text", "declared", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_language_and_method(title: str, text: str, declared: list[tuple[str, str]], expected: tuple[str | None, str]) -> None:
    assert identify(title, text, declared=declared, allowed=SITE)[:2] == expected


def test_the_tables_hold_enough_bilingual_and_contradicting_cases() -> None:
    hard = [case for case in CASES if case[4][0] == "mixed" or len({code[:2] for _, code in case[3]} | {case[4][0]}) > 1 or "contradict" in case[0]]
    assert len(hard) >= 40


@pytest.mark.parametrize(("title", "text", "declared", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_votes_say_what_was_used_and_lead_to_the_outcome(
    title: str, text: str, declared: list[tuple[str, str]], expected: tuple[str | None, str]
) -> None:
    votes = language_votes(title, text, declared, SITE)
    assert {vote.language for vote in votes if vote.used} == {expected[0]} - {None}
    assert all(vote.why and 0.0 <= vote.confidence <= 1.0 for vote in votes)
    assert [vote.source for vote in votes if vote.source not in ("text", "letters", "langdetect", "title")] == sorted(
        (source for source, _ in declared), key=lambda source: source == "path" and dict(declared)[source] == "web"
    )
    assert not any(vote.used for vote in votes if vote.source == "title")


CONFIDENCES = [
    ("nothing", "", [], 0.0, 0.0),
    ("a path alone", "", [("path", "fr")], 0.95, 0.95),
    ("html lang alone", "", [("html lang", "fr")], 0.9, 0.9),
    ("all agree", FR, [("path", "fr"), ("html lang", "fr")], 0.999, 0.999),
    ("the body contradicts", FR, [("path", "en")], 0.9, 0.99),
    ("the body contradicts two declarations", FR, [("path", "en"), ("html lang", "en")], 0.5, 0.99),
    ("declarations disagree", "", [("path", "fr"), ("html lang", "en")], 0.6, 0.75),
    ("mixed", f"{FR}\n\n{EN}", [("path", "fr")], 0.9, 0.999),
    ("letters only", "Voir la carte routière.", [], 0.97, 0.999),
    ("text", FR, [], 0.99, 0.999),
]


@pytest.mark.parametrize(("text", "declared", "least", "most"), [case[1:] for case in CONFIDENCES], ids=[case[0] for case in CONFIDENCES])
def test_confidence_grows_with_agreement_and_falls_with_contradiction(text: str, declared: list[tuple[str, str]], least: float, most: float) -> None:
    assert least <= identify("", text, declared=declared, allowed=SITE).confidence <= most


def test_titles_without_body_are_weighed_rightly_with_the_site_s_languages_as_priors() -> None:
    titles = [(line, code) for code in SITE for line in (TITLES / f"titles_{code}.txt").read_text(encoding="utf-8").splitlines()]
    assert min(sum(found == code for _, found in titles) for code in SITE) >= 185
    right = sum(max(likely, key=lambda one: likely[one]) == code for title, code in titles if (likely := weigh(title, SITE)))
    assert right / len(titles) >= 0.975


def test_why_a_vote_was_overruled_is_said() -> None:
    said = {vote.source: vote.why for vote in language_votes("Les résultats", FR, [("path", "en"), ("html lang", "de")], SITE)}
    assert said == {
        "path": "the text says otherwise",
        "text": "enough of it to contradict path",
        "html lang": "'de' is no language of the site",
        "title": "a title alone never decides; it agrees",
    }


@pytest.mark.parametrize(
    ("text", "declared", "allowed", "expected"),
    [
        (RU, [], ("en", "ru"), ("ru", "langdetect")),
        (RU, [("path", "ru")], ("en", "ru"), ("ru", "path")),
        (f"{RU} {RU}", [("html lang", "en")], ("en", "ru"), ("ru", "langdetect contradicts html lang")),
        (ES, [], ("fr", "en", "es"), ("es", "langdetect")),
        (FR, [], ("fr", "en", "es"), ("fr", "langdetect")),
        ("Hola a todos.", [], ("en", "es"), (None, "")),
        (FR, [("html lang", "en")], ("en",), ("en", "html lang")),
        (EN, [], ("en",), ("en", "text")),
        (EN, [], ("xx", "yy"), (None, "")),
        (EN, [], (), (None, "")),
    ],
    ids=["ru", "ru declared", "ru under en", "es", "fr beside es", "short", "one language only", "one language", "no profiles", "no languages"],
)
def test_other_languages_of_a_site_go_through_langdetect(
    text: str, declared: list[tuple[str, str]], allowed: tuple[str, ...], expected: tuple[str | None, str]
) -> None:
    assert identify("", text, declared=declared, allowed=allowed)[:2] == expected


def test_the_answer_is_the_same_every_time() -> None:
    assert len({identify("", ES, declared=[], allowed=("fr", "en", "es")) for _ in range(5)}) == 1


def test_langdetect_is_not_loaded_for_plain_french_and_english() -> None:
    code = (
        "import sys; from rabat_crawler.extract.languages import identify; "
        f"identify('', {FR!r}, declared=[('path', 'fr')], allowed=('fr', 'en')); sys.exit('langdetect' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[1], check=False).returncode == 0


@given(st.text(max_size=300), st.sampled_from([SITE, ("en",), ("en", "ru")]))
@settings(max_examples=60, deadline=None)
def test_any_text_gives_an_allowed_language_or_none(text: str, allowed: tuple[str, ...]) -> None:
    language, method, confidence = identify(text, text, declared=[], allowed=allowed)
    assert language in {*allowed, "mixed", None}
    assert bool(method) == (language is not None) == (confidence > 0)
    language_votes(text, text, [("path", text)], allowed)


@pytest.mark.parametrize("piece", ["a", "' ", "\n", ". ", "/ ", " "], ids=repr)
def test_a_hostile_text_is_read_to_its_end(piece: str) -> None:
    assert identify("", piece * 200_000, declared=[], allowed=SITE)[0] in (None, "mixed", *SITE)


@pytest.mark.real
def test_every_gold_article_gets_its_language_under_every_address() -> None:
    if not GOLD.exists():
        pytest.skip(f"real input missing: {GOLD.name}")
    articles: list[dict[str, Any]] = json.loads(GOLD.read_text(encoding="utf-8"))["articles"]
    wrong = []
    for article in articles:
        expected = {"mul": "mixed"}.get(article["text_lang"], article["text_lang"])
        for address in filter(None, {article["canonical_url"], *article["urls"]}):
            found = identify(article["title"], article["body_text"], declared=[("path", address[1:3])], allowed=SITE)
            if found[0] != expected:
                wrong.append((article["id"], address, found))
    assert wrong == []
