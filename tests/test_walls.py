"""Challenges, logins, look-alikes and front pages: told by evidence, never by a widget that ordinary pages have, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from rabat_crawler import registry
from rabat_crawler.demo import SampleSite
from rabat_crawler.extract.walls import ALIKE, is_front_page, is_login_address, similar, visible_text, wall_of
from tests import gold

PAGES = sorted((Path(__file__).parent / "pages").rglob("*.html"))
PROSE = "Les points focaux se sont réunis à Dakar pour préparer la feuille de route du dialogue et pour échanger leurs expériences. "


def page(body: str, *, title: str = "", head: str = "", classes: str = "") -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body class='{classes}'>{body}</body></html>"


JSD = "<script>a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'</script>"
FORM = "<form><input type='text' name='username'><input type='password' name='password'><button>Connexion</button></form>"
FIELDS = '<input name="u"><input name="p" type="password">'

CHALLENGES = [
    pytest.param(403, (("cf-mitigated", "challenge"),), "", id="header of Cloudflare"),
    pytest.param(202, (("X-Amzn-Waf-Action", "challenge"),), "", id="header of AWS"),
    pytest.param(503, (), page("<h1>example.org</h1><script>window._cf_chl_opt={cvId:'3'}</script>", title="Just a moment..."), id="Cloudflare"),
    pytest.param(200, (), page("<noscript>Enable JavaScript and cookies to continue</noscript>", title="Un instant…"), id="Cloudflare in French"),
    pytest.param(403, (), page("<p>Sorry, you have been blocked</p>", title="Attention Required! | Cloudflare"), id="Cloudflare's refusal"),
    pytest.param(200, (), page("<h1>Checking your browser before accessing example.org</h1>"), id="Checking your browser"),
    pytest.param(200, (), page("<div id='c'></div><script src='/.well-known/ddos-guard/check.js'></script>", title="DDoS-Guard"), id="DDoS-Guard"),
    pytest.param(403, (), page("<iframe src='/_Incapsula_Resource?x=1'>Request unsuccessful. Incapsula incident ID: 1</iframe>"), id="Incapsula"),
    pytest.param(307, (), page("<script>var sucuri_cloudproxy_js='';</script>", title="You are being redirected..."), id="Sucuri"),
    pytest.param(403, (), page("<p>Access Denied</p>", title="Sucuri WebSite Firewall - Access Denied"), id="Sucuri's refusal"),
    pytest.param(200, (), page('<p>Loading</p><script id="anubis_challenge"></script>', title="Making sure you're not a bot!"), id="Anubis"),
    pytest.param(200, (), page("<form><div class='h-captcha' data-sitekey='x'></div></form>", title="example.org"), id="hCaptcha"),
    pytest.param(200, (), page("<p>Please verify you are human</p><div class='g-recaptcha'></div>"), id="reCAPTCHA"),
]


@pytest.mark.parametrize(("status", "headers", "source"), CHALLENGES)
def test_a_challenge_is_known(status: int, headers: tuple[tuple[str, str], ...], source: str) -> None:
    assert wall_of(status, headers, "", source) == "challenge"


LOGINS = [
    pytest.param(200, page(PROSE * 20 + FORM, classes="site com_users view-login itemid-101"), id="Joomla"),
    pytest.param(200, page(f"<p>Mot de passe oublié ?</p>{FORM}", classes="login login-action-login", title="Se connecter"), id="WordPress"),
    pytest.param(200, page(FORM), id="nothing but a form"),
    pytest.param(200, page(f"<h1>Espace membres</h1><p>{PROSE * 3}</p>{FIELDS}", title="Identification | Dialogue"), id="said in the title"),
    pytest.param(401, page("<h1>Unauthorized</h1>"), id="status 401"),
    pytest.param(401, "", id="status 401 without a body"),
]


@pytest.mark.parametrize(("status", "source"), LOGINS)
def test_a_login_is_known(status: int, source: str) -> None:
    assert wall_of(status, (), "", source) == "login"


ORDINARY = [
    pytest.param(page(f"<h1>Réunion</h1><p>{PROSE * 12}</p><aside>{FORM}</aside>", title="Réunion"), id="a login module"),
    pytest.param(
        page(f"<h1>Réunion</h1><p>{PROSE * 12}</p><aside>{FORM}</aside>", title="Connexion des réseaux"), id="a login module and an unlucky title"
    ),
    pytest.param(page(f"<p>{PROSE * 10}</p>{JSD}", title="Réunion"), id="Cloudflare watches"),
    pytest.param(page(f"<p>{PROSE * 2}</p>{JSD}", title="Réunion"), id="Cloudflare watches a short page"),
    pytest.param(page(f"<h1>Contact</h1><p>{PROSE * 3}</p><div class='g-recaptcha'></div>", title="Contact"), id="a captcha in a form"),
    pytest.param(page(f"<p>{PROSE * 10} Checking your browser before accessing.</p>"), id="an article about challenges"),
    pytest.param(page("<h1>404</h1>", title="404"), id="an error page"),
    pytest.param("", id="nothing"),
    pytest.param("just text", id="no markup"),
]


@pytest.mark.parametrize("source", ORDINARY)
def test_an_ordinary_page_is_no_wall(source: str) -> None:
    assert wall_of(200, (("Server", "cloudflare"), ("CF-RAY", "1")), "", source) == ""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_recorded_page_is_a_wall(path: Path) -> None:
    assert wall_of(200, (), "", path.read_text(encoding="utf-8", errors="replace")) == ""


def test_no_page_of_the_sample_site_is_a_wall() -> None:
    site = SampleSite()
    for path in ["/", "/fr/", "/en/", *(article.path for article in site.articles)]:
        assert wall_of(200, (), "", site.page(path, origin="http://127.0.0.1").body.decode()) == "", path


@pytest.mark.real
@pytest.mark.skipif(not gold.WARC.exists(), reason=gold.MISSING)
def test_only_the_login_pages_of_the_real_site_are_walls() -> None:
    walls: set[str] = set()
    read = 0
    with open(gold.WARC, "rb") as stream:
        for record in ArchiveIterator(stream):
            head = record.http_headers
            if record.rec_type != "response" or "html" not in (head.get_header("content-type") or ""):
                continue
            read += 1
            url, status = record.rec_headers.get_header("WARC-Target-URI"), int(head.get_statuscode())
            if wall_of(status, head.headers, "", record.content_stream().read().decode("utf-8", "replace")):
                walls.add(url)
    assert read > 900 and {url.rsplit("/", 1)[-1] for url in walls} == {"espace-membres", "members-area"}


LOGIN_ADDRESSES = [
    ("https://x.example/login", True),
    ("https://x.example/fr/connexion", True),
    ("https://x.example/fr/connexion.html", True),
    ("https://x.example/wp-login.php?redirect_to=x", True),
    ("https://x.example/user/login?destination=/node/1", True),
    ("https://x.example/component/users/?view=login", True),
    ("https://x.example/index.php?option=com_users&view=login", True),
    ("https://sso.example.org/", True),
    ("https://x.example/fr/12-connexion-des-reseaux", False),
    ("https://x.example/fr/actualites/login-frontieres", False),
    ("https://x.example/", False),
    ("https://author.example/fr/", False),
    ("http://[broken", False),
    ("", False),
]


@pytest.mark.parametrize(("url", "login"), LOGIN_ADDRESSES)
def test_a_login_address_is_known_by_a_whole_word(url: str, login: bool) -> None:
    assert is_login_address(url) is login


FRONT = [
    ("https://www.rabat-process.org/", True),
    ("https://www.rabat-process.org", True),
    ("https://www.rabat-process.org/fr", True),
    ("https://www.rabat-process.org/en/", True),
    ("https://www.rabat-process.org/index.php/fr/", True),
    ("https://www.rabat-process.org/fr/accueil", True),
    ("https://www.rabat-process.org/?lang=fr", True),
    ("https://www.rabat-process.org/?id=3", False),
    ("https://www.rabat-process.org/de/", False),
    ("https://www.rabat-process.org/fr/actualites", False),
    ("https://elsewhere.test/", False),
    ("file:///", False),
]


@pytest.mark.parametrize(("url", "front"), FRONT)
def test_a_front_page_is_a_root_or_a_start(url: str, front: bool) -> None:
    assert is_front_page(url, registry.site("rabat-process")) is front


def test_an_error_page_is_like_itself_whatever_it_repeats_of_the_address() -> None:
    said = "Erreur 404. La page {} n'existe pas ou n'existe plus, le {} à {}. Retournez à l'accueil ou cherchez dans le plan du site. " + PROSE
    assert similar(said.format("x7f3", "12 mai", "10:20"), said.format("a9", "13 mai", "11:45")) >= ALIKE
    assert similar(said.format("x7f3", "12 mai", "10:20"), "Réunion à Rabat. " + PROSE * 3) < 0.7


@given(st.text(max_size=200), st.text(max_size=200))
def test_likeness_is_a_share_and_the_same_both_ways(one: str, other: str) -> None:
    assert 0.0 <= similar(one, other) == similar(other, one) <= 1.0
    assert similar(one, one) == 1.0


NASTY = ["<", "<script>", "<!--", "<body class='com_users ", "<input type ", "<title>", "<div ", "a ", "\0", "&amp;", "İ<nav>"]


@pytest.mark.parametrize("piece", NASTY)
def test_any_source_is_judged(piece: str) -> None:
    source = piece * (300_000 // len(piece))  # were the work quadratic, this would take minutes
    assert wall_of(200, (), "", source) in ("", "challenge", "login")
    assert isinstance(visible_text(source), str)
