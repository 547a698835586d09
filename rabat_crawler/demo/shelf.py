"""The stories of the site with their addresses and orders: which story stands where, its neighbours, and the truth for tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rabat_crawler.demo.content import SampleArticle, Story, paragraphs, plain
from rabat_crawler.demo.epochs import MIDDLE, Epoch
from rabat_crawler.demo.labels import CATEGORY_NUMBERS, LANGUAGES
from rabat_crawler.demo.menus import Menu

_ID_IN_ADDRESS = re.compile(r"/(\d+)-[^/?]*$|[?&]id=(\d+)\b")
POPULAR = 5


class Shelf:
    """Read-only after construction."""

    def __init__(self, stories: Iterable[Story], epoch: Epoch = MIDDLE) -> None:
        self.epoch = epoch
        self.stories = tuple(sorted(stories, key=lambda story: (story.published, story.id), reverse=True))
        self.by_id = {story.id: story for story in self.stories}
        self.by_single = {story.single: story for story in self.stories if story.single}

    def branch(self, language: str) -> list[Story]:
        """All stories of a branch of the site, newest first, archived ones too."""
        return [story for story in self.stories if story.branch in (language, "*")]

    def listed(self, menu: Menu) -> list[Story]:
        """What a listing shows, newest first; archived stories are left to the archive view."""
        return [story for story in self.branch(menu.language) if story.category in menu.categories and not story.archived]

    def tagged(self, tag: str) -> list[Story]:
        """Both languages together, by title, as Joomla's tag view has them."""
        return sorted((story for story in self.stories if tag in story.tags), key=lambda story: story.title)

    def popular(self, language: str) -> list[Story]:
        """The five most read stories of a branch."""
        found = [story for story in self.branch(language) if not story.archived]
        return sorted(found, key=base_hits, reverse=True)[:POPULAR]

    def slug(self, story: Story) -> str:
        """The last segment of its address: `<id>-<alias>`, or the alias alone in an epoch without ids."""
        return story.slug if self.epoch.numbered else story.alias

    def path(self, story: Story, language: str = "") -> str:
        """The preferred address of a story in a branch."""
        branch = (language or "fr") if story.branch == "*" else story.branch
        return story.single or f"{self.epoch.menus.over(branch, story.category).path}/{self.slug(story)}"

    def path_under(self, story: Story, menu: Menu) -> str:
        """The address of a story as a page of `menu` links it: only the second news menu has addresses of its own, where they have ids."""
        own = menu.alias and self.epoch.numbered and not story.single
        return f"{menu.path}/{self.slug(story)}" if own else self.path(story, menu.language)

    def neighbours(self, story: Story, language: str) -> tuple[Story | None, Story | None]:
        """The newer and the older story of its category."""
        row = [other for other in self.branch(language) if other.category == story.category and not other.archived]
        if story not in row:
            return None, None
        place = row.index(story)
        return (row[place - 1] if place else None), (row[place + 1] if place + 1 < len(row) else None)

    def twins(self, story: Story) -> tuple[tuple[str, str], ...]:
        """(language, path) of a story and its translation, French first; () without translation."""
        twin = self.by_id.get(story.twin) if story.twin else None
        if twin is None:
            return ()
        pair = {story.branch: self.path(story), twin.branch: self.path(twin)}
        return tuple((language, pair[language]) for language in LANGUAGES)

    def _addresses(self, story: Story) -> tuple[str, ...]:
        if story.single:
            return (story.single,)
        branches: Sequence[str] = LANGUAGES if story.branch == "*" else (story.branch,)
        found = [self.path(story, language) for language in branches]
        if story.category == "news" and not story.archived:
            found += [self.path_under(story, self.epoch.menus.by_key[language, "all"]) for language in branches]
        linked = [href for other in self.stories for _, href in other.links]
        return tuple(dict.fromkeys([*found, *(href for href in linked if id_in(href) == story.id)]))

    def truth(self) -> tuple[SampleArticle, ...]:
        """One record a story, newest first."""
        return tuple(
            SampleArticle(
                id=story.id,
                language=story.language,
                title=plain(story.title),
                paragraphs=paragraphs(story),
                published=None if story.undated else story.published[:10],
                path=self.path(story),
                addresses=self._addresses(story),
                twin=story.twin if story.twin in self.by_id else None,
                kind=story.kind,
                event=story.event,
                files=tuple(path for path, _ in story.files),
                tags=story.tags,
                archived=story.archived,
            )
            for story in self.stories
        )


def id_in(href: str) -> int | None:
    """The article id that an address carries; None if it has none."""
    found = _ID_IN_ADDRESS.search(href)
    return int(found[1] or found[2]) if found else None


def base_hits(story: Story) -> int:
    """Where the hit counter of a story starts."""
    return 200 + story.id * 37 % 1500


def category_number(story: Story, language: str) -> int:
    """The id of its category; French and English ones follow each other."""
    return CATEGORY_NUMBERS[story.category] + (language == "en")
