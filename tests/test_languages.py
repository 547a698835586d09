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

from rabat_crawler.extract.languages import identify

GOLD = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "joomla_gold_sample.json"
SITE = ("fr", "en")
FR = "Les pays partenaires du dialogue se sont réunis à Dakar afin de faire le point sur les visas et sur la mobilité des étudiants."
EN = "The partner countries of the dialogue met in Dakar to take stock of the work on visas and on the mobility of students."
ES = "Los participantes hablaron de la migración y del desarrollo en los países del diálogo; la próxima reunión tendrá lugar en Madrid."
RU = "Участники встречи обсудили вопросы миграции и развития в странах диалога, а также возвращение; следующая встреча пройдет весной в Праге."
NAMES = "Bamako, Dakar, Lomé, Praia, Rabat, Accra, Niamey, Berne, Lisbonne, Madrid, Rome, Abuja, Banjul, Conakry, Freetown, Cotonou"

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
    ("title alone", "Les résultats de la réunion", "", [], ("fr", "title")),
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
    assert identify(title, text, declared=declared, allowed=SITE) == expected


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
    assert identify("", text, declared=declared, allowed=allowed) == expected


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
    language, method = identify(text, text, declared=[], allowed=allowed)
    assert language in {*allowed, "mixed", None}
    assert bool(method) == (language is not None)


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
