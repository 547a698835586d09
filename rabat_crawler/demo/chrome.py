"""The frame around the sample site's pages, as the protostar template of Joomla 3 emits it: head, menus, modules, footer, pop-up frame."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from rabat_crawler.demo.epochs import Epoch
from rabat_crawler.demo.labels import ASSET_VERSION, FLAGS, LOCALES, PARTNER, WORDS
from rabat_crawler.demo.menus import Menu, Menus
from rabat_crawler.demo.template import CSRF, ORIGIN


def text(value: str) -> str:
    """Text as page content."""
    return escape(value, quote=False)


def attribute(value: str) -> str:
    """Text as a quoted attribute, apostrophes as Joomla writes them."""
    return escape(value).replace("&#x27;", "&#039;")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a view hands to the frame. `address`: path of `<base>`; `twins`: (language, path); `feeds`: path of the feeds or "".

    `trail`: (path, title) of the breadcrumbs, the last without path; `other`: the switcher's target without a twin; `below`: after the content.
    """

    epoch: Epoch
    language: str
    title: str
    address: str
    body_class: str
    main: str
    menu: Menu | None = None
    twins: tuple[tuple[str, str], ...] = ()
    other: str = ""
    feeds: str = ""
    trail: tuple[tuple[str, str], ...] = ()
    author: str = ""
    search: str = ""
    below: str = ""
    robots: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    """The columns beside the content, rendered."""

    left: str
    right: str


def page(frame: Frame, modules: Modules) -> str:
    """A whole page."""
    words = WORDS[frame.language]
    return (
        f'<!DOCTYPE html>\n<html lang="{LOCALES[frame.language].lower()}" dir="ltr">\n{_head(frame)}<body class="{frame.body_class}">\n'
        '\t<!-- Body -->\n\t<div class="body" id="top">\n\t\t<div class="container">\n'
        f"{_header(frame)}{_navigation(frame)}\n"
        f'\t\t\t<div class="row-fluid">\n{modules.left}\t\t\t\t<main id="content" role="main" class="span6">\n'
        '\t\t\t\t\t<!-- Begin Content -->\n\t\t\t\t\t<div id="system-message-container">\n\t</div>\n\n'
        f'{frame.main}\n{frame.below}\t\t\t\t\t<div class="clearfix"></div>\n{_switcher(frame)}{_breadcrumbs(frame)}'
        f"\t\t\t\t\t<!-- End Content -->\n\t\t\t\t</main>\n{modules.right}\t\t\t</div>\n\t\t</div>\n\t</div>\n"
        '\t<!-- Footer -->\n\t<footer class="footer" role="contentinfo">\n\t\t<div class="container">\n\t\t\t<hr />\n'
        f'\t\t\t<p class="pull-right">\n\t\t\t\t<a href="#top" id="back-top">\n\t\t\t\t\t{words["top"]}\t\t\t\t</a>\n\t\t\t</p>\n'
        f"\t\t\t<p>\n\t\t\t\t&copy; {frame.epoch.built.year} {words['site']} - {words['note']}\t\t\t</p>\n\t\t</div>\n\t</footer>\n</body>\n</html>\n"
    )


def popup(frame: Frame) -> str:
    """The small frame of print views and mail forms (`tmpl=component`)."""
    return (
        f'<!DOCTYPE html>\n<html lang="{LOCALES[frame.language].lower()}" dir="ltr">\n{_head(frame)}<body class="{frame.body_class}">\n'
        f'\t<div id="system-message-container">\n\t</div>\n{frame.main}\n</body>\n</html>\n'
    )


def error_page(epoch: Epoch, language: str, reason: str) -> str:
    """The 404 page: menu, no modules, no `.item-page`."""
    words = WORDS[language]
    home = epoch.menus.by_key[language, "home"]
    frame = Frame(epoch=epoch, language=language, title="", address="", body_class="", main="", menu=home)
    return (
        f'<!DOCTYPE html>\n<html lang="{LOCALES[language].lower()}" dir="ltr">\n<head>\n\t<meta charset="utf-8" />\n'
        f"\t<title>{words['error']}: 404 {reason}</title>\n"
        '\t<meta name="viewport" content="width=device-width, initial-scale=1.0">\n'
        '\t<link href="/templates/protostar/css/template.css" rel="stylesheet" />\n</head>\n'
        f'<body class="site com_content view-article no-layout no-task itemid-{home.number}">\n'
        f'\t<div class="body" id="top">\n\t\t<div class="container">\n{_header(frame)}{_navigation(frame)}\n'
        '\t\t\t<div class="row-fluid">\n\t\t\t\t<main id="content" role="main" class="span12">\n\t\t\t\t\t<!-- Begin Content -->\n'
        f'\t\t\t\t\t<h1 class="page-header">{words["not_shown"]}</h1>\n\t\t\t\t\t<div class="well">\n'
        f"\t\t\t\t\t\t<p>{words['error_why']}</p>\n\t\t\t\t\t\t<ul>\n\t\t\t\t\t\t\t<li>{words['error_reason']}</li>\n\t\t\t\t\t\t</ul>\n"
        f'\t\t\t\t\t\t<p><a href="/index.php" class="btn"><span class="icon-home" aria-hidden="true"></span> {words["error_home"]}</a></p>\n'
        f'\t\t\t\t\t\t<blockquote>\n\t\t\t\t\t\t\t<span class="label label-inverse">404</span> {reason}\t\t\t\t\t\t</blockquote>\n'
        "\t\t\t\t\t</div>\n\t\t\t\t\t<!-- End Content -->\n\t\t\t\t</main>\n\t\t\t</div>\n\t\t</div>\n\t</div>\n</body>\n</html>\n"
    )


def _head(frame: Frame) -> str:
    words = WORDS[frame.language]
    own = [f'<link href="{ORIGIN}{path}" rel="alternate" hreflang="{LOCALES[language]}" />' for language, path in frame.twins]
    default = [f'<link href="{ORIGIN}{path}" rel="alternate" hreflang="x-default" />' for language, path in frame.twins if language == "fr"]
    lines = [
        '<meta name="viewport" content="width=device-width, initial-scale=1.0" />',
        '<meta charset="utf-8" />',
        f'<base href="{ORIGIN}{frame.address}" />',
        '<meta name="keywords" content="migration, développement, dialogue" />',
        f'<meta name="author" content="{attribute(frame.author)}" />' if frame.author else "",
        f'<meta name="robots" content="{frame.robots}" />' if frame.robots else "",
        f'<meta name="description" content="{attribute(words["description"])}" />',
        '<meta name="generator" content="Joomla! - Open Source Content Management" />',
        f"<title>{text(frame.title)}</title>",
        *(_feed_link(frame.feeds, kind) for kind in (("rss", "RSS 2.0"), ("atom", "Atom 1.0")) if frame.feeds),
        *own,
        '<link href="/templates/protostar/favicon.ico" rel="shortcut icon" type="image/vnd.microsoft.icon" />',
        _search_link(frame) if not frame.robots else "",
        *default,
        f'<link href="/templates/protostar/css/template.css?{ASSET_VERSION}" rel="stylesheet" />',
        (
            '<script type="application/json" class="joomla-script-options new">'
            f'{{"csrf.token":"{CSRF}","system.paths":{{"root":"","base":""}},'
            f'"system.keepalive":{{"interval":840000,"uri":"\\/{frame.language}\\/component\\/ajax\\/?format=json"}}}}</script>'
        ),
        *(f'<script src="/media/{name}.js?{ASSET_VERSION}"></script>' for name in ("jui/js/jquery.min", "jui/js/bootstrap.min", "system/js/core")),
    ]
    return "<head>\n" + "".join(f"\t{line}\n" for line in lines if line) + "</head>\n"


def _feed_link(path: str, kind: tuple[str, str]) -> str:
    return f'<link href="{path}?format=feed&amp;type={kind[0]}" rel="alternate" type="application/{kind[0]}+xml" title="{kind[1]}" />'


def _search_link(frame: Frame) -> str:
    query = f"{frame.search}&amp;format=opensearch" if frame.search else "format=opensearch"
    words = WORDS[frame.language]
    return (
        f'<link href="{ORIGIN}{frame.epoch.menus.by_key[frame.language, "search"].path}?{query}" rel="search" title="{words["search_title"]}" '
        'type="application/opensearchdescription+xml" />'
    )


def search_form(language: str, action: str, number: int) -> str:
    """The search module of the header (a POST form); `number` is that of the search page's menu item."""
    words = WORDS[language]
    return (
        f'<div class="search mod_search92">\n\t<form action="{action}" method="post" class="form-inline" role="search">\n'
        f'\t\t<label for="mod-search-searchword92" class="element-invisible">{words["search_for"]}</label> '
        '<input name="searchword" id="mod-search-searchword92" maxlength="200"  class="inputbox search-query input-medium" type="search" '
        f'size="20" placeholder="{words["search_hint"]}" />\t\t<input type="hidden" name="task" value="search" />\n'
        f'\t\t<input type="hidden" name="option" value="com_search" />\n\t\t<input type="hidden" name="Itemid" value="{number}" />\n'
        "\t</form>\n</div>\n"
    )


def _header(frame: Frame) -> str:
    site = WORDS[frame.language]["site"]
    action = frame.menu.path if frame.menu else f"/{frame.language}/"
    number = frame.epoch.menus.by_key[frame.language, "search"].number
    return (
        '\t\t\t<!-- Header -->\n\t\t\t<header class="header" role="banner">\n\t\t\t\t<div class="header-inner clearfix">\n'
        f'\t\t\t\t\t<a class="brand pull-left" href="/">\n\t\t\t\t\t\t<span class="site-title" title="{site}">{site}</span>\t\t\t\t\t</a>\n'
        f'\t\t\t\t\t<div class="header-search pull-right">\n{search_form(frame.language, action, number)}\t\t\t\t\t</div>\n\t\t\t\t</div>\n\t\t\t</header>\n'
    )


def _navigation(frame: Frame) -> str:
    menus = [menu for menu in frame.epoch.menus.rows[frame.language] if not menu.alias]
    items = "".join(_menu_item(menu, menus, frame.menu) for menu in menus if not menu.parent)
    items += f'<li class="item-{menus[-1].number + 1}"><a href="{PARTNER[0]}" >{PARTNER[1]}</a></li>'
    return (
        '\t\t\t<nav class="navigation" role="navigation">\n\t\t\t\t<div class="nav-collapse">\n\t\t\t\t\t<ul class="nav menu nav-pills mod-list">\n'
        f"{items}</ul>\n\t\t\t\t</div>\n\t\t\t</nav>\n"
    )


def _menu_item(menu: Menu, menus: Sequence[Menu], current: Menu | None) -> str:
    children = [child for child in menus if child.parent == menu.key]
    classes = [f"item-{menu.number}"]
    if menu.key == "home":
        classes.append("default")
    if menu == current:
        classes.append("current")
    if current is not None and menu.key in (current.key, current.parent):
        classes.append("active")
    inner = ""
    if children:
        classes.append("deeper parent")
        inner = '<ul class="nav-child unstyled small">' + "".join(_menu_item(child, menus, current) for child in children) + "</ul>"
    return f'<li class="{" ".join(classes)}"><a href="{menu.path}" >{text(menu.title)}</a>{inner}</li>'


def _switcher(frame: Frame) -> str:
    rows, active = [], ' class="lang-active"'
    for language in ("fr", "en"):
        flag, name = FLAGS[language]
        own = language == frame.language
        target = f"{ORIGIN}{frame.address}" if own else (dict(frame.twins).get(language) or frame.other or f"/{language}/")
        rows.append(
            f'\t\t\t\t\t<li{active if own else ""}>\n\t\t\t<a href="{target}">\n'
            f'\t\t\t\t<img src="/media/mod_languages/images/{flag}" alt="{name}" title="{name}" />\t\t\t</a>\n\t\t\t</li>\n'
        )
    return f'\t\t\t\t\t<div class="mod-languages">\n\n\t<ul class="lang-inline" dir="ltr">\n{"".join(rows)}\t</ul>\n\n</div>\n'


def _breadcrumbs(frame: Frame) -> str:
    words = WORDS[frame.language]
    steps = [(f"/{frame.language}/", words["home"]), *frame.trail]
    items = "".join(_crumb(path, title, position) for position, (path, title) in enumerate(steps, start=1))
    return (
        '<div aria-label="Breadcrumbs" role="navigation">\n\t<ul itemscope itemtype="https://schema.org/BreadcrumbList" class="breadcrumb">\n'
        f"\t\t\t\t\t<li>\n\t\t\t\t{words['here']}&#160;\n\t\t\t</li>\n{items}\t</ul>\n</div>\n"
    )


def _crumb(path: str, title: str, position: int) -> str:
    name = f'<span itemprop="name">{text(title)}</span>'
    inner = (
        f'<a itemprop="item" href="{path}" class="pathway">{name}</a><span class="divider"><img src="/media/system/images/arrow.png" alt="" /></span>'
    )
    state = "" if path else ' class="active"'
    return (
        f'\t\t\t<li itemprop="itemListElement" itemscope itemtype="https://schema.org/ListItem"{state}>\n'
        f'\t\t\t\t{inner if path else name}\n\t\t\t\t<meta itemprop="position" content="{position}">\n\t\t\t</li>\n'
    )


def well(title: str, inner: str) -> str:
    """A module of the right column."""
    return f'<div class="well "><h3 class="page-header">{title}</h3>{inner}</div>'


def newsletter_box() -> str:
    """The sign-up box, in English on every page."""
    return well(
        "Receive our NewsLetter",
        '\n\n<div class="custom"  >\n\t<p>To receive our newsletter just type your mail address here and select your language</p>'
        '<form action="#" method="post"><input type="email" name="nl_email" /><select name="nl_lang"><option>FR</option><option>EN</option></select>'
        '<input type="submit" value="OK" /></form></div>\n',
    )


def shortcuts(menus: Menus, language: str) -> str:
    """The small menu with the second address of the news."""
    shown = [menus.by_key[language, "all"], menus.by_key[language, "publications"]]
    items = "".join(f'<li class="item-{menu.number}"><a href="{menu.path}" >{text(menu.title)}</a></li>' for menu in shown)
    return well(WORDS[language]["shortcuts"], f'<ul class="nav menu mod-list">\n{items}</ul>\n')


def login_box(language: str, menu: Menu | None) -> str:
    """The login form, with the form token."""
    action = menu.path if menu else f"/{language}/"
    back = base64.b64encode(f"index.php?Itemid={menu.number if menu else 0}".encode()).decode()
    return well(
        "Login",
        f'<form action="{action}" method="post" id="login-form" class="form-inline">\n\t\t<div class="userdata">\n'
        '\t\t\t<input id="modlgn-username" type="text" name="username" class="input-small" tabindex="0" size="18" />\n'
        '\t\t\t<input id="modlgn-passwd" type="password" name="password" class="input-small" tabindex="0" size="18" />\n'
        '\t\t<input type="hidden" name="option" value="com_users" />\n\t\t<input type="hidden" name="task" value="user.login" />\n'
        f'\t\t<input type="hidden" name="return" value="{back}" />\n\t\t<input type="hidden" name="{CSRF}" value="1" />\t</div>\n\t</form>\n',
    )
