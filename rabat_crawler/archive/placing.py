"""Which item a draft belongs to: first the name that it has by itself (`base_key`), then the one by which all names of its article are called (`item_key`).

Every answer follows from the set of drafts, never from their order. `Placing` notes which names may have changed and settles them together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from rabat_crawler import epochs
from rabat_crawler.archive.items import read_draft

NUMBER_AT = """
SELECT id_key FROM drafts WHERE url_key = ? AND id_key IS NOT NULL GROUP BY id_key ORDER BY max(complete) DESC, max(last_seen) DESC, id_key LIMIT 1
"""
OWNER_OF_TEXT = "SELECT min(base_key) FROM drafts WHERE text_key = ? AND (id_key IS NOT NULL OR url_key IS NOT NULL)"
SHARED = "SELECT DISTINCT {0} FROM drafts WHERE base_key = ? AND {0} IS NOT NULL AND (id_key IS NOT NULL OR url_key IS NOT NULL)"
SHARERS = "SELECT DISTINCT base_key FROM drafts WHERE {0} = ? AND (id_key IS NOT NULL OR url_key IS NOT NULL) LIMIT ?"
MOVED_SHARERS = "SELECT DISTINCT base_key FROM drafts WHERE {0} = ? AND item_key <> base_key AND (id_key IS NOT NULL OR url_key IS NOT NULL)"
MATES = "SELECT DISTINCT base_key FROM drafts WHERE item_key IN (SELECT item_key FROM drafts WHERE base_key = ?)"
MAX_GROUPS = 2000
EVIDENCE = ("text_key", "content_key", "title_key")


class Placing:
    """Keeps `base_key` and `item_key` of the drafts right. `touched`: the items to be written anew."""

    def __init__(self, connection: sqlite3.Connection, touched: set[str]) -> None:
        self._connection = connection
        self._loose: set[str] = set()
        self._common: set[str] = set()
        self._groups: dict[str, epochs.Group | None] = {}
        self._touched = touched

    def base_of(self, id_key: str | None, url_key: str | None, text_key: str | None) -> str:
        """The name of a draft with these keys: its number, the number that its address leads to, its address; the owner of what it says, or that."""
        if id_key:
            return id_key
        if url_key:
            numbered = self._connection.execute(NUMBER_AT, (url_key,)).fetchone()
            return str(numbered[0]) if numbered else url_key
        owner = self._connection.execute(OWNER_OF_TEXT, (text_key,)).fetchone()
        return str(owner[0]) if owner and owner[0] else str(text_key)

    def loosen(self, base: str) -> None:
        """Something changed under this name: what it is one article with is to be found again."""
        self._loose.add(base)

    def loosen_sharers(self, column: str, shared: str) -> None:
        """A draft that said this is gone: what was too common before may be evidence now."""
        sharers = [row[0] for row in self._connection.execute(SHARERS.format(column), (shared, epochs.TOO_COMMON + 1))]
        if len(sharers) <= epochs.TOO_COMMON:
            self._loose.update(sharers)

    def replace_by_url(self, url_key: str) -> None:
        """The drafts at an address that have no number of their own follow the number that it leads to now."""
        waiting = self._connection.execute(
            "SELECT draft_id, base_key, item_key, url_key, text_key FROM drafts WHERE url_key = ? AND id_key IS NULL", (url_key,)
        ).fetchall()
        self.replace_by_text(self._replace(waiting))

    def replace_by_text(self, text_keys: Iterable[str]) -> None:
        """The drafts without number or address follow the owner of what they say."""
        for text_key in sorted(set(text_keys)):
            waiting = self._connection.execute(
                "SELECT draft_id, base_key, item_key, url_key, text_key FROM drafts WHERE text_key = ? AND id_key IS NULL AND url_key IS NULL",
                (text_key,),
            ).fetchall()
            self._replace(waiting)

    def _replace(self, waiting: list[tuple[str, str, str, str | None, str | None]]) -> list[str]:
        """Give each draft the name that it has now; what those that changed say."""
        said = []
        for name, old, item_key, url_key, text_key in waiting:
            new = self.base_of(None, url_key, text_key)
            if new != old:
                self._connection.execute("UPDATE drafts SET base_key = ?, item_key = ? WHERE draft_id = ?", (new, new, name))
                self._touched.add(item_key)
                self._loose |= {old, new}
                self._loose |= {row[0] for row in self._connection.execute("SELECT DISTINCT base_key FROM drafts WHERE item_key = ?", (item_key,))}
                if text_key:
                    said.append(text_key)
        return said

    def settle(self) -> None:
        """Call every article by one name, as far as something changed."""
        self._common.clear()
        self._groups.clear()
        while self._loose:
            base = self._loose.pop()
            if not self._sharers(base) and all(row[0] == base for row in self._connection.execute(MATES, (base,))):
                self._call(base, base)
                continue
            groups = self._component(base)
            self._loose -= groups.keys()
            edges = self._edges(groups)
            for name, root in epochs.roots(groups, edges).items():
                self._call(name, root)

    def _call(self, base: str, root: str) -> None:
        old = [row[0] for row in self._connection.execute("SELECT DISTINCT item_key FROM drafts WHERE base_key = ? AND item_key <> ?", (base, root))]
        if old:
            self._connection.execute("UPDATE drafts SET item_key = ? WHERE base_key = ? AND item_key <> ?", (root, base, root))
            self._touched.update(old)
            self._touched.add(root)

    def _component(self, start: str) -> dict[str, epochs.Group]:
        """All names that lead from one to the next by evidence, or that were called alike until now."""
        groups: dict[str, epochs.Group] = {}
        waiting = [start]
        while waiting:
            base = waiting.pop()
            group = None if base in groups else self._known_group(base)
            if group is None:
                continue
            groups[base] = group
            waiting += (row[0] for row in self._connection.execute(MATES, (base,)) if row[0] not in groups)
            if not base.startswith("text:"):
                waiting += self._partners(group, groups)
        return groups

    def _partners(self, group: epochs.Group, known: dict[str, epochs.Group]) -> list[str]:
        found = []
        for other in self._sharers(group.key):
            partner = known.get(other) or self._known_group(other)
            if partner is not None and other not in known and epochs.strength(group, partner):
                found.append(other)
        return found

    def _sharers(self, base: str) -> set[str]:
        """The names that have a title and day, or a text, in common with this one. What is common to many is no evidence; see `epochs.TOO_COMMON`."""
        found: set[str] = set()
        for column in EVIDENCE:
            for (shared,) in self._connection.execute(SHARED.format(column), (base,)).fetchall():
                sharers = [row[0] for row in self._connection.execute(SHARERS.format(column), (shared, epochs.TOO_COMMON + 1))]
                if len(sharers) <= epochs.TOO_COMMON:
                    found.update(sharers)
                elif shared not in self._common:  # those who were one article because of it may have to part
                    self._common.add(shared)
                    self._loose.update(row[0] for row in self._connection.execute(MOVED_SHARERS.format(column), (shared,)))
        return found - {base}

    def _edges(self, groups: dict[str, epochs.Group]) -> dict[tuple[str, str], int]:
        edges: dict[tuple[str, str], int] = {}
        if len(groups) > 1:
            for base, group in groups.items():
                if base.startswith("text:"):
                    continue
                for other in self._sharers(base):
                    if base < other and other in groups and (found := epochs.strength(group, groups[other])):
                        edges[base, other] = found
        return edges

    def _known_group(self, base: str) -> epochs.Group | None:
        """`_group`, remembered while this settles: no draft changes meanwhile, only what its article is called."""
        if base not in self._groups:
            if len(self._groups) >= MAX_GROUPS:
                self._groups.clear()
            self._groups[base] = self._group(base)
        return self._groups[base]

    def _group(self, base: str) -> epochs.Group | None:
        rows = self._connection.execute(
            "SELECT content, content_key, complete, first_seen, last_seen FROM drafts WHERE base_key = ?", (base,)
        ).fetchall()
        if not rows:
            return None
        whole = [row for row in rows if row[2]]
        return epochs.Group(
            key=base,
            facts=frozenset(epochs.fact(read_draft(row[0]), row[1]) for row in rows),
            first_seen=min((row[3] for row in whole), default=""),
            last_seen=max((row[4] for row in whole), default=""),
            texts=tuple(sorted({epochs.text_of(read_draft(row[0])) for row in whole}, key=str)),
        )
