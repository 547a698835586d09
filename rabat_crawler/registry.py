"""Finds the one-file extensions (sites, layouts, exports) by looking into their packages; knows nothing of what they do."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from types import ModuleType
from urllib.parse import urlsplit

from rabat_crawler.errors import ConfigError
from rabat_crawler.models import Expect, Host, Layout, Site
from rabat_crawler.urls import origin_of

GENERIC = "generic"


def modules(package: str) -> Iterator[ModuleType]:
    """The modules of a package whose names do not begin with an underscore, imported, by name."""
    paths = importlib.import_module(package).__path__
    for found in sorted(pkgutil.iter_modules(paths), key=lambda module: module.name):
        if not found.name.startswith("_"):
            yield importlib.import_module(f"{package}.{found.name}")


@lru_cache(maxsize=1)
def sites() -> dict[str, Site]:
    """Every site definition by name, in alphabetical order."""
    found = [module.SITE for module in modules("rabat_crawler.sites") if hasattr(module, "SITE")]
    return {site.name: site for site in sorted(found, key=lambda site: site.name)}


@lru_cache(maxsize=1)
def layouts() -> tuple[Layout, ...]:
    """Every page layout, in the order in which they are asked."""
    found = [module.LAYOUT for module in modules("rabat_crawler.layouts") if hasattr(module, "LAYOUT")]
    return tuple(sorted(found, key=lambda layout: (layout.rank, layout.name)))


def site(name: str) -> Site:
    """The definition of that name; ConfigError names the nearest ones otherwise."""
    known = sites()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=2)
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; known: {', '.join(known)}"
    raise ConfigError(f"there is no site definition {name!r}{hint} (an unknown site is crawled with --start URL alone)")


@lru_cache(maxsize=64)
def generic_site(start: str) -> Site:
    """A definition for a site nobody described: the start's one origin, French and English."""
    origin = _origin(start)
    host = urlsplit(origin).hostname or ""
    return Site(
        name=GENERIC,
        title=host,
        hosts=(Host(name=host),),
        languages=("fr", "en"),
        starts=(start,),
        origin=origin,
        expect=Expect(min_items=1),
        description="any site, read with what the page itself shows",
    )


@lru_cache(maxsize=64)
def at_origin(definition: Site, start: str) -> Site:
    """The definition applied to a mirror: exactly the origin of `start` is opened; the start paths are kept unless `start` has its own path."""
    origin = _origin(start)
    path = urlsplit(start).path
    if path in ("", "/"):
        starts: list[str] = [origin + "/"]
        starts += [origin + (urlsplit(url).path or "/") for url in definition.starts]
    else:
        starts = [start]
    return replace(definition, origin=origin, starts=tuple(dict.fromkeys(starts)))


def _origin(start: str) -> str:
    origin = origin_of(start)
    if origin is None:
        raise ConfigError(f"--start {start!r} is no http or https address; give one such as https://www.example.org/")
    return origin


def site_of(url: str, chosen: Site | None = None) -> Site:
    """The definition by which an address of another archive's file is read: the chosen one (as a mirror, where the host is none of its own),
    else the one that knows the host, in any epoch; else the generic one for its origin."""
    origin = origin_of(url)
    if origin is None:
        return chosen or generic_site("http://unknown.invalid/")
    if chosen is not None:
        return chosen if _knows(chosen, origin) else at_origin(chosen, origin + "/")
    return next((known for known in sites().values() if _knows(known, origin)), None) or generic_site(origin + "/")


def _knows(definition: Site, origin: str) -> bool:
    """True if the origin is one of the definition's hosts, of whatever epoch, on its default port."""
    parts = urlsplit(origin)
    return parts.port is None and any(host.name == parts.hostname for host in definition.hosts)


def reference(definition: Site) -> str:
    """What a capture remembers of the definition it was read with: its name, and the mirror's origin if there was one (`name@origin`)."""
    return definition.name if definition.origin is None else f"{definition.name}@{definition.origin}"


@lru_cache(maxsize=256)
def resolve(referred: str) -> Site:
    """The definition that `reference` named; an unknown name is read with the generic one."""
    name, _, origin = referred.partition("@")
    if name in sites():
        return at_origin(sites()[name], origin + "/") if origin else sites()[name]
    return generic_site((origin or "http://unknown.invalid") + "/")
