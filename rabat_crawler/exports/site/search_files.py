"""Writes what the site's search reads: the shards of the index, a byte for each entry, a small file with each entry's text for snippets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from rabat_crawler.exports.site.postings import PLAIN, Postings
from rabat_crawler.web.language import LANGUAGES, date_words

KINDS = ("news", "event", "publication", "project", "page", "document")
MAX_CHARACTERS = 20_000
"""So much of a text is there to show a snippet of; all of it is searched."""
PER_FOLDER = 1000
_LANGUAGE = {"fr": 1, "en": 2}
_WHOLE, _DATED = 32, 64


def folder_name(moment: str, names: Sequence[str]) -> str:
    """A name for the folder that another state of the archive, or another selection, does not have: browsers may keep its files for ever."""
    return hashlib.sha256("\n".join((moment, *names)).encode()).hexdigest()[:10]


class SearchFiles:
    """Takes the entries in order, the newest first, then writes the index."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._postings = Postings()
        self._marks = bytearray()
        self._years: list[tuple[str, int, int]] = []
        (folder / "text").mkdir(parents=True)

    def add(
        self,
        *,
        name: str,
        address: str,
        kind: str,
        language: str | None,
        title: str,
        text: str,
        dated: str | None,
        whole: bool = True,
        names: Iterable[str] = (),
    ) -> None:
        """An entry: an item or a document; `address` from the root of the site, `names` the codes of what it names."""
        number = len(self._marks)
        known = KINDS.index(kind) if kind in KINDS else KINDS.index("page")
        self._marks.append(_LANGUAGE.get(language or "", 0) | known << 2 | (_WHOLE if whole else 0) | (_DATED if dated else 0))
        self._postings.add(number, title, text, language, names)
        year = dated[:4] if dated else ""
        if year and self._years and self._years[-1][0] == year and self._years[-1][2] == number:
            self._years[-1] = (year, self._years[-1][1], number + 1)
        elif year:
            self._years.append((year, number, number + 1))
        shown = {one: date_words(dated, one) if dated else "" for one in LANGUAGES}
        said = {
            "id": name, "address": address, "kind": kind, "language": language, "title": title, "shown": shown, "text": text[:MAX_CHARACTERS],
        }  # fmt: skip
        path = self._folder / "text" / str(number // PER_FOLDER) / f"{number}.json"
        if number % PER_FOLDER == 0:
            path.parent.mkdir()
        path.write_text(json.dumps(said, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")

    def finish(self) -> int:
        """Write the index and forget it; how many shards it has."""
        stems = self._postings.stems()
        firsts = []
        for number, shard in enumerate(self._postings.shards(stems)):
            (self._folder / f"{number}.bin").write_bytes(shard.content)
            firsts.append(shard.first)
        about = {
            "entries": len(self._marks),
            "kinds": KINDS,
            "years": self._years,
            "plain": sorted(PLAIN),
            "endings": self._postings.endings(stems),
            "shards": firsts,
        }
        (self._folder / "about.json").write_text(json.dumps(about, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        (self._folder / "entries.bin").write_bytes(bytes(self._marks))
        self._postings = Postings()
        return len(firsts)
