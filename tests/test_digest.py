"""The newsletter: what it tells, in whose language, once and not again; honest where nothing is known; harmless whatever the pages say."""

from __future__ import annotations

import email
import email.policy
import os
import re
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import click
import lxml.html
import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.archive.told import read_told, told_path
from rabat_crawler.changes import CODES as CHANGE_CODES
from rabat_crawler.cli.main import group
from rabat_crawler.digest import CODES, Digest, Envelope, Language, mail, merged, page, plain_text
from rabat_crawler.digest.words import _SAID, NO_BREAK, THIN, typographic
from rabat_crawler.errors import ConfigError, NotFound
from rabat_crawler.exports._digest import SUFFIXES, Asked, Form, gather, rendered, write_digest
from rabat_crawler.models import Run
from tests.building import BASE, article_html, copy_of, environment, program, rabat, sample_archive, small_archive
from tests.letters import DAKAR, GONE, OLD, SECOND, THIRD, Letters, eventful, story

ROOM = "https://archive.example.org/"
HOSTILE = (
    "<script>window.attacked = 1</script> & ]]>",
    '"><img src=x onerror="window.attacked = 2">',
    "Titre\r\nBcc: victim@example.org\r\n\r\n<b>body</b>",
    "a\x1b[2Jb\x07\u202egnp.exe\u2028c",
    "=?utf-8?q?=0D=0AX-Evil:_1?= <evil@example.org>, b@example.org",
    "é" * 3000,
)


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return eventful(tmp_path_factory.mktemp("week") / "archive").folder


@pytest.fixture
def told(week: Path, tmp_path: Path) -> Iterator[Letters]:
    """A copy of the eventful archive that may go on."""
    yield Letters(folder=copy_of(week, tmp_path), nights=3)


def of(folder: Path, language: Language = "fr", **asked: object) -> Digest:
    with Archive.open(folder) as archive:
        return gather(archive, Asked(language=language, **asked)).digest  # type: ignore[arg-type]


def issue(folder: Path, target: Path, language: Language = "fr") -> Digest:
    """One more newsletter that tells what was not told yet, written to a file."""
    with Archive.open(folder) as archive:
        return write_digest(archive, Asked(language=language, since_last=True), {"text": target}).digest


def titles(digest: Digest) -> dict[str, list[str]]:
    return {code: [entry.title for entry in entries] for code, entries in digest.entries.items()}


def flat(text: str) -> str:
    """The text without its line ends; spaces that may not break stay."""
    return re.sub("\n *", " ", text)


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


# What it tells -----------------------------------------------------------------------------------------------------------------


def test_a_week_is_told_in_the_readers_language(week: Path) -> None:
    french, english = of(week, "fr", since="2019-03-05"), of(week, "en", since="2019-03-05")
    assert titles(french) == {
        "new": ["Dakar accueillera un atelier : les apprentis", "Letters from Lisbon"],
        "changed": ["Fifteen grants for young researchers"],
        "gone": ["Cours du soir"],
    }
    assert titles(english)["new"] == ["Letters from Lisbon", "Dakar to host a workshop on apprentices"]
    assert (french.site, english.site) == ("Processus de Rabat", "Rabat Process")
    assert (french.since, french.moment) == ("2019-03-05", "2019-03-06T02:35:00Z")
    text = plain_text(french)
    assert "2 nouveautés · 1 modification · 1 retrait · 1 rencontre à venir" in text
    assert f"Aussi en{NO_BREAK}anglais{NO_BREAK}: Dakar to host a workshop on apprentices" in text
    assert f"* Letters from Lisbon\n  Actualité · 4 mars 2019 · en{NO_BREAK}anglais" in text
    assert "Titre : [-Grants-] {+Fifteen grants+} for young researchers".replace(" :", NO_BREAK + ":") in text
    assert f"{BASE}{DAKAR}" in text


def test_a_meeting_that_comes_up_is_told_with_days_and_place(told: Letters) -> None:
    found = of(told.folder, "fr").coming
    assert [(one.title, one.start, one.end, one.where, one.meeting_type) for one in found] == [
        ("Dakar accueillera un atelier : les apprentis", "2019-03-19", "2019-03-20", "Dakar, Sénégal", "atelier")
    ]
    assert found[0].fresh and not found[0].under_way
    told.nights = 16  # the archive's moment is the second day of the meeting, whatever a clock says
    told.night({})
    assert [(one.under_way, one.fresh) for one in of(told.folder, "en").coming] == [(True, False)]
    told.night({})
    assert of(told.folder, "en").coming == ()
    assert "No meeting that comes up is known." in plain_text(of(told.folder, "en"))


def test_a_meeting_whose_announcement_was_taken_off_the_site_says_so(told: Letters) -> None:
    told.night(dict.fromkeys((DAKAR, "/en/next-events/22-dakar"), GONE))
    assert [one.gone for one in of(told.folder, "fr").coming] == [True]
    assert "n’est plus sur le site" in plain_text(of(told.folder, "fr")).partition("À venir")[2]


def test_what_came_back_and_what_was_put_back(told: Letters) -> None:
    told.night({"/fr/actualites/17-cours": OLD["/fr/actualites/17-cours"], "/en/news/12-grants": OLD["/en/news/12-grants"]})
    back = of(told.folder, "en", since="2019-03-05")
    assert titles(back)["returned"] == ["Cours du soir"] and "gone" not in back.entries
    (grants,) = back.entries["changed"]
    assert grants.put_back and "reads now as it did before" in plain_text(back)


def test_an_older_item_gets_its_translation(told: Letters) -> None:
    told.night(
        {
            "/fr/actualites/26-bateaux": story(
                "Des bateaux en bois", "Un chantier naval construit à nouveau des bateaux en bois.", date="2019-03-06", twin="/en/news/16-boats"
            )
        }
    )
    found = of(told.folder, "en", since="2019-03-07")
    (boats,) = found.entries["new"]
    assert (boats.title, boats.twin and boats.twin.title, boats.twin and boats.twin.fresh) == ("Des bateaux en bois", "Wooden boats again", False)
    assert "Translates: Wooden boats again" in plain_text(found)


def test_the_last_seven_days_before_the_archives_moment_unless_asked(told: Letters) -> None:
    assert of(told.folder).since == "2019-02-27"
    told.nights = 12
    told.night({})
    assert (of(told.folder).news, of(told.folder).since) == (0, "2019-03-09")
    assert of(told.folder, since="2019").since == "2019-01-01"
    assert of(told.folder, since="2019").totals["new"] == 6


def test_no_more_than_the_limit_is_shown_and_the_rest_counted(week: Path) -> None:
    found = of(week, "en", since="2019", limit=1)
    assert (len(found.entries["new"]), found.totals["new"]) == (1, 6)
    assert "… and 5 more, not shown here" in plain_text(found)
    assert "… and 5 more, not shown here" in lxml.html.fromstring(page(found)).text_content()


def test_the_sample_site_after_its_third_night() -> None:
    with Archive.open(sample_archive(3)) as archive:
        second, third = archive.runs()[1], archive.runs()[0]
        found = gather(archive, Asked(language="fr")).digest
        nets = merged([second, third])
    assert {code: sum(code in net.codes for net in nets) for code in ("new", "changed", "gone")} == {"new": 2, "changed": 2, "gone": 1}
    assert found.condition.sound and found.condition.crawls == 3
    assert titles(found)["new"][0] == "Passage de témoin à Paris"
    assert "Infographic: a letter's journey" in titles(found)["new"] and "gone" not in found.entries


# Changes of several nights -----------------------------------------------------------------------------------------------------


def change(code: str, *, old: str = "a", new: str = "b", item: str = "x", **fields: tuple[str, str]) -> dict[str, object]:
    return {
        "change": code,
        "item_id": item,
        "title": "T",
        "kind": "news",
        "url": "u",
        "language": "fr",
        "published": None,
        "fields": {k: list(v) for k, v in fields.items()},
        "versions": [old, new],
    }


def ran(day: int, *changes: dict[str, object], round_id: str = "") -> Run:
    return Run(
        run_id=f"r{day}",
        spider="dialogue",
        site="s",
        started_at=f"2019-03-{day:02}",
        counts={"changes": list(changes)},
        parameters={"round": round_id} if round_id else {},
    )


@pytest.mark.parametrize(
    ("runs", "codes", "versions", "fields"),
    [
        (
            [ran(2, change("changed", old="b", new="c", title=("B", "C"))), ran(1, change("changed", title=("A", "B")))],
            {"changed"},
            ("a", "c"),
            {"title": ("A", "C")},
        ),
        ([ran(1, change("changed", title=("A", "B"))), ran(2, change("changed", old="b", new="a", title=("B", "A")))], {"changed"}, ("a", "a"), {}),
        ([ran(1, change("gone")), ran(2, change("returned"))], {"returned"}, (None, None), {}),
        ([ran(1, change("returned")), ran(2, change("gone"))], {"gone"}, (None, None), {}),
        ([ran(1, change("new")), ran(2, change("changed"))], {"new", "changed"}, ("a", "b"), {}),
        ([ran(1, change("moved", canonical_url=("t", "s"))), ran(2, change("moved", canonical_url=("s", "u")))], {"moved"}, (None, None), {}),
    ],
)
def test_several_nights_are_one_change(
    runs: list[Run], codes: set[str], versions: tuple[str | None, str | None], fields: dict[str, tuple[str, str]]
) -> None:
    (net,) = merged(runs)
    assert (net.codes, net.versions, net.fields) == (codes, versions, fields)


def test_what_moved_there_and_back_did_not_move() -> None:
    assert merged([ran(1, change("moved", canonical_url=("u", "s"))), ran(2, change("moved", canonical_url=("s", "u")))]) == []


def test_a_round_that_goes_on_in_a_second_run_tells_nothing_twice() -> None:
    cut, rest = ran(1, change("new"), round_id="r1"), ran(2, change("new"), change("new", item="y"), round_id="r1")
    assert [net.item_id for net in merged([rest], told=[cut])] == ["y"]
    assert [net.item_id for net in merged([cut, rest])] == ["x", "y"]


# No news, and not knowing ------------------------------------------------------------------------------------------------------


def test_no_news_is_said_only_where_it_is_known(told: Letters) -> None:
    told.night({})
    quiet = of(told.folder, "fr", since="2019-03-07")
    assert quiet.news == 0 and quiet.condition.sound
    assert "Rien de nouveau" in plain_text(quiet) and "Processus de Rabat : rien de nouveau" in str(parsed(mail(quiet))["Subject"])
    told.night({}, "put off")
    unsure = of(told.folder, "fr", since="2019-03-08")
    assert "Rien de nouveau" not in plain_text(unsure)
    assert "! Le site n’a pas pu être lu le 8 mars 2019" in plain_text(unsure)
    assert "depuis le 7 mars 2019" in plain_text(unsure) and "nouveautés inconnues" in str(parsed(mail(unsure))["Subject"])
    told.night({}, "done with failures", failed=3, failures=[{"url": "u", "reason": "no answer"}])
    assert "On 9 March 2019 3 pages could not be read" in plain_text(of(told.folder, "en", since="2019-03-09"))
    told.night({}, "interrupted")
    assert "was cut short" in plain_text(of(told.folder, "en", since="2019-03-10"))
    told.night({})
    assert "2 of the 5 readings in this period did not go through." in flat(plain_text(of(told.folder, "en", since="2019-03-07")))


def test_a_breached_night_is_told_as_such_and_its_changes_only_once_accepted(told: Letters, tmp_path: Path) -> None:
    issue(told.folder, tmp_path / "1.txt")
    breach = told.breached({"/en/news/16-boats": story("Boats of steel", "A shipyard builds boats of steel.", language="en", date="2018-04-11")})
    held = issue(told.folder, tmp_path / "2.txt")
    assert held.news == 0
    said = flat((tmp_path / "2.txt").read_text(encoding="utf-8"))
    assert "trop de pages avaient changé à la fois" in said and "retenu jusqu’à vérification" in said and "depuis le 6 mars 2019" in said
    told.night({})
    between = issue(told.folder, tmp_path / "3.txt")
    assert between.news == 0 and between.condition.sound
    told.accept(breach)
    accepted = issue(told.folder, tmp_path / "4.txt")
    assert titles(accepted) == {"changed": ["Boats of steel"]} and accepted.late == ("2019-03-07",)
    assert f"accepté depuis{NO_BREAK}: 7 mars 2019" in flat((tmp_path / "4.txt").read_text(encoding="utf-8"))
    assert issue(told.folder, tmp_path / "5.txt").news == 0


def test_an_archive_that_was_never_crawled_is_an_error(tmp_path: Path) -> None:
    folder = small_archive(tmp_path / "archive", [(f"{BASE}/fr/1-a", article_html("Titre", "Un texte."))])
    with Archive.open(folder) as archive, pytest.raises(NotFound, match="never crawled"):
        gather(archive, Asked(language="fr"))


# Once and not again ------------------------------------------------------------------------------------------------------------


def test_since_last_moves_on_and_repeats_nothing(tmp_path: Path) -> None:
    letters = Letters(folder=tmp_path / "archive")
    seen: list[str] = []
    for number, pages in enumerate((OLD, SECOND, THIRD, {})):
        letters.night(pages)
        found = issue(letters.folder, tmp_path / f"{number}.txt", "en")
        seen += [f"{code} {title}" for code, names in titles(found).items() for title in names]
    assert len(seen) == len(set(seen)) == 8
    assert found.news == 0 and found.since == "2019-03-06T02:35:00Z"
    other = issue(letters.folder, tmp_path / "fr.txt", "fr")
    assert other.totals["new"] == 6, "the other language has a memory of its own"


def test_nothing_is_noted_unless_the_file_is_there(told: Letters, tmp_path: Path) -> None:
    target = tmp_path / "letter.txt"
    target.write_text("somebody's own", encoding="utf-8")
    with pytest.raises(ConfigError, match="is there already"):
        issue(told.folder, target)
    assert target.read_text(encoding="utf-8") == "somebody's own"
    assert not told_path(told.folder / "state", "fr").exists()
    assert issue(told.folder, tmp_path / "other.txt").news


def test_killed_between_file_and_note_it_tells_again_rather_than_never(told: Letters, tmp_path: Path) -> None:
    note, target = told_path(told.folder / "state", "fr"), tmp_path / "1.txt"
    waiting = note.with_name(note.name + ".new")
    os.mkfifo(waiting)  # whoever would write the note waits here for a reader that never comes
    words = program("digest", "--archive", str(told.folder), "--lang", "fr", "--since-last", "-o", str(target))
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while not target.exists() and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    waiting.unlink()
    assert "Letters from Lisbon" in target.read_text(encoding="utf-8") and not note.exists()
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".partial"] == []
    assert issue(told.folder, tmp_path / "2.txt").totals["new"] == 6
    kept = read_told(told.folder / "state", "fr")
    assert kept is not None and len(kept.runs) == 3


def test_a_damaged_note_is_an_error_with_a_remedy(told: Letters, tmp_path: Path) -> None:
    told_path(told.folder / "state", "fr").write_text("[]", encoding="utf-8")
    done = rabat("digest", "--archive", told.folder, "--lang", "fr", "--since-last", code=2)
    assert "digest-fr.json cannot be read" in done.stderr and "remove it" in done.stderr


# The forms ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", sorted(SUFFIXES))
def test_the_same_archive_gives_the_same_bytes(form: Form, week: Path, tmp_path: Path) -> None:
    elsewhere = copy_of(week, tmp_path)
    assert rendered(of(week, "fr", base_url=ROOM), form) == rendered(of(elsewhere, "fr", base_url=ROOM), form)


def test_the_mail_is_one_that_a_mail_program_reads(week: Path) -> None:
    digest = of(week, "fr", since="2019-03-05", base_url=ROOM)
    content = mail(digest, Envelope(sender="L’équipe <team@example.org>", to=("a@example.org", "Zoë <z@example.org>, b@example.org")))
    message = parsed(content)
    assert message.defects == [] and all(part.defects == [] for part in message.walk())
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert list(message.iter_attachments()) == []
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None and html is not None
    assert (text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")) == (plain_text(digest), page(digest))
    assert message["From"].addresses[0].addr_spec == "team@example.org" and message["From"].addresses[0].display_name == "L’équipe"
    assert [one.addr_spec for one in message["To"].addresses] == ["a@example.org", "z@example.org", "b@example.org"]
    assert message["Date"].datetime == datetime(2019, 3, 6, 2, 35, tzinfo=UTC)
    assert message["Subject"] == "Processus de Rabat : Dakar accueillera un atelier : les apprentis (et 3 autres)"
    assert message["Content-Language"] == "fr" and message["Message-ID"].endswith("@rabat-crawler.invalid>")
    assert all(len(line) <= 998 for line in content.split(b"\r\n")) and b"\n" not in content.replace(b"\r\n", b"")
    assert message["Message-ID"] != parsed(mail(of(week, "en", since="2019-03-05")))["Message-ID"]
    nobody = parsed(mail(digest))
    assert nobody["To"].groups[0].display_name == "undisclosed-recipients" and nobody["From"].addresses[0].domain == "rabat-crawler.invalid"


ELSE: dict[Language, tuple[str, ...]] = {
    "fr": (
        "Une collecte est en cours", "collectes du 1er mars 2019 et du 2 mars 2019", "3 articles plus anciens", "seuls les premiers",
        "accepté depuis : 1er février 2019", "À une autre adresse", "1 changement d’adresse", "… et 7 autres passages du texte",
    ),
    "en": (
        "It is being read now", "the readings of 1 March 2019 and 2 March 2019", "3 older items", "only its first changes",
        "accepted since: 1 February 2019", "At another address", "1 at another address", "… and 7 more places in the text",
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", sorted(ELSE))
def test_all_else_is_said_in_both_forms(language: Language, week: Path) -> None:
    digest = of(week, language, since="2019-03-05")
    (grants,) = digest.entries["changed"]
    told = replace(
        digest,
        condition=replace(digest.condition, running=True, held=("2019-03-01", "2019-03-02")),
        brought=3,
        cut=True,
        late=("2019-02-01",),
        entries={"moved": (replace(grants, moved_from="https://old.example.org/1"),), "changed": (replace(grants, more_places=7),)},
        totals={"moved": 1, "changed": 1},
    )
    for form in (flat(plain_text(told)), lxml.html.fromstring(page(told)).text_content()):
        assert [one for one in (*ELSE[language], "https://old.example.org/1") if one not in form.replace(NO_BREAK, " ")] == []


def test_every_sort_of_change_has_its_section() -> None:
    assert sorted(CODES) == sorted(CHANGE_CODES)


@pytest.mark.parametrize(
    "bad", ["a@b.org\nBcc: c@d.org", "nobody", "a@", "", "<>", "a@b.org, nobody", "é@b.org", "a b@c.org", "=?utf-8?q?=0D=0ABcc:_c?= <a@b.org>"]
)
def test_an_address_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(ConfigError, match="--to"):
        Envelope(to=(bad,)).check()
    with pytest.raises(ConfigError, match="--subject"):
        Envelope(subject=f"{bad}\r\nBcc: c@d.org").check()


def test_html_is_one_whole_page_that_asks_for_nothing(week: Path) -> None:
    for digest in (of(week, "fr", since="2019-03-05"), of(week, "en", since="2019-03-05", base_url=ROOM)):
        tree = lxml.html.document_fromstring(page(digest))
        assert tree.get("lang") == digest.language
        assert tree.xpath("//script | //img | //link | //iframe | //object | //form | //base | //*[@src] | //*[@background]") == []
        assert [name for one in tree.iter() if isinstance(one.tag, str) for name in one.attrib if name.startswith("on")] == []
        styles = " ".join(tree.xpath("//@style")) + tree.xpath("string(//style)")
        assert "url(" not in styles and "@import" not in styles
        hosts = {urlsplit(address).netloc for address in tree.xpath("//@href")}
        assert hosts == {"www.rabat-process.org"} | ({"archive.example.org"} if digest.room else set())
        words = " ".join(tree.text_content().split())
        for part in ("Letters from Lisbon", "Fifteen grants", "Cours du soir"):
            assert part in words
    assert f"{ROOM}en/agenda.ics?time=coming" in page(digest)
    assert tree.xpath("//a[contains(@href, '/en/item/') and contains(@href, 'from=')]")
    assert tree.xpath("//h3/*[@lang='fr']/text()") == ["Cours du soir"]


def test_hostile_titles_do_no_harm(tmp_path: Path) -> None:
    letters = Letters(folder=tmp_path / "archive")
    letters.night(OLD)
    entries = {f"/en/news/{number}-x": story("Harmless", "Nine nurses wrote home.", language="en") for number in range(31, 31 + len(HOSTILE))}
    letters.night(entries)
    with Archive.open(letters.folder, write=True) as archive:
        for number, title in enumerate(HOSTILE, 31):
            archive.connection.execute("UPDATE items SET title = ?, summary = ? WHERE article_id = ?", (title, title, number))
    digest = of(letters.folder, "en", since="2019-03-05")
    assert digest.totals["new"] == len(HOSTILE)
    tree = lxml.html.document_fromstring(page(digest))
    assert tree.xpath("//script | //img | //b | //*[@onerror]") == []
    assert "window.attacked = 1" in tree.text_content()
    text = plain_text(digest)
    assert [c for c in text if not c.isprintable() and c not in f"\n{NO_BREAK}{THIN}"] == []
    assert not any(line.startswith("Bcc:") for line in text.splitlines())
    for first in range(len(HOSTILE)):
        with Archive.open(letters.folder, write=True) as archive:
            archive.connection.execute("UPDATE items SET published = CASE WHEN article_id = ? THEN '2019-03-05' ELSE '2019-03-01' END", (31 + first,))
        content = mail(of(letters.folder, "en", since="2019-03-05"))
        message = parsed(content)
        assert message.defects == [] and {"Bcc", "X-Evil"}.isdisjoint(message.keys()) and len(message.keys()) == 10
        assert str(message["Subject"]).startswith("Rabat Process: ") and str(message["Subject"]).isprintable() and len(str(message["Subject"])) <= 250
        assert content.count(b"\r\nX-Evil") == content.count(b"\r\nBcc") == 0


def test_french_is_set_as_french_and_english_as_english() -> None:
    assert typographic("Quoi : « ceci » ; vraiment ? Oui !", "fr") == f"Quoi{NO_BREAK}: «{NO_BREAK}ceci{NO_BREAK}»{THIN}; vraiment{THIN}? Oui{THIN}!"
    assert typographic("What : this ?", "en") == "What : this ?"
    for key, (english, french) in _SAID.items():
        assert "'" not in english + french, f"{key}: a curly apostrophe belongs there"
        set_well = typographic(french, "fr")
        assert not any(f"{mark}" in set_well for mark in (" :", " ;", " !", " ?", " »", "« ")), key
        assert not any(letter in english for letter in ("\u00a0:", "«")), key
        assert sorted(set(re.findall(r"{\w+}", english))) == sorted(set(re.findall(r"{\w+}", french))), key


# The command -------------------------------------------------------------------------------------------------------------------


def test_the_command_writes_what_the_ending_says(week: Path, tmp_path: Path) -> None:
    where = ("digest", "--archive", week, "--since", "2019-03-05")
    for name, begins in (("a.html", "<!DOCTYPE html>"), ("a.txt", "Rabat Process · Newsletter"), ("a.eml", "Subject: Rabat Process: Letters")):
        done = rabat(*where, "--lang", "en", "-o", tmp_path / name)
        assert "2 new, 1 changed, 1 gone, 1 coming; 2019-03-05 to 2019-03-06, healthy" in done.stdout
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    assert rabat(*where, "--lang", "fr").stdout.startswith("Processus de Rabat · Lettre d’information\n")
    assert rabat(*where, "--lang", "fr", "--eml", "--subject", "Été").stdout.startswith("Subject: =?utf-8?")
    assert "--force" in rabat(*where, "--lang", "en", "-o", tmp_path / "a.html", code=2).stderr
    rabat(*where, "--lang", "en", "-o", tmp_path / "a.html", "--force")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "2019", "--since-last"), "give one of them"),
        (("--to", "a@b.org"), "give them with --eml"),
        (("--eml", "--to", "nobody"), "is no mail address"),
        (("--eml", "--subject", "a\nb"), "cannot stand in a mail's header"),
        (("--base-url", "ftp://x"), "no address of a place on the web"),
        (("--since", "soon"), "is no date"),
    ],
)
def test_wrong_options_are_said_with_a_remedy(options: tuple[str, ...], said: str, week: Path) -> None:
    assert said in rabat("digest", "--archive", week, "--lang", "fr", *options, code=2).stderr


def test_a_disk_that_fills_leaves_nothing_and_notes_nothing(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(3), tmp_path)
    words = program("digest", "--archive", str(folder), "--lang", "fr", "--since-last", "-o", str(tmp_path / "out" / "letter.eml"))

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (33_000, 33_000))

    done = subprocess.run(words, env=environment(), capture_output=True, text=True, preexec_fn=bounded, check=False)
    assert done.returncode == 3 and "free space" in done.stderr and "Traceback" not in done.stderr
    assert list((tmp_path / "out").iterdir()) == [] and not told_path(folder / "state", "fr").exists()


def test_without_an_archive_there_is_none(tmp_path: Path) -> None:
    done = rabat("digest", "--archive", tmp_path / "nowhere", "--lang", "fr", code=12)
    assert "there is no archive" in done.stderr


def test_nightly_and_schedule_know_the_digest(tmp_path: Path) -> None:
    context = click.Context(group)
    nightly = group.get_command(context, "nightly")
    assert nightly is not None and {"--digest", "--base-url"} <= {name for one in nightly.params for name in one.opts}
    shown = rabat("schedule", "install", "--cron", "--dry-run", "--archive", tmp_path / "a", "--", "--digest", "/srv/letters").stdout
    assert "--digest /srv/letters" in shown
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert "is a file; give a folder" in rabat("nightly", "--archive", tmp_path / "a", "--digest", tmp_path / "file", code=2).stderr
    assert "needs --digest" in rabat("nightly", "--archive", tmp_path / "a", "--base-url", ROOM, code=2).stderr
