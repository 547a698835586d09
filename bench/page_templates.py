"""Twelve ways a page can be built around one article: menus, side columns, related news, comments, cookie notices. No layout of ours knows them.

Used by `bench/extract.py` and the tests to make pages of unknown markup from known articles.
"""

# ruff: noqa: E501 (markup reads better on its long lines)

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MONTHS = {
    "fr": ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
}
WORDS = {
    "fr": ("Accueil", "Le dialogue", "Réunions", "Publications", "Contact", "Lire aussi", "Commentaires", "Lire la suite", "Publié le", "Recherche"),
    "en": ("Home", "The dialogue", "Meetings", "Publications", "Contact", "Read also", "Comments", "Read more", "Published on", "Search"),
}
TEASER = {
    "fr": (
        "Le comité de suivi dresse un premier bilan",
        "Les points focaux se sont retrouvés pour comparer leurs outils et préparer la prochaine échéance du plan d'action.",
    ),
    "en": (
        "The follow-up committee takes stock",
        "The focal points met to compare their tools and to prepare the next deadline of the plan of action, with all partners.",
    ),
}
COMMENT = {
    "fr": "Merci pour ce compte rendu très complet. Sera-t-il possible de recevoir les présentations des intervenants par courriel ?",
    "en": "Thank you for this complete account. Will it be possible to receive the presentations of the speakers by e-mail some day?",
}
COOKIE = {
    "fr": "Ce site utilise des cookies pour mesurer son audience. En poursuivant votre visite, vous acceptez leur dépôt sur votre appareil.",
    "en": "This site uses cookies to measure its audience. By continuing your visit you accept that they are stored on your device.",
}


@dataclass(frozen=True)
class Story:
    """An article to dress: `body` is HTML of paragraphs, `published` an ISO day or None."""

    title: str
    body: str
    published: str | None
    language: str


def day(iso: str, language: str) -> str:
    """The day as a page prints it."""
    year, month, number = iso.split("-")
    return f"{int(number)} {MONTHS[language][int(month) - 1]} {year}"


def _menu(story: Story, tag: str = "ul") -> str:
    words = WORDS[story.language][:5]
    return (
        "".join(f'<li><a href="/{w.lower()}">{w}</a></li>' for w in words)
        if tag == "ul"
        else " | ".join(f'<a href="/{w.lower()}">{w}</a>' for w in words)
    )


def _related(story: Story, wrapper: str = "div") -> str:
    title, text = TEASER[story.language]
    more = WORDS[story.language][7]
    return "".join(f'<{wrapper}><h4><a href="/n{i}">{title} ({i})</a></h4><p>{text}</p><a href="/n{i}">{more}</a></{wrapper}>' for i in (1, 2, 3))


def _printed(story: Story) -> str:
    return day(story.published, story.language) if story.published else ""


def _page(story: Story, body: str, head: str = "") -> str:
    title = html.escape(story.title)
    return f'<!DOCTYPE html><html lang="{story.language}"><head><meta charset="utf-8"><title>{title} - Dialogue Sud-Nord</title>{head}</head><body>{body}</body></html>'


def semantic(story: Story) -> str:
    stamp = f'<time datetime="{story.published}T09:00:00+01:00">{_printed(story)}</time>' if story.published else ""
    return _page(
        story,
        f"<header><nav><ul>{_menu(story)}</ul></nav></header><main><article><h1>{html.escape(story.title)}</h1>{stamp}{story.body}</article></main>"
        f"<aside>{_related(story)}</aside><footer><p>© 2024 Dialogue Sud-Nord</p></footer>",
    )


def meaningless(story: Story) -> str:
    return _page(
        story,
        f'<div class="a"><div class="b">{_menu(story, "text")}</div></div><div class="c"><div class="d"><div class="e">{html.escape(story.title)}</div>'
        f'<div class="f">{_printed(story)}</div><div class="g">{story.body}</div></div><div class="h">{_related(story)}</div></div><div class="i">© 2024</div>',
    )


def tables(story: Story) -> str:
    return _page(
        story,
        f'<table width="100%"><tr><td colspan="3"><font size="6">Dialogue Sud-Nord</font></td></tr><tr><td width="20%">{_menu(story, "text")}</td><td>'
        f'<b><font size="4">{html.escape(story.title)}</font></b><br><i>{_printed(story)}</i><br><br>{story.body}</td><td width="20%">{_related(story, "p")}</td></tr>'
        f'<tr><td colspan="3" align="center">{_menu(story, "text")} - © 2001-2024</td></tr></table>',
    )


def commented(story: Story) -> str:
    text = COMMENT[story.language]
    remarks = "".join(
        f'<div class="r"><b>Awa K.</b><div>{number} {MONTHS[story.language][5]} 2019 - 10:2{number}</div><p>{text}</p></div>' for number in (1, 2, 3)
    )
    return _page(
        story,
        f'<div id="top"><ul>{_menu(story)}</ul></div><div id="page"><h2>{html.escape(story.title)}</h2><p><small>{WORDS[story.language][8]} {_printed(story)}</small></p>{story.body}'
        f"<h3>{WORDS[story.language][6]}</h3>{remarks}</div>"
        if story.published
        else f'<div id="top"><ul>{_menu(story)}</ul></div><div id="page"><h2>{html.escape(story.title)}</h2>{story.body}<h3>{WORDS[story.language][6]}</h3>{remarks}</div>',
    )


def left_column(story: Story) -> str:
    return _page(
        story,
        f'<div class="wrap"><div class="col1">{_related(story)}{_related(story)}</div><div class="col2"><h1>{html.escape(story.title)}</h1>'
        f'<p class="when">{_printed(story)}</p>{story.body}</div></div>',
    )


def json_ld(story: Story) -> str:
    stamp = f'"datePublished":"{story.published}T08:30:00Z",' if story.published else ""
    head = f'<script type="application/ld+json">{{"@context":"https://schema.org","@type":"NewsArticle",{stamp}"headline":"{story.title.replace(chr(34), chr(92) + chr(34))}"}}</script>'
    return _page(
        story,
        f'<div class="bar"><ul>{_menu(story)}</ul></div><section><div class="hero"><h1>{html.escape(story.title)}</h1></div><div class="rich">{story.body}</div></section>'
        f'<section class="more"><h2>{WORDS[story.language][5]}</h2>{_related(story)}</section>',
        head,
    )


def open_graph(story: Story) -> str:
    head = f'<meta property="og:type" content="article"><meta property="og:title" content="{html.escape(story.title)}"><meta property="og:site_name" content="Dialogue Sud-Nord">'
    head += f'<meta property="article:published_time" content="{story.published}T10:00:00+00:00">' if story.published else ""
    return _page(
        story,
        f'<div class="cookie-notice"><p>{COOKIE[story.language]}</p></div><div class="site"><div class="menu"><ul>{_menu(story)}</ul></div><div class="content">'
        f'<h1>{html.escape(story.title)}</h1>{story.body}<p class="share"><a href="#f">Facebook</a> <a href="#t">Twitter</a></p></div></div>',
        head,
    )


def cookie_text(story: Story) -> str:
    return _page(
        story,
        f'<div style="position:fixed"><p>{COOKIE[story.language]}</p><p>{COOKIE[story.language]}</p></div><div><div><ul>{_menu(story)}</ul></div><div><div><h1>{html.escape(story.title)}</h1>'
        f"<div>{WORDS[story.language][8]} {_printed(story)}</div></div><div>{story.body}</div></div></div>"
        if story.published
        else f'<div style="position:fixed"><p>{COOKIE[story.language]}</p></div><div><div><h1>{html.escape(story.title)}</h1></div><div>{story.body}</div></div>',
    )


def one_form(story: Story) -> str:
    return _page(
        story,
        f'<form action="/default.aspx" method="post"><input type="hidden" name="v" value="1"><div id="ctl00_nav"><ul>{_menu(story)}</ul></div>'
        f'<div id="ctl00_body"><span class="t1">{html.escape(story.title)}</span><br><span class="t2">{_printed(story)}</span><div>{story.body}</div></div></form>',
    )


def broken_lines(story: Story) -> str:
    flat = story.body.replace("<p>", "").replace("</p>", "<br><br>\n")
    return _page(
        story,
        f"<center><h3>Dialogue Sud-Nord</h3>{_menu(story, 'text')}</center><hr><h3>{html.escape(story.title)}</h3><p>{_printed(story)}<p>{flat}<hr><center><small>{_menu(story, 'text')}</small></center>",
    )


def wrapped_paragraphs(story: Story) -> str:
    parts = story.body.replace("<p>", '<div class="row"><div class="cell"><p>').replace("</p>", "</p></div></div>")
    return _page(
        story,
        f'<div class="nav"><ul>{_menu(story)}</ul></div><div class="shell"><div class="row head"><h1>{html.escape(story.title)}</h1><p>{_printed(story)}</p></div>{parts}</div>'
        f'<div class="shell latest"><h2>{WORDS[story.language][5]}</h2>{_related(story)}</div><div class="foot"><p>{COOKIE[story.language]}</p></div>',
    )


def microdata(story: Story) -> str:
    stamp = f'<meta itemprop="datePublished" content="{story.published}">' if story.published else ""
    return _page(
        story,
        f'<div role="navigation"><ul>{_menu(story)}</ul></div><div itemscope itemtype="http://schema.org/Article"><h2 itemprop="headline">{html.escape(story.title)}</h2>{stamp}'
        f'<div itemprop="articleBody">{story.body}</div></div><div class="sidebar">{_related(story)}</div>',
    )


TEMPLATES: Sequence[Callable[[Story], str]] = (
    semantic,
    meaningless,
    tables,
    commented,
    left_column,
    json_ld,
    open_graph,
    cookie_text,
    one_form,
    broken_lines,
    wrapped_paragraphs,
    microdata,
)
"""Every template, in a fixed order; `TEMPLATES[n](story)` gives a whole page."""
