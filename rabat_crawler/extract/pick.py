"""Copies chosen lines of a page out of its tree, markup and all; what is not chosen stays behind. Pure; cleans nothing."""

from __future__ import annotations

import html as html_entities
from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from rabat_crawler.extract.html import MAX_DEPTH
from rabat_crawler.extract.lines import BREAKING_TAGS, UNREAD_TAGS, Lines, common, is_hidden

WRAPPERS = frozenset(["p", "ul", "ol", "li", "dl", "table", "tbody", "tr", "blockquote", "pre"])


def lines_html(page: Lines, wanted: Iterable[int]) -> str:
    """The page's markup of exactly those lines, with the pictures between them; "" for none. Not yet clean: give it to `clean_fragment`."""
    chosen = set(wanted)
    if not chosen:
        return ""
    first, last = page.lines[min(chosen)], page.lines[max(chosen)]
    around = common(first.element, last.element)
    picker = _Picker(page, chosen)
    picker.children(around.node, 0)
    body = "".join(picker.out)
    return f"<{around.tag}>{body}</{around.tag}>" if around.tag in WRAPPERS else body


class _Picker:
    """Copies the chosen lines' nodes: an element wholly chosen as it stands, a mixed one piece by piece."""

    def __init__(self, page: Lines, chosen: set[int]) -> None:
        self.page, self.chosen, self.out = page, chosen, list[str]()
        self.low, self.high = min(chosen), max(chosen)
        self.seen = -1

    def children(self, parent: LexborNode, depth: int) -> None:
        node = parent.first_child
        while node is not None:
            tag = node.tag or ""
            if tag == "-text":
                self._leaf(node)
            elif tag == "br":
                self.out.append("<br>")
            elif tag == "img":
                if self.low - 1 <= self.seen <= self.high:
                    self.out.append(node.html or "")
            elif tag not in UNREAD_TAGS and tag[:1] not in "-!" and depth < MAX_DEPTH:
                self._element(node, tag, depth)
            node = node.next

    def _leaf(self, node: LexborNode) -> None:
        index = self.page.leaves.get(node.mem_id)
        if index is not None:
            self.seen = index
            if index in self.chosen:
                self.out.append(html_entities.escape(node.text_content or "", quote=False))

    def _element(self, node: LexborNode, tag: str, depth: int) -> None:
        element = self.page.by_id.get(node.mem_id)
        start, end = (element.start, element.end) if element is not None else self._span(node)
        if start >= end:
            if element is not None and not element.furniture and self.low <= start <= self.high + 1 and not is_hidden(node.attributes):
                self.out.append(node.html or "")
            return
        self.seen = max(self.seen, start - 1)
        if end <= self.low or start > self.high or self.chosen.isdisjoint(range(start, end)):
            self.seen = end - 1
            return
        if tag != "form" and self.chosen.issuperset(range(start, end)):
            self.out.append(node.html or "")
            self.seen = end - 1
            return
        wrapper = tag if tag in WRAPPERS else "div" if tag in BREAKING_TAGS else ""
        self.out.append(f"<{wrapper}>" if wrapper else "")
        self.children(node, depth + 1)
        self.out.append(f"</{wrapper}>" if wrapper else "")

    def _span(self, node: LexborNode) -> tuple[int, int]:
        """The lines of an inline element that was not kept: from its own text nodes."""
        found = [index for leaf in node.traverse(include_text=True) if (index := self.page.leaves.get(leaf.mem_id)) is not None]
        return (min(found), max(found) + 1) if found else (0, 0)
