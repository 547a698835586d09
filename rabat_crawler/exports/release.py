"""A release: one frozen, citable folder of the whole archive as a BagIt bag (RFC 8493), with what changed since the one before."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rabat_crawler import __version__
from rabat_crawler.archive.api import Progress, silent
from rabat_crawler.archive.backup_set import MANIFEST, manifest_text, read_manifest
from rabat_crawler.archive.reader import Reader
from rabat_crawler.errors import ConfigError, FixityError, NotFound, RunBreached
from rabat_crawler.exports._collection import Collection, collection, readme
from rabat_crawler.exports._export import Options, Selection, Source, Written, check_line, check_lines, find
from rabat_crawler.exports._placing import placed, size_of
from rabat_crawler.health import NOT_CRAWLS
from rabat_crawler.models import Run
from rabat_crawler.spreadsheets import csv_text

ITEMS, CHANGES = "items.jsonl", "changes.csv"
PARTS = (("archive.sqlite", "sqlite"), ("archive.wacz", "wacz"), ("tables", "csv"), (ITEMS, "jsonl"))
"""What stands under `data/`, and the format that writes it."""
CHANGE_COLUMNS = ("change", "item_id", "language", "kind", "published", "title", "canonical_url", "version_before", "version_now")
TAG_MANIFEST = "tagmanifest-sha256.txt"
BLOCK = 1 << 20
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,60}")
_DOI = re.compile(r"10\.\d{4,9}/[!-~]{1,200}")
_ADDRESS = re.compile(r"https?://[!-~]{1,2000}")
_HALVES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SPDX = re.compile(r"[A-Za-z0-9.-]{2,40}")
_CONTENTS = """Release {version}.

| Under `data/` | |
| --- | --- |
| `archive.sqlite` | the tables as one SQLite file with full text |
| `archive.wacz` | every capture, byte for byte, to be opened in ReplayWeb.page or pywb and brought into an archive again with `rabat-crawler import` |
| `tables/` | the same tables as CSV, a Frictionless Data Package |
| `items.jsonl` | one item a line |
{changes}
`sha256sum -c {manifest}` checks every file of it; the folder is a BagIt bag, which any BagIt tool validates. `CITATION.cff` says how to cite it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What people say of a release: its version (None: the day of the archive's state), authors, DOI and address, all optional."""

    version: str | None = None
    authors: tuple[str, ...] = ()
    doi: str | None = None
    url: str | None = None


def release(
    archive: Reader,
    target: Path,
    options: Options | None = None,
    terms: Terms | None = None,
    *,
    previous: Path | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Written:
    """Write a release of the whole archive to `target`, whole or not at all; `previous` is the folder of the release before.

    RunBreached if the last run of a site is not to be trusted, NotFound if there is no item, ConfigError for terms that are none, for a previous
    release that is none, for a target that is there already; FixityError if the previous one is damaged; DiskFull.
    """
    options, terms = options or Options(), terms or Terms()
    check_lines(options)
    _check(terms)
    if previous is not None and force and previous.exists() and previous.resolve() == target.resolve():
        raise ConfigError(f"{target} is the release before, which --force would remove; give another -o DIR")
    before = read_items(previous) if previous is not None else None
    archive.refuse_unfinished_takedown()
    with archive.consistent(), placed(target, folder=True, force=force) as folder:
        source = Source(archive, Selection(), progress)
        refuse_breached(archive.runs())
        if not source.item_ids:
            raise NotFound("the archive holds no items; no release was made: crawl first, or choose another --archive DIR")
        counts = _fill(folder, source, options, terms, before, previous)
    return Written(format="release", path=target, bytes=size_of(target), counts=counts)


def version_of(archive: Reader, terms: Terms) -> str:
    """The version of a release that is made now: what the terms say, or the day of the archive's state ("2026.11.26")."""
    return terms.version or (archive.latest() or "1970-01-01")[:10].replace("-", ".")


def _check(terms: Terms) -> None:
    for value, form, name, such in (
        (terms.version, _VERSION, "version", "letters, digits, dots and dashes such as 2026.1"),
        (terms.doi, _DOI, "DOI", "one such as 10.5281/zenodo.1234567"),
        (terms.url, _ADDRESS, "address", "one that begins with https://"),
    ):
        if value is not None and not form.fullmatch(value):
            raise ConfigError(f"{value!r} is no {name}; give {such}")
    if not all(author.strip() for author in terms.authors):
        raise ConfigError("an author has no name; give --author NAME")
    for author in terms.authors:
        check_line("--author", author)


def refuse_breached(runs: list[Run]) -> None:
    """RunBreached if the latest crawl of any site was breached and not accepted, whatever was brought in since. `runs`: the latest first."""
    latest: dict[tuple[str, str], Run] = {}
    for run in runs:
        if run.spider not in NOT_CRAWLS:
            latest.setdefault((run.site, str(run.parameters.get("origin") or "")), run)
    for run in latest.values():
        if run.status == "breached" and not run.counts.get("accepted"):
            raise RunBreached(
                f"the last run of {run.site} was breached, so no release was made: rabat-crawler runs show {run.run_id} says why; "
                f"rabat-crawler accept {run.run_id} lets it in, or crawl again",
                run_id=run.run_id,
            )


def _fill(
    folder: Path, source: Source, options: Options, terms: Terms, before: Mapping[str, Mapping[str, Any]] | None, previous: Path | None
) -> dict[str, int]:
    payload = folder / "data"
    payload.mkdir()
    counts: dict[str, int] = {}
    for name, form_name in PARTS:
        form = find(form_name)
        if form.folder:
            (payload / name).mkdir()
        taken = {key: getattr(options, key) for key in form.takes & {"title", "licence", "base_url"}}
        counts.update(form.write(source, payload / name, Options(**taken)))
    counts["items"] = len(source.item_ids)
    changes = ""
    if before is not None and previous is not None:
        found = list(changed(before, read_items(payload / ITEMS)))
        (payload / CHANGES).write_text(csv_text(found, CHANGE_COLUMNS), encoding="utf-8", newline="\n")
        tally = Counter(str(row["change"]) for row in found)
        counts["changes"] = len(found)
        said = ", ".join(f"{count:,} {what}" for what, count in sorted(tally.items())) or "nothing"
        changes = f"| `{CHANGES}` | what changed since release {_name_of(previous)}: {said} |\n"
    version = version_of(source.archive, terms)
    described = collection(source.archive, source.moment, options)
    contents = _CONTENTS.format(version=version, changes=changes, manifest=MANIFEST)
    _write(folder / "README.md", readme(source, options, contents))
    _write(folder / "CITATION.cff", citation_file(described, version, options, terms))
    digests = {str(path.relative_to(folder)): sha256(path, source) for path in sorted(payload.rglob("*")) if path.is_file()}
    _write(folder / "bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    _write(folder / "bag-info.txt", _bag_info(described, version, payload))
    _write(folder / MANIFEST, manifest_text(digests))
    tags = {path.name: sha256(path, source) for path in sorted(folder.iterdir()) if path.is_file()}
    _write(folder / TAG_MANIFEST, manifest_text(tags))
    return counts


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def sha256(path: Path, source: Source | None = None) -> str:
    """The digest of a file in hex."""
    digest, done = hashlib.sha256(), 0
    with open(path, "rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            done += len(block)
            if source is not None:
                source.tell("checksums", done, path.stat().st_size)
    return digest.hexdigest()


def _bag_info(described: Collection, version: str, payload: Path) -> str:
    files = [path for path in payload.rglob("*") if path.is_file()]
    values = {
        "Source-Organization": described.title,
        "External-Description": described.description,
        "External-Identifier": f"{described.title} {version}",
        "Bagging-Date": described.day,
        "Payload-Oxum": f"{sum(path.stat().st_size for path in files)}.{len(files)}",
        "Bag-Software-Agent": f"rabat_crawler {__version__}",
    }
    return "".join(f"{name}: {' '.join(value.split())}\n" for name, value in values.items())


def citation_file(described: Collection, version: str, options: Options, terms: Terms) -> str:
    """CITATION.cff 1.2.0 of a release. A licence stands in it if it is an SPDX identifier such as CC-BY-4.0."""
    licence = options.licence if options.licence and _SPDX.fullmatch(options.licence) else None
    values: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this release, please cite it as below.",
        "type": "dataset",
        "title": described.title,
        "version": version,
        "date-released": described.day,
        "abstract": described.description,
        "authors": [{"name": " ".join(author.split())} for author in terms.authors] or [{"name": f"Archivists of {described.title}"}],
        "keywords": ["web archive", "migration", "Rabat Process", "WARC"],
        "license": licence,
        "doi": terms.doi,
        "url": terms.url,
    }
    lines = []
    for name, value in values.items():
        if isinstance(value, list):
            lines += [f"{name}:", *(f"  - {_yaml(one)}" for one in value)]
        elif value:
            lines.append(f"{name}: {_yaml(value)}")
    return "\n".join(lines) + "\n"


def _yaml(value: Any) -> str:
    """The value as YAML: what JSON writes is YAML as well, but for letters that it writes in two halves."""
    if isinstance(value, dict):
        return f"name: {_yaml(value['name'])}"
    return _HALVES.sub(lambda found: "\\U" + format(ord(json.loads(f'"{found[0]}"')), "08x"), json.dumps(value, ensure_ascii=True))


# What changed since the release before -----------------------------------------------------------------------------------------


def read_items(place: Path) -> dict[str, dict[str, Any]]:
    """What a release (its folder, checked against its manifest, or its list of items) says of each item: the columns that changes are told from.

    ConfigError if it is no release, FixityError if its list of items is not what its manifest says.
    """
    path = place
    if place.is_dir():
        path = place / "data" / ITEMS
        stated = read_manifest(place, "release").get(f"data/{ITEMS}") if (place / MANIFEST).is_file() else None
        if stated is None or not path.is_file():
            raise ConfigError(f"{place} is no release (it has no {MANIFEST} that names data/{ITEMS}); give the folder of one with --since")
        if sha256(path) != stated:
            raise FixityError(f"{path} is not what {MANIFEST} says: the release is damaged; take another copy of it")
    elif not place.exists():
        raise ConfigError(f"there is no release at {place}; give the folder of one with --since")
    try:
        return {item["item_id"]: item for item in _lines(path)}
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is no list of items ({error}); give the folder of a release with --since") from error


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    wanted = ("item_id", "language", "kind", "published", "title", "canonical_url", "gone", "current_version")
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            item = json.loads(line)
            yield {name: item[name] for name in wanted}


def changed(before: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """New, changed, gone and returned items by id; of an item that is no longer given out nothing but its id."""
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if new is None:
            yield {"change": "removed", "item_id": name}
            continue
        for change in _changes(old, new):
            shown = {column: new[column] for column in CHANGE_COLUMNS if column in new}
            versions = {"version_before": old["current_version"] if old else None, "version_now": new["current_version"]}
            yield {"change": change, **shown, **versions}


def _changes(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Iterator[str]:
    if old is None:
        yield "new"
        return
    if old["current_version"] != new["current_version"]:
        yield "changed"
    if old["gone"] != new["gone"]:
        yield "gone" if new["gone"] else "returned"


def _name_of(previous: Path) -> str:
    """The version of a release, as its CITATION.cff says it; its folder's name where that is not to be read."""
    try:
        found = re.search(r'^version: "([^"\n]{1,80})"$', (previous / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    except (OSError, ValueError):
        found = None
    return found[1] if found else previous.name
