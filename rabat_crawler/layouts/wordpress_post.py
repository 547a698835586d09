"""WordPress posts and pages, of classic and block themes. Never a list of posts, a search page or an attachment page."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from rabat_crawler.extract.html import Document, inline_text
from rabat_crawler.layouts import _wordpress
from rabat_crawler.layouts._common import first_outside, fragment_of, images_in, inside, json_ld, summary_of
from rabat_crawler.models import Draft, Layout, Link, PartialDate, Reading

SINGLE = frozenset(("single", "page"))
NOT_SINGLE = frozenset("home blog archive search error404 attachment search-results".split())
ROOTS = ("article.post, article.page, article[id^=post-]", ".hentry, main article", "main, #content, #primary, .site-content", "article")
CONTENT = ".entry-content, .wp-block-post-content, .post-content, .post-entry"
TITLE = ".entry-title, .wp-block-post-title, .post-title"
PICTURE = ".post-thumbnail img, .wp-block-post-featured-image img, .entry-thumbnail img, img.wp-post-image"
PARTS = ".page-links a[href], .post-nav-links a[href]"
FURNITURE = (
    "sharedaddy jp-relatedposts addtoany_share_save_container post-navigation page-links post-nav-links yarpp-related wp-block-post- "
    "terms wp-block-post-date wp-block-post-title wp-block-comments wp-block-post-navigation-link entry-footer entry-meta entry-header "
    "heateor_sss_sharing_container"
).split()
ARTICLE_TYPES = frozenset("Article NewsArticle BlogPosting Report".split())

_PART_PATH = re.compile(r"/\d{1,3}/?$|[?&]page=\d{1,3}$")


def _root(doc: Document) -> LexborNode | None:
    return next((node for selector in ROOTS if (node := doc.css_first(selector)) is not None), None)


def matches(doc: Document) -> bool:
    """A single post or page by the body's classes, which every theme prints."""
    names = doc.body_classes
    if not names & SINGLE and not any(name.startswith(("single-", "postid-")) for name in names):
        return False
    return not names & NOT_SINGLE and _wordpress.is_wordpress(doc)


def _is_page(doc: Document) -> bool:
    return "page" in doc.body_classes and "single" not in doc.body_classes


def parse(doc: Document) -> Reading:
    """The page's one post; role "other" where it has no content box."""
    root = _root(doc)
    content = root.css_first(CONTENT) if root is not None else None
    if content is None:
        content = doc.css_first(CONTENT)
    if content is None and root is None:
        return Reading(role="other")
    scope = root if root is not None and content is not None and inside(content, root) else doc.tree.body or content
    assert scope is not None
    box = content if content is not None else scope
    markup = box.html or ""
    fragment = fragment_of(markup, doc, drop=[f".{name}" for name in FURNITURE if name in markup] + ([] if content is not None else ["h1"]))
    parts = _parts(doc, box, scope)
    published = _dates(doc, scope)
    draft = Draft(
        title=_title(doc, scope, content),
        text=fragment.text,
        summary=summary_of(fragment.text),
        html=fragment.html,
        complete=not parts,
        url=doc.url,
        article_id=_wordpress.post_id(doc, root),
        cms=_wordpress.CMS,
        section=next(iter(_wordpress.names(scope.css(_wordpress.CATEGORIES))), ""),
        dates=published,
        tags=_tags(scope),
        attachments=fragment.attachments,
        images=tuple({image.url: image for image in images_in(scope.css(PICTURE), doc) + fragment.images}.values()),
        alternates=doc.alternates,
        parts=tuple(link.url for link in parts),
    )
    return Reading(role="detail", drafts=(draft,), links=parts)


def _title(doc: Document, scope: LexborNode, content: LexborNode | None) -> str:
    node = first_outside(scope, TITLE, content) or first_outside(scope, "h1", content) or first_outside(doc.tree.body or scope, "h1", content)
    return inline_text(node) or doc.meta("og:title") or doc.title


def _tags(scope: LexborNode) -> tuple[str, ...]:
    sections = set(_wordpress.names(scope.css(_wordpress.CATEGORIES)))
    return tuple(name for name in _wordpress.names(scope.css(_wordpress.TAGS)) if name not in sections)


def _dates(doc: Document, scope: LexborNode) -> tuple[PartialDate, ...]:
    """The shown date first, then meta, then JSON-LD. A static page has no date of publication unless it shows one."""
    found = _wordpress.published(scope, doc)
    if found is None and not _is_page(doc):
        found = _wordpress.stamp(doc.meta("article:published_time"), role="published", source="meta[article:published_time]") or _structured(doc)
    updated = scope.css_first("time.updated:not(.published)")
    modified = _wordpress.stamp(updated.attributes.get("datetime"), role="modified", source="time.updated") if updated is not None else None
    modified = modified or _wordpress.stamp(doc.meta("article:modified_time"), role="modified", source="meta[article:modified_time]")
    return tuple(date for date in (found, modified) if date is not None)


def _structured(doc: Document) -> PartialDate | None:
    """`datePublished` of the JSON-LD's article, else of its web page."""
    entries = [entry for entry in json_ld(doc) if isinstance(entry.get("datePublished"), str)]
    best = next((entry for types in (ARTICLE_TYPES, {"WebPage"}) for entry in entries if str(entry.get("@type")) in types), None)
    return _wordpress.stamp(best["datePublished"], role="published", source="json-ld") if best else None


def _parts(doc: Document, box: LexborNode, scope: LexborNode) -> tuple[Link, ...]:
    """The other parts of a post that its author split over several addresses."""
    links: dict[str, Link] = {}
    for node in box.css(PARTS) or scope.css(PARTS):
        url = doc.link_url(node)
        if url is not None and url != doc.url:
            links.setdefault(url, Link(url=url, text=inline_text(node), rel="part" if _PART_PATH.search(url) else ""))
    return tuple(links.values())


LAYOUT = Layout(name="wordpress_post", rank=20, matches=matches, parse=parse)
