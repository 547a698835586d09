"""Small functions that several layouts share: summaries, cheap text of a listing's intro, JSON-LD. Knows no CMS; reads nothing but the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from selectolax.lexbor import LexborNode

from rabat_crawler.extract.html import BLOCK_TAGS, Document, Fragment, clean_fragment, inline_text, node_text, normalise
from rabat_crawler.models import Image

SUMMARY_LENGTH = 400
LEAD_LENGTH = 40
"""A first paragraph shorter than this is a caption or a place line when a fuller one follows."""
JSON_LD_LENGTH = 200_000
CODE_TAGS = frozenset("script style noscript template form iframe".split())
EMPTY = Fragment(text="", html="")

_SENTENCE_END = re.compile(r"[.!?…»”\")](?= )")
_BLANK_LINES = re.compile(r"\n{3,}")


def summary_of(text: str) -> str:
    """The first paragraph that says something, on one line, cut at a sentence's or a word's end to at most SUMMARY_LENGTH characters."""
    paragraphs = [normalise(part) for part in text[:8000].split("\n\n")]
    lead = next((part for part in paragraphs[:3] if len(part) >= LEAD_LENGTH), paragraphs[0])
    if len(lead) <= SUMMARY_LENGTH:
        return lead
    ends = [match.end() for match in _SENTENCE_END.finditer(lead, 0, SUMMARY_LENGTH)]
    if ends and ends[-1] > SUMMARY_LENGTH // 3:
        return lead[: ends[-1]]
    return lead[: SUMMARY_LENGTH - 1].rsplit(" ", 1)[0].rstrip(" ,;:–-") + "…"


def classes(node: LexborNode) -> frozenset[str]:
    """The classes of an element."""
    return frozenset((node.attributes.get("class") or "").split())


def is_code(node: LexborNode) -> bool:
    """True for comments, scripts, forms: what nobody reads."""
    return node.tag in CODE_TAGS or node.tag == "-comment"


def inside(node: LexborNode, container: LexborNode | None) -> bool:
    """True if `node` is `container` or stands in it."""
    if container is None:
        return False
    wanted, at = container.mem_id, node
    while at is not None:
        if at.mem_id == wanted:
            return True
        at = at.parent  # type: ignore[assignment]
    return False


def first_outside(root: LexborNode, selector: str, container: LexborNode | None) -> LexborNode | None:
    """The first match of `selector` in `root` that does not stand in `container`."""
    node = root.css_first(selector)
    if node is None or container is None or not inside(node, container):
        return node
    return next((found for found in root.css(selector) if not inside(found, container)), None)


def fragment_of(html: str, doc: Document, *, drop: Iterable[str] = ()) -> Fragment:
    """`clean_fragment` against the page's base address; nothing for blank markup."""
    return clean_fragment(html, base_url=doc.base_url, drop=drop) if html.strip() else EMPTY


def images_in(nodes: Iterable[LexborNode], doc: Document) -> tuple[Image, ...]:
    """The pictures that the given `<img>` elements show, each address once."""
    found: dict[str, Image] = {}
    for node in nodes:
        url = doc.absolute(node.attributes.get("src"))
        if url:
            found.setdefault(url, Image(url=url, alt=normalise(node.attributes.get("alt") or "")))
    return tuple(found.values())


def flow_text(nodes: Iterable[LexborNode]) -> str:
    """The text of sibling nodes without building a soup: inline parts run on, blocks apart by a blank line, `<br>` ends a line."""
    text = "".join(_flow(nodes))
    lines = "\n".join(normalise(line) for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip()


def _flow(nodes: Iterable[LexborNode]) -> Iterator[str]:
    for node in nodes:
        if node.tag == "br":
            yield "\n"
        elif node.tag == "-text":
            yield _SPACE_RUN.sub(" ", node.text())
        elif not is_code(node):
            yield f"\n\n{block_text(node)}\n\n" if node.tag in BLOCK_TAGS else _SPACE_RUN.sub(" ", node.text())


_SPACE_RUN = re.compile(r"\s+")


def block_text(node: LexborNode) -> str:
    """One line of text of a block: words of nested blocks and of lines broken by `<br>` stay apart, inline parts run on."""
    broken = node.css_first("br" if node.tag == "p" else "br, li, td, p, div, dd, h3") is not None
    return node_text(node) if broken else inline_text(node)


def json_ld(doc: Document) -> list[dict[str, Any]]:
    """Every object of the page's JSON-LD blocks, `@graph` opened; broken or huge blocks are passed over."""
    if "ld+json" not in doc.source:
        return []
    found: list[dict[str, Any]] = []
    for node in doc.css('script[type="application/ld+json"]'):
        text = node.text()
        if len(text) > JSON_LD_LENGTH:
            continue
        try:
            value = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                graph = entry.get("@graph")
                found += [part for part in graph if isinstance(part, dict)] if isinstance(graph, list) else [entry]
    return found
