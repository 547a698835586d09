"""Exported sites for tests: served by `python -m http.server` as its own process, and every page of a folder read strictly."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
LOADED = {"src", "href", "action", "data-index", "data-root"}


@dataclass
class Read(HTMLParser):
    """A page, or part of it, as a strict reader sees it."""

    page: str
    open: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[tuple[str, str, str]] = field(default_factory=list)
    scripts: list[dict[str, str]] = field(default_factory=list)
    metas: list[dict[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if len(given) != len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.faults += [f"<{tag} {name}> runs a script" for name in given if name.startswith("on")]
        self.faults += [f"<{tag}> has a style" for name in given if name == "style"]
        if "id" in given:
            self.ids.append(given["id"])
        self.links += [(tag, name, given[name]) for name in LOADED & given.keys()]
        if tag == "script":
            self.scripts.append(given)
        if tag == "meta":
            self.metas.append(given)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> in {self.open[-3:]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read_page(path: Path) -> Read:
    """A page of a folder."""
    found = Read(str(path))
    found.feed(path.read_text(encoding="utf-8"))
    found.close()
    if found.open:
        found.faults.append(f"left open: {found.open}")
    twice = {one for one in found.ids if found.ids.count(one) > 1}
    if twice:
        found.faults.append(f"ids twice: {sorted(twice)}")
    return found


def read_pages(folder: Path) -> dict[Path, Read]:
    """Every page of a folder."""
    return {path: read_page(path) for path in sorted(folder.rglob("*.html"))}


def broken_links(folder: Path, pages: dict[Path, Read]) -> list[str]:
    """What a page of the folder links within it that is not there, or by an address that only holds at a server's root."""
    broken = []
    for path, page in pages.items():
        for tag, name, link in page.links:
            parts = urlsplit(link)
            if parts.scheme or name == "data-root":
                continue
            if parts.netloc or link.startswith("/"):
                broken.append(f"{path}: <{tag} {name}={link}> is not relative")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() and name != "data-index" else target
            if not target.is_relative_to(folder.resolve()) or not target.exists():
                broken.append(f"{path}: <{tag} {name}={link}> leads nowhere")
            elif parts.fragment and target.suffix == ".html" and parts.fragment not in (pages.get(target) or pages[path]).ids:
                broken.append(f"{path}: {link} names no place")
    return broken


@contextlib.contextmanager
def http_server(folder: Path) -> Iterator[str]:
    """The folder over `python -m http.server` on a free port of loopback; gives its address."""
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "-d", str(folder), "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    try:
        port = server.stdout.readline().split("port ")[1].split()[0]
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.kill()
        server.communicate()
