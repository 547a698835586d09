"""What the archive is called in each language, after the site of which it holds most. No page, no Datasette."""

from __future__ import annotations

from rabat_crawler import registry
from rabat_crawler.archive.reader import Reader
from rabat_crawler.web.language import Language, Translator

OURS = ("", "rabat-process", "sample")


def main_site(archive: Reader) -> str:
    """The site of which the archive holds most items; "" of an empty one."""
    by_site: dict[str, int] = archive.stats()["by_site"]
    return max(by_site, key=lambda site: by_site[site], default="")


def name_of(site: str, language: Language) -> str:
    """What the archive of a site is called: the Rabat Process has a name in each language, another dialogue that of its definition."""
    translate = Translator(language)
    if site in OURS:
        return translate("base.name")
    known = registry.sites().get(site)
    return translate("base.name_of", site=known.title if known else site)
