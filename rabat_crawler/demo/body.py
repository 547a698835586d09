"""The parts of pages that belong to one article: its paragraphs in an editor's markup, its icons, its block of facts, its tags."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rabat_crawler.demo.chrome import attribute, text
from rabat_crawler.demo.content import BULLET, HEADING, PART, ROW, Story, cells
from rabat_crawler.demo.labels import TAGS, WORDS, day
from rabat_crawler.demo.menus import Menu
from rabat_crawler.demo.shelf import base_hits
from rabat_crawler.demo.template import CLOAK, hits

_ADDRESS = re.compile(r"[a-z]{2,20}@[a-z-]{2,20}\.example")
AUTHORS = ("Webmaster", "Secrétariat", "ICMPD")
POPUP = "status=no,toolbar=no,scrollbars=yes,titlebar=no,menubar=no,resizable=yes,width=640,height=480,directories=no,location=no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One page of a page-broken story: its title ("" for the first) and its lines."""

    title: str
    lines: tuple[str, ...]


def parts(story: Story) -> tuple[Part, ...]:
    """The pages of a story; one if it has no page break."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in story.body:
        if line.startswith(PART):
            found.append((line.removeprefix(PART), []))
        else:
            found[-1][1].append(line)
    return tuple(Part(title=title, lines=tuple(lines)) for title, lines in found)


def author(story: Story) -> str:
    """Who signs: a matter of the id."""
    return AUTHORS[story.id % len(AUTHORS)]


def shown(story: Story, value: str) -> str:
    """Text of a story as its editor typed it: with decomposed accents where the story has them."""
    return unicodedata.normalize("NFD", value) if story.decomposed else value


def title(story: Story) -> str:
    """The title as page content."""
    return text(shown(story, story.title))


def paragraphs(story: Story, lines: Sequence[str]) -> str:
    """Lines in the markup of the story: paragraphs, text with `<br /><br />`, or pasted from a word processor."""
    if story.markup == "br":
        return "<br /><br />\n".join(_inline(story, line) for line in lines)
    blocks: list[str] = []
    for index, line in enumerate(lines):
        if line.startswith(BULLET):
            first = index == 0 or not lines[index - 1].startswith(BULLET)
            last = index + 1 == len(lines) or not lines[index + 1].startswith(BULLET)
            item = f"<li>{_inline(story, line.removeprefix(BULLET))}</li>"
            blocks.append(("<ul>\n" if first else "") + item + ("\n</ul>" if last else ""))
        elif line.startswith(ROW):
            first = index == 0 or not lines[index - 1].startswith(ROW)
            last = index + 1 == len(lines) or not lines[index + 1].startswith(ROW)
            blocks.append(
                ("<table>\n<tbody>\n" if first else "") + _row(story, line, "th" if first else "td") + ("\n</tbody>\n</table>" if last else "")
            )
        elif line.startswith(HEADING):
            blocks.append(f"<h3>{_inline(story, line.removeprefix(HEADING))}</h3>")
        else:
            blocks.append(_paragraph(story, line))
    return "\n".join(blocks)


def _row(story: Story, line: str, tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{_inline(story, cell)}</{tag}>" for cell in cells(line)) + "</tr>"


def _paragraph(story: Story, line: str) -> str:
    if story.markup == "mso":
        return (
            '<p class="MsoNormal" style="margin-bottom: 0.0001pt; text-align: justify;"><span lang="FR">'
            f"{_inline(story, line)}</span></p>\n<div>&nbsp;</div>"
        )
    return f"<p>{_inline(story, line)}</p>"


def _inline(story: Story, line: str) -> str:
    html = text(shown(story, line)).replace("\u00a0", "&nbsp;")
    for words, href in story.links:
        html = html.replace(text(words), f'<a href="{attribute(href)}">{text(words)}</a>', 1)
    return _ADDRESS.sub(lambda found: cloaked(found[0], story.language), html)


def cloaked(address: str, language: str) -> str:
    """An e-mail address as Joomla hides it: a sentence, and a script that writes the address over it; the id changes with every request."""
    user, host = address.split("@")
    name, suffix = host.rsplit(".", 1)
    hidden = f"'{_entities(user)}' + '&#64;'"
    rest = f"'{_entities(name)}' + '&#46;' + '{_entities(suffix)}'"
    return (
        f"<span id=\"cloak{CLOAK}\">{WORDS[language]['cloak']}</span><script type='text/javascript'>\n"
        f"\t\t\t\tdocument.getElementById('cloak{CLOAK}').innerHTML = '';\n\t\t\t\tvar prefix = '&#109;a' + 'i&#108;' + '&#116;o';\n"
        f"\t\t\t\tvar path = 'hr' + 'ef' + '=';\n\t\t\t\tvar addy{CLOAK} = {hidden};\n\t\t\t\taddy{CLOAK} = addy{CLOAK} + {rest};\n"
        f"\t\t\t\tvar addy_text{CLOAK} = {hidden} + {rest};document.getElementById('cloak{CLOAK}').innerHTML += "
        f"'<a ' + path + '\\'' + prefix + ':' + addy{CLOAK} + '\\'>'+addy_text{CLOAK}+'<\\/a>';\n\t\t</script>"
    )


def _entities(letters: str) -> str:
    return "".join(f"&#{ord(letter)};" if letter in "aeiou" else letter for letter in letters)


def files(story: Story) -> str:
    """The documents, each a paragraph with a link."""
    return "".join(f'\n<p><a href="{attribute(path)}" target="_blank" rel="noopener noreferrer">{text(label)}</a></p>' for path, label in story.files)


def mail_hash(path: str) -> str:
    """The 40 digits of a mail form's address."""
    return hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()


def icons(story: Story, path: str, language: str) -> str:
    """The tools button: print view and mail form, both links of the same article."""
    words = WORDS[language]
    printed = attribute(words["print_title"].format(story.title)).replace("&lt;", "<").replace("&gt;", ">")
    return (
        '\n<div class="icons">\n\t\t\t\t\t<div class="btn-group pull-right">\n'
        f'\t\t\t\t<button class="btn dropdown-toggle" type="button" id="dropdownMenuButton-{story.id}" aria-label="{words["tools"]}"\n'
        '\t\t\t\tdata-toggle="dropdown" aria-haspopup="true" aria-expanded="false">\n'
        '\t\t\t\t\t<span class="icon-cog" aria-hidden="true"></span>\n\t\t\t\t\t<span class="caret" aria-hidden="true"></span>\n\t\t\t\t</button>\n'
        f'\t\t\t\t<ul class="dropdown-menu" aria-labelledby="dropdownMenuButton-{story.id}">\n'
        f'\t\t\t\t\t<li class="print-icon"> <a href="{path}?tmpl=component&amp;print=1&amp;layout=default" title="{printed}" '
        f"onclick=\"window.open(this.href,'win2','{POPUP}'); return false;\" rel=\"nofollow\">"
        f'\t\t\t<span class="icon-print" aria-hidden="true"></span>\n\t\t{words["print"]}\t</a> </li>\n'
        f'\t\t\t\t\t<li class="email-icon"> <a href="/{language}/component/mailto/?tmpl=component&amp;link={mail_hash(path)}" '
        f"title=\"{words['email_title']}\" onclick=\"window.open(this.href,'win2','width=400,height=450,menubar=yes,resizable=yes'); "
        'return false;" rel="nofollow">'
        f'\t\t\t<span class="icon-envelope" aria-hidden="true"></span>\n\t\t{words["email"]}\t</a> </li>\n\t\t\t\t</ul>\n\t\t\t</div>\n\t</div>\n'
    )


def plain_icons(story: Story, path: str, language: str) -> str:
    """Both links as plain icons, without the button that names the article's id."""
    words = WORDS[language]
    return (
        '\n<div class="icons">\n\t<ul class="actions">\n'
        f'\t\t<li class="print-icon"> <a href="{path}?tmpl=component&amp;print=1&amp;layout=default" rel="nofollow">{words["print"]}</a> </li>\n'
        f'\t\t<li class="email-icon"> <a href="/{language}/component/mailto/?tmpl=component&amp;link={mail_hash(path)}" rel="nofollow">'
        f"{words['email']}</a> </li>\n\t</ul>\n</div>\n"
    )


def facts(story: Story, menu: Menu, *, dated: bool) -> str:
    """The block of facts: author, category (whose listing is `menu`), date, hits."""
    language = menu.language
    words = WORDS[language]
    return (
        '\n\t\t\t\t<dl class="article-info muted">\n\n\t\t\t<dt class="article-info-term">\n'
        f"\t\t\t\t\t{words['details']}\t\t\t\t\t\t\t</dt>\n\n"
        '\t\t\t\t\t\t\t<dd class="createdby" itemprop="author" itemscope itemtype="https://schema.org/Person">\n'
        f'\t\t\t\t\t{words["by"]} <span itemprop="name">{author(story)}</span>\t</dd>\n\n'
        f'\t\t\t\t\t\t\t<dd class="category-name">\n\t\t\t\t{words["category"]}<a href="{menu.path}" itemprop="genre">{text(menu.title)}</a>'
        f"\t\t\t\t\t\t\t</dd>\n{_published(story, language) if dated and not story.undated else ''}"
        '\t\t\t\t\t\t\t<dd class="hits">\n\t\t\t\t\t<span class="icon-eye-open" aria-hidden="true"></span>\n'
        f'\t\t\t\t\t<meta itemprop="interactionCount" content="UserPageVisits:{hits(base_hits(story))}" />\n'
        f"\t\t\t\t\t{words['hits']}{hits(base_hits(story))}\t\t\t</dd>\t\t\t\t\t\t</dl>\n"
    )


def _published(story: Story, language: str) -> str:
    return (
        '\t\t\t\t\t\t\t<dd class="published">\n\t\t\t\t<span class="icon-calendar" aria-hidden="true"></span>\n'
        f'\t\t\t\t<time datetime="{story.published}" itemprop="datePublished">\n'
        f"\t\t\t\t\t{WORDS[language]['published']}{day(story.published, language)}\t\t\t\t</time>\n\t\t\t</dd>\n"
    )


def tags(story: Story, language: str) -> str:
    """The list of tags, linked; empty text without tags."""
    if not story.tags:
        return ""
    rows = "".join(
        f'\n\t\t\t\t<li class="tag-{TAGS[tag][0]} tag-list{index}" itemprop="keywords">\n'
        f'\t\t\t\t\t<a href="/{language}/component/tags/tag/{tag}" class="label label-info">\n\t\t\t\t\t\t{TAGS[tag][1]}\t\t\t\t\t</a>\n\t\t\t\t</li>'
        for index, tag in enumerate(story.tags)
    )
    return f'\n\t\t\t<ul class="tags inline">{rows}\n\t\t\t</ul>\n'


def image(story: Story, role: str) -> str:
    """The intro or full-article image; `role` is its itemprop."""
    if not story.image:
        return ""
    return f'\n\t<div class="pull-left item-image"> <img\n\tsrc="/images/actions/{story.image}" alt="Illustration" itemprop="{role}"/> </div>\n'


def menu_heading(menu: Menu) -> str:
    """The heading of the menu item, above the article or the list."""
    return f'\t\t<div class="page-header">\n\t\t<h1> {text(menu.title)} </h1>\n\t</div>\n'
