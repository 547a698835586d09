"""What the sample site said in each epoch: its stories with the addresses of the time, and the history of each one, for tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from rabat_crawler.demo.content import Story, paragraphs, plain, stories
from rabat_crawler.demo.epochs import EPOCHS, MIDDLE, Epoch, epoch_named
from rabat_crawler.demo.shelf import Shelf, id_in
from rabat_crawler.demo.texts_epochs import NEW_EVENTS, NEW_STORIES, NEW_WORDS, OLD_STORIES, OLD_TITLES, OLD_WORDS, Edits

NEW_EDITION = 2
"""The edition of the middle epoch from which the new one goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One story through time. `epochs`: names of those that have it, the oldest first.

    `versions`: its distinct (title, text) pairs in their order, `texts` its distinct texts. `paths`: (epoch, preferred path).
    `published`: the local date that its pages show, None if none does.
    """

    id: int
    epochs: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]
    paths: tuple[tuple[str, str], ...]
    published: str | None


def stories_of(epoch: str, edition: int = 1) -> tuple[Story, ...]:
    """The stories of an epoch ("old", "middle", "new") as it addressed them; `edition` 2 of the middle one is a later night.

    ValueError for an unknown epoch or edition, and for an edition that the epoch does not have.
    """
    named = epoch_named(epoch)
    if named is MIDDLE:
        return stories(edition)
    if edition != 1:
        raise ValueError(f"only the middle epoch of the sample site has an edition {edition}; the {epoch} one has edition 1")
    found = _old() if epoch == "old" else _new()
    return tuple(_readdressed(story, named, found) for story in found)


def histories() -> dict[int, History]:
    """Each story id with the epochs it stands in and what it said in them (edition 1 of the middle epoch), by id."""
    seen: dict[int, list[tuple[Epoch, Story, str]]] = {}
    for epoch in EPOCHS.values():
        shelf = Shelf(stories_of(epoch.name), epoch)
        for story in shelf.stories:
            seen.setdefault(story.id, []).append((epoch, story, shelf.path(story)))
    return {number: _history(number, seen[number]) for number in sorted(seen)}


def _history(number: int, seen: list[tuple[Epoch, Story, str]]) -> History:
    texts = ["\n\n".join(paragraphs(story)) for _, story, _ in seen]
    titles = [plain(story.title) for _, story, _ in seen]
    first = seen[0][1]
    return History(
        id=number,
        epochs=tuple(epoch.name for epoch, _, _ in seen),
        versions=tuple(dict.fromkeys(zip(titles, texts, strict=True))),
        texts=tuple(dict.fromkeys(texts)),
        paths=tuple((epoch.name, path) for epoch, _, path in seen),
        published=None if first.undated else first.published[:10],
    )


def _old() -> tuple[Story, ...]:
    until = EPOCHS["old"].built.isoformat()
    kept = [_worded(story, OLD_WORDS) for story in stories(1) if story.published < until]
    return (*(_titled(story) for story in kept), *OLD_STORIES)


def _new() -> tuple[Story, ...]:
    kept = [_worded(story, NEW_WORDS) for story in stories(NEW_EDITION)]
    return (*(replace(story, event=NEW_EVENTS.get(story.id, story.event)) for story in kept), *NEW_STORIES)


def _titled(story: Story) -> Story:
    if story.id not in OLD_TITLES:
        return story
    title, alias = OLD_TITLES[story.id]
    return replace(story, title=title, alias=alias)


def _worded(story: Story, edits: Edits) -> Story:
    body = story.body
    for words, put in edits.get(story.id, ()):
        if sum(line.count(words) for line in body) != 1:
            raise ValueError(f"story {story.id} does not say {words!r} once")
        body = tuple(line.replace(words, put) for line in body)
    return replace(story, body=body)


def _readdressed(story: Story, epoch: Epoch, found: Iterable[Story]) -> Story:
    """The story with the addresses of its menu page and of its links as the epoch had them."""
    shelf = Shelf(found, epoch)
    single = _menu_path(story.single, epoch)
    return replace(story, single=single, links=tuple((words, _link(href, shelf)) for words, href in story.links))


def _link(href: str, shelf: Shelf) -> str:
    target = shelf.by_id.get(id_in(href) or 0)
    if target is None:
        return _menu_path(href, shelf.epoch)
    below_menu = urlsplit(href).path.rpartition("/")[0] in MIDDLE.menus.by_path
    return href if shelf.epoch.numbered and not below_menu else shelf.path(target)


def _menu_path(path: str, epoch: Epoch) -> str:
    menu = MIDDLE.menus.by_path.get(path)
    return epoch.menus.by_key[menu.language, menu.key].path if menu else path
