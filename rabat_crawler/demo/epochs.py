"""The three epochs of the sample site: what its addresses look like and when it was built. What its stories said then is in `past`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime

from rabat_crawler.demo.menus import MENUS, NEW_MENUS, OLD_MENUS, Menus

FILES_BEFORE = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One state of the site. `numbered`: its addresses and pages carry the articles' ids. `moved`: paths of the epoch before that redirect."""

    name: str
    menus: Menus
    built: datetime
    numbered: bool = True
    moved: Mapping[str, str] = field(default_factory=dict)

    @property
    def page_date(self) -> str:
        """The Last-Modified of its pages."""
        return _gmt(self.built)

    @property
    def file_date(self) -> str:
        """The Last-Modified of its files."""
        return _gmt(self.built - FILES_BEFORE)


def _gmt(moment: datetime) -> str:
    offset = moment.utcoffset() or timedelta()
    return format_datetime((moment - offset).replace(tzinfo=None)).replace("-0000", "GMT")


OLD = Epoch(name="old", menus=OLD_MENUS, built=datetime.fromisoformat("2016-12-12T08:00:00+01:00"))
MIDDLE = Epoch(name="middle", menus=MENUS, built=datetime.fromisoformat("2019-06-05T08:00:00+02:00"))
NEW = Epoch(
    name="new",
    menus=NEW_MENUS,
    built=datetime.fromisoformat("2022-02-14T08:00:00+01:00"),
    numbered=False,
    moved={
        "/fr/presidence": "/fr/processus/presidence",
        "/en/chairmanship": "/en/process/chairmanship",
        "/fr/en-action/actualites": "/fr/activites/actualites",
        "/fr/en-action/actualites/120-dossier-dix-ans-de-dialogue": "/fr/activites/dossier-dix-ans-de-dialogue",
    },
)
EPOCHS: Mapping[str, Epoch] = {epoch.name: epoch for epoch in (OLD, MIDDLE, NEW)}
"""By name, the oldest first."""


def epoch_named(name: str) -> Epoch:
    """The epoch "old", "middle" or "new"; ValueError for any other name."""
    if name not in EPOCHS:
        raise ValueError(f"the sample site has the epochs {', '.join(EPOCHS)}, not {name!r}")
    return EPOCHS[name]
