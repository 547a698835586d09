"""Archives for the item's page: the sample's three epochs (versions, twins, documents, former ids, gone pages), and one in which everything attacks."""

from __future__ import annotations

import atexit
import html
import shutil
import sqlite3
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.archive.warc import WarcWriter
from rabat_crawler.models import Item
from tests.building import BASE, RABAT, START, article_html
from tests.past import write_epochs

ATTACK = "</script></title><script>window.attacked=1</script>\"'><img src=x onerror=window.attacked=2>{{7*7}}&amp;"
ADDRESS = f"{BASE}/fr/actualites/101-attaque"


@cache
def three_epochs() -> Path:
    """The archive of the sample site in December 2016, June 2019 and February 2022, made once for all tests; not to be changed."""
    folder = Path(mkdtemp(prefix="rabat-epochs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "now" / "warc").mkdir(parents=True)
    write_epochs(folder / "now" / "warc")
    Archive.open(folder / "now", write=True).close()
    with Archive.open(folder / "now", write=True) as archive:
        archive.relate()
    return folder / "now"


def items() -> list[Item]:
    """The items of the three epochs."""
    with Archive.open(three_epochs()) as archive:
        return list(archive.items())


def titled(beginning: str) -> Item:
    """The item of the three epochs whose title begins so."""
    return next(item for item in items() if item.title.startswith(beginning))


def former_id() -> tuple[str, str]:
    """A name under which an item was once known, and its present id."""
    with Archive.open(three_epochs()) as archive:
        alias, name = archive.connection.execute("SELECT alias, item_id FROM identities ORDER BY 1 LIMIT 1").fetchone()
    return str(alias), str(name)


def attacking(folder: Path) -> Path:
    """An archive of one item in two versions with a translation and a document, in which every text is an attack, also those that no page could hold."""
    (folder / "warc").mkdir(parents=True)
    said = html.escape(ATTACK)
    document = f'</p><p><a href="/images/a.pdf">{said}</a>'
    pages = [
        (ADDRESS, article_html(said, f"{said} un le 3 mai 2017 {document}"), 0),
        (ADDRESS, article_html(said, f"{said} deux <br/> {said} le 3 mai 2017 {document}"), 30),
        (
            f"{BASE}/en/news/102-attack",
            article_html(said, f"{said} the first", language="en-gb", head=f'<link rel="alternate" hreflang="fr-FR" href="{ADDRESS}">'),
            30,
        ),
    ]
    with WarcWriter(folder / "warc", run_id="attack", site=registry.reference(RABAT), fields={}) as writer:
        for url, body, days in pages:
            headers = (("Content-Type", "text/html; charset=utf-8"),)
            writer.write(url=url, captured_at=START + timedelta(days=days), status=200, response_headers=headers, body=body.encode())
        pdf = (("Content-Type", "application/pdf"),)
        writer.write(url=f"{BASE}/images/a.pdf", captured_at=START, status=200, response_headers=pdf, body=b"%PDF-1.4 nothing")
    Archive.open(folder, write=True).close()
    with Archive.open(folder, write=True) as archive:
        archive.relate()
    _worsen(folder / "rabat.db")
    return folder


def _worsen(database: Path) -> None:
    """Attacks where our readers would not have let them through: the page must not rely on them."""
    connection = sqlite3.connect(database)
    for statement in (
        "UPDATE dates SET raw = :attack, rule = :attack, source = :attack",
        "UPDATE items SET section = :attack, language_method = :attack, canonical_url = 'javascript:window.attacked=3'",
        "UPDATE documents SET title = :attack, media_type = :attack",
        "INSERT INTO addresses SELECT item_id, 'javascript:window.attacked=4', 'x' FROM items",
        "INSERT INTO tags SELECT item_id, :attack FROM items",
        "UPDATE captures SET source = :attack, source_url = 'javascript:window.attacked=5', digest = :attack WHERE url LIKE '%attaque'",
        "UPDATE translations SET reason = :attack, evidence = :attack, differs = :attack",
    ):
        connection.execute(statement, {"attack": ATTACK} if ":attack" in statement else {})
    connection.commit()
    connection.close()
