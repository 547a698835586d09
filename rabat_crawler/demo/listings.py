"""Listing pages of the sample site: blog, home, category table, archive, tag, and the pages without articles: search, contact, private."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from rabat_crawler.demo import body
from rabat_crawler.demo.chrome import Frame, attribute, page, text
from rabat_crawler.demo.content import Story
from rabat_crawler.demo.labels import LANGUAGES, OTHER, PRIVATE_PATH, TAGS, WORDS, day
from rabat_crawler.demo.menus import Menu
from rabat_crawler.demo.render import Desk
from rabat_crawler.demo.shelf import base_hits
from rabat_crawler.demo.template import CSRF, ORIGIN, hits

STEP = 5
MORE_LINKS = 2
COMPONENTS = {"contact": "com_contact view-contact", "search": "com_search view-search", "archive": "com_content view-archive"}


class Lists:
    """Renders everything that is not one article. Text with holes (see `template`)."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.shelf = desk.shelf
        self.epoch = desk.epoch
        self.menus = desk.menus

    def listing(self, menu: Menu, start: int, query: str = "") -> str:
        """The page of a menu item that is no single article; `start` counts items, any value is answered."""
        if menu.view in ("blog", "featured"):
            return self._frame(menu, self._blog(menu, start), body_class=self._blog_class(menu), feeds=menu.path if menu.shows_date else "")
        if menu.view == "table":
            return self._frame(menu, self._table(menu), body_class="com_content view-category no-layout", feeds=menu.path)
        main = self._archive(menu) if menu.view == "archive" else self._search(menu, query) if menu.view == "search" else self._contact(menu)
        return self._frame(menu, main, body_class=f"{COMPONENTS[menu.view]} no-layout")

    @staticmethod
    def _blog_class(menu: Menu) -> str:
        return "com_content view-featured no-layout" if menu.view == "featured" else "com_content view-category layout-blog"

    def _frame(self, menu: Menu, main: str, *, body_class: str, feeds: str = "") -> str:
        twins = tuple((language, self.menus.by_key[language, menu.key].path) for language in LANGUAGES)
        above = [self.menus.by_key[menu.language, menu.parent]] if menu.parent else []
        frame = Frame(
            epoch=self.epoch,
            language=menu.language,
            title=menu.title,
            address=menu.path,
            body_class=f"site {body_class} no-task itemid-{menu.number}",
            main=main,
            menu=menu,
            twins=twins,
            feeds=feeds,
            trail=(*((step.path, step.title) for step in above), ("", menu.title)) if menu.key != "home" else (),
        )
        return page(frame, self.desk.modules(menu.language, menu))

    def _blog(self, menu: Menu, start: int) -> str:
        found = self.shelf.listed(menu)
        shown = found[max(start, 0) :][:STEP]
        leading = "".join(self._item(story, menu, "leading-0", featured=menu.view == "featured") for story in shown[:1])
        rows = "".join(self._row(story, menu, number) for number, story in enumerate(shown[1:]))
        name = "blog-featured" if menu.view == "featured" else "blog"
        return (
            f'\t\t\t\t\t<div class="{name}" itemscope itemtype="https://schema.org/Blog">\n\t\t<div class="page-header">\n'
            f"\t\t<h1> {text(menu.title)} </h1>\n\t</div>\n"
            + (f'\t<div class="items-leading clearfix">\n{leading}\t</div><!-- end items-leading -->\n' if leading else "")
            + f"{rows}{self._more(menu, found[max(start, 0) + STEP :][:MORE_LINKS])}{_pager(menu, start, len(found))}</div>\n"
        )

    def _row(self, story: Story, menu: Menu, number: int) -> str:
        item = self._item(story, menu, "item column-1", featured=menu.view == "featured")
        return (
            f'\t<div class="items-row cols-1 row-{number} row-fluid clearfix">\n\t\t\t\t<div class="span12">\n{item}'
            "\t\t\t\t<!-- end item -->\n\t\t\t</div><!-- end span -->\n\t</div><!-- end row -->\n"
        )

    def _item(self, story: Story, menu: Menu, classes: str, *, featured: bool) -> str:
        language = menu.language
        path = self.shelf.path_under(story, menu)
        link = f'\n\t\t\t<a href="{path}" itemprop="url">\n\t\t\t{body.title(story)}\t\t</a>\n\t\t'
        title = (
            f'\t<h2 class="item-title" itemprop="headline">{link}</h2>\n'
            if featured
            else f'\n\t<div class="page-header">\n\t\t<h2 itemprop="name">{link}</h2>\n\t</div>\n'
        )
        words = WORDS[language]
        return (
            f'\t\t\t<div class="{classes}"\n\t\t\t\titemprop="blogPost" itemscope itemtype="https://schema.org/BlogPosting">\n{title}'
            f"{self.desk.icons(story, path, language)}{self.desk.facts(story, language, dated=menu.shows_date)}{body.tags(story, language)}"
            f"{body.image(story, 'thumbnailUrl')}{body.paragraphs(story, story.body[:1])}\n"
            f'\t\n<p class="readmore">\n\t<a class="btn" href="{path}" itemprop="url" aria-label="{words["more"]}{attribute(story.title)}">\n'
            f'\t\t\t<span class="icon-chevron-right" aria-hidden="true"></span> \n\t\t\t{words["more"]}{body.title(story)}\t\t'
            f"</a>\n</p>\n\t\t\t</div>\n"
        )

    def _more(self, menu: Menu, found: Sequence[Story]) -> str:
        if not found:
            return ""
        rows = "".join(f'\t<li>\n\t\t<a href="{self.shelf.path_under(story, menu)}">\n\t\t\t{body.title(story)}</a>\n\t</li>\n' for story in found)
        return f'\t<div class="items-more">\n\t<ol class="nav nav-tabs nav-stacked">\n{rows}</ol>\n\t</div>\n'

    def _table(self, menu: Menu) -> str:
        words = WORDS[menu.language]
        rows = "".join(self._table_row(story, menu, number) for number, story in enumerate(self.shelf.listed(menu)))
        heads = "".join(
            f'\t\t\t<th scope="col" id="categorylist_header_{name}">\n\t\t\t\t<a href="#" class="hasPopover">{label}</a>\t\t\t</th>\n'
            for name, label in (("title", words["table_title"]), ("date", words["table_date"]), ("hits", words["table_hits"].rstrip(": ")))
        )
        return (
            '\t\t\t\t\t<div class="category-list">\n\n<div>\n\t<div class="content-category">\n'
            f"\t\t\t\t<h1>\n\t\t\t{text(menu.title)}\t\t</h1>\n"
            f'<form action="{ORIGIN}{menu.path}" method="post" name="adminForm" id="adminForm" class="form-inline">\n'
            f'\t<table class="category table table-striped table-bordered table-hover">\n\t\t<thead>\n\t\t<tr>\n{heads}\t\t</tr>\n\t\t</thead>\n'
            f"\t\t<tbody>\n{rows}\t\t</tbody>\n\t</table>\n</form>\n\t</div>\n</div>\n</div>\n"
        )

    def _table_row(self, story: Story, menu: Menu, number: int) -> str:
        return (
            f'\t\t<tr class="cat-list-row{number % 2}" >\n\t\t\t<td headers="categorylist_header_title" class="list-title">\n'
            f'\t\t\t\t<a href="{self.shelf.path_under(story, menu)}">\n\t\t\t\t\t{body.title(story)}\t\t\t\t</a>\n\t\t\t</td>\n'
            f'\t\t\t<td headers="categorylist_header_date" class="list-date small">\n\t\t\t\t{day(story.published, menu.language)}\t\t\t</td>\n'
            f'\t\t\t<td headers="categorylist_header_hits" class="list-hits">\n\t\t\t\t<span class="badge badge-info">\n'
            f"\t\t\t\t\t{WORDS[menu.language]['table_hits']}{hits(base_hits(story))}\t\t\t\t</span>\n\t\t\t</td>\n\t\t</tr>\n"
        )

    def _archive(self, menu: Menu) -> str:
        words = WORDS[menu.language]
        found = [story for story in self.shelf.branch(menu.language) if story.archived]
        rows = "".join(self._archived(story, menu, number) for number, story in enumerate(found))
        years = "".join(f'\t<option value="{year}">{year}</option>\n' for year in sorted({story.published[:4] for story in found}))
        return (
            f'\t\t\t\t\t<div class="archive">\n<div class="page-header">\n<h1>\n\t{text(menu.title)}</h1>\n</div>\n'
            f'<form id="adminForm" action="{menu.path}" method="post" class="form-inline">\n\t<fieldset class="filters">\n'
            f'\t<select id="year" name="year" size="1" class="inputbox">\n\t<option value="" selected="selected">{words["year"]}</option>\n{years}'
            f'</select>\n\t\t<button type="submit" class="btn btn-primary">{words["filter"]}</button>\n\t</fieldset>\n'
            f'<div id="archive-items">\n{rows}</div>\n</form>\n</div>\n'
        )

    def _archived(self, story: Story, menu: Menu, number: int) -> str:
        words = WORDS[menu.language]
        category = self.menus.by_key[menu.language, story.category]
        return (
            f'\t<div class="row{number % 2}" itemscope itemtype="https://schema.org/Article">\n\t\t<div class="page-header">\n'
            f'\t\t\t<h2 itemprop="headline">\n\t\t\t\t<a href="{self.shelf.path(story)}" itemprop="url">\n\t\t\t\t\t{body.title(story)}\t\t\t\t</a>\n'
            '\t\t\t</h2>\n\t\t</div>\n\t\t<div class="article-info muted">\n\t\t<dl class="article-info">\n'
            f'\t\t<dt class="article-info-term">\n\t\t\t{words["details"]}\t\t</dt>\n\t\t<dd>\n\t\t\t<div class="category-name">\n'
            f'\t\t\t\t{words["category"]}<a href="{category.path}" itemprop="genre">{text(category.title)}</a>\t\t\t</div>\n\t\t</dd>\n'
            '\t\t<dd>\n\t\t\t<div class="published">\n\t\t\t\t<span class="icon-calendar" aria-hidden="true"></span>\n'
            f'\t\t\t\t<time datetime="{story.published}" itemprop="datePublished">\n'
            f"\t\t\t\t\t{words['published']}{day(story.published, menu.language)}\t\t\t\t</time>\n\t\t\t</div>\n\t\t</dd>\n\t\t</dl>\n\t\t</div>\n"
            f'\t\t<div class="intro" itemprop="articleBody"> {body.paragraphs(story, story.body[:1])} </div>\n\t</div>\n'
        )

    def tag(self, tag: str, language: str) -> str:
        """The listing of a tag: titles only, both languages mixed, no menu item of its own."""
        home = self.menus.by_key[language, "home"]
        path = f"/{language}/component/tags/tag/{tag}"
        rows = "".join(
            f'\t\t\t<li class="cat-list-row{number % 2} clearfix">\n\t\t\t<h3>\n\t\t\t\t<a href="{self.shelf.path(story, language)}">\n'
            f"\t\t\t\t\t{body.title(story)}\t\t\t\t</a>\n\t\t\t</h3>\n\t\t\t</li>\n"
            for number, story in enumerate(self.shelf.tagged(tag))
        )
        main = (
            f'\t\t\t\t\t<div class="tag-category">\n<form action="{ORIGIN}{path}"'
            f' method="post" name="adminForm" id="adminForm" class="form-inline">\n'
            f'\t<ul class="category list-striped">\n{rows}\t</ul>\n</form>\n</div>\n'
        )
        frame = Frame(
            epoch=self.epoch,
            language=language,
            title=TAGS[tag][1],
            address=path,
            body_class="site com_tags view-tag no-layout no-task",
            main=main,
            other=f"/{OTHER[language]}/",
            trail=(("", TAGS[tag][1]),),
            search=f"id={TAGS[tag][0]}:{tag}",
        )
        return page(frame, self.desk.modules(language, home))

    def _search(self, menu: Menu, query: str) -> str:
        words = WORDS[menu.language]
        found = self._matches(menu.language, query) if query else []
        rows = "".join(
            f'\t<dt class="result-title">\n\t\t{number}. <a href="{self.shelf.path(story, menu.language)}">'
            f"\n\t\t\t{body.title(story)}\t\t</a>\n\t</dt>\n"
            f'\t<dd class="result-text">\n\t\t{text(story.body[0][:120])}&#160;...\t</dd>\n'
            f'\t<dd class="result-created">\n\t\t{words["created"]}{day(story.published, menu.language)}\t</dd>\n'
            for number, story in enumerate(found, start=1)
        )
        total = f"<p><strong>{words['results'].format(len(found))}</strong></p>" if query else ""
        return (
            f'\t\t\t\t\t<div class="search">\n<form id="searchForm" action="{menu.path}" method="get">\n'
            f'\t<input type="text" name="searchword" id="search-searchword" size="30" maxlength="200"'
            f' value="{attribute(query)}" class="inputbox" />\n'
            f'\t<button name="Search" class="btn hasTooltip" title="{words["search_for"]}">{words["search_for"]}</button>\n'
            f'\t<div class="searchintro">{total}</div>\n</form>\n' + (f'<dl class="search-results">\n{rows}</dl>\n' if query else "") + "</div>\n"
        )

    def _matches(self, language: str, query: str) -> list[Story]:
        wanted = _fold(query)
        return [story for story in self.shelf.branch(language) if wanted in _fold(" ".join((story.title, *story.body)))]

    @staticmethod
    def _contact(menu: Menu) -> str:
        words = WORDS[menu.language]
        return (
            '\t\t\t\t\t<div class="contact" itemscope itemtype="https://schema.org/Person">\n\t<div class="page-header">\n'
            f'\t\t<h2>\n\t\t\t<span class="contact-name" itemprop="name">{words["contact"]}</span>\n\t\t</h2>\n\t</div>\n'
            '\t<dl class="contact-address dl-horizontal" itemprop="address" itemscope itemtype="https://schema.org/PostalAddress">\n'
            '\t\t<dd><span class="contact-suburb" itemprop="addressLocality">Rabat</span></dd>\n'
            f'\t\t<dd><span class="contact-emailto">{body.cloaked("secretariat@dialogue.example", menu.language)}</span></dd>\n\t</dl>\n'
            f'\t<h3>{words["contact_form"]}</h3>\n\t<div class="contact-form">\n'
            f'\t<form id="contact-form" action="{menu.path}" method="post" class="form-validate form-horizontal well">\n'
            f'\t\t<fieldset>\n\t\t\t<legend>{words["contact_send"]}</legend>\n\t\t\t<label for="jform_contact_name">{words["name"]}</label>\n'
            '\t\t\t<input type="text" name="jform[contact_name]" id="jform_contact_name" value="" class="required" size="30" />\n'
            f'\t\t\t<input type="hidden" name="{CSRF}" value="1" />\n\t\t</fieldset>\n\t</form>\n\t</div>\n</div>\n'
        )

    def private(self) -> str:
        """The page that robots.txt forbids: a crawler that has read it never comes here."""
        menu = self.menus.by_key["fr", "home"]
        main = '<div class="item-page"><div class="page-header"><h2 itemprop="headline">Documents internes</h2></div></div>'
        frame = Frame(
            epoch=self.epoch,
            language="fr",
            title="Documents internes",
            address=f"{PRIVATE_PATH}/",
            body_class=f"site com_content view-article no-layout no-task itemid-{menu.number}",
            main=main,
            menu=menu,
        )
        return page(frame, self.desk.modules("fr", menu))


def _fold(value: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", value).lower() if not unicodedata.combining(letter))


def _pager(menu: Menu, start: int, total: int) -> str:
    pages = -(-total // STEP)
    if pages < 2:
        return ""
    words = WORDS[menu.language]
    current = min(max(start, 0) // STEP, pages - 1)
    cells = [
        _cell("first", words["first"], None if current == 0 else 0, menu),
        _cell("previous", words["previous"], None if current == 0 else current - 1, menu),
        *(_number(index, index == current, menu) for index in range(pages)),
        _cell("next", words["next"], None if current + 1 == pages else current + 1, menu),
        _cell("last", words["last"], None if current + 1 == pages else pages - 1, menu),
    ]
    return (
        f'\t<div class="pagination">\n\t\t\t\t\t<p class="counter pull-right"> {words["page_of"].format(current + 1, pages)} </p>\n'
        f'\t\t\t\t<nav role="navigation" aria-label="Pagination"><ul class="pagination-list">{"".join(cells)}</ul></nav>\t</div>\n'
    )


def _href(menu: Menu, index: int) -> str:
    return f"{menu.path}?start={index * STEP}" if index else menu.path


def _cell(icon: str, label: str, index: int | None, menu: Menu) -> str:
    span = f'<span class="icon-{icon}" aria-hidden="true"></span>'
    if index is None:
        return f'<li class="disabled"><a>{span}</a></li>'
    goto = f"{WORDS[menu.language]['goto']}{label.lower()}"
    return f'<li><a title="{label}" href="{_href(menu, index)}" class="pagenav" aria-label="{goto}">{span}</a></li>'


def _number(index: int, current: bool, menu: Menu) -> str:
    if current:
        return f'<li class="active hidden-phone"><a aria-current="true" aria-label="Page {index + 1}">{index + 1}</a></li>'
    goto = f"{WORDS[menu.language]['goto']}{index + 1}"
    return f'<li class="hidden-phone"><a title="{index + 1}" href="{_href(menu, index)}" class="pagenav" aria-label="{goto}">{index + 1}</a></li>'
