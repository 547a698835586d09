"""What the Joomla layouts share: which view a page is, an article's number, dates, section, tags and the reading of an article. No listings."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from selectolax.lexbor import LexborNode

from rabat_crawler.extract import dates
from rabat_crawler.extract.html import Document, Fragment, fold, inline_text, node_text, normalise
from rabat_crawler.layouts._common import classes, first_outside, fragment_of, images_in, inside, is_code, json_ld, summary_of
from rabat_crawler.models import Attachment, DateRole, Draft, Link, PartialDate, Reading
from rabat_crawler.urls import DOCUMENT_SUFFIX

CMS = "joomla"
TRACES = ("/media/jui/", "/media/system/js/", "option=com_", "/component/")
MODERN = ("com-content-", "com-tags", "blog-item", "joomla-custom-elements", "cassiopeia")
MODERN_ARTICLE = "com-content-article"
CONTENT = frozenset(("com_content", "com-content", "com_tags", "com-tags", "com_featured"))
YEAR_LIKE = range(1990, 2036)
"""An alias may begin with a year: such a number in an address alone is no proof of an article's number."""

BODY = ".com-content-article__body, [itemprop=articleBody], .article-content, .uk-article-content"
TITLE = ("[itemprop=headline]", ".page-header h2", "h2.item-title, .article-title, .uk-article-title, .contentheading")
FACTS = ".article-info, .uk-article-meta, .article-meta"
FURNITURE = frozenset(
    "page-header article-info article-info-term icons actions tags pager pagenav pagenavigation pagination content-links article-index "
    "item-image readmore item-separator items-more content_rating system-unpublished img-fulltext-left img-fulltext-right img-fulltext- "
    "none img-intro-left img-intro-right img-intro-none pull-left-image uk-article-meta uk-article-title article-header uk-article- "
    "lead-image fields-container".split()
)
OTHER_FACTS = frozenset(("modified", "create", "hits", "tags"))
OTHER_TIMES = ("dateCreated", "dateModified")
DROPPED = (".page-header", ".article-info", ".tags", ".item-image", ".content-links", ".actions", ".pagenavigation")

_LAST_SEGMENT_ID = re.compile(r"/(\d{1,9})(?:-[^/]*)?/?$")
_QUERY_ID = re.compile(r"^(\d{1,9})(?::.*)?$", re.S)
_BUTTON_ID = re.compile(r"dropdownMenuButton-(\d{1,9})\b")
_OPENSEARCH_ID = re.compile(r"[?&]id=(\d{1,9})\b")
_JSON_LD_ID = re.compile(r"com_content\\?/article\\?/(\d{1,9})\b")
_ID_LINK = re.compile(r"href=[\"'][^\"'?#]{0,300}/(\d{1,9})-[a-z]", re.I)
_SHOWALL = re.compile(r"[?&]showall=1\b")
_PART = re.compile(r"[?&](?:limit)?start=[1-9]")
_DATE_LABEL = re.compile(r"^[^\d:]{1,40}?(?::|\b(?:le|on)\b)\s*", re.I)
_LABEL = re.compile(r"^[^:]{1,40}:\s*")


def is_joomla(doc: Document) -> bool:
    """True if the page shows signs of Joomla: its generator, its body classes, its scripts or component addresses."""
    if any(name.startswith(("com_", "com-")) for name in doc.body_classes) or "joomla" in doc.generator:
        return True
    return any(trace in doc.source for trace in TRACES)


def is_modern(doc: Document) -> bool:
    """True for a listing of Joomla 4 or later, by class names that 3 never writes."""
    return _has_modern_traces(doc.source)


@lru_cache(maxsize=4)
def _has_modern_traces(source: str) -> bool:
    """Remembered for the few layouts that ask it of one page."""
    return any(trace in source for trace in MODERN)


def is_content(doc: Document) -> bool:
    """True if the body's classes name the articles' or the tags' component (other components have "view-category" too)."""
    return not CONTENT.isdisjoint(doc.body_classes)


def view(doc: Document) -> str:
    """The view that the body class names ("article", "category" ...); "" where the template does not say."""
    return next((name[5:] for name in sorted(doc.body_classes) if name.startswith("view-")), "")


@lru_cache(maxsize=8192)
def id_in_url(url: str) -> int | None:
    """The number that an address carries, in its last segment (`<id>-<alias>` or `<id>`) or as `id=` in its query. A category has one too."""
    parts = urlsplit(url)
    if "id=" in parts.query:
        value = _QUERY_ID.match(parse_qs(parts.query).get("id", [""])[0])
        if value:
            return int(value.group(1))
    found = _LAST_SEGMENT_ID.search(parts.path)
    return int(found.group(1)) if found else None


def _id_on_page(doc: Document, root: LexborNode) -> int | None:
    """What the page itself says, the surest first: the tools button, the opensearch link, the JSON-LD of Joomla 5."""
    button = button_id(root)
    if button is not None:
        return button
    link = doc.css_first("link[rel=search][href]")
    found = _OPENSEARCH_ID.search(link.attributes.get("href") or "") if link is not None else None
    if found is None and "ld+json" in doc.source:
        found = _JSON_LD_ID.search(doc.source)
    return int(found.group(1)) if found else None


def button_id(node: LexborNode) -> int | None:
    """The number in the tools button of an item (Joomla 3.8 to 3.10)."""
    button = node.css_first("[id^=dropdownMenuButton-]")
    found = _BUTTON_ID.search(button.attributes.get("id") or "") if button is not None else None
    return int(found.group(1)) if found else None


def article_id(doc: Document, root: LexborNode) -> int | None:
    """The number of the article on an article page, None if nothing trustworthy says it.

    What the page says of itself is believed before its address: a number there may be the first word of an alias.
    """
    said = _id_on_page(doc, root)
    if said is not None:
        return said
    own = id_in_url(doc.url)
    if own is None or "id=" in urlsplit(doc.url).query:
        return own
    return own if ids_in_addresses(doc, own, strict=MODERN_ARTICLE in classes(root)) else None


def ids_in_addresses(doc: Document, own: int, *, strict: bool) -> bool:
    """Whether this site's addresses carry numbers, so that `own` is one and not the first word of an alias.

    Asked only for a number that looks like a year or (strict) on Joomla 4 and later, where numbers are off by default.
    """
    if not strict and own not in YEAR_LIKE:
        return True
    others = {int(number) for number in _ID_LINK.findall(doc.source)} - {own}
    return any(number not in YEAR_LIKE for number in others)


def date_in(node: LexborNode | None, doc: Document, *, role: DateRole, source: str) -> PartialDate | None:
    """The date that a fact (`dd.published`, a table's cell) states: its `time[datetime]` first, else its text. `source` "" names where it stood."""
    if node is None:
        return None
    time = node if node.tag in ("time", "meta") else node.css_first("time[datetime], meta[content][itemprop^=date]")
    if time is not None:
        stamp = time.attributes.get("datetime") or time.attributes.get("content") or ""
        name = time.attributes.get("itemprop")
        found = dates.parse_iso(stamp, role=role, source=source or (f"time[{name}]" if name else f"dd.{role} time"))
        if found is not None:
            return found
    return labelled_date(node_text(node), doc, role=role, source=source or f"dd.{role}")


def labelled_date(text: str, doc: Document, *, role: DateRole, source: str) -> PartialDate | None:
    """The date that a fact's text states, whatever its label ("Publication : ", "Last Updated: ", "Créé le ")."""
    for words in (text, _DATE_LABEL.sub("", text)):
        found = dates.parse_date(words, language=doc.html_lang, role=role, source=source)
        if found is not None:
            return found
    return None


def article_dates(doc: Document, root: LexborNode, body: LexborNode | None) -> tuple[PartialDate, ...]:
    """Published and modified dates of an article page; where nothing says "published", a bare date line or at last the creation date."""
    published = date_in(first_outside(root, ".published, [itemprop=datePublished]", body), doc, role="published", source="")
    published = published or _bare_line(doc, root, body) or _from_json_ld(doc)
    published = published or date_in(first_outside(root, ".create, [itemprop=dateCreated]", body), doc, role="published", source="dd.create")
    modified = date_in(first_outside(root, ".modified, [itemprop=dateModified]", body), doc, role="modified", source="")
    return tuple(date for date in (published, modified) if date is not None)


def _bare_line(doc: Document, root: LexborNode, body: LexborNode | None) -> PartialDate | None:
    """An override prints the date as a line of its own, without `time` or label: the first such line beside the body."""
    facts = first_outside(root, FACTS, body)
    nodes = list(root.iter(include_text=True)) + (list(facts.iter(include_text=True)) if facts is not None else [])
    for node in nodes:
        if is_code(node) or (body is not None and (inside(node, body) or inside(body, node))) or classes(node) & OTHER_FACTS:
            continue
        line = normalise(node.text()[:80])
        if node.tag == "time" and node.attributes.get("itemprop") not in OTHER_TIMES:
            return date_in(node, doc, role="published", source="time")
        if 5 < len(line) < 60 and any(c.isdigit() for c in line):
            found = dates.date_line(line, language=doc.html_lang)
            if found is not None and found.end is None:
                return replace(found, role="published", source="date line")
    return None


def _from_json_ld(doc: Document) -> PartialDate | None:
    """`datePublished` of the article's own JSON-LD. `dateCreated` is another date, days before, and is never read."""
    if "datePublished" not in doc.source:
        return None
    for entry in json_ld(doc):
        if "com_content/article" in str(entry.get("@id") or "") and isinstance(entry.get("datePublished"), str):
            return dates.parse_iso(entry["datePublished"], role="published", source="json-ld")
    return None


def section_of(root: LexborNode) -> str:
    """The name of the category that the facts show, "" if they show none."""
    node = root.css_first(".category-name")
    if node is None:
        return ""
    link = node.css_first("a")
    return inline_text(link) if link is not None else _LABEL.sub("", node_text(node))


def tags_of(root: LexborNode, body: LexborNode | None = None) -> tuple[str, ...]:
    """The article's tags."""
    nodes = root.css(".tags a")
    return tuple(dict.fromkeys(text for node in nodes if not (body is not None and inside(node, body)) and (text := inline_text(node))))


def _title(doc: Document, root: LexborNode, body: LexborNode | None) -> tuple[str, LexborNode | None]:
    """The article's title and where it stands; a lone h1 is the title unless the page's `<title>` shows that it is the menu's heading."""
    for selector in TITLE:
        node = first_outside(root, selector, body)
        if node is not None:
            text = normalise(node.attributes.get("content") or "") if node.tag == "meta" else inline_text(node)
            if text:
                return text, node
    named = _without_site(doc.title, doc.site.title)
    headings = [(inline_text(node), node) for node in root.css("h1, h2") if not (body is not None and inside(node, body))]
    for text, node in headings:
        if text and fold(text) in fold(doc.title):
            return text, node
    if body is None and (second := next(((text, node) for text, node in headings if text and node.tag == "h2"), None)):
        return second
    lone = headings[0] if headings and headings[0][0] else None
    if MODERN_ARTICLE in classes(root) or not named:
        return lone or (named, None)
    return named, lone[1] if lone else None


def _without_site(title: str, site: str) -> str:
    for cut in (f" - {site}", f" | {site}", f" – {site}"):
        title = title.removesuffix(cut)
    return title.removeprefix(f"{site} - ").strip()


def _loose_body(doc: Document, root: LexborNode, title: LexborNode | None) -> Fragment:
    """The body of a template that gives it no wrapper (beez3, overrides): the root's children that are not title, facts or furniture."""
    kept = [node for node in root.iter(include_text=True) if not _is_furniture(node, title)]
    markup = "".join(node.html or "" for node in kept)
    fragment = fragment_of(markup, doc)
    return fragment if fragment.text else fragment_of(root.html or "", doc, drop=("h1", *DROPPED))


def _is_furniture(node: LexborNode, title: LexborNode | None) -> bool:
    if node.tag == "-text":
        return False
    if (is_code(node) and node.tag != "script") or node.tag in ("h1", "time") or classes(node) & FURNITURE:
        return True
    return (title is not None and inside(title, node)) or node.css_first(".article-info") is not None


def _index_links(doc: Document, root: LexborNode) -> tuple[tuple[Link, ...], str]:
    """Links to the parts and the whole of a page-broken article, and the title of the part shown ("" on the first)."""
    index = root.css_first(".article-index")
    if index is None:
        return (), ""
    links: dict[str, Link] = {}
    active = ""
    for at, node in enumerate(index.css("a[href]")):
        url = doc.link_url(node)
        if url is None:
            continue
        if at and ("active" in classes(node) or (node.parent is not None and "active" in classes(node.parent))):
            active = inline_text(node)
        rel = "whole" if _SHOWALL.search(url) else "part"
        links.setdefault(url, Link(url=url, text=inline_text(node), rel=rel))
    return tuple(links.values()), active


def read_article(doc: Document, root: LexborNode) -> Reading:
    """The one article of an article page, whichever template and version wrote it."""
    body = root.css_first(BODY)
    title, title_node = _title(doc, root, body)
    markup = body.html or "" if body is not None else ""
    fragment = fragment_of(markup, doc) if body is not None else _loose_body(doc, root, title_node)
    index, part_title = _index_links(doc, root)
    if part_title and title.endswith(f" - {part_title}"):
        title = title[: -len(part_title) - 3].rstrip()
    draft = Draft(
        title=title,
        text=fragment.text,
        summary=summary_of(fragment.text),
        html=fragment.html,
        complete=_is_whole(doc, root, body, markup, bool(index)),
        url=doc.url,
        article_id=article_id(doc, root),
        cms=CMS,
        section=section_of(root),
        dates=article_dates(doc, root, body),
        tags=tags_of(root, body),
        attachments=fragment.attachments + _linked_documents(doc, root),
        images=images_in(root.css(".item-image img, [class^=img-fulltext] img"), doc) + fragment.images,
        alternates=doc.alternates,
        parts=tuple(link.url for link in index if link.url != doc.url),
    )
    links = tuple(link for link in index if link.url != doc.url and (link.rel == "whole" or _PART.search(link.url)))
    return Reading(role="detail", drafts=(draft,), links=(*links, *_copies_of_translation(doc)))


def _copies_of_translation(doc: Document) -> tuple[Link, ...]:
    """What this page's print view, which nobody fetches, links: the translation with `?layout=default`.

    Seen on 214 of 214 captured print views of Joomla 3.10 whose own address carries `layout=default`, and on no other.
    """
    if "print=1&amp;layout=default" not in doc.source:
        return ()
    own = doc.html_lang or ""
    others = (alternate.url for alternate in doc.alternates if not alternate.hreflang.startswith(own) and "?" not in alternate.url)
    return tuple(Link(url=f"{url}?layout=default") for url in others)


def _is_whole(doc: Document, root: LexborNode, body: LexborNode | None, markup: str, has_index: bool) -> bool:
    """False for one part of a page-broken article and for the introduction that guests see of a closed one."""
    if _SHOWALL.search(doc.url):
        return True
    if has_index or "pagenavcounter" in markup or (body is None and root.css_first(".pagenavcounter") is not None):
        return False
    return first_outside(root, ".readmore", body) is None


def _linked_documents(doc: Document, root: LexborNode) -> tuple[Attachment, ...]:
    """Documents among the article's "related links" (fields A, B, C), which stand beside the body."""
    found = ((doc.link_url(node), inline_text(node)) for node in root.css(".content-links a"))
    return tuple(Attachment(url=url, text=text) for url, text in found if url and DOCUMENT_SUFFIX.search(urlsplit(url).path))
