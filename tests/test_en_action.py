"""The real text of a page of 2017 in markup of our own making: the article without a date, and the six items with theirs, every time."""

# ruff: noqa: E501 (markup reads better on its long lines)

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rabat_crawler.extract import parse_page
from rabat_crawler.models import Capture, Page, Record
from rabat_crawler.sites.rabat_process import SITE

SOURCE = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "en-action-2017.txt"
DAY = re.compile(r"^\d{1,2} \w+ 2017$")
DAYS = ["2017-07-17", "2017-06-06", "2017-06-06", "2017-05-23", "2017-04-28", "2017-04-26"]
TITLE = "L'opérationnalisation du dialogue"

pytestmark = [pytest.mark.real, pytest.mark.skipif(not SOURCE.exists(), reason="../shared/data/en-action-2017.txt is not here")]


def parts() -> tuple[list[str], list[tuple[str, str, list[str]]]]:
    """The article's paragraphs and the items (title, date line, intro)."""
    lines = [line.strip() for line in SOURCE.read_text("utf-8").split("\n") if line.strip()]
    start = lines.index("En action")
    article = lines[next(i for i, line in enumerate(lines) if "opérationnalisation" in line) : start]
    block, items = lines[start + 1 :], []
    dates = [i for i, line in enumerate(block) if DAY.match(line)]
    for number, at in enumerate(dates):
        end = dates[number + 1] - 1 if number + 1 < len(dates) else len(block)
        items.append((block[at - 1], block[at], block[at + 1 : end]))
    return article, items


def paragraphs() -> str:
    article, items = parts()
    text = "".join(f"<p>{html.escape(p)}</p>" for p in article)
    block = "".join(f"<h3>{html.escape(t)}</h3><p>{d}</p>" + "".join(f"<p>{html.escape(p)}</p>" for p in intro) for t, d, intro in items)
    return f"<h3>A venir</h3><h3>Recherche</h3><h1>{TITLE}</h1>{text}<h2>En action</h2>{block}<p>© 2017 Secrétariat</p>"


def fonts() -> str:
    article, items = parts()
    block = "".join(
        f"<b>{html.escape(t)}</b><br><font size=1>{d}</font><br>" + "<br><br>".join(map(html.escape, i)) + "<br><br>" for t, d, i in items
    )
    return (
        f"<table><tr><td width=160>A venir<br>Recherche</td><td><font size=5>{TITLE}</font><br><br>{'<br><br>'.join(map(html.escape, article))}</td></tr>"
        f"<tr><td colspan=2><font color=red><b>En action</b></font><br>{block}</td></tr><tr><td>Contact | Mentions</td></tr></table>"
    )


def divs() -> str:
    article, items = parts()
    text = "".join(f"<div class=q2>{html.escape(p)}</div>" for p in article)
    block = "".join(
        f"<div class=z1><div class=z2>{html.escape(t)}</div><div class=z3>{d}</div>"
        + "".join(f"<div class=z4>{html.escape(p)}</div>" for p in i)
        + "</div>"
        for t, d, i in items
    )
    return (
        f"<div class=a><div class=b>A venir</div><div class=b>Recherche</div></div><div class=q><div class=q1>{TITLE}</div>{text}</div>"
        f"<div class=z><div class=z0>En action</div>{block}</div><div class=y>Contact</div>"
    )


def read(body: str, encoding: str) -> Page:
    page = f"<html lang=fr><head><title>{TITLE}</title></head><body>{body}</body></html>".encode(encoding, "xmlcharrefreplace")
    moment = datetime(2017, 8, 1, tzinfo=UTC)
    capture = Capture(
        record_id="urn:en-action",
        url="https://www.rabat-process.org/fr/secretariat",
        url_key="",
        captured_at=moment,
        status=200,
        media_type="text/html",
        digest="",
        site=SITE.name,
    )
    return parse_page(Record(capture=capture, response_headers=(("Content-Type", "text/html"),), body=page), SITE)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("markup", [paragraphs, fonts, divs], ids=lambda m: m.__name__)
@pytest.mark.parametrize("headed", [True, False], ids=["headed", "headless"])
def test_the_article_has_no_date_and_each_of_the_six_items_its_own(markup: Callable[[], str], encoding: str, headed: bool) -> None:
    article, items = parts()
    page = read(markup() if headed else markup().replace("En action", ""), encoding)
    own = [draft for draft in page.drafts if draft.complete]
    listed = [draft for draft in page.drafts if not draft.complete]
    assert [(d.title, [x.value for x in d.dates if x.role == "published"]) for d in own] == [(TITLE, [])]
    assert [line for line in own[0].text.split("\n") if line] == [" ".join(p.split()) for p in article]
    assert [d.title for d in listed] == [" ".join(t.split()) for t, _, _ in items]
    assert [d.dates[0].value for d in listed] == DAYS
    assert [[line for line in d.text.split("\n") if line] for d in listed] == [[" ".join(p.split()) for p in intro] for _, _, intro in items]
    assert {d.kind for d in listed} == {"news"}
