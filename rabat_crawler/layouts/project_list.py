"""Projects listed within any page: tables (a header row, or labels in the first column), definition lists, `Label: value` lines under headings.

Each becomes a draft of kind "project"; without a page of its own a row is all there is of it, so its draft is complete. Tables of anything else are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from rabat_crawler.extract.html import Document, fold, inline_text, node_text
from rabat_crawler.extract.page import kind_of
from rabat_crawler.extract.projects import Labelled, field_of, fields_text, is_name, is_project, labelled, project_of
from rabat_crawler.layouts._common import flow_text, summary_of
from rabat_crawler.models import Attachment, Draft, Layout, Reading
from rabat_crawler.urls import DOCUMENT_SUFFIX, decide, fold_key, path_language

_STEMS = (
    r">[\s\u00a0]{0,40}+(?:&nbsp;){0,3}+(?=[a-z])"
    r"(?:target |beneficiary |participating |project |implementation |implementing |lead |main |date de |sources? (?:de |of )|total )?"
    r"(?:(?P<countries>countr|pays|r[e\u00e9]gion|geograph|g[e\u00e9]ograph|place|lieu|area|location|couverture|zone)|"
    r"(?P<period>period|p[e\u00e9]riod|p&eacute;riod|dur[e\u00e9]|dur&eacute;|durat|date|d[e\u00e9]but|start|time|calendrier|ann[e\u00e9]e|year)|"
    r"(?P<partners>partner|partenaire|implement|mis|chef|op[e\u00e9]rateur|agenc|organisme)|"
    r"(?P<funding>fund|financ|budget|bailleur|donor|montant|amount|eu con|contribution|co[su\u00fb]t))"
)
CELL = re.compile(_STEMS + r"[^<>]{0,50}<")
LINE = re.compile(_STEMS + r"[^<>:]{0,50}(?:</[a-z]{1,6}>[\s\u00a0]{0,5}){0,2}(?:&nbsp;)?:")
"""On a page in lower case: a label at the beginning of an element, in a page with tables; a label and its colon, in any other."""
STRUCTURE = "h1,h2,h3,h4,h5,h6,table,dl,p,li,div"
HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
SUBHEADING = re.compile(
    r"(?:fiche|details?|informations?|donnees|presentation)(?: (?:du|de|du projet|de l initiative|signaletique|cles|pratiques|projet))*|en bref|in brief|"
    r"(?:project )?(?:fact ?sheet|sheet|facts|key facts|details|at a glance|information|overview)|key (?:figures|information)|fiche projet"
)
"""A heading that names no project, only its particulars."""

PAIR = re.compile(r"^([^:]{2,60}?)\s{0,3}:\s{1,10}(\S.{0,4000})$")
MAX_ROWS, MAX_COLUMNS, MAX_TITLE, MAX_DRAFTS = 300, 24, 300, 200
HEADER_ROWS = 3


@dataclass(slots=True)
class _Cell:
    """A cell of a table: its lines and what it links to."""

    lines: tuple[str, ...] = ()
    node: LexborNode | None = None

    @property
    def label(self) -> str:
        """Its text as a label or title."""
        return " ".join(self.lines).rstrip(" :")

    @property
    def value(self) -> str:
        """Its text as a value; several lines are several values."""
        return "; ".join(line.strip(" ;") for line in self.lines)


@dataclass(slots=True)
class _Found:
    """A project in the making. `nodes`: where its links stand."""

    title: str
    fields: list[Labelled] = field(default_factory=list)
    nodes: list[LexborNode] = field(default_factory=list)
    title_node: LexborNode | None = None


def matches(doc: Document) -> bool:
    """The source holds labels of two fields or more that a project would have."""
    source = doc.source.lower()
    pattern = CELL if "<table" in source or source.count("<dt") > 1 else LINE
    seen: set[str | None] = set()
    for found in pattern.finditer(source):
        seen.add(found.lastgroup)
        if len(seen) > 1:
            return True
    return False


def parse(doc: Document) -> Reading:
    """One draft for each project, those of one title put together; role "other": a list says nothing of its page."""
    among = kind_of(doc.url, "", doc.site) == "project"
    language = path_language(doc.url, doc.site) or doc.html_lang
    joined: dict[str, _Found] = {}
    for found in _projects(doc, among):
        known = joined.setdefault(fold(found.title), found)
        if known is not found:
            known.fields += [one for one in found.fields if one not in known.fields]
            known.nodes += found.nodes
        if len(joined) >= MAX_DRAFTS:
            break
    return Reading(role="other", drafts=tuple(_draft(doc, found, language) for found in joined.values()))


def _draft(doc: Document, found: _Found, language: str | None) -> Draft:
    text = fields_text(found.fields)
    url = _own_page(doc, found.title_node)
    return Draft(
        title=found.title,
        text=text,
        summary=summary_of(text),
        complete=url is None,
        url=url,
        kind="project",
        attachments=_documents(doc, found.nodes),
        project=project_of(found.fields, language),
    )


def _own_page(doc: Document, node: LexborNode | None) -> str | None:
    """The page of the site that the title links to, if it is another than this one."""
    url = doc.link_url(node.css_first("a[href]")) if node is not None else None
    if url is None:
        return None
    decision = decide(url, doc.site)
    return url if decision.action == "fetch" and decision.target == "page" and decision.key != fold_key(doc.url, doc.site) else None


def _documents(doc: Document, nodes: Sequence[LexborNode]) -> tuple[Attachment, ...]:
    found: dict[str, Attachment] = {}
    for node in nodes:
        for link in node.css("a[href]"):
            url = doc.link_url(link)
            if url and DOCUMENT_SUFFIX.search(urlsplit(url).path):
                found.setdefault(url, Attachment(url=url, text=inline_text(link)))
    return tuple(found.values())


def _projects(doc: Document, among: bool) -> Iterator[_Found]:
    """All projects of the page in its order; a heading names what follows it up to the next one."""
    group = _Found("")
    for node in doc.css(STRUCTURE):
        tag = node.tag
        if tag in HEADINGS:
            heading = inline_text(node)[:MAX_TITLE]
            if heading and not SUBHEADING.fullmatch(fold(heading)):
                yield from _whole(group, among)
                group = _Found(heading, title_node=node)
        elif tag == "table":
            yield from _of_table(node, group.title, among)
        elif tag == "dl":
            yield from _of_list(node, group, among)
        elif _is_leaf(node):
            for label, value in _pairs(node):
                if field_of(label)[0] == "project":
                    yield from _whole(group, among)
                    group = _Found(value[:MAX_TITLE], title_node=node)
                group.fields.append(labelled(label, value))
                group.nodes.append(node)
    yield from _whole(group, among)


def _whole(group: _Found, among: bool) -> Iterator[_Found]:
    """The group if it is a project."""
    if group.fields and is_name(group.title) and is_project(group.fields, among_projects=among, titled=True):
        yield replace(group, fields=list(dict.fromkeys(group.fields))[:MAX_COLUMNS])


def _is_leaf(node: LexborNode) -> bool:
    """A paragraph of lines; no box of further blocks, and no part of a table or definition list, which are read as such."""
    if any(below.mem_id != node.mem_id for below in node.css("p, li, div, table, dl, ul, ol, h1, h2, h3, h4")[:2]):
        return False
    above = node.parent
    for _ in range(4):
        if above is None:
            break
        if above.tag in ("td", "th", "dd", "dt"):
            return False
        above = above.parent
    return True


def _pairs(node: LexborNode) -> Iterator[tuple[str, str]]:
    """The lines of a paragraph that are a known label, a colon and a value."""
    if ":" not in node.text():
        return
    for line in flow_text(node.iter(include_text=True)).split("\n")[:40]:
        pair = PAIR.match(line)
        if pair and field_of(pair[1])[0]:
            yield pair[1], pair[2]


# Definition lists ----------------------------------------------------------------------------------------------------------


def _of_list(node: LexborNode, heading: _Found, among: bool) -> Iterator[_Found]:
    """A list of labels and values: one project, or several if a label "Project" begins each."""
    group = _Found(heading.title, title_node=heading.title_node)
    label = ""
    for child in node.css("dt, dd")[: 2 * MAX_ROWS]:
        cell = _Cell(_lines(child), child)
        if child.tag == "dt":
            label = cell.label
            continue
        name = field_of(label)[0]
        if name == "project":
            yield from _whole(group, among)
            group = _Found(cell.label[:MAX_TITLE], title_node=child)
        if name:
            group.fields.append(labelled(label, cell.value))
            group.nodes.append(child)
    yield from _whole(group, among)


# Tables --------------------------------------------------------------------------------------------------------------------


def _of_table(table: LexborNode, heading: str, among: bool) -> Iterator[_Found]:
    """The table's projects: a row each, or a column each where the first column holds the labels. A table that holds tables is page layout."""
    if len(table.css("table")) > 1:
        return
    grid = _grid(table)
    if len(grid) < 2 or len(grid[0]) < 2:
        return
    caption = inline_text(table.css_first("caption"))[:MAX_TITLE]
    columns = [list(column) for column in zip(*grid, strict=True)]
    found = list(_rows(grid, among)) or list(_rows(columns, among, first_only=True))
    yield from found or _one_project(grid, caption if is_name(caption) else heading, among)


def _rows(grid: Sequence[Sequence[_Cell]], among: bool, *, first_only: bool = False) -> Iterator[_Found]:
    """A project for each line of the grid below its header."""
    at = next((i for i, line in enumerate(grid[: 1 if first_only else HEADER_ROWS]) if _is_header(line, among)), None)
    if at is None:
        return
    header = grid[at]
    named = next(i for wanted in ("project", "title") for i, cell in enumerate(header) if field_of(cell.label)[0] == wanted)
    for line in grid[at + 1 :]:
        title = line[named]
        if not is_name(title.label) or len({id(cell) for cell in line}) == 1:
            continue
        fields = [labelled(label.label, cell.value) for label, cell in zip(header, line, strict=True) if label.lines and cell is not title]
        if any(one.value for one in fields if one.field):
            yield _Found(title.label[:MAX_TITLE], fields, [cell.node for cell in line if cell.node is not None], title.node)


def _is_header(line: Sequence[_Cell], among: bool) -> bool:
    return is_project([labelled(cell.label, "") for cell in line], among_projects=among, titled=False)


def _one_project(grid: Sequence[Sequence[_Cell]], title: str, among: bool) -> Iterator[_Found]:
    """Two columns, labels and values, of the project that heading or caption names."""
    if len(grid[0]) != 2:
        return
    known = [(label, value) for label, value in grid if field_of(label.label)[0]]
    if len(known) * 2 < len(grid):
        return
    group = _Found(title, [labelled(label.label, value.value) for label, value in known], [value.node for _, value in known if value.node])
    yield from _whole(group, among)


def _grid(table: LexborNode) -> list[list[_Cell]]:
    """The table's cells by line and column, merged cells repeated; lines of equal length, bounded."""
    lines: list[list[_Cell]] = []
    hanging: dict[int, tuple[int, _Cell]] = {}
    for row in table.css("tr")[:MAX_ROWS]:
        line: list[_Cell] = []
        for node in row.css("td, th")[:MAX_COLUMNS]:
            _hang(line, hanging)
            cell = _Cell(_lines(node), node)
            width, height = _span(node, "colspan", MAX_COLUMNS), _span(node, "rowspan", MAX_ROWS)
            for _ in range(min(width, MAX_COLUMNS - len(line))):
                if height > 1:
                    hanging[len(line)] = (height - 1, cell)
                line.append(cell)
        _hang(line, hanging)
        lines.append(line)
    width = max(map(len, lines), default=0)
    return [line + [_Cell() for _ in range(width - len(line))] for line in lines if line]


def _hang(line: list[_Cell], hanging: dict[int, tuple[int, _Cell]]) -> None:
    """Put the cells of earlier lines that reach down to this place."""
    while len(line) in hanging and len(line) < MAX_COLUMNS:
        left, cell = hanging[len(line)]
        if left <= 1:
            del hanging[len(line)]
        else:
            hanging[len(line)] = (left - 1, cell)
        line.append(cell)


def _lines(node: LexborNode) -> tuple[str, ...]:
    """The lines of a cell; of one that holds a list and nothing else, its entries."""
    entries = tuple(text for entry in node.css("li") if (text := node_text(entry)))
    if entries and "".join(entries).replace(" ", "") == node_text(node).replace(" ", ""):
        return entries
    return tuple(line for line in flow_text(node.iter(include_text=True)).split("\n") if line)


def _span(node: LexborNode, name: str, most: int) -> int:
    value = node.attributes.get(name) or ""
    return max(1, min(most, int(value))) if value.isascii() and value.isdigit() and len(value) < 5 else 1


LAYOUT = Layout(name="project_list", rank=65, matches=matches, parse=parse, block=True)
