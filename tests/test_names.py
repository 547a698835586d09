"""Names in texts: every spelling, every trap, positions, what the tables hold, and that they agree with Unicode's names of countries."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler import names
from rabat_crawler.errors import ConfigError
from tests import gold
from tests.name_cases import COUNTRIES, ORGANISATIONS, THEMES, TOWNS, TRAPS

SPELLINGS = [
    *(("country", *case) for case in COUNTRIES),
    *(("organisation", *case) for case in ORGANISATIONS),
    *(("theme", *case) for case in THEMES),
    *(("town", *case) for case in TOWNS),
]
PARTNERS = set("BJ BF CM CV CG CI GA GM GH GN GQ GW LR ML MA MR NE NG CF CD ST SN SL TD TG TN".split())
EUROPEANS = set("DE AT BE BG HR CY DK ES EE FI FR GR HU IE IT LV LT LU MT NL NO PL PT CZ RO SK SI SE CH GB IS".split())
AFRICA = set(
    "DZ AO BJ BW BF BI CV CM CF TD KM CG CD CI DJ EG GQ ER SZ ET GA GM GH GN GW KE LS LR LY MG MW ML MR MU MA MZ NA NE NG RW ST SN SC SL SO ZA SS SD TZ TG "
    "TN UG ZM ZW".split()
)
EUROPE = EUROPEANS | set("AL AD AM AZ BA BY GE LI MC MD ME MK RS RU SM TR UA VA XK".split())
OTHER_WORDS = {("en", "CD"), ("en", "CG"), ("en", "MM"), ("fr", "MM")}
"""Where Unicode says "Congo - Kinshasa", which is a country and a town here, and "Myanmar (Burma)", which is two names of one."""


def found(text: str, language: str | None = None) -> str:
    return " ".join(f"{mention.kind}:{mention.code}" for mention in names.find_names(text, language=language))


def test_there_are_enough_cases() -> None:
    assert len({(kind, text) for kind, text, _ in SPELLINGS}) >= 150
    assert len(TRAPS) >= 50


@pytest.mark.parametrize(("kind", "text", "code"), SPELLINGS, ids=lambda value: ascii(value))
@pytest.mark.parametrize("frame", ["{}", "Avec {}, hier.", "«\u00a0{}\u00a0»", "d'{} and"])
def test_every_spelling_is_found_where_it_stands(frame: str, kind: str, text: str, code: str) -> None:
    whole = frame.format(text)
    mentions = [mention for mention in names.find_names(whole) if mention.kind == kind and mention.code == code]
    assert len(mentions) == 1, found(whole)
    one = mentions[0]
    assert whole[one.start : one.end] == one.matched
    assert one.matched.rstrip(".") == text.rstrip(".")


@pytest.mark.parametrize(("text", "language", "wanted"), TRAPS, ids=lambda value: ascii(value))
def test_a_trap_gives_what_it_should(text: str, language: str | None, wanted: str) -> None:
    assert found(text, language) == wanted


@given(st.text(max_size=200), st.sampled_from([None, "fr", "en", "mixed"]))
def test_mentions_lie_in_the_text_in_order_and_do_not_cross(text: str, language: str | None) -> None:
    mentions = names.find_names(text, language=language)
    assert all(text[m.start : m.end] == m.matched and m.matched for m in mentions)
    spans = list(dict.fromkeys((m.start, m.end) for m in mentions))
    assert spans == sorted(spans)
    assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:]))


@given(st.lists(st.sampled_from([text for _, text, _ in SPELLINGS]), max_size=8), st.sampled_from(["NFC", "NFD"]))
def test_letters_composed_or_not_give_the_same_names(texts: list[str], form: str) -> None:
    text = unicodedata.normalize("NFC", ", ".join(texts))
    other = unicodedata.normalize(form, text)
    mentions = names.find_names(other)
    assert [(m.kind, m.code) for m in mentions] == [(m.kind, m.code) for m in names.find_names(text)]
    assert all(other[m.start : m.end] == m.matched for m in mentions)


def test_the_tables_hold_the_partners_and_all_of_both_continents() -> None:
    countries = {name.code: name for name in names.known("country")}
    assert {code for code, name in countries.items() if name.group == "partner"} == PARTNERS | EUROPEANS
    assert {code for code, name in countries.items() if name.group == "observer"} == {"DZ", "LY"}
    assert set(countries) >= AFRICA | EUROPE
    assert all(name.within for name in countries.values())


def test_the_towns_are_many_and_lie_in_known_countries() -> None:
    towns = names.known("town")
    countries = {name.code for name in names.known("country")}
    assert len(towns) >= 250
    assert len({town.code for town in towns}) == len(towns)
    assert {town.within for town in towns} <= countries
    assert {town.within for town in towns} >= PARTNERS | EUROPEANS | {"DZ", "LY"}
    for town in towns:
        assert town.place is not None
        assert -35 < town.place[0] < 65 and all(round(value, 2) == value for value in town.place), town


def test_themes_belong_to_the_five_domains() -> None:
    themes = names.known("theme")
    domains = {theme.code for theme in themes if theme.group == "domain"}
    assert len(domains) == 5
    assert {theme.within for theme in themes} <= domains | {""}


@pytest.mark.parametrize("kind", names.KINDS)
def test_every_label_leads_back_to_its_code(kind: names.tables.NameKind) -> None:
    for name in names.known(kind):
        assert name.code == names.resolve(kind, name.code.lower())[0]
        assert name.english and name.french and not set("~!@|\t") & set(name.english + name.french)
        assert name.code == names.resolve(kind, name.english)[0], name
        assert name.code == names.resolve(kind, name.french)[0], name
        assert names.label(kind, name.code, "fr") == name.french


@pytest.mark.parametrize(
    ("kind", "wanted", "code"),
    [("country", "sénégal", "SN"), ("country", "cote d'ivoire", "CI"), ("organisation", "oim", "IOM"), ("town", "MARRAKECH", "marrakesh"),
     ("theme", "asile", "asylum"), ("country", "Congo (Kinshasa)", "CD"), ("town", "nice", "nice")],
)  # fmt: skip
def test_any_spelling_resolves(kind: names.tables.NameKind, wanted: str, code: str) -> None:
    assert names.resolve(kind, wanted)[0] == code


def test_a_domain_brings_its_themes() -> None:
    assert {"asylum", "refugees", "unaccompanied-minors"} <= set(names.resolve("theme", "protection and asylum"))
    assert names.resolve("theme", "asylum") == ("asylum",)


@pytest.mark.parametrize(("wanted", "near"), [("Senegl", "SN (Senegal)"), ("", "DZ"), ("\x00" * 5000, "DZ"), ("Mauretania", "MR (Mauritania)")])
def test_an_unknown_name_is_an_error_that_lists_near_ones(wanted: str, near: str) -> None:
    with pytest.raises(ConfigError) as error:
        names.resolve("country", wanted)
    assert near in str(error.value)
    assert "rabat-crawler names" in str(error.value)


def test_labels_and_places_of_what_is_not_known() -> None:
    assert names.label("town", "nowhere") == "nowhere"
    assert names.coordinates("nowhere") is None
    assert names.country_of("nowhere") == ""
    assert names.coordinates("dakar") == (14.69, -17.45)
    assert names.country_of("dakar") == "SN"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_unicode_calls_the_countries_alike(language: str) -> None:
    babel = pytest.importorskip("babel", reason="Babel, which brings Unicode's names of countries, is not installed (requirements-dev.lock has it)")
    territories = babel.Locale(language).territories
    wrong = {
        country.code: territories[country.code]
        for country in names.known("country")
        if (language, country.code) not in OTHER_WORDS and found(f"à {territories[country.code]}", language) != f"country:{country.code}"
    }
    assert wrong == {}


@pytest.mark.real
@pytest.mark.skipif(not gold.GOLD.exists(), reason=gold.MISSING)
def test_both_languages_of_an_article_name_the_same() -> None:
    articles = {article["id"]: article for article in gold.read_gold()["articles"]}
    named = {number: named_in(article) for number, article in articles.items()}
    pairs = [(number, article["translation_id"]) for number, article in articles.items() if number < (article["translation_id"] or 0)]
    pairs = [pair for pair in pairs if pair[1] in articles]
    assert len(pairs) >= 50
    both = sum(len(named[one] & named[other]) for one, other in pairs)
    any_ = sum(len(named[one] | named[other]) for one, other in pairs)
    assert both / any_ >= 0.98, [(articles[one]["title"], named[one] ^ named[other]) for one, other in pairs if named[one] != named[other]]


def named_in(article: dict[str, Any]) -> set[tuple[str, str]]:
    """Countries, organisations and towns of an article but for its pointer to another one."""
    lines = [article["title"], *(line for line in article["body_text"].split("\n") if not line.startswith(("Voir aussi", "See also")))]
    return {(one.kind, one.code) for one in names.find_names("\n".join(lines), language=article["lang"]) if one.kind != "theme"}
