"""Citations: what each format says, and that programs which are not ours read back just what was written, whatever a title holds."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler import citations
from rabat_crawler.citations import Citation, cite
from rabat_crawler.date_text import in_words, parts_of, span_in_words
from rabat_crawler.errors import ConfigError
from tests.citing import TITLES, bibtex_fields, item, twin

ARCHIVED = "https://archive.example.org/archived/20190501060000id_/https://www.rabat-process.org/fr/en-action/166-reunion"
WHEN = datetime(2019, 5, 1, 6, 0, tzinfo=UTC)


def full(title: str = "Réunion thématique à Dakar", **more: object) -> Citation:
    return cite(
        item(title, **more),
        twin=twin(),
        archived_url=ARCHIVED,
        archived_at=WHEN,
        permanent_url="https://archive.example.org/item/4t0507dr72",
        accessed=date(2026, 11, 26),
    )


# One item --------------------------------------------------------------------------------------------------------------------


def test_bibtex_says_what_is_known() -> None:
    (read,) = bibtex_fields(citations.entry(full()))
    assert read["key"] == "rabat-process-4t0507dr72"
    assert (read["title"], read["author"]) == ("Réunion thématique à Dakar", "Processus de Rabat")
    assert (read["year"], read["month"], read["date"], read["urldate"]) == ("2017", "jul", "2017-07-17", "2026-11-26")
    assert read["url"] == "https://www.rabat-process.org/fr/en-action/166-reunion"
    assert read["language"] == "french"
    assert ARCHIVED in read["note"]
    assert "Archived on 2019-05-01" in read["note"]
    assert "Thematic meeting in Dakar" in read["note"]
    assert "Item 4t0507dr72, https://archive.example.org/item/4t0507dr72" in read["note"]


def test_titles_keep_their_letters_by_braces_of_their_own() -> None:
    assert "title = {{Réunion thématique à Dakar}}," in citations.entry(full())


def test_ris_says_what_is_known() -> None:
    text = citations.record(full())
    assert text.replace("\r\n", "").isprintable()
    (read,) = rispy.loads(text)
    assert read["type_of_reference"] == "ELEC"
    assert read["id"] == "rabat-process-4t0507dr72"
    assert (read["title"], read["translated_title"]) == ("Réunion thématique à Dakar", "Thematic meeting in Dakar")
    assert (read["authors"], read["publisher"]) == (["Processus de Rabat"], "Processus de Rabat")
    assert (read["year"], read["date"], read["access_date"]) == ("2017", "2017/07/17/", "2026/11/26/")
    assert read["urls"] == ["https://www.rabat-process.org/fr/en-action/166-reunion"]
    assert read["accession_number"] == "4t0507dr72"
    assert read["language"] == "fr"
    assert read["keywords"] == ["Retour", "Asile"]
    assert f"Archived 2019-05-01T06:00:00Z at {ARCHIVED}" in read["notes"]


def test_csl_says_what_is_known() -> None:
    read = citations.csl_item(full())
    assert read["id"] == "rabat-process-4t0507dr72"
    assert read["author"] == [{"literal": "Processus de Rabat"}]
    assert read["issued"] == {"date-parts": [[2017, 7, 17]]}
    assert read["accessed"] == {"date-parts": [[2026, 11, 26]]}
    assert read["archive_location"] == ARCHIVED
    assert read["custom"]["translated_title"] == "Thematic meeting in Dakar"
    assert read["custom"]["archived_at"] == "2019-05-01T06:00:00Z"


def test_sentences_in_both_languages() -> None:
    assert citations.sentence(full(), "fr") == (
        "Processus de Rabat. «\u00a0Réunion thématique à Dakar\u00a0». Traduction\u00a0: «\u00a0Thematic meeting in Dakar\u00a0». 17 juillet 2017. "
        "Disponible à l’adresse\u00a0: https://www.rabat-process.org/fr/en-action/166-reunion. "
        f"Archivé le 1er mai 2019\u00a0: {ARCHIVED}. Consulté le 26 novembre 2026. "
        "Notice 4t0507dr72, https://archive.example.org/item/4t0507dr72."
    )
    assert citations.sentence(full("Where next?"), "en") == (
        "Processus de Rabat. “Where next?” Translation: “Thematic meeting in Dakar”. 17 July 2017. "
        "https://www.rabat-process.org/fr/en-action/166-reunion. "
        f"Archived 1 May 2019 at {ARCHIVED}. Accessed 26 November 2026. Archive item 4t0507dr72, https://archive.example.org/item/4t0507dr72."
    )


@pytest.mark.parametrize("form", citations.MEDIA_TYPES)
def test_nothing_is_made_up(form: str) -> None:
    bare = cite(item(published=None, language=None, canonical_url=None, summary="", tags=()))
    text = citations.write(form, [bare])
    assert not re.search(r"\b(?:19|20)\d\d\b", text), "a year from nowhere"
    assert "None" not in text
    assert "http" not in text


@pytest.mark.parametrize(
    ("published", "bibtex", "ris", "csl"),
    [
        ("2017", {"year": "2017", "date": "2017"}, "2017///", [[2017]]),
        ("2017-05", {"year": "2017", "month": "may", "date": "2017-05"}, "2017/05//", [[2017, 5]]),
        ("2017-05-14", {"year": "2017", "month": "may", "date": "2017-05-14"}, "2017/05/14/", [[2017, 5, 14]]),
        ("2017-02-31", {}, None, None),
        ("soon", {}, None, None),
    ],
)
def test_a_date_is_as_precise_as_it_is_known(published: str, bibtex: dict[str, str], ris: str | None, csl: list[list[int]] | None) -> None:
    cited = cite(item(published=published))
    (read,) = bibtex_fields(citations.entry(cited))
    assert {name: read[name] for name in ("year", "month", "date") if name in read} == bibtex
    assert rispy.loads(citations.record(cited))[0].get("date") == ris
    assert citations.csl_item(cited).get("issued", {}).get("date-parts") == csl


# Hostile values --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("given_title", "expected"), [pytest.param(*row[1:], id=row[0]) for row in TITLES])
def test_other_programs_read_back_the_title_and_nothing_else(given_title: str, expected: str) -> None:
    cited = full(given_title)
    (bib,) = bibtex_fields(citations.entry(cited))
    assert bib.get("title", "") == expected
    assert (bib["year"], bib["type"]) == ("2017", "misc")
    (ris,) = rispy.loads(citations.record(cited))
    assert ris.get("title", "") == expected
    assert ris["type_of_reference"] == "ELEC"
    (csl,) = json.loads(citations.write("csl.json", [cited]))
    assert csl.get("title", "") == expected
    assert len(citations.write("txt", [cited]).splitlines()) == 1


@given(st.text(max_size=120), st.text(max_size=60), st.text(max_size=60))
def test_any_text_gives_one_entry_and_one_record(title: str, summary: str, tag: str) -> None:
    cited = cite(item(title, summary=summary, tags=(tag,), canonical_url="https://x.example/" + tag), twin=twin(summary))
    (bib,) = bibtex_fields(citations.entry(cited))
    assert bib["key"] == cited.key
    text = citations.record(cited)
    assert len(re.findall(r"(?m)^ER  - ", text)) == 1
    assert all(re.match(r"^[A-Z][A-Z0-9]  - ", line) for line in text.split("\r\n") if line)
    assert text.splitlines() == text.replace("\r\n", "\n").split("\n")[:-1]
    (ris,) = rispy.loads(text)
    assert ris.get("title", "") == cited.title
    assert json.loads(citations.write("csl.json", [cited]))[0]["id"] == cited.key


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ('https://x.example/a b{c}\\d"e<f>^`|\n', "https://x.example/a%20b%7Bc%7D%5Cd%22e%3Cf%3E%5E%60%7C%0A"),
        ("https://x.example/réunion?q=1&b=%20#top", "https://x.example/r%C3%A9union?q=1&b=%20#top"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("", None),
        (None, None),
    ],
)
def test_addresses_cannot_break_a_field(url: str | None, expected: str | None) -> None:
    cited = cite(item(canonical_url=url))
    assert cited.url == expected
    (bib,) = bibtex_fields(citations.entry(cited))
    assert bib.get("url") == expected


def test_a_title_without_end_is_cut() -> None:
    cited = cite(item("word " * 100_000))
    assert len(cited.title) <= 2_000
    assert cited.title.endswith("…")


def test_names_without_their_format_s_own_marks() -> None:
    cited = cite(item(site="generic@https://a*b,c.example", tags=("one, two", "three*")))
    assert "*" not in cited.key
    assert rispy.loads(citations.record(cited))[0]["keywords"] == ["one, two", "three"]


# Many ------------------------------------------------------------------------------------------------------------------------


def test_many_items_in_one_file() -> None:
    cited = [cite(item(title, item_id=f"id{number:08}")) for number, (_, title, _) in enumerate(TITLES)]
    keys = [one.key for one in cited]
    assert [read["key"] for read in bibtex_fields(citations.write("bib", cited))] == keys
    assert [read["id"] for read in rispy.loads(citations.write("ris", cited))] == keys
    assert [read["id"] for read in json.loads(citations.write("csl.json", cited))] == keys
    assert len(citations.write("txt", cited).splitlines()) == len(cited)


@pytest.mark.parametrize(("form", "empty"), [("bib", ""), ("ris", ""), ("csl.json", "[]\n"), ("txt", "")])
def test_no_item_gives_an_empty_file(form: str, empty: str) -> None:
    assert citations.write(form, []) == empty


def test_an_unknown_format_names_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"'marc' is no format of citations; there are bib, ris, csl\.json, txt"):
        citations.write("marc", [])


# Names and dates -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "language", "expected"),
    [
        ("Rabat Process / Processus de Rabat", "en", "Rabat Process"),
        ("Rabat Process / Processus de Rabat", "fr", "Processus de Rabat"),
        ("Rabat Process / Processus de Rabat", "mixed", "Rabat Process / Processus de Rabat"),
        ("Khartoum Process", "fr", "Khartoum Process"),
        ("and/or", "fr", "and/or"),
    ],
)
def test_the_name_of_a_dialogue_in_a_language(title: str, language: str, expected: str) -> None:
    assert citations.organisation(title, language) == expected


@pytest.mark.parametrize(
    ("start", "end", "english", "french"),
    [
        ("2017", None, "2017", "2017"),
        ("2017-08", None, "August 2017", "août 2017"),
        ("2017-07-01", None, "1 July 2017", "1er juillet 2017"),
        ("2017-11-08", "2017-11-09", "8–9 November 2017", "8–9 novembre 2017"),
        ("2019-07-01", "2019-07-02", "1–2 July 2019", "1er–2 juillet 2019"),
        ("2019-06-30", "2019-07-02", "30 June – 2 July 2019", "30 juin – 2 juillet 2019"),
        ("2018-12-31", "2019-01-01", "31 December 2018 – 1 January 2019", "31 décembre 2018 – 1er janvier 2019"),
        ("2017-05", "2017-06", "May – June 2017", "mai – juin 2017"),
        ("2015", "2018", "2015 – 2018", "2015 – 2018"),
        ("2017-05-14", "2017-05-14", "14 May 2017", "14 mai 2017"),
        ("2017-05-14", "rubbish", "14 May 2017", "14 mai 2017"),
        ("2017-05-14T10:00:00Z", None, "14 May 2017", "14 mai 2017"),
        (None, "2017", "", ""),
        ("2017-13", None, "", ""),
    ],
)
def test_dates_in_words(start: str | None, end: str | None, english: str, french: str) -> None:
    assert span_in_words(start, end, "en") == english
    assert span_in_words(start, end, "fr") == french


@given(st.dates())
def test_every_day_has_words(day: date) -> None:
    assert parts_of(day.isoformat()) == (day.year, day.month, day.day)
    assert in_words(day.isoformat(), "fr").endswith(f" {day.year}")


def test_the_time_of_a_capture_is_told_in_utc() -> None:
    late = datetime(2019, 5, 2, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert citations.csl_item(cite(item(), archived_at=late))["custom"]["archived_at"] == "2019-05-01T23:00:00Z"
