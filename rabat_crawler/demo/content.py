"""What the sample site holds: one `Story` an article, and what changes between its two editions. All texts are invented for the sample.

No markup here: a story's body is a list of lines with a few marks, see `Story.body`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import Literal

Markup = Literal["p", "br", "mso"]

PART = "~~ "
HEADING = "## "
BULLET = "- "
ROW = "| "
CELL = " | "


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article as its editor keeps it.

    `language` is the language of the text, `menu` the branch of the site it stands in ("*": both). `published` is ISO with offset.
    `body`: one paragraph an entry; "## " starts a sub-heading, "- " a list entry, "~~ " a page break with the title of the part that follows,
    "| " a line of a table, its cells apart by " | ", the first of them the header.
    `links`: (words of the body, address) set by the editor. `files`: (address, link text), shown as last paragraphs. `event`: ISO start and
    end. `event_text`: the event's date as the "A venir" box prints it. `single`: the address of the menu page that shows this very article.
    """

    id: int
    language: str
    category: str
    kind: str
    title: str
    alias: str
    published: str
    body: tuple[str, ...]
    menu: str = ""
    markup: Markup = "p"
    links: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    event: tuple[str, str] | None = None
    event_text: str = ""
    tags: tuple[str, ...] = ()
    twin: int | None = None
    image: str = ""
    single: str = ""
    archived: bool = False
    undated: bool = False
    decomposed: bool = False

    @property
    def branch(self) -> str:
        """The branch of the site: "fr", "en" or "*"."""
        return self.menu or self.language

    @property
    def slug(self) -> str:
        """`<id>-<alias>`, the last segment of its address."""
        return f"{self.id}-{self.alias}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleArticle:
    """The truth about one article, for tests. `paragraphs` are in NFC with plain spaces, link texts of files included.

    `published` is the local date that the site's pages show, None if none shows one. `path` is the preferred address; `addresses` are all the
    paths the site's pages link for it, print, part and whole-text views left out. `twin`: id of the translation. `language` "*": all languages.
    """

    id: int
    language: str
    title: str
    paragraphs: tuple[str, ...]
    published: str | None
    path: str
    addresses: tuple[str, ...]
    twin: int | None
    kind: str
    event: tuple[str, str] | None
    files: tuple[str, ...]
    tags: tuple[str, ...]
    archived: bool

    @property
    def text(self) -> str:
        """The paragraphs, an empty line between them."""
        return "\n\n".join(self.paragraphs)


def plain(text: str) -> str:
    """NFC with plain, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def paragraphs(story: Story) -> tuple[str, ...]:
    """The visible lines of a story's whole text, without marks; page breaks are not visible."""
    lines = [line for line in story.body if not line.startswith(PART)]
    visible: list[str] = []
    for before, line in zip(["", *lines], lines, strict=False):
        shown = plain(" ".join(cells(line)) if line.startswith(ROW) else line.removeprefix(HEADING).removeprefix(BULLET))
        if line.startswith(ROW) and before.startswith(ROW):
            visible[-1] += f"\n{shown}"
        else:
            visible.append(shown)
    return (*visible, *(plain(label) for _, label in story.files))


def cells(line: str) -> list[str]:
    """The cells of a line of a table."""
    return line.removeprefix(ROW).split(CELL)


def projects(edition: int) -> tuple[tuple[str, str, str], ...]:
    """(language, title, countries) of every project that a table of the site lists: the truth for tests."""
    rows = [(story.language, cells(line)) for story in stories(edition) for line in story.body if line.startswith(ROW)]
    return tuple((language, row[0], row[1]) for language, row in rows if row[0] not in ("Projet", "Project"))


def stories(edition: int) -> tuple[Story, ...]:
    """All stories of an edition (1, or 2: one later night). ValueError for any other edition."""
    from rabat_crawler.demo.texts_en import ENGLISH
    from rabat_crawler.demo.texts_fr import FRENCH
    from rabat_crawler.demo.texts_later import NEW_STORY, TRANSLATION

    found = [*FRENCH, *ENGLISH]
    if edition == 2:
        found = [_later(story) for story in found if story.id != REMOVED] + [NEW_STORY, TRANSLATION]
    elif edition != 1:
        raise ValueError(f"the sample site has editions 1 and 2, not {edition}")
    return tuple(found)


REMOVED = 81
RETITLED = 62
REWRITTEN = 241
TRANSLATED = 221


def _later(story: Story) -> Story:
    if story.id == RETITLED:
        return replace(story, title="Civil registrars from Togo on a study visit to Lisbon")
    if story.id == REWRITTEN:
        body = tuple(line.replace("Les 12 et 13 février 2019", "Les 19 et 20 février 2019") for line in story.body)
        return replace(story, body=body, event=("2019-02-19", "2019-02-20"), event_text="19 et 20 février 2019")
    if story.id == TRANSLATED:
        return replace(story, twin=262)
    return story
