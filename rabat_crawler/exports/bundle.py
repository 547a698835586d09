"""A folder that one command turns into the reading room on any machine: the database made small, its description, and our plugin as a wheel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rabat_crawler.errors import ConfigError
from rabat_crawler.exports._addresses import base
from rabat_crawler.exports._collection import LICENCE, readme
from rabat_crawler.exports._export import Export, Options, Source
from rabat_crawler.exports._wheel import NAME as WHEEL
from rabat_crawler.exports._wheel import requirements, write_wheel

NAME = "rabat"
DATABASE = f"{NAME}.db"
LITE_METADATA = "metadata-lite.json"
LITE = "https://lite.datasette.io/"
HIDDEN = ("drafts", "sightings", "spellings")
"""Tables of the copy that only views and searches read."""

_CONTENTS = """The reading room of the archive: search, items with their translations and versions, agenda, places, and all tables with SQL. With Python 3.11 or
later, in this folder:

    pip install -r requirements.txt && datasette serve .

Then open http://127.0.0.1:8001/ (a virtual environment of its own keeps other programs apart).

| file | what it is |
| --- | --- |
| `{database}` | SQLite 3: {items:,} items, {documents:,} documents, {captures:,} captures and what belongs to them |
| `metadata.json` | what Datasette says of it: descriptions of tables and columns, facets, ready queries, settings of the pages |
| `settings.json` | limits of time, rows and size for queries |
| `inspect-data.json` | SHA-256 of the file and rows by table: Datasette opens the file as one that never changes |
| `requirements.txt` | the libraries by exact version, and the pages |
| `{wheel}` | the pages, a plugin for Datasette |

There are no WARC files here, so the pages as they were captured are not shown, and what was captured stands in `captures` only. Tables that the program works
with are left out, and of a run its parameters, messages and lists. Nothing here asks another host for anything.

Only your own machine reaches the room. To put it on the open web, set `"public": true` in `metadata.json` under `plugins`: then nobody can send SQL or download
the file, and pages about the server (`/-/...`) are closed. `"hosts": ["archive.example.org"]` beside it answers only requests for these host names.
{lite}"""
_LITE = """
## Without a server

Where this folder stands at {base} on a web host that lets other sites read its files (`Access-Control-Allow-Origin: *`), this address opens the
database in the browser, with Datasette Lite:

{address}

It shows the tables, ready queries and SQL, not the pages of the reading room. It reads the whole file ({size:.1f} MB) and takes its program from other hosts.
"""


def write(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The folder."""
    here = _base(options)
    rows = source.archive.write_reduced(target / DATABASE, source.item_ids, source.tell)
    write_wheel(target)
    _write_json(target / "metadata.json", _described(source, options, rows, room=True))
    if options.lite:
        _write_json(target / LITE_METADATA, _described(source, options, rows, room=False))
    _write_json(target / "settings.json", _settings())
    _write_json(target / "inspect-data.json", {NAME: _inspected(target / DATABASE, rows)})
    pinned = "".join(f"{name}=={version}\n" for name, version in requirements().items())
    (target / "requirements.txt").write_text(f"./{WHEEL}\n{pinned}", encoding="utf-8", newline="\n")
    counts = {name: rows[name] for name in ("items", "versions", "documents", "captures")}
    size = (target / DATABASE).stat().st_size / 1e6
    lite = _LITE.format(base=here, address=lite_address(here), size=size) if options.lite else ""
    contents = _CONTENTS.format(database=DATABASE, wheel=WHEEL, lite=lite, **counts)
    (target / "README.md").write_text(readme(source, options, contents), encoding="utf-8", newline="\n")
    return counts


def _base(options: Options) -> str:
    """Where the folder will stand, with a slash at its end; "" if that is not said. ConfigError if it must be, or is no web address."""
    here = base(options)
    if options.lite and here is None:
        raise ConfigError("Datasette Lite reads the file from the web: say with --base-url where this folder will stand")
    return f"{here}/" if here else ""


def lite_address(here: str) -> str:
    """The address that opens the database of a folder at `here` in Datasette Lite."""
    return f"{LITE}?url={quote(here + DATABASE, safe='')}&metadata={quote(here + LITE_METADATA, safe='')}"


def _described(source: Source, options: Options, rows: Mapping[str, int], *, room: bool) -> dict[str, Any]:
    """Datasette's metadata, of the tables that are there; `room`: with our pages."""
    from rabat_crawler.web.language import LANGUAGES
    from rabat_crawler.web.metadata import metadata
    from rabat_crawler.web.naming import main_site, name_of
    from rabat_crawler.web.room import NAME as PLUGIN

    title = options.title or " / ".join(name_of(main_site(source.archive), language) for language in LANGUAGES)
    said = metadata(NAME, title, room=room)
    described = said["databases"][NAME]
    tables = described["tables"]
    for name in [name for name, shown in tables.items() if shown.get("hidden") and name not in rows]:
        del tables[name]
    for name in HIDDEN:
        tables.setdefault(name, {})["hidden"] = True
    for one in (said, described):
        one["license"] = options.licence or LICENCE
    return {**said, "plugins": {PLUGIN: {"public": False}}} if room else said


def _settings() -> dict[str, Any]:
    from rabat_crawler.web.database import SETTINGS

    return SETTINGS


def _inspected(database: Path, rows: Mapping[str, int]) -> dict[str, Any]:
    """What `datasette inspect` would say of the file."""
    with database.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"hash": digest, "size": database.stat().st_size, "file": DATABASE, "tables": {name: {"count": count} for name, count in rows.items()}}


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


EXPORTS = (
    Export(
        name="datasette",
        title="A folder that one command turns into the reading room on any machine, with pages, tables and SQL.",
        suffix="",
        folder=True,
        takes=frozenset({"base_url", "lite", "title", "licence"}),
        write=write,
    ),
)
