"""Pictures of the reading room's pages, for eyes: `python -m tests.screens FOLDER [ARCHIVE]` (default: the sample), desktop and phone, light and dark."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.browser import launched, visiting
from tests.building import sample_archive
from tests.rooms import serving

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
PAGES = {"home": "", "search": "search?q=dialogue", "agenda": "agenda", "places": "places", "health": "health", "about": "about"}


def take(folder: Path, archive: Path) -> None:
    """A PNG file for each page, size and scheme, the whole page each; the item shown is the first of a search."""
    folder.mkdir(parents=True, exist_ok=True)
    with serving(archive) as room, launched() as browser:
        pages = {name: f"en/{path}" for name, path in PAGES.items() if room.ask(f"/en/{path}").status == 200}
        with visiting(browser, f"{room.address}en/search?q=dakar") as page:
            item = page.locator(".hit h3 a").first.get_attribute("href").lstrip("/")
        if room.ask(f"/{item}").status == 200:
            pages["item"] = item
        for name, path in pages.items():
            for size, (width, height) in SIZES.items():
                for scheme in ("light", "dark"):
                    with visiting(browser, room.address + path, width=width, height=height, color_scheme=scheme) as page:
                        page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)


if __name__ == "__main__":
    take(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else sample_archive(3))
