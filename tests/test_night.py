"""The commands nightly, urls, accept as a user starts them, against a real server."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests import warm
from tests.crawling import Reply, Web, article, links, web

NAMES = [f"/fr/{number}-atelier" for number in range(1, 9)]


@pytest.fixture
def server() -> Iterator[Web]:
    with web({"/": links(*NAMES)} | {name: article(f"Atelier {name}") for name in NAMES}) as running:
        yield running


def rabat(*words: str) -> tuple[int, str, str]:
    done = warm.run(words, os.environ, 60)
    return done.returncode, done.stdout, done.stderr


def night(server: Web, folder: Path, *more: str) -> tuple[int, str, str]:
    return rabat("nightly", "--start", server.origin + "/", "--delay", "0", "--archive", str(folder / "archive"), *more)


def test_a_night_crawls_verifies_backs_up_and_reports(server: Web, tmp_path: Path) -> None:
    code, out, err = night(server, tmp_path, "--backup", str(tmp_path / "backups"), "--keep", "2")
    assert (code, err) == (0, "") and out.startswith("night: all is well")
    assert "verify: sound" in out and "backup: " in out
    code, out, _ = night(server, tmp_path, "--json")
    values = json.loads(out)
    assert (code, values["exit_code"], values["faults"], values["backup"]) == (0, 0, [], None)
    assert values["run"]["counts"]["change_counts"] == {}
    code, out, _ = rabat("restore", str(tmp_path / "backups"), "--archive", str(tmp_path / "again"))
    assert code == 0 and "sound" in out
    assert rabat("search", "atelier", "--archive", str(tmp_path / "again"))[0] == 0


def test_an_alarm_is_told_and_the_run_can_be_accepted(server: Web, tmp_path: Path) -> None:
    night(server, tmp_path)
    server.pages |= {name: article(f"Autre {name}") for name in NAMES}
    told = tmp_path / "told.txt"
    alarm = f"{sys.executable} -c \"import os,sys; open(r'{told}','w').write(os.environ['RABAT_EXIT_CODE'] + sys.stdin.read())\""
    code, out, _ = rabat("crawl", "--all", "--start", server.origin + "/", "--delay", "0", "--archive", str(tmp_path / "archive"))
    assert code == 8
    code, out, _ = night(server, tmp_path, "--on-alarm", alarm)
    assert code == 8 and told.read_text(encoding="utf-8").startswith("8night: ")
    assert "Autre" not in rabat("items", "--archive", str(tmp_path / "archive"))[1]
    code, out, _ = rabat("accept", "last", "--archive", str(tmp_path / "archive"))
    assert code == 0 and out.startswith("accepted ")
    assert "Autre" in rabat("items", "--archive", str(tmp_path / "archive"))[1]
    assert rabat("verify", "--archive", str(tmp_path / "archive"))[0] == 0


def test_a_night_writes_what_it_brought_once_in_both_languages(server: Web, tmp_path: Path) -> None:
    letters = tmp_path / "letters"
    names = []
    for title in ("", "Nouveau"):
        if title:
            server.pages |= {"/": links(*NAMES, "/fr/99-nouveau"), "/fr/99-nouveau": article("Nouveau venu")}
        code, out, err = night(server, tmp_path, "--digest", str(letters), "--base-url", "https://archive.example.org", "--json")
        assert (code, err) == (0, "")
        names.append([Path(path).name for path in json.loads(out)["digests"]])
    run_id = json.loads(out)["run"]["run_id"]
    assert names[1] == [f"{run_id}-{language}{ending}" for language in ("fr", "en") for ending in (".html", ".txt", ".eml")]
    assert sorted(path.name for path in letters.iterdir()) == sorted(names[0] + names[1])
    first, second = ((letters / these[1]).read_text(encoding="utf-8") for these in names)
    assert "8 nouveautés" in first
    assert "1 nouveauté\n" in second and "* Nouveau venu" in second and "https://archive.example.org/fr/item/" in second


def test_urls_lists_states_and_says_what_it_does_not_know(server: Web, tmp_path: Path) -> None:
    server.pages[NAMES[0]] = Reply("gone", 410)
    night(server, tmp_path)
    where = ("--archive", str(tmp_path / "archive"))
    code, out, _ = rabat("urls", "--state", "gone", "--json", *where)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and (NAMES[0], "HTTP 410") in [(row["url"].removeprefix(server.origin), row["reason"]) for row in rows]
    assert rabat("urls", *where)[0] == 0
    assert rabat("urls", "--state", "lost", *where)[0] == 2
    assert rabat("urls", "--run", "nobody", *where)[0] == 1
    assert rabat("accept", "last", *where)[0] == 2
    assert rabat("urls", "--archive", str(tmp_path / "nowhere"))[0] == 12
    assert night(server, tmp_path, "--keep", "3")[0] == 2


class Hook:
    """A web address that is told of alarms: what was posted, and what it answers."""

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.got: list[dict[str, object]] = []


@contextmanager
def hook(status: int = 204) -> Iterator[tuple[str, Hook]]:
    told = Hook(status)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.got.append({"path": self.path, "type": self.headers["Content-Type"], "night": json.loads(body)})
            self.send_response(told.status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/t0psecret", told
        listening.shutdown()
        thread.join()


def test_a_webhook_hears_of_a_night_that_went_wrong_and_of_no_other(server: Web, tmp_path: Path) -> None:
    with hook() as (url, told):
        assert night(server, tmp_path, "--webhook", url)[0] == 0 and told.got == []
        server.pages = {}
        code, out, err = night(server, tmp_path, "--webhook", url)
    assert code != 0 and err == "" and len(told.got) == 1
    posted = told.got[0]["night"]
    assert isinstance(posted, dict) and (posted["exit_code"], posted["text"]) == (code, out.removesuffix("\n"))


@pytest.mark.parametrize(("status", "said"), [(500, "answered 500"), (307, "answered 307")])
def test_a_webhook_that_refuses_is_said_without_its_secret(status: int, said: str, server: Web, tmp_path: Path) -> None:
    server.pages = {}
    with hook(status) as (url, told):
        code, _, err = night(server, tmp_path, "--webhook", url)
    assert code not in (0, 1) and len(told.got) == 1 and said in err and "t0psecret" not in err and "Traceback" not in err


def test_a_webhook_that_nobody_answers_is_said(server: Web, tmp_path: Path) -> None:
    server.pages = {}
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    code, _, err = night(server, tmp_path, "--webhook", f"http://127.0.0.1:{port}/t0psecret")
    assert code != 0 and "could not be reached" in err and "t0psecret" not in err


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/", "https://", "hooks.example.org", "https://me:pw@example.org/", "http://[", "http://a b/"]
)
def test_a_webhook_must_be_a_web_address(url: str, server: Web, tmp_path: Path) -> None:
    code, _, err = night(server, tmp_path, "--webhook", url)
    assert code == 2 and "--webhook takes" in err and server.paths() == []


def test_the_addresses_of_a_run_are_found_by_its_beginning(server: Web, tmp_path: Path) -> None:
    night(server, tmp_path)
    archive = ("--archive", str(tmp_path / "archive"))
    run = json.loads(rabat("runs", "--json", *archive)[1].splitlines()[0])["run_id"]
    asked = rabat("urls", "--run", run, *archive)
    assert asked[0] == 0 and "10 addresses" in asked[1]
    assert rabat("urls", "--run", run[:12], *archive) == asked == rabat("urls", "--run", "last", *archive)
    code, _, err = rabat("urls", "--run", "1999", *archive)
    assert code == 1 and "left no list of addresses" in err and run in err
