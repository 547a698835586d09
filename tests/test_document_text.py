"""What a document says: pages, title, dates, whole words; and that no file, however bad, is more than a problem."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler.archive.document_reader import DocumentReader, text_from_json, text_to_json
from rabat_crawler.demo.pdf import make_long_pdf, make_pdf
from rabat_crawler.extract.documents import clean_pages, read_document
from rabat_crawler.models import DocumentText
from tests.document_shelf import SHELF, docx, laughing_pdf, pptx, swollen_pdf


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    reading = DocumentReader(seconds=1)
    yield reading
    reading.close()


@pytest.fixture(scope="module")
def patient() -> Iterator[DocumentReader]:
    """Gives a file as much time as it needs on a machine that has other work."""
    reading = DocumentReader(seconds=20)
    yield reading
    reading.close()


def codes(text: DocumentText) -> list[str]:
    return [problem.code for problem in text.problems]


@pytest.mark.parametrize("name", SHELF)
def test_a_bad_file_gives_its_problem(reader: DocumentReader, patient: DocumentReader, name: str) -> None:
    bad = SHELF[name]
    text = (reader if bad.code == "document_too_slow" else patient).read(bad.body())
    assert codes(text) == [bad.code], text.problems
    assert any(text.pages) == bad.text
    assert re.fullmatch(r"[^\n]{10,300}", text.problems[0].message)


def test_the_shelf_is_long_and_holds_every_problem() -> None:
    assert len(SHELF) >= 10
    assert {bad.code for bad in SHELF.values()} == {
        "document_encrypted", "document_without_text", "document_broken", "document_too_large", "document_too_slow", "document_format",
    }  # fmt: skip


def test_a_crash_costs_one_document_and_not_the_next() -> None:
    reading = DocumentReader()
    good = make_pdf("Rapport", ["Le texte."])
    assert reading.read(good).title == "Rapport"
    seen = []

    def shoot() -> None:
        for _ in range(2):  # a document that crashes the process is tried once more, in a new one
            time.sleep(0.6)
            process = reading._process
            assert process is not None
            seen.append(process.pid)
            os.kill(process.pid, signal.SIGSEGV)

    gunner = threading.Thread(target=shoot)
    gunner.start()
    text = reading.read(laughing_pdf())
    gunner.join()
    assert codes(text) == ["document_broken"] and "SIGSEGV" in text.problems[0].message
    assert len(set(seen)) == 2
    assert reading.read(good).pages == ("Rapport Le texte.",)
    reading.close()


def test_memory_is_bounded() -> None:
    reading = DocumentReader(memory=200 << 20)
    text = reading.read(swollen_pdf())
    assert codes(text) == ["document_broken"] and "200 MiB" in text.problems[0].message
    assert reading.read(make_pdf("Rapport", ["Le texte."])).title == "Rapport"
    reading.close()


def test_one_process_reads_many_documents_and_ends_with_its_reader() -> None:
    reading = DocumentReader()
    for number in range(20):
        assert reading.read(make_pdf(f"Rapport numéro {number}", [])).title == f"Rapport numéro {number}"
    process = reading._process
    assert process is not None and process.poll() is None
    del reading
    assert process.wait(10) != 0


def test_what_the_process_says_is_what_the_reader_says(reader: DocumentReader) -> None:
    for body in (make_long_pdf("Été", [["Un"], ["Deux"]], created="D:20170714093000+02'00'"), docx("Une phrase."), pptx("a", "b")):
        assert reader.read(body) == read_document(body) == text_from_json(text_to_json(read_document(body)))


def test_pages_of_a_pdf() -> None:
    text = read_document(make_long_pdf("Plan d'action 2016-2018", [["Première page (§ 1)"], [""], ["Été à Dakar : 35 % d'âmes"]]))
    assert text.pages == ("Première page (§ 1)", "", "Été à Dakar : 35 % d'âmes")
    assert text.title == "Plan d'action 2016-2018"
    assert text.media_type == "application/pdf" and text.problems == ()


def test_pages_of_a_word_file() -> None:
    body = docx("Déclaration", "Nous, ministres", "\f", "Article 2", title="Déclaration de Malabo")
    text = read_document(body)
    assert text.pages == ("Déclaration\nNous, ministres", "Article 2")
    assert text.title == "Déclaration de Malabo"
    assert [(date.value, date.source) for date in text.dates] == [("2017-07-14", "metadata")]


def test_slides_stand_in_the_order_of_the_presentation() -> None:
    assert read_document(pptx("Premier", "Deuxième", "Troisième")).pages == ("Premier", "Deuxième", "Troisième")


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("la coopé-\nration et la co-\nopération", "la coopération et la co-opération"),
        ("une réunion sous-\nrégionale", "une réunion sous-régionale"),
        ("un suivi mi-gration et\nla mi-\ngration", "un suivi mi-gration et la mi-gration"),
        ("Afrique-\nEurope et l'Union", "Afrique-Europe et l'Union"),
        ("les ﬁches aﬃchées", "les fiches affichées"),
        ("l'e\u0301te\u0301\u00a0: 5\u202f%", "l'été : 5 %"),
        ("déve\u00adloppement", "développement"),
        ("déve\ufffe\nloppement", "développement"),
        (
            "Titre\nUne ligne assez longue pour remplir la page\nqui continue ici.",
            "Titre\nUne ligne assez longue pour remplir la page qui continue ici.",
        ),
        ("• Un\n• Deux", "• Un\n• Deux"),
        ("2015-\n2016", "2015- 2016"),
    ],
)
def test_words_and_lines_are_whole(raw: str, clean: str) -> None:
    assert clean_pages([raw]) == (clean,)


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("Plan d'action", "Plan d'action"),
        ("Microsoft Word - Plan d'action.docx", "Plan d'action"),
        ("Microsoft Word - plan_final_v3.doc", "Conclusions de la réunion"),
        ("", "Conclusions de la réunion"),
        ("Untitled", "Conclusions de la réunion"),
        ("rapport-final-v2.indd", "Conclusions de la réunion"),
        ("Présentation PowerPoint", "Conclusions de la réunion"),
        ("Praia \x96 l\x92action du comité", "Praia – l’action du comité"),
        ("\x96uvres sociales\x92", "Œuvres sociales™"),
        ("--", "Conclusions de la réunion"),
    ],
)
def test_the_title_is_what_a_person_wrote(stated: str, title: str) -> None:
    assert read_document(make_long_pdf(stated, [["p. 1", "Conclusions de la réunion", "Le texte."]])).title == title


@pytest.mark.parametrize(
    ("lines", "created", "found"),
    [
        (["Dakar, le 19 juillet 2017"], "", [("published", "2017-07-19", None, "page 1")]),
        (["19-20 July 2017"], "", [("event", "2017-07-19", "2017-07-20", "page 1")]),
        (["Juillet 2017"], "D:20170801", [("published", "2017-07", None, "page 1"), ("published", "2017-08-01", None, "metadata")]),
        (["Le 19 juillet 2017, les ministres se sont réunis à Dakar pour parler de bien des choses encore."], "", []),
        (["Rapport 2017"], "", []),
        (["Le texte."], "20170714", [("published", "2017-07-14", None, "metadata")]),
        (["Le texte."], "D:99999999", []),
        (["Le texte."], "hier", []),
    ],
)
def test_dates_with_their_evidence(lines: list[str], created: str, found: list[tuple[str, str, str | None, str]]) -> None:
    text = read_document(make_long_pdf("Rapport", [["Titre du rapport", *lines, "La suite."]], created=created))
    assert [(date.role, date.value, date.end, date.source) for date in text.dates] == found


@settings(max_examples=150, deadline=None)
@given(st.sampled_from((make_pdf("Rapport", ["Le texte."]), docx("Une phrase."), pptx("a", "b"))), st.data())
def test_any_damage_is_answered(body: bytes, data: st.DataObject) -> None:
    spoilt = bytearray(body)
    for _ in range(data.draw(st.integers(1, 12))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    text = read_document(bytes(spoilt[: data.draw(st.integers(0, len(spoilt)))]))
    assert text.problems or any(text.pages)
