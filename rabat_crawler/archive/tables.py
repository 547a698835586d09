"""What the tables are that an export gives out: their columns with types and meaning, their keys. The one place that says it; no SQL stands here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["string", "partial_date", "datetime", "integer", "number", "boolean", "strings", "json"]
"""`partial_date`: an ISO prefix as precise as the evidence (2017, 2017-07, 2017-07-17); `datetime`: ISO 8601 UTC; `strings`: a list of texts, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; `required`: it is never empty, nor null."""

    name: str
    type: ColumnType
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """Columns whose values, where they are not null, are those of the key of another table."""

    columns: tuple[str, ...]
    table: str
    refers_to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: `key` are the columns that tell its rows apart, in which order they come (items: the newest published first)."""

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    foreign: tuple[ForeignKey, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.columns)


def _columns(text: str) -> tuple[Column, ...]:
    """Columns, one a line: `name type description`; a `!` behind the type says required."""
    found = []
    for line in text.strip().splitlines():
        name, kind, description = line.strip().split(maxsplit=2)
        found.append(Column(name=name, type=kind.rstrip("!"), description=description, required=kind.endswith("!")))  # type: ignore[arg-type]
    return tuple(found)


def _to(table: str, *columns: str, key: tuple[str, ...] | None = None) -> ForeignKey:
    return ForeignKey(columns=columns, table=table, refers_to=key or columns)


_ITEM = _to("items", "item_id")
_OTHER = _to("items", "other_id", key=("item_id",))
_SEEN = """
first_capture string! Record id of the first capture that showed it.
last_capture string! Record id of the last capture that showed it.
first_seen datetime! When it was first captured.
last_seen datetime! When it was last captured.
"""
_CAPTURED = (_to("captures", "first_capture", key=("record_id",)), _to("captures", "last_capture", key=("record_id",)))

TABLES: tuple[Table, ...] = (
    Table(
        name="items",
        description="News, events, publications, projects and pages, each as all its captures together describe it; the newest published first.",
        columns=_columns("""
item_id string! Ten characters, the same in every copy and rebuild of the archive.
site string! The site definition.
kind string! news, event, publication, project or page.
language string fr or en; mixed for a text in both; empty if unknown.
title string Title.
summary string The intro, where the page sets it apart.
text string The text without furniture; an empty line stands between paragraphs.
published partial_date When it was published, as precisely as a page says.
event_start partial_date First day of the event.
event_end partial_date Last day of the event; empty for a single day.
canonical_url string The address to cite.
article_id integer Number of the article in the site's own system.
twin string Item that is the translation; it may lie outside a selection.
first_seen datetime! First capture that showed it.
last_seen datetime! Last capture that showed it.
gone boolean! Whether it is gone from the site.
flags strings! Warnings: intro_only, no_address, date_conflict, date_implausible, date_of_creation, date_differs_from_twin, truncated.
language_method string What decided on the language.
language_confidence number! How surely, from 0 to 1.
section string The site's own name of the section.
layout string Layout by which the page was read.
current_version string Version whose text this is.
"""),
        key=("item_id",),
    ),
    Table(
        name="captures",
        description="Answers of the server in which the items or their documents were seen, in the order of time.",
        columns=_columns("""
record_id string! Record id of the WARC record.
url string! Address that was asked.
url_key string! The address as web archives sort it (SURT).
captured_at datetime! When.
status integer! HTTP status.
media_type string Media type as the server said it.
digest string! SHA-256 of the body.
sha1 string SHA-1 of the body in base 32, as CDX indexes have it.
record_type string! response, revisit or resource.
source string! live, import, or the web archive that it comes from.
source_url string Address of the memento there.
original string Record id of the capture that a revisit shows again.
run_id string Run that made it.
warc_file string! WARC file in which it lies.
offset integer! First byte of its record in that file.
length integer! Bytes of its record.
role string! What the page is: detail, listing, document and so on.
"""),
        key=("record_id",),
    ),
    Table(
        name="documents",
        description="PDF, Word and PowerPoint files that the items link: each distinct body at an address.",
        columns=_columns(f"""
document_id string! Id of this body at this address.
url string! Address as last captured.
title string Title.
pages integer! Number of pages.
language string Language of the text.
dated partial_date Date of the document.
media_type string What the bytes are.
digest string! SHA-256 of the body.
current boolean! Whether it was the last one captured there.
gone boolean! Whether it is gone from the site.
{_SEEN.strip()}
"""),
        key=("document_id",),
        foreign=_CAPTURED,
    ),
    Table(
        name="document_pages",
        description="The text of the documents, page by page; of slides each is a page.",
        columns=_columns("""
document_id string! The document.
page integer! Number of the page, from 1.
text string Its text; empty for a page without (a scan).
"""),
        key=("document_id", "page"),
        foreign=(_to("documents", "document_id"),),
    ),
    Table(
        name="versions",
        description="The distinct texts that an item has had, the present one included.",
        columns=_columns(f"""
version_id string! Id of the version.
item_id string! The item.
current boolean! Whether it is the item's present text.
title string Title.
summary string The intro.
text string The text.
complete boolean! Whether a page showed it whole, not a list only.
layout string Layout by which the page was read.
text_digest string! Digest of title and text.
{_SEEN.strip()}
"""),
        key=("version_id",),
        foreign=(_ITEM, *_CAPTURED),
    ),
    Table(
        name="dates",
        description="Every date that was read for an item, with its evidence: those that are taken first.",
        columns=_columns("""
item_id string! The item.
ordinal integer! Place among the dates of the item, from 0.
role string! published, event or modified.
value partial_date! The date, or the first day of a span.
end partial_date Last day of a span.
precision string! day, month or year.
raw string The words of the page.
rule string Rule that read them.
source string Where on the page they stand.
confidence number! How surely, from 0 to 1.
refused string Why it is not taken; empty for a date that is.
"""),
        key=("item_id", "ordinal"),
        foreign=(_ITEM,),
    ),
    Table(
        name="addresses",
        description="Every address that leads to an item.",
        columns=_columns("""
item_id string! The item.
url string! The address.
how string! How it is known: read (the item was read there), linked, or why it is a copy.
canonical boolean! Whether it is the address to cite.
"""),
        key=("item_id", "url"),
        foreign=(_ITEM,),
    ),
    Table(
        name="tags",
        description="The site's own tags.",
        columns=_columns("""
item_id string! The item.
tag string! The tag.
"""),
        key=("item_id", "tag"),
        foreign=(_ITEM,),
    ),
    Table(
        name="attachments",
        description="Files that an item links.",
        columns=_columns("""
item_id string! The item.
url string! Address of the file.
text string The words of the link.
media_type string Media type as the link tells it.
"""),
        key=("item_id", "url"),
        foreign=(_ITEM,),
    ),
    Table(
        name="images",
        description="Pictures that an item shows.",
        columns=_columns("""
item_id string! The item.
url string! Address of the picture.
alt string The text that stands for it.
"""),
        key=("item_id", "url"),
        foreign=(_ITEM,),
    ),
    Table(
        name="item_documents",
        description="Which item links which document.",
        columns=_columns("""
item_id string! The item.
document_id string! The document.
url string! Address of the link.
text string The words of the link.
"""),
        key=("item_id", "document_id", "url"),
        foreign=(_ITEM, _to("documents", "document_id")),
    ),
    Table(
        name="item_captures",
        description="Which captures show which item.",
        columns=_columns("""
item_id string! The item.
record_id string! The capture.
complete boolean! Whether it shows the whole item, not an entry of a list.
"""),
        key=("item_id", "record_id"),
        foreign=(_ITEM, _to("captures", "record_id")),
    ),
    Table(
        name="translations",
        description="Pairs of translations of which both are here, once from each side.",
        columns=_columns("""
item_id string! The item.
other_id string! Its translation.
hreflang string Language of the translation.
evidence string! confirmed, hreflang, hreflang of the other, or content.
score number! How surely, from 0 to 1.
reason string Why.
differs string What the two say differently of the days of the event.
"""),
        key=("item_id", "other_id"),
        foreign=(_ITEM, _OTHER),
    ),
    Table(
        name="relations",
        description="How one item stands to another of its language of which both are here, once from each side.",
        columns=_columns("""
item_id string! The item.
other_id string! The other item.
relation string! duplicate of, repeated by, announcement of, or outcome of.
score number! How surely, from 0 to 1.
reason string Why.
"""),
        key=("item_id", "other_id", "relation"),
        foreign=(_ITEM, _OTHER),
    ),
    Table(
        name="events",
        description="The meeting that an item tells of.",
        columns=_columns("""
item_id string! The item.
start partial_date First day.
end partial_date Last day; empty for a single day.
town string Code of the town, see names.
country string ISO 3166-1 code of the country.
place string The words that say where.
place_rule string Where these words stand: field, title, lead, sentence, verb.
format string in person, online or hybrid; empty if it is not said.
format_raw string The words that say so.
meeting_type string Type of the meeting.
type_raw string The words that say so.
"""),
        key=("item_id",),
        foreign=(_ITEM,),
    ),
    Table(
        name="names",
        description="The countries, organisations, themes and towns that the items name.",
        columns=_columns("""
kind string! country, organisation, theme or town.
code string! Code of the name; of a country its ISO 3166-1 code.
name_en string English name.
name_fr string French name.
within string Code of what it lies in: a town's country, a country's region, a theme's domain.
latitude number Of a town, in degrees to two decimals.
longitude number Of a town, in degrees to two decimals.
"""),
        key=("kind", "code"),
    ),
    Table(
        name="mentions",
        description="The names that stand in an item's title or text.",
        columns=_columns("""
item_id string! The item.
kind string! country, organisation, theme or town.
code string! Code of the name.
matched string! How it is written first.
count integer! How often it stands there.
spans json! The first twenty places: title or text, first character, character behind the last.
"""),
        key=("item_id", "kind", "code"),
        foreign=(_ITEM, _to("names", "kind", "code")),
    ),
    Table(
        name="projects",
        description="What pages print of an item of kind project.",
        columns=_columns("""
item_id string! The item.
countries string Countries as printed.
start partial_date When it starts.
end partial_date When it ends.
period string The period as printed.
partners string Partners as printed.
funding string Funding as printed.
"""),
        key=("item_id",),
        foreign=(_ITEM,),
    ),
)
"""In an order in which a table comes after those that it refers to."""
BY_NAME = {table.name: table for table in TABLES}
