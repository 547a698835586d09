"""The commands nightly, urls, accept as a user starts them, against a real server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawling import Reply, Web, article, links, web

NAMES = [f"/fr/{number}-atelier" for number in range(1, 9)]


@pytest.fixture
def server() -> Iterator[Web]:
    with web({"/": links(*NAMES)} | {name: article(f"Atelier {name}") for name in NAMES}) as running:
        yield running


def rabat(*words: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-m", "rabat_crawler", *words], capture_output=True, text=True, check=False)
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
    (tmp_path / "archive" / "state" / "frontier.db").unlink()
    code, out, _ = night(server, tmp_path, "--on-alarm", alarm)
    assert code in (0, 8)
    crawled = rabat("crawl", "--all", "--start", server.origin + "/", "--delay", "0", "--archive", str(tmp_path / "archive"))
    assert crawled[0] == 0
    server.pages |= {name: article(f"Encore {name}") for name in NAMES}
    code, out, _ = rabat("crawl", "--all", "--start", server.origin + "/", "--delay", "0", "--archive", str(tmp_path / "archive"))
    assert code == 8
    code, out, _ = night(server, tmp_path, "--on-alarm", alarm)
    assert code == 8 and told.read_text(encoding="utf-8").startswith("8night: ")
    assert "Encore" not in rabat("items", "--archive", str(tmp_path / "archive"))[1]
    code, out, _ = rabat("accept", "last", "--archive", str(tmp_path / "archive"))
    assert code == 0 and out.startswith("accepted ")
    assert "Encore" in rabat("items", "--archive", str(tmp_path / "archive"))[1]
    assert rabat("verify", "--archive", str(tmp_path / "archive"))[0] == 0


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
