"""Captures that are not the page (parked, suspended, broken, empty, somebody else's) and real pages that look like them.

Every text here is invented in the manner of such pages; only the few stock words by which they are known are theirs. The comments say whose manner.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler import registry
from rabat_crawler.extract import badness as badness_module
from rabat_crawler.extract import languages, parse_page, resold, stock_phrases
from rabat_crawler.extract.badness import BAD, REASONS, judge, judge_status
from rabat_crawler.extract.html import fold
from rabat_crawler.models import Capture, Page, Record, Site
from rabat_crawler.urls import url_key
from tests.test_layouts import IDS, RECORDED, read

RABAT = registry.site("rabat-process")
NEW, OLD = "https://www.rabat-process.org/fr/activites/atelier", "http://www.processusderabat.net/web/index.php/en/atelier"


class Seen(NamedTuple):
    """One answer: where and when it was captured, its source, and (of a bad one) the code of what it is."""

    source: str
    code: str = ""
    url: str = NEW
    year: int = 2019
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    site: Site = RABAT


def page_of(seen: Seen) -> Page:
    capture = Capture(
        record_id="urn:seen",
        url=seen.url,
        url_key=url_key(seen.url),
        captured_at=datetime(seen.year, 6, 1, tzinfo=UTC),
        status=seen.status,
        media_type="text/html",
        digest="sha256:0",
        site=seen.site.name,
    )
    headers = (("Content-Type", "text/html; charset=utf-8"), *seen.headers)
    return parse_page(Record(capture=capture, response_headers=headers, body=seen.source.encode("utf-8", "replace")), seen.site)


def html(body: str, *, title: str = "", head: str = "", lang: str = "", classes: str = "") -> str:
    return f"<!DOCTYPE html><html lang='{lang}'><head><title>{title}</title>{head}</head><body class='{classes}'>{body}</body></html>"


def joomla(title: str, text: str, *, lang: str = "fr-fr") -> str:
    """An article that the layout of Joomla 3 reads."""
    return html(
        f"<div class='item-page' itemscope itemtype='https://schema.org/Article'><div class='page-header'><h2 itemprop='headline'>{title}</h2></div>"
        f"<div itemprop='articleBody'><p>{text}</p></div></div>",
        title=title,
        lang=lang,
        classes="site com_content view-article itemid-101",
    )


def wordpress(title: str, text: str, *, lang: str = "fr-FR") -> str:
    """A post that the layout of WordPress reads."""
    return html(
        f"<main><article id='post-7' class='post-7 post type-post hentry'><h1 class='entry-title'>{title}</h1>"
        f"<time class='entry-date published' datetime='2019-05-02T09:00:00+00:00'>2</time><div class='entry-content'><p>{text}</p></div></article></main>",
        title=title,
        lang=lang,
        head="<meta name='generator' content='WordPress 5.2'><link rel='stylesheet' href='/wp-content/themes/x/style.css'>",
        classes="post-template-default single single-post postid-7 wp-custom",
    )


MENU = "<nav>" + "".join(f"<a href='/fr/{name}'>{name}</a> " for name in ("a-propos", "activites", "documents", "contact")) + "</nav>"
PROSE = (
    "Les délégués de dix-sept pays se sont retrouvés à Dakar pour comparer leurs registres de l'état civil. "
    "Ils ont décidé qu'une fiche commune serait essayée dans trois villes avant la fin de l'année. "
)
ENGLISH = (
    "The delegates of seventeen countries met in Dakar to compare the registers that they keep. "
    "They agreed that a common form should be tried in three towns before the end of the year. "
)
SPANISH = (
    "Los delegados de diecisiete países se reunieron en Dakar para comparar sus registros civiles y acordaron probar un formulario común este año. "
)
PORTUGUESE = "Os delegados de dezassete países reuniram-se na Praia para comparar os seus registos civis e decidiram experimentar uma ficha comum. "
ARABIC = "اجتمع مندوبون من سبعة عشر بلدا في داكار لمقارنة سجلات الحالة المدنية واتفقوا على تجربة استمارة موحدة في ثلاث مدن قبل نهاية السنة. "
INDONESIAN = (
    "Kami menyediakan permainan terbaik bagi pemain di seluruh negeri dengan layanan cepat dan aman setiap hari. "
    "Daftar sekarang juga untuk memperoleh hadiah besar serta bonus menarik dari situs kami yang terpercaya. "
)
JAPANESE = "このサイトでは人気のカジノとスロットの遊び方をわかりやすく紹介しています。初心者の方でも安心して楽しめる情報を毎日更新しています。"
CASINO = (
    "The best online casino offers of the month: free roulette, blackjack and slots for every player, and a jackpot that grows by the hour. "
    "Our poker room opens at noon, and the sportsbook pays at once. "
)
SCRIPT = "<script src='{}'></script>".format

BAD_SEEN = {
    # what archives keep of a server's refusals
    "archived 429": Seen(html("<h1>Too Many Requests</h1>"), "archived_error", status=429),
    "archived 500": Seen("", "archived_error", status=500),
    "archived 503 with a long body": Seen(joomla("Atelier", PROSE * 5), "archived_error", status=503),
    "archived 403": Seen(html("<h1>Forbidden</h1>"), "archived_error", status=403),
    "429 in words": Seen(html("<h1>Too Many Requests</h1><p>Slow down, please.</p>", title="429 Too Many Requests"), "soft_error"),
    # bodies without a page
    "nothing at all": Seen("", "empty_body"),
    "a frame of HTML": Seen(html(""), "empty_body"),
    "white space": Seen(" \n\t \n", "empty_body"),
    "only comments": Seen(html("<!-- cache miss 12 -->"), "empty_body"),
    "an application's shell": Seen(html("<div id='root'></div><script src='/static/app.js'></script>", title="App"), "empty_body"),
    "two letters": Seen("OK", "empty_body"),
    # checks for robots and logins, as walls.py knows them
    "Cloudflare's check": Seen(html("<script>window._cf_chl_opt={}</script>", title="Just a moment..."), "challenge"),
    "a check by header": Seen(html("<p>x</p>"), "challenge", headers=(("cf-mitigated", "challenge"),)),
    "Sucuri": Seen(html("<script>var sucuri_cloudproxy_js='';</script>", title="You are being redirected..."), "challenge"),
    "Incapsula": Seen(html("<iframe src='/_Incapsula_Resource?x=1'>Request unsuccessful. Incapsula incident ID: 1</iframe>"), "challenge"),
    "a login": Seen(html("<form><input name=u><input type=password name=p></form>", title="Connexion"), "login"),
    "Joomla's login": Seen(html(PROSE + "<input type='password'>", classes="site com_users view-login"), "login"),
    # failing servers and databases that answer 200
    "MySQL away, as Joomla says it": Seen(html("<p>Database Error: Unable to connect to the database:Could not connect to MySQL</p>"), "soft_error"),
    "Joomla's error about its error page": Seen("<p>Error displaying the error page: Layout default not found</p>", "soft_error"),
    "WordPress without its database": Seen(
        html("<h1>Error establishing a database connection</h1>", title="Database Error", classes="wp-die-message"), "soft_error"
    ),
    "the same in French": Seen(html("<h1>Erreur lors de la connexion à la base de données</h1>", title="Erreur"), "soft_error"),
    "PHP's fatal error": Seen(
        "<br />\n<b>Fatal error</b>:  Uncaught Error: Call to undefined function jimport() in /srv/x.php:3 thrown in <b>/srv/x.php</b> on line <b>3</b>",
        "soft_error",
    ),
    "PHP's parse error": Seen("<b>Parse error</b>: syntax error, unexpected T_STRING in /srv/index.php on line 12", "soft_error"),
    "memory of PHP": Seen("<b>Fatal error</b>: Allowed memory size of 33554432 bytes exhausted in /srv/cache.php on line 88", "soft_error"),
    "SQLSTATE": Seen("<pre>SQLSTATE[HY000] [2002] Connection refused</pre>", "soft_error"),
    "WordPress's critical error": Seen(html("<p>There has been a critical error on this website.</p>", title="WordPress › Error"), "soft_error"),
    "Drupal's unexpected error": Seen("Le site web a rencontré une erreur inattendue. Veuillez essayer de nouveau plus tard.", "soft_error"),
    "Varnish": Seen(html("<h1>Error 503 Backend fetch failed</h1><p>Guru Meditation:</p><p>XID: 1201</p>", title="503"), "soft_error"),
    "nginx's bad gateway": Seen(html("<center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center>", title="502 Bad Gateway"), "soft_error"),
    "ASP.NET": Seen(html("<h1>Server Error in '/' Application.</h1><p>Runtime Error</p>", title="Runtime Error"), "soft_error"),
    "Apache's refusal": Seen(
        html("<h1>Forbidden</h1><p>You don't have permission to access this resource.</p>", title="403 Forbidden"), "soft_error"
    ),
    "a bare 404 of nginx": Seen(html("<h1>404 Not Found</h1><hr>nginx", title="404 Not Found"), "not_found"),
    "a bare 404 of Apache": Seen(
        html("<h1>Not Found</h1><p>The requested URL /fr/x was not found on this server.</p>", title="404 Not Found"), "not_found"
    ),
    "a bare 404 in French": Seen(html("<h1>Erreur 404</h1><p>La page demandée n'existe pas.</p>", title="Page introuvable"), "not_found"),
    # maintenance
    "Joomla is closed": Seen(
        html("<p>This site is down for maintenance.<br>Please check back again soon.</p><form><input type='password' name='password'></form>"),
        "maintenance",
    ),
    "Joomla is closed, in French": Seen(
        html("<h1>Processus de Rabat</h1><p>Ce site est en maintenance. Merci de revenir plus tard.</p>", title="Processus de Rabat"), "maintenance"
    ),
    "WordPress updates itself": Seen("Briefly unavailable for scheduled maintenance. Check back in a minute.", "maintenance"),
    "a notice as an article": Seen(joomla("Site en maintenance", "Le site est en maintenance, revenez plus tard."), "maintenance"),
    "under construction": Seen(html("<h1>Site en construction</h1><p>Bientôt en ligne.</p>", title="Site en construction"), "under_construction"),
    "coming soon": Seen(html("<h1>Our website is under construction</h1><p>Coming soon.</p>", title="Coming soon"), "under_construction"),
    # default pages
    "It works": Seen("<html><body><h1>It works!</h1></body></html>", "default_page"),
    "nginx's welcome": Seen(
        html("<h1>Welcome to nginx!</h1><p>The server runs, but holds no site yet.</p>", title="Welcome to nginx!"), "default_page"
    ),
    "Ubuntu's Apache": Seen(
        html("<p>Apache2 Ubuntu Default Page</p><p>It works! Replace this file before you go on.</p>", title="Apache2 Ubuntu Default Page: It works"),
        "default_page",
    ),
    "a folder": Seen(
        html("<h1>Index of /web</h1><a href='/'>Parent Directory</a> <a href='images/'>images/</a> 2014-05-02", title="Index of /web"), "default_page"
    ),
    "IIS": Seen(
        html("<a href='https://vendor.example/'><img src='iis.png'></a><p>IIS Windows Server</p>", title="IIS Windows Server"), "default_page"
    ),
    "a hoster's first page": Seen(
        html("<h1>Félicitations, votre hébergement web est actif</h1><p>Déposez vos fichiers. OVHcloud</p>", title="OVHcloud"), "default_page"
    ),
    "a fresh WordPress": Seen(
        wordpress("Bonjour tout le monde !", "Bienvenue sur WordPress. Ceci est votre premier article. Modifiez-le."), "default_page"
    ),
    # suspended accounts
    "cPanel's note": Seen(
        html("<h1>Account Suspended</h1><p>This account has been suspended. Contact your hosting provider.</p>", title="Account Suspended"),
        "suspended",
    ),
    "a note in French": Seen(html("<p>Ce compte a été suspendu. Contactez votre hébergeur.</p>", title="Site suspendu"), "suspended"),
    "too much traffic": Seen(html("<h1>Bandwidth Limit Exceeded</h1><p>Try again later.</p>", title="509 Bandwidth Limit Exceeded"), "suspended"),
    # parked domains
    "Sedo": Seen(
        html("<h1>processusderabat.net</h1><p>Related searches</p>" + SCRIPT("//img.sedoparking.com/js/x.js"), title="processusderabat.net"),
        "parked_domain",
        OLD,
    ),
    "ParkingCrew": Seen(
        html(SCRIPT("http://www.google.com/adsense/domains/caf.js") + "<div id='tc'></div><p>Links</p>", title="rabat-process.org"), "parked_domain"
    ),
    "Bodis": Seen(html("<div id='target'></div><script>window.park = 'eyJ1dWlkIjoi'</script><script src='/x.js'></script>"), "parked_domain"),
    "ParkLogic": Seen(html("<p>Loading</p>" + SCRIPT("https://d.parklogic.com/page/enhance.js")), "parked_domain"),
    "Above": Seen(html("<p>Sponsored listings</p><iframe src='http://www.above.com/parked?x'></iframe>", title="rabat-process.org"), "parked_domain"),
    "HugeDomains": Seen(
        html(
            "<h1>rabat-process.org is for sale</h1>" + ENGLISH * 12 + "<img src='https://static.hugedomains.com/logo.png'>",
            title="Rabat-Process.org is for sale | HugeDomains",
        ),
        "parked_domain",
    ),
    "Dan": Seen(html("<h1>The domain name is for sale</h1><a href='https://dan.com/buy/x'>Make an offer</a>", title="x"), "parked_domain"),
    "Afternic": Seen(html("<p>This domain is for sale. Get this domain today.</p><a href='https://www.afternic.com/x'>Price</a>"), "parked_domain"),
    "GoDaddy": Seen(html("<p>This web page is parked free, courtesy of your registrar.</p>", title="Parked"), "parked_domain"),
    "Namecheap": Seen(
        html("<p>This domain was recently registered. Come back later.</p><img src='//parkingpage.namecheap.com/a.png'>"), "parked_domain"
    ),
    "Gandi": Seen(html("<h1>Ce nom de domaine a été réservé</h1><p>Vérifier le whois chez Gandi.</p>", title="Domaine réservé"), "parked_domain"),
    "Ionos": Seen(html("<h1>Ce nom de domaine a été enregistré</h1><p>Son site web sera bientôt disponible.</p>"), "parked_domain"),
    "for sale, in French": Seen(html("<h1>Ce domaine est à vendre</h1><p>Achetez ce domaine.</p>", title="x.org est à vendre"), "parked_domain"),
    "expired, in French": Seen(html("<p>Le nom de domaine a expiré. Renouveler votre domaine.</p>", title="Nom de domaine expiré"), "parked_domain"),
    # pages that only lead away
    "a frame around another site": Seen(html("<frameset rows='*'><frame src='http://elsewhere.example/'></frameset>", title="x"), "sent_away", OLD),
    "a refresh to another site": Seen(html("", head="<meta http-equiv='refresh' content='0; url=https://elsewhere.example/x'>"), "sent_away"),
    "a script to another site": Seen(html("<script>window.location = 'http://elsewhere.example/lander'</script>"), "sent_away"),
    # somebody else's site
    "a casino in WordPress": Seen(wordpress("Online casino bonus and poker", CASINO, lang="en-GB"), "resold_domain"),
    "a casino in Joomla": Seen(joomla("Best casino roulette", CASINO, lang="en-gb"), "resold_domain"),
    "a casino in unknown markup": Seen(html(f"<h1>Casino and poker</h1><p>{CASINO}</p>", title="Casino and poker", lang="en"), "resold_domain"),
    "medicines": Seen(
        wordpress("Buy cialis and viagra", "Order viagra, cialis, levitra and kamagra without a doctor. " + ENGLISH, lang="en-US"), "resold_domain"
    ),
    "a blog in Indonesian": Seen(wordpress("Situs judi terbaik", INDONESIAN * 3 + "slot gacor togel", lang="id"), "resold_domain"),
    "a blog in Japanese": Seen(wordpress("人気サイトの紹介", JAPANESE * 3, lang="ja"), "resold_domain"),
    "another owner's French blog on the old host": Seen(
        wordpress("Cinq idées pour votre jardin", "Les rosiers sont à tailler avant les gelées, et les bulbes sont à planter avec soin. " * 6),
        "resold_domain",
        OLD,
    ),
    # further ones, with which the first judge was tried
    "cPanel default": Seen(
        html(
            "<h1>SORRY!</h1><p>If you are the owner of this website, please contact your hosting provider.</p><p>It is possible you have reached this page because the IP address has changed.</p><a href='/cgi-sys/defaultwebpage.cgi'>x</a>",
            title="Default Web Site Page",
        ),
        "default_page",
    ),
    "plesk": Seen(
        html(
            "<p>Web Server's Default Page</p><p>This page is generated by Plesk. You see this page because there is no Web site at this address.</p>",
            title="Domain Default page",
        ),
        "default_page",
    ),
    "tomcat": Seen(
        html("<h1>HTTP Status 404 – Not Found</h1><p>Type Status Report</p><p>Apache Tomcat/9.0</p>", title="HTTP Status 404"), "not_found"
    ),
    "mysql": Seen("Could not connect to the database. Please contact the administrator.", "soft_error"),
    "drupal db": Seen(html("<p>The website encountered an unexpected error. Please try again later.</p>", title="Error"), "soft_error"),
    "dynadot": Seen(
        html(
            "<h1>rabat-process.org</h1><p>This domain is parked free of charge with a registrar.</p><p>Domain for sale</p>", title="rabat-process.org"
        ),
        "parked_domain",
    ),
    "uniregistry": Seen(html("<h1>rabat-process.org may be for sale</h1><p>Click here to inquire about this domain.</p>"), "parked_domain"),
    "efty": Seen(
        html("<p>The domain rabat-process.org is for sale. Make an offer.</p><form><input type=text></form>", title="rabat-process.org"),
        "parked_domain",
    ),
    "sedo text": Seen(
        html(
            "<p>processusderabat.net</p><p>The domain is for sale</p><p>The owner of this domain has not yet uploaded his website.</p><p>Related searches</p><a href='/search?q=hotel'>Hotel</a><a href='/search?q=vols'>Vols</a>",
            title="processusderabat.net&nbsp;-&nbsp;This website is for sale!",
        ),
        "parked_domain",
        url=OLD,
    ),
    "gandi parking": Seen(
        html(
            "<p>Ce nom de domaine est enregistré chez nous</p><p>Voir le whois</p><a href='https://www.gandi.net'>Gandi</a>",
            title="rabat-process.org",
        ),
        "parked_domain",
    ),
    "1und1": Seen(html("<p>This domain name has just been registered.</p>", title="rabat-process.org"), "parked_domain"),
    "wix not connected": Seen(
        html("<h1>Looks like this domain isn't connected to a website yet</h1>", title="Domain not connected"), "parked_domain"
    ),
    "squarespace expired": Seen(
        html("<h1>Website Expired</h1><p>This account has expired. If you are the site owner, click below to login.</p>", title="Website expired"),
        "suspended",
    ),
    "account 000webhost": Seen(
        html("<h1>Website is no longer available</h1><p>This website has been archived or suspended.</p>", title="Suspended"), "suspended"
    ),
    "cf 521": Seen(
        html(
            "<h1>Web server is down</h1><p>Error code 521</p><p>Visit cloudflare.com for more</p>",
            title="rabat-process.org | 521: Web server is down",
        ),
        "soft_error",
    ),
    "aws xml": Seen("<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message></Error>", "soft_error"),
    "github": Seen(
        html(
            "<h1>404</h1><p>File not found</p><p>The site configured at this address does not contain the requested file.</p>", title="Site not found"
        ),
        "not_found",
    ),
    "iis 404": Seen(
        html(
            "<h1>Server Error</h1><h2>404 - File or directory not found.</h2><p>The resource might have been removed.</p>",
            title="404 - File or directory not found.",
        ),
        "not_found",
    ),
    "php warning only": Seen("<b>Warning</b>: mysql_connect(): Access denied for user 'x'@'localhost' in /srv/x.php on line 12", "soft_error"),
    "stacktrace": Seen("<h1>Exception</h1><pre>Traceback (most recent call last): File app.py line 3 OperationalError</pre>", "soft_error"),
    "joomla 3 offline": Seen(
        html(
            "<div id='frame' class='outline'><h1>Dialogue</h1><p>Ce site est fermé pour cause de maintenance.<br />Merci de revenir ultérieurement.</p><form><input name=username><input type=password name=password></form></div>",
            title="Dialogue",
        ),
        "maintenance",
    ),
    "maint en": Seen(
        html(
            "<h1>We'll be back soon!</h1><p>Sorry for the inconvenience, we're performing some maintenance at the moment.</p>",
            title="Site Maintenance",
        ),
        "maintenance",
    ),
    "construction": Seen(html("<h1>Under Construction</h1>", title="Under Construction"), "under_construction"),
    "construction site name": Seen(
        html("<h1>Rabat Process</h1><p>Our new website is coming soon. Stay tuned!</p>", title="Rabat Process - coming soon"), "under_construction"
    ),
    "apache index old": Seen(
        html(
            "<h1>Index of /images</h1><pre>Name Last modified Size Description <a href='/'>Parent Directory</a> <a href='a.jpg'>a.jpg</a></pre>",
            title="Index of /images",
        ),
        "default_page",
    ),
    "chinese gambling": Seen(
        html(
            "<h1>澳门娱乐城</h1><p>" + "欢迎来到我们的平台，这里提供最新的彩票和百家乐游戏，注册即送优惠，安全可靠，服务全年无休。" * 4 + "</p>",
            title="澳门娱乐城",
            lang="zh-CN",
        ),
        "resold_domain",
    ),
    "turkish betting": Seen(
        wordpress(
            "Bahis siteleri",
            "Güvenilir bahis siteleri ve casino oyunları hakkında güncel bilgiler burada bulunur. Jackpot ve poker masaları her gün açıktır, rulet oyunları da vardır. "
            * 2,
            lang="tr",
        ),
        "resold_domain",
    ),
    "vietnamese": Seen(
        wordpress(
            "Nhà cái uy tín",
            "Nhà cái uy tín hàng đầu với nhiều trò chơi hấp dẫn và cá cược thể thao cho người chơi trên toàn quốc mỗi ngày. " * 3,
            lang="vi",
        ),
        "resold_domain",
    ),
    "thai": Seen(wordpress("สล็อตเว็บตรง", "เล่นสล็อตและบาคาร่าออนไลน์ได้ทุกวันกับเว็บไซต์ของเราที่มีความปลอดภัยและจ่ายเงินจริง " * 3, lang="th"), "resold_domain"),
    "old host english blog": Seen(
        wordpress(
            "Ten kitchen ideas",
            "A kitchen should be bright and it should have room for a table and some chairs. You can paint the walls in a warm tone. " * 5,
            lang="en",
        ),
        "resold_domain",
        url=OLD,
        year=2019,
    ),
    "js redirect": Seen("<html><head><script>location.href='https://cheap.example/lp?d=1';</script></head><body></body></html>", "sent_away"),
    "blank title only": Seen(html("", title="Rabat Process"), "empty_body"),
    "nbsp": Seen(html("&nbsp;"), "empty_body"),
    "access denied": Seen(
        html(
            "<h1>Access Denied</h1><p>You don't have permission to access this page on this server.</p><p>Reference #18.2</p>", title="Access Denied"
        ),
        "soft_error",
    ),
    "ddos": Seen(html("<p>Please wait while we verify your browser</p>", title="One moment, please..."), "challenge"),
    "expired generic": Seen(
        html("<p>This domain name expired on 3 May and is pending renewal or deletion.</p>", title="rabat-process.org"), "parked_domain"
    ),
    # an archive's own words
    "not archived": Seen(html("<p>The Wayback Machine has not archived that URL.</p>"), "archived_error"),
}


@pytest.mark.parametrize("seen", BAD_SEEN.values(), ids=list(BAD_SEEN))
def test_what_is_not_the_page_is_known_kept_and_gives_nothing(seen: Seen) -> None:
    page = page_of(seen)
    assert page.badness >= BAD, page.problems
    assert page.problems[0].code == seen.code and len(page.problems[0].message) > 10
    assert (page.role, page.drafts, page.links) == ("wall" if seen.code in ("challenge", "login") else "bad", (), ())
    assert seen.code in {*REASONS, "challenge", "login"}


GOOD_SEEN = {
    # articles about what bad pages are
    "about domain sales": Seen(
        html(
            f"<h1>Nom de domaine à vendre</h1><p>{PROSE * 4} « Ce domaine est à vendre », lit-on à la place du site.</p>",
            title="Nom de domaine à vendre",
        )
    ),
    "about domain sales, in Joomla": Seen(joomla("Ce nom de domaine est à vendre : enquête", PROSE * 3)),
    "a short notice about a domain, with the site's menu": Seen(
        html(f"{MENU}<h1>Notre ancien nom</h1><p>L'ancien nom de domaine a expiré. {PROSE}</p>", title="Notre ancien nom")
    ),
    "error 404 in figures": Seen(
        html(f"<h1>Erreur 404 : la migration en chiffres</h1><p>{PROSE * 2}</p>", title="Erreur 404 : la migration en chiffres")
    ),
    "error 404 in figures, in Joomla": Seen(joomla("Erreur 404 : la migration en chiffres", "Des registres sans nom. " + PROSE)),
    "about a fatal error": Seen(
        html(f"<h1>A fatal error</h1><p>{ENGLISH * 3} A fatal error at sea, on line 4 of the report.</p>", title="A fatal error")
    ),
    "about robots": Seen(html(f"<h1>Robots</h1><p>{ENGLISH * 5} Checking your browser before accessing, it says.</p>", title="Robots")),
    "about a closed account": Seen(html(f"<h1>Aid</h1><p>{ENGLISH * 3} His account has been suspended.</p>", title="Aid")),
    "about suspended visas": Seen(joomla("Visas: the account is suspended", ENGLISH * 2, lang="en-gb")),
    "about maintenance": Seen(
        html(f"<h1>La maintenance des puits</h1><p>{PROSE * 3} La maintenance est locale.</p>", title="La maintenance des puits")
    ),
    "about a centre that is being built": Seen(
        html(f"<h1>Un centre à Niamey</h1><p>{PROSE * 2} Le centre est en construction.</p>", title="Un centre à Niamey")
    ),
    "a paragraph under construction": Seen(html(f"<h1>Library</h1><p>{ENGLISH * 2}</p><p>This section is under construction.</p>", title="Library")),
    "an index of articles": Seen(html(f"<h1>Index of participants</h1><p>{ENGLISH * 5}</p>", title="Index of participants")),
    "it works, says the minister": Seen(joomla("It works!", ENGLISH * 3, lang="en-gb")),
    "it works, in unknown markup": Seen(html(f"<h1>Return: it works</h1><p>{ENGLISH * 5}</p>", title="Return: it works")),
    "a bad gateway": Seen(html(f"<h1>A gateway to Europe</h1><p>{ENGLISH * 3} It was a bad gateway.</p>", title="A gateway to Europe")),
    "service unavailable at the border": Seen(
        html(f"<h1>Consulat</h1><p>{PROSE * 4} Le service est indisponible : service indisponible, dit l'affiche.</p>", title="Consulat")
    ),
    # the site's own pages that say little
    "a contact page of two lines": Seen(
        html("<h1>Contact</h1><p>Secrétariat, 12 rue des Acacias, Bruxelles</p><p>+32 2 555 01 01</p>", title="Contact")
    ),
    "two lines in Joomla": Seen(joomla("Secrétariat", "12 rue des Acacias, Bruxelles")),
    "one line in Joomla": Seen(joomla("Décès", "Le secrétariat est en deuil.")),
    "a title alone in Joomla": Seen(joomla("Carte des pays", "")),
    "an empty list": Seen(html("<main><h1>Actualités</h1></main>", title="Actualités", classes="site com_content view-category layout-blog")),
    "one picture": Seen(html("<img src='/images/carte.png' alt=''>", title="Carte")),
    "one link": Seen(html("<a href='/fr/'>FR</a>", title="")),
    "a choice of languages": Seen(html("<a href='/fr/'>Français</a> <a href='/en/'>English</a>", title="Rabat Process")),
    "a thank-you": Seen(html("<p>Merci, votre inscription est enregistrée.</p>", title="Merci")),
    "a form with a captcha": Seen(
        html(f"{MENU}<h1>Contact</h1><p>{PROSE}</p><form><div class='g-recaptcha'></div><button>Envoyer</button></form>", title="Contact")
    ),
    "a search without results": Seen(html(f"{MENU}<h1>Recherche</h1><p>Aucun résultat.</p>", title="Recherche")),
    "the site's own page that is not there": Seen(
        html(f"{MENU}<h1>Page introuvable</h1><p>La page a été déplacée. Cherchez dans le plan du site.</p>", title="Page introuvable")
    ),
    "an error page that names the site": Seen(
        html("<h1>Page not found</h1><p>The page that you asked for is elsewhere.</p>", title="Page not found - Rabat Process")
    ),
    "the site's own failure beside its menu": Seen(html(f"{MENU}<p>Une erreur est survenue.</p>", title="Formulaire")),
    "a warning above the page": Seen(
        html(f"<b>Warning</b>: date() in /srv/x.php on line 3 {MENU}<h1>Réunion</h1><p>{PROSE * 3}</p>", title="Réunion")
    ),
    "a warning above a short page": Seen(
        html(f"<b>Notice</b>: Undefined index in /srv/x.php on line 3 <h1>Réunion</h1><p>{PROSE}</p>", title="Réunion")
    ),
    "a login box beside the page": Seen(
        html(f"<h1>Réunion</h1><p>{PROSE * 4}</p><form><input name=u><input type=password name=p></form>", title="Réunion")
    ),
    "a sentence in a frame of an old site": Seen(
        html("<frameset><frame src='/web/menu.html'><frame src='/web/main.html'></frameset>", title="x"), url=OLD, year=2014
    ),
    "a refresh within the site": Seen(html("", head="<meta http-equiv='refresh' content='0; url=/fr/accueil'>", title="Rabat")),
    "a refresh to the new host": Seen(
        html("<p>Le site a déménagé.</p>", head="<meta http-equiv='refresh' content='5; url=https://www.rabat-process.org/fr/'>"), url=OLD, year=2015
    ),
    "a video of a partner": Seen(
        html(
            "<h1>Témoignage d'une sage-femme</h1><p>Vidéo tournée à Praia en mai.</p><iframe src='https://video.example/e/1'></iframe>", title="Vidéo"
        )
    ),
    "a counter of a script": Seen(html(f"<h1>Réunion</h1><p>{PROSE}</p><script>if (top != self) location = self.location</script>", title="Réunion")),
    # words of the trades in their own sense
    "a supermarket of that name": Seen(joomla("Le groupe Casino recrute", PROSE * 2 + "Le groupe Casino embauche.")),
    "a town that sounds like one": Seen(html(f"<h1>Casino, une ville</h1><p>{PROSE * 2} Le maire de Casino salue.</p>", title="Casino, une ville")),
    "Le Havre": Seen(joomla("Le Havre accueille la conférence", PROSE + "Le Havre est un port.")),
    "scam centres": Seen(
        joomla("Victims of online gambling centres", ENGLISH * 2 + "The casino hid a camp, and gambling was its trade.", lang="en-gb")
    ),
    "loans for those who return": Seen(
        joomla("Des prêts pour le retour", PROSE + "Un crédit, un prêt et une banque : les microcrédits des migrants.")
    ),
    "trade in medicines": Seen(joomla("Illicit medicines", ENGLISH * 2 + "Police seized tramadol and viagra in the port.", lang="en-gb")),
    "time slots": Seen(html(f"<h1>Agenda</h1><p>{ENGLISH * 2} Speaking slots are short; roulette is not played.</p>", title="Agenda")),
    # languages of partners, and hosts whose time is over
    "Arabic": Seen(joomla("ندوة داكار", ARABIC * 3, lang="ar-aa")),
    "Spanish": Seen(joomla("Reunión de Dakar", SPANISH * 3, lang="es-es")),
    "Portuguese": Seen(html(f"<h1>Reunião da Praia</h1><p>{PORTUGUESE * 3}</p>", title="Reunião da Praia", lang="pt")),
    "two languages": Seen(joomla("Dakar", PROSE * 3 + ENGLISH * 3)),
    "names only": Seen(
        joomla("Participants", "Ouagadougou, Bamako, Niamey, Nouakchott, Praia, Luxor, Abidjan, Cotonou, Accra, Malabo, Libreville, Kinshasa")
    ),
    "English on a site in French and English": Seen(wordpress("Dakar", ENGLISH * 3, lang="en-US")),
    "the old host in its time": Seen(joomla("Atelier de Dakar", PROSE * 2), url=OLD, year=2014),
    "the old host a year later": Seen(joomla("Atelier de Dakar", PROSE * 2), url=OLD, year=2016),
    "the old texts, put back on the old host": Seen(
        html(
            f"<a href='/web/'>Dialogue Migration et Développement</a><h1>Atelier de Dakar</h1><p>{PROSE * 3}</p>", title="Atelier de Dakar", lang="fr"
        ),
        url=OLD,
        year=2023,
    ),
    "a page of the Prague Process in Russian": Seen(
        joomla(
            "Встреча в Праге", "Представители семнадцати стран встретились в Праге, чтобы сравнить свои реестры населения и обменяться опытом. " * 3
        ),
        url="https://www.pragueprocess.eu/ru/news/1-vstrecha",
        site=registry.site("prague-process"),
    ),
    "hidden links of a robbed site": Seen(
        joomla("Atelier de Dakar", PROSE * 4 + "<a href='http://x.example/'>casino</a> <a href='http://y.example/'>viagra</a>")
    ),
    # further ones, with which the first judge was tried
    "short news, joomla": Seen(joomla("Report de la réunion", "La réunion de Rome est reportée au 12 mai. Merci de votre patience.")),
    "short en": Seen(joomla("Meeting cancelled", "The meeting in Rome is suspended until further notice.", lang="en-gb")),
    "photo gallery": Seen(html(MENU + "<h1>Galerie</h1>" + "<img src=a.jpg>" * 9, title="Galerie")),
    "pdf page": Seen(html("<h1>Déclaration de Malabo</h1><a href='/images/d.pdf'>Télécharger</a>", title="Déclaration de Malabo")),
    "newsletter form": Seen(html("<p>To receive our newsletter, type your address.</p><form><input name=e></form>", title="Newsletter")),
    "external register": Seen(
        html("<h1>Inscription</h1><p>Les inscriptions se font ici.</p><a href='https://forms.example/x'>Formulaire</a>", title="Inscription")
    ),
    "moved": Seen(
        html(
            "<p>Our website has moved to <a href='https://www.rabat-process.org/en/'>www.rabat-process.org</a>. Please update your bookmarks.</p>",
            title="Moved",
        ),
        url=OLD,
        year=2016,
    ),
    "sale of houses": Seen(
        html(f"<h1>Maisons à vendre</h1><p>{PROSE} Les maisons des émigrés sont à vendre ; chacune est à vendre.</p>", title="Maisons à vendre")
    ),
    "project coming soon": Seen(html(MENU + "<h1>Atlas</h1><p>Coming soon.</p>", title="Atlas")),
    "coming soon wo menu": Seen(
        html(
            "<h1>Documents of the conference</h1><p>The documents of the conference in Accra are coming soon.</p>",
            title="Documents of the conference",
        )
    ),
    "web hosting policy": Seen(
        html(
            "<h1>Mentions légales</h1><p>Éditeur : secrétariat du dialogue. Hébergeur : OVH, Roubaix. Directeur de la publication : le chef du secrétariat.</p>",
            title="Mentions légales",
        )
    ),
    "legal en": Seen(
        html("<h1>Legal notice</h1><p>Published by the secretariat. Hosting: Gandi, Paris. Domain name registered in 2015.</p>", title="Legal notice")
    ),
    "cookies": Seen(
        html("<h1>Cookies</h1><p>We use cookies; please try again later if an error occurred.</p>" + f"<p>{ENGLISH * 2}</p>", title="Cookies")
    ),
    "table of names": Seen(
        html(
            "<h1>Points focaux</h1><table>" + "".join(f"<tr><td>Pays {i}</td><td>Mme Ndiaye {i}</td></tr>" for i in range(20)) + "</table>",
            title="Points focaux",
        )
    ),
    "german partner": Seen(
        joomla(
            "Treffen in Dakar",
            "Die Vertreter von siebzehn Staaten haben sich in Dakar getroffen und ihre Melderegister verglichen. Ein gemeinsames Formular wird erprobt. "
            * 2,
            lang="de",
        )
    ),
    "italian": Seen(
        joomla(
            "Riunione",
            "I delegati di diciassette paesi si sono riuniti a Dakar per confrontare i loro registri e provare un modulo comune. " * 3,
            lang="it",
        )
    ),
    "turkish news no betting": Seen(
        joomla(
            "Toplantı",
            "On yedi ülkenin temsilcileri Dakar'da bir araya gelerek nüfus kayıtlarını karşılaştırdı ve ortak bir form denemeye karar verdi. " * 3,
            lang="tr",
        )
    ),
    "swahili": Seen(
        joomla(
            "Mkutano",
            "Wajumbe wa nchi kumi na saba walikutana mjini Dakar kulinganisha daftari zao za raia na kukubaliana kujaribu fomu moja katika miji mitatu. "
            * 3,
            lang="sw",
        )
    ),
    "acronyms": Seen(joomla("Sigles", "OIM UE UA CEDEAO CEEAC HCR UNODC ICMPD FIIAPP AECID BMZ GIZ DGEF OFII FRONTEX EUROPOL INTERPOL " * 6)),
    "gambling policy": Seen(
        joomla("Jeux d'argent et traite", "Le rapport décrit des casinos, des paris et des salles de poker où des victimes travaillent. " + PROSE * 2)
    ),
    "sexual exploitation": Seen(
        joomla(
            "Exploitation", "The report on sexual exploitation speaks of escorts, of porn sites and of those who profit. " + ENGLISH * 2, lang="en-gb"
        )
    ),
    "error in title": Seen(html(f"<h1>Server error costs votes</h1><p>{ENGLISH * 2}</p>", title="Server error costs votes")),
    "domain expired news": Seen(
        joomla("Our old domain name has expired", "The old domain name has expired; please use the new one. " + ENGLISH, lang="en-gb")
    ),
    "podcast": Seen(html("<h1>Podcast</h1><iframe src='https://audio.example/e'></iframe><p>Épisode 3 : partir, revenir.</p>", title="Podcast")),
    "login box in header short": Seen(
        html(MENU + "<form><input type=password></form><h1>Agenda 2016</h1><p>" + PROSE * 2 + "</p>", title="Agenda 2016")
    ),
    "splash": Seen(html("<a href='/web/index.php/fr/'><img src='/logo.png'></a>", title="Rabat"), url="http://www.processusderabat.net/", year=2014),
    "flash": Seen(html("<object data='/intro.swf'></object>", title="Intro"), url=OLD, year=2014),
    "rehosted index-php": Seen(
        html(
            "<a href='/web/index-php/process/'>The Process</a><h1>Workshop</h1><p>Date: 15 and 16 June 2015</p><p>Pillars: migration and development</p><p>Euro-African dialogue</p>",
            title="Workshop",
            lang="en",
        ),
        url=OLD,
        year=2022,
    ),
    "maintenance of order": Seen(joomla("Maintien", "Formation à la maintenance des bateaux. " + PROSE)),
    "short maintenance course": Seen(joomla("Formation : maintenance", "Un stage de maintenance des pompes à Thiès.")),
    "event 404": Seen(joomla("Résolution 404", "La résolution 404 du conseil n'existe plus.")),
    # answers that are no pages and say something all the same
    "a page that is gone": Seen("", status=404),
    "a page that is gone for good": Seen(html("<h1>Gone</h1>"), status=410),
    "a redirect": Seen("", status=301, headers=(("Location", "https://www.rabat-process.org/en/"),)),
    "unchanged": Seen("", status=304),
}


@pytest.mark.parametrize("seen", GOOD_SEEN.values(), ids=list(GOOD_SEEN))
def test_a_real_page_passes_however_it_looks(seen: Seen) -> None:
    page = page_of(seen)
    assert page.badness < BAD and page.role not in ("bad", "wall"), (page.badness, page.problems)


def test_there_are_enough_of_both() -> None:
    assert len(BAD_SEEN) >= 45 and len(GOOD_SEEN) >= 45
    assert {seen.code for seen in BAD_SEEN.values()} == {*REASONS, "challenge", "login"}


@pytest.mark.parametrize("path", RECORDED, ids=IDS)
def test_every_recorded_page_is_a_page(path: Path) -> None:
    assert read(path).badness < BAD


def test_evidence_adds_up_and_the_strongest_is_said_first() -> None:
    sold = page_of(Seen(html("<h1>Ce domaine est à vendre</h1>" + SCRIPT("//img.sedoparking.com/x.js"), title="À vendre")))
    said = page_of(Seen(html("<h1>Ce domaine est à vendre</h1>", title="Rabat")))
    assert 1.0 >= sold.badness > said.badness > BAD
    assert sold.problems[0].code == "parked_domain" and "'domaine est a vendre'" in sold.problems[0].message
    assert any("sedoparking" in problem.message for problem in sold.problems)


def test_the_status_alone_tells_errors_from_answers() -> None:
    assert [judge_status(status).score for status in (200, 301, 304, 404, 410)] == [0.0] * 5
    assert all(judge_status(status).is_bad for status in (204, 206, 400, 401, 403, 429, 451, 500, 503, 599))


def test_an_old_host_is_over_for_both_of_its_names() -> None:
    for url in (OLD, OLD.replace("www.", "")):
        blog = BAD_SEEN["another owner's French blog on the old host"]._replace(url=url)
        assert (page_of(blog).badness >= BAD, page_of(blog._replace(year=2015)).badness) == (True, 0.0)


# Any input, in linear time ----------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "<script>",
        "</script>",
        "<p>",
        "domain is for sale ",
        "404 ",
        "<meta http-equiv=refresh content='0;url=//x'>",
        "casino ",
        "\0",
        "é",
        "カジノ",
        "&#x110000;",
        "<iframe src=",
        "location='http://[x'",
        "<a href='//[/'>",
        "window.park=",
    ]  # fmt: skip
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=30).map("".join), st.text(max_size=60), st.booleans(), st.text(max_size=30))
def test_any_source_is_judged_between_nought_and_one(source: str, title: str, known: bool, address: str) -> None:
    judged = judge(
        status=200,
        url=f"http://{address}",
        source=source,
        title=title,
        text=source,
        site=RABAT,
        captured_at=datetime(2020, 1, 1, tzinfo=UTC),
        known=known,
    )
    assert 0.0 <= judged.score <= 1.0 and judged.is_bad == (judged.score >= BAD)
    assert bool(judged.reasons) == (judged.score > 0.0)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([200, 204, 403, 404, 500]))
def test_any_bytes_are_judged(body: bytes, status: int) -> None:
    page = page_of(Seen("", status=status))
    assert 0.0 <= page.badness <= 1.0
    capture = Capture(
        record_id="urn:x", url=NEW, url_key=url_key(NEW), captured_at=datetime(2020, 1, 1, tzinfo=UTC), status=status, media_type="text/html",
        digest="sha256:0", site="rabat-process",
    )  # fmt: skip
    page = parse_page(Record(capture=capture, response_headers=(), body=body), RABAT)
    assert 0.0 <= page.badness <= 1.0 and (page.role in ("bad", "wall")) == (page.badness >= BAD)


HARD = [
    "<meta ", "<meta http-equiv=refresh ", "<iframe ", "<script src=", "<a href=", "location=", "location = '", "location.replace(", "fatal error ",
    "parse error x on line ", "error 404 a ", " ", "<", "é", "カ", "casino ",
]  # fmt: skip


def patterns(module: ModuleType) -> list[re.Pattern[str]]:
    found = [value for value in vars(module).values() if isinstance(value, re.Pattern)]
    return [*found, *(pattern for _, pattern in getattr(module, "SCRIPTS", ()))]


def test_judging_takes_time_in_proportion_to_the_page() -> None:
    ours = [pattern for module in (badness_module, resold, languages) for pattern in patterns(module)]
    assert len(ours) > 12
    began = time.perf_counter()
    for piece in HARD:
        text = piece * (60_000 // len(piece))
        for pattern in ours:
            for _ in pattern.finditer(text):
                pass
        judge(status=200, url=NEW, source=text, title=text, site=RABAT, captured_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert time.perf_counter() - began < 60  # a square alone takes many minutes


def test_the_tables_hold_folded_words_each_in_one_place() -> None:
    for kind in stock_phrases.KINDS:
        assert all(fold(phrase) == phrase for phrase in (*kind.strong, *kind.weak)), kind.code
        assert len({*kind.strong, *kind.weak}) == len(kind.strong) + len(kind.weak), kind.code
    strong = [phrase for kind in stock_phrases.KINDS for phrase in kind.strong]
    assert len(strong) == len(set(strong))
    assert {kind.code for kind in stock_phrases.KINDS} <= set(REASONS)
