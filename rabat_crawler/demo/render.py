"""Article pages of the sample site: the normal page, its parts, its print view, the mail form, and the modules that stand beside any page."""

from __future__ import annotations

from rabat_crawler.demo import body
from rabat_crawler.demo.chrome import Frame, Modules, attribute, login_box, newsletter_box, page, popup, shortcuts, text, well
from rabat_crawler.demo.content import Story
from rabat_crawler.demo.labels import LOCALES, OTHER, WORDS, day
from rabat_crawler.demo.menus import Menu
from rabat_crawler.demo.shelf import Shelf, category_number
from rabat_crawler.demo.template import CSRF

BLOCK_ITEMS = 4
FLASH_ITEMS = 2


class Desk:
    """Renders pages of one edition. Everything it returns is text with holes (see `template`)."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.epoch = shelf.epoch
        self.menus = shelf.epoch.menus

    def modules(self, language: str, menu: Menu | None, *, dated_box: bool = False) -> Modules:
        """Both columns; `dated_box` for the older look, whose box of coming events shows their dates."""
        box = self._dated_box(language) if dated_box else self._latest_box(language)
        right = box + newsletter_box() + shortcuts(self.menus, language) + login_box(language, menu)
        return Modules(
            left=f'\t\t\t\t<!-- Begin Sidebar -->\n\t\t\t\t<div id="sidebar" class="span3">\n\t\t\t\t\t<div class="sidebar-nav">\n'
            f"{self._most_read(language)}{self._flash(language)}\t\t\t\t\t</div>\n\t\t\t\t</div>\n\t\t\t\t<!-- End Sidebar -->\n",
            right=f'\t\t\t\t<div id="aside" class="span3">\n\t\t\t\t\t<!-- Begin Right Sidebar -->\n{right}\n'
            "\t\t\t\t\t<!-- End Right Sidebar -->\n\t\t\t\t</div>\n",
        )

    def _most_read(self, language: str) -> str:
        rows = "".join(
            '\t<li itemscope itemtype="https://schema.org/Article">\n'
            f'\t\t<a href="{self.shelf.path(story, language)}" itemprop="url">\n\t\t\t<span itemprop="name">\n'
            f"\t\t\t\t{body.title(story)}\t\t\t</span>\n\t\t</a>\n\t</li>\n"
            for story in self.shelf.popular(language)
        )
        return self._module(WORDS[language]["most_read"], f'<ul class="mostread mod-list">\n{rows}</ul>\n')

    def _flash(self, language: str) -> str:
        words = WORDS[language]
        rows = "".join(
            f'\t\t\t\t\t<h4 class="newsflash-title">\n\t\t\t{body.title(story)}\t\t</h4>\n\n\t{body.paragraphs(story, story.body[:1])}\n\n'
            f'\t<a class="readmore" href="{self.shelf.path(story, language)}">{words["more_short"]}</a>\n'
            for story in self.shelf.listed(self.menus.by_key[language, "news"])[:FLASH_ITEMS]
        )
        return self._module(words["latest"], f'<div class="newsflash">\n{rows}\t</div>\n')

    @staticmethod
    def _module(title: str, inner: str) -> str:
        return f'\t\t\t<div class="moduletable">\n\t\t\t\t\t\t\t<h3>{title}</h3>\n\t\t\t\t\t\t{inner}\t\t</div>\n'

    def _latest_box(self, language: str) -> str:
        rows = "".join(
            '\t<li itemscope itemtype="https://schema.org/Article">\n'
            f'\t\t<a href="{self.shelf.path(story, language)}" itemprop="url">\n'
            f'\t\t\t<span itemprop="name">\n\t\t\t\t{body.title(story)}\t\t\t</span>\n\t\t</a>\n\t</li>\n'
            for story in self.shelf.listed(self.menus.by_key[language, "upcoming"])
        )
        return well(WORDS[language]["upcoming"], f'<ul class="latestnews mod-list">\n{rows}</ul>\n')

    def _dated_box(self, language: str) -> str:
        rows = "".join(
            f'\t\t<h4 class="newsflash-title">\n\t\t\t<a href="{self.shelf.path(story, language)}">'
            f"{body.title(story)}</a>\n\t\t</h4>\n"
            f"\t\t<p>{text(story.event_text)}</p>\n"
            for story in self.shelf.listed(self.menus.by_key[language, "upcoming"])
        )
        return well(WORDS[language]["upcoming"], f'<div class="newsflash">\n{rows}</div>\n')

    def action_block(self, language: str) -> str:
        """The block of dated news at the foot of the older pages: title, the date alone on its line, intro, link."""
        words = WORDS[language]
        rows = "".join(
            f'\t\t<h4 class="newsflash-title">\n\t\t\t<a href="{self.shelf.path(story, language)}">{body.title(story)}</a>\n\t\t</h4>\n'
            f'\t\t<p class="newsflash-date">{day(story.published, language)}</p>\n\t\t{body.paragraphs(story, story.body[:1])}\n'
            f'\t\t<a class="readmore" href="{self.shelf.path(story, language)}">{words["more_short"]}</a>\n'
            for story in self.shelf.listed(self.menus.by_key[language, "news"])[:BLOCK_ITEMS]
        )
        return f'\t\t<div class="moduletable">\n\t\t\t<h3>{words["latest"]}</h3>\n\t\t<div class="newsflash">\n{rows}\t\t</div>\n\t\t</div>\n'

    def article(self, story: Story, menu: Menu, address: str, *, start: int = 0, whole: bool = False) -> str | None:
        """The page of a story read below `menu` at `address` (a path). None if `start` is no part of it."""
        pages = body.parts(story)
        if not 0 <= start < len(pages):
            return None
        language = menu.language
        single = menu.view == "single"
        broken = len(pages) > 1 and not whole
        main = self._item_page(story, menu, address, self._article_body(story, address, start, whole=whole))
        if broken and start:
            main = main.replace(f"{body.title(story)}\t\t</h2>", f"{body.title(story)} - {text(pages[start].title)}\t\t</h2>", 1)
        heading = (
            f"{pages[start].title} - {WORDS[language]['page_of'].split()[0]} {start + 1}" if broken and start else body.shown(story, story.title)
        )
        frame = Frame(
            epoch=self.epoch,
            language=language,
            title=heading,
            address=address,
            body_class=f"site com_content view-article no-layout no-task itemid-{menu.number}",
            main=main,
            menu=menu,
            twins=self.shelf.twins(story),
            other=self.menus.by_key[OTHER[language], menu.key].path,
            trail=self._trail(menu, "" if single else body.shown(story, story.title)),
            author=body.author(story),
            search="" if single or not self.epoch.numbered else f"catid={category_number(story, language)}&amp;id={story.id}",
            below=self.action_block(language) if story.undated else "",
        )
        return page(frame, self.modules(language, menu, dated_box=story.undated))

    def _trail(self, menu: Menu, last: str) -> tuple[tuple[str, str], ...]:
        steps = [self.menus.by_key[menu.language, menu.parent]] if menu.parent else []
        named = [(step.path, step.title) for step in (*steps, menu)]
        return (*named, ("", last)) if last else (*named[:-1], ("", menu.title))

    def icons(self, story: Story, path: str, language: str) -> str:
        """Print view and mail form: a button with the article's id, or, in an epoch without ids, two plain links."""
        return body.icons(story, path, language) if self.epoch.numbered else body.plain_icons(story, path, language)

    def facts(self, story: Story, language: str, *, dated: bool) -> str:
        """The block of facts, with a link to the listing of the story's category."""
        return body.facts(story, self.menus.by_key[language, story.category], dated=dated)

    def _item_page(self, story: Story, menu: Menu, address: str, inner: str) -> str:
        language = menu.language
        dated = menu.shows_date or menu.view == "single"
        return (
            '\t\t\t\t\t<div class="item-page" itemscope itemtype="https://schema.org/Article">\n'
            f'\t<meta itemprop="inLanguage" content="{LOCALES[language if story.branch == "*" else story.branch]}" />\n'
            f"{'' if menu.view == 'single' else body.menu_heading(menu)}"
            f'\t\t\t<div class="page-header">\n\t\t<h2 itemprop="headline">\n\t\t\t{body.title(story)}\t\t</h2>\n\t\t\t\t\t\t\t</div>\n'
            f"{self.icons(story, address, language)}{self.facts(story, language, dated=dated)}{body.tags(story, language)}"
            f"{body.image(story, 'image')}{inner}\n{self._neighbours(story, menu)}\t\t\t\t\t\t\t</div>\n"
        )

    def _article_body(self, story: Story, address: str, start: int, *, whole: bool) -> str:
        pages = body.parts(story)
        if len(pages) == 1 or whole:
            lines = [line for part in pages for line in part.lines]
            index = self._index(story, address, -1) if whole and len(pages) > 1 else ""
            intro, rest = body.paragraphs(story, lines[:1]), body.paragraphs(story, lines[1:])
            joint = "<br /><br />\n" if story.markup == "br" else " "
            return f'{index}\t\t\t\t\t\t\t<div itemprop="articleBody">\n\t\t{intro}{joint}{rest}{body.files(story)}\t</div>\n'
        words = WORDS[story.language]
        counter = f'<div class="pagenavcounter">{words["page_of"].format(start + 1, len(pages))}</div>\n'
        return (
            f'{self._index(story, address, start)}\t\t\t\t\t\t\t<div itemprop="articleBody">\n\t\t{counter}'
            f"{body.paragraphs(story, pages[start].lines)}{self._part_pager(story, address, start)}\t</div>\n"
        )

    def _index(self, story: Story, address: str, start: int) -> str:
        words, active = WORDS[story.language], ' class="active"'
        rows = "".join(
            f"\t\t<li{active if number == start else ''}>\n"
            f'\t\t\t<a href="{_part(address, number)}" class="toclink{" active" if number == start else ""}">\n'
            f"\t\t\t{text(part.title) or body.title(story)}\t\t\t</a>\n\t\t</li>\n"
            for number, part in enumerate(body.parts(story))
        )
        rows += f'\t\t<li>\n\t\t\t<a href="{address}?showall=1" class="toclink">\n\t\t\t{words["all_pages"]}\t\t\t</a>\n\t\t</li>\n'
        return (
            f'\t<div class="pull-right article-index">\n\t\t<h3>{words["index"]}</h3>\n\t'
            f'<ul class="nav nav-tabs nav-stacked">\n{rows}\t</ul>\n</div>\n'
        )

    def _part_pager(self, story: Story, address: str, start: int) -> str:
        words = WORDS[story.language]
        rows = ""
        if start:
            rows += (
                f'<li>\n<a href="{_part(address, start - 1)}" rel="prev">\n<span class="icon-chevron-left"></span> {words["previous"]}</a>\n</li>\n'
            )
        if start + 1 < len(body.parts(story)):
            rows += f'<li>\n<a href="{_part(address, start + 1)}" rel="next">\n{words["next"]} <span class="icon-chevron-right"></span></a>\n</li>\n'
        return f'\n<div class="pager"><ul>\n{rows}</ul>\n</div>'

    def _neighbours(self, story: Story, menu: Menu) -> str:
        language = menu.language
        words = WORDS[language]
        newer, older = self.shelf.neighbours(story, language)
        rows = ""
        for other, state, rel, word, label in (
            (newer, "previous", "prev", words["previous"], words["previous_article"]),
            (older, "next", "next", words["next"], words["next_article"]),
        ):
            if other is not None:
                name = attribute(body.shown(other, other.title))
                rows += (
                    f'\t<li class="{state}">\n\t\t<a class="hasTooltip" title="{name}" aria-label="{label}{name}" '
                    f'href="{self.shelf.path_under(other, menu)}" rel="{rel}">\n\t\t\t<span aria-hidden="true">{word}</span>\t\t</a>\n\t</li>\n'
                )
        return f'\t<ul class="pager pagenav">\n{rows}</ul>\n' if rows else ""

    def print_view(self, story: Story, menu: Menu, address: str) -> str:
        """`?tmpl=component&print=1`: the article without menus, not to be indexed."""
        language = menu.language
        lines = [line for part in body.parts(story) for line in part.lines]
        main = (
            '<div class="item-page" itemscope itemtype="https://schema.org/Article">\n'
            f'\t<meta itemprop="inLanguage" content="{LOCALES[language if story.branch == "*" else story.branch]}" />\n'
            f'\t\t\t<div class="page-header">\n\t\t<h2 itemprop="headline">\n\t\t\t{body.title(story)}\t\t</h2>\n\t</div>\n'
            '\t\t<div id="pop-print" class="btn hidden-print">\n\t\t<a href="#" onclick="window.print();return false;">'
            f"{WORDS[language]['print']}</a>\t</div>\n{self.facts(story, language, dated=menu.shows_date or menu.view == 'single')}"
            f'\t<div itemprop="articleBody">\n\t\t{body.paragraphs(story, lines)}{body.files(story)}\t</div>\n</div>'
        )
        return popup(
            Frame(
                epoch=self.epoch,
                language=language,
                title=body.shown(story, story.title),
                address=address,
                body_class="contentpane modal",
                main=main,
                author=body.author(story),
                robots="noindex, nofollow",
            )
        )

    def mail_form(self, language: str) -> str:
        """The form of `/component/mailto/`: the same for all articles but for the token."""
        words = WORDS[language]
        main = (
            f'\t<div id="mailto-window">\n\t<h2>\n\t\t{words["mailto"]}\t</h2>\n\t<div class="mailto-close">\n'
            f'\t\t<a href="javascript: void window.close()" title="{words["mailto_close"]}">\n'
            f"\t\t<span>{words['mailto_close']}</span></a>\n\t</div>\n"
            f'\t<form action="/{language}/component/mailto/?task=send" method="post" class="form-validate form-horizontal well">\n'
            f'\t\t<label id="emailto-lbl" for="emailto" class="required">{words["mailto_to"]}</label>\n'
            '\t\t<input type="email" name="emailto" id="emailto" value="" size="30" required aria-required="true" />\n'
            f'\t\t<input type="hidden" name="{CSRF}" value="1" />\n\t</form>\n</div>'
        )
        path = f"/{language}/component/mailto/"
        return popup(
            Frame(
                epoch=self.epoch,
                language=language,
                title=words["site"],
                address=path,
                body_class="contentpane modal",
                main=main,
                robots="noindex, nofollow",
            )
        )


def _part(address: str, number: int) -> str:
    return f"{address}?start={number}" if number else address
