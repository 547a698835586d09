"""One plain text file per item, by language and year, for corpus tools; and the pairs of translations as a table of two columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from rabat_crawler.exports._collection import readme
from rabat_crawler.exports._export import Export, Options, Source
from rabat_crawler.models import Item

PAIRS = "pairs.tsv"
_CONTENTS = """One file per item, `LANGUAGE/YEAR/ITEM_ID.txt` (`unknown` where the language or the year is), UTF-8: lines of the form `Name: value`, an empty
line, the text. `{pairs}` holds every pair of translations of which both are here, French first, one pair a line: ids, titles, texts, with \\n for a line's
end, \\t for a tab and \\\\ for a backslash within a text.

{items:,} texts, {found:,} pairs.
"""


def write(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The folder of texts."""
    counts: Counter[str] = Counter()
    for item in source.items("texts"):
        path = target / (item.language or "unknown") / (item.published or "unknown")[:7].split("-")[0] / f"{item.item_id}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_page(item), encoding="utf-8", newline="\n")
        counts["items"] += 1
    with open(target / PAIRS, "w", encoding="utf-8", newline="\n") as table:
        table.write("item_fr\titem_en\ttitle_fr\ttitle_en\ttext_fr\ttext_en\n")
        for french, english in pairs(source):
            cells = (french.item_id, english.item_id, french.title, english.title, french.text, english.text)
            table.write("\t".join(cell.replace("\\", "\\\\").replace("\t", "\\t").replace("\r", "").replace("\n", "\\n") for cell in cells) + "\n")
            counts["pairs"] += 1
    said = readme(source, options, _CONTENTS.format(pairs=PAIRS, items=counts["items"], found=counts["pairs"]))
    (target / "README.md").write_text(said, encoding="utf-8", newline="\n")
    return counts


def pairs(source: Source) -> Iterator[tuple[Item, Item]]:
    """(French, English) of every pair of translations of which both are selected, in the order of the French ones."""
    selected = set(source.item_ids)
    for part in source.parts():
        french = [item for item in part if item.language == "fr" and item.twin in selected]
        twins = {item.item_id: item for item in source.archive.items_of([item.twin for item in french if item.twin])}
        yield from ((item, twins[item.twin]) for item in french if item.twin and twins[item.twin].language == "en")


def _page(item: Item) -> str:
    head = {
        "Title": item.title, "Language": item.language, "Kind": item.kind, "Published": item.published, "Address": item.canonical_url,
        "Item": item.item_id, "Translation": item.twin, "First-seen": item.first_seen, "Last-seen": item.last_seen,
    }  # fmt: skip
    return "".join(f"{name}: {' '.join(value.split())}\n" for name, value in head.items() if value) + f"\n{item.text}\n"


EXPORTS = (
    Export(
        name="text",
        title="One text file per item by language and year, and the pairs of translations as a table.",
        suffix="",
        folder=True,
        write=write,
    ),
)
