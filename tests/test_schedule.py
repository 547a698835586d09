"""The schedule: what cron and systemd read is what was meant, the rest of a crontab stays, and every night runs once, clock changes included."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler.cli.schedule import schedule as command
from rabat_crawler.errors import ConfigError
from rabat_crawler.schedule import (
    Schedule,
    block_of,
    cron_word,
    crontab_block,
    due,
    next_run,
    parse_at,
    second_chance,
    service_text,
    systemd_command,
    timer_text,
    times_of_block,
    times_of_timer,
    unit_name,
    with_block,
    without_block,
)
from tests.building import rabat

needs_cron = pytest.mark.skipif(shutil.which("crontab") is None, reason="needs the program crontab (Debian: apt-get install cron)")
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze (Debian: apt-get install systemd)")

PARIS = ZoneInfo("Europe/Paris")
HOSTILE = (
    "plain",
    "two words",
    "100 %",
    "%",
    r"\%",
    r"\\%",
    r"back\slash",
    r"end\\",
    "it's",
    'a "b"',
    "$HOME `id` $(id)",
    "a;b&c|d",
    "*",
    "#",
    "",
    "é ü",
    "~",
)
BAD_WORDS = ("a\nb", "a\rb", "a\x00b", "a\x1bb", "a\u2028b", "a\udcffb")
words = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20)


def night_crawl(**changes: object) -> Schedule:
    values: dict[str, object] = {"archive": "/srv/archive", "at": time(2, 30), "program": ("/opt/rabat/bin/rabat-crawler",)}
    return Schedule(**{**values, **changes})  # type: ignore[arg-type]


# --at ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "at"), [("02:30", time(2, 30)), ("00:00", time(0, 0)), ("23:59", time(23, 59))])
def test_a_time_of_day_is_read(text: str, at: time) -> None:
    assert parse_at(text) == at


@pytest.mark.parametrize("text", ["", "2:30", "24:00", "12:60", "02:30:00", "0230", "02.30", " 02:30", "02:30\n", "٠٢:٣٠", "noon"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match="such as 02:30"):
        parse_at(text)


# Nights that change the clock ---------------------------------------------------------------------------------------------------


Starter = Callable[[time, datetime, datetime], list[datetime]]


def minutes(begin: datetime, end: datetime) -> Iterator[datetime]:
    moment = begin
    while moment < end:
        yield moment
        moment += timedelta(minutes=1)


def plain_cron(zone: ZoneInfo) -> Starter:
    """A cron that looks at the clock each minute and knows nothing of its changes (BusyBox)."""

    def starts(at: time, begin: datetime, end: datetime) -> list[datetime]:
        hours = {at.hour, second_chance(at).hour}
        return [m for m in minutes(begin, end) if (local := m.astimezone(zone)).minute == at.minute and local.hour in hours]

    return starts


def debian_cron(zone: ZoneInfo) -> Starter:
    """cron(8) of Debian: times that the clock jumped over are started at once, times that come again are not started again."""

    def starts(at: time, begin: datetime, end: datetime) -> list[datetime]:
        hours, seen, found = {at.hour, second_chance(at).hour}, set(), []
        before = (begin - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None)
        for moment in minutes(begin, end):
            local = moment.astimezone(zone).replace(tzinfo=None)
            passed = [before + timedelta(minutes=n) for n in range(1, int((local - before) / timedelta(minutes=1)) + 1)] or [local]
            for wall in passed:
                if wall not in seen and wall.minute == at.minute and wall.hour in hours:
                    found.append(moment)
                seen.add(wall)
            before = local
        return found

    return starts


def started(starts: Sequence[datetime]) -> list[datetime]:
    """Those that `due` lets through."""
    through: list[datetime] = []
    for moment in sorted(starts):
        if due(through[-1] if through else None, moment):
            through.append(moment)
    return through


NIGHTS = {
    "quiet": (PARIS, datetime(2027, 1, 12, 12, tzinfo=PARIS)),
    "spring": (PARIS, datetime(2027, 3, 27, 12, tzinfo=PARIS)),
    "autumn": (PARIS, datetime(2027, 10, 30, 12, tzinfo=PARIS)),
    "half an hour, spring": (ZoneInfo("Australia/Lord_Howe"), datetime(2027, 10, 2, 12, tzinfo=ZoneInfo("Australia/Lord_Howe"))),
    "at midnight, spring": (ZoneInfo("Asia/Beirut"), datetime(2027, 3, 27, 12, tzinfo=ZoneInfo("Asia/Beirut"))),
    "at midnight, autumn": (ZoneInfo("America/Havana"), datetime(2027, 11, 6, 12, tzinfo=ZoneInfo("America/Havana"))),
}
TIMES = ("00:00", "00:30", "01:30", "01:59", "02:00", "02:15", "02:30", "02:59", "03:00", "03:30", "10:45", "23:30")


@pytest.mark.parametrize("cron", [plain_cron, debian_cron])
@pytest.mark.parametrize("at", TIMES)
@pytest.mark.parametrize("night", NIGHTS)
def test_every_night_runs_once_by_cron(night: str, at: str, cron: Callable[[ZoneInfo], Starter]) -> None:
    zone, noon = NIGHTS[night]
    begin, end = noon.astimezone(UTC), (noon + timedelta(days=1)).astimezone(UTC)
    through = started(cron(zone)(parse_at(at), begin, end))
    assert len(through) == 1
    if cron is plain_cron:
        assert through[0] == next_run(parse_at(at), zone, begin)


def test_without_the_second_chance_or_the_claim_a_night_would_be_missed_or_run_twice() -> None:
    """The tables above can fail: the clock alone starts 02:30 never in spring and twice in autumn."""
    alone = {
        night: [
            m
            for m in plain_cron(PARIS)(time(2, 30), noon.astimezone(UTC), (noon + timedelta(days=1)).astimezone(UTC))
            if m.astimezone(PARIS).hour == 2
        ]
        for night, (_, noon) in NIGHTS.items()
        if night in ("spring", "autumn")
    }
    assert [len(alone["spring"]), len(alone["autumn"])] == [0, 2]


def elapses(line: str, base: str) -> list[datetime]:
    """When systemd itself says that an OnCalendar expression comes, in Paris."""
    said = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=3", f"--base-time={base}", line],
        env={**os.environ, "TZ": "Europe/Paris", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [datetime.fromisoformat(found).replace(tzinfo=UTC) for found in re.findall(r"\(in UTC\): \w+ (\S+ \S+) UTC", said)]


@needs_systemd
@pytest.mark.parametrize("delays", [(0, 0), (0, 15), (15, 0)])
@pytest.mark.parametrize("at", ["01:30", "02:00", "02:30", "03:00", "23:30"])
@pytest.mark.parametrize(("noon", "zone"), [("2027-03-27", "local"), ("2027-10-30", "local"), ("2027-10-30", "Europe/Paris"), ("2027-03-27", "UTC")])
def test_every_night_runs_once_by_the_timer(noon: str, zone: str, at: str, delays: tuple[int, int]) -> None:
    lines = re.findall(r"^OnCalendar=(.*)$", timer_text(night_crawl(at=parse_at(at), timezone=zone)), re.MULTILINE)
    starts = [moment + timedelta(minutes=delay) for line, delay in zip(lines, delays, strict=True) for moment in elapses(line, f"{noon} 12:00")]
    begin = datetime.fromisoformat(f"{noon}T12:00").replace(tzinfo=PARIS).astimezone(UTC)
    assert len([moment for moment in started(starts) if begin <= moment < begin + timedelta(hours=23)]) == 1


NEXT = [
    # zone, after (UTC), at, next (UTC)
    ("UTC", "2027-01-12T02:29", "02:30", "2027-01-12T02:30"),
    ("UTC", "2027-01-12T02:30", "02:30", "2027-01-13T02:30"),
    ("Europe/Paris", "2027-01-12T12:00", "02:30", "2027-01-13T01:30"),
    ("Europe/Paris", "2027-07-12T12:00", "02:30", "2027-07-13T00:30"),
    ("Europe/Paris", "2027-03-27T12:00", "02:30", "2027-03-28T01:30"),
    ("Europe/Paris", "2027-03-28T01:30", "02:30", "2027-03-29T00:30"),
    ("Europe/Paris", "2027-10-30T12:00", "02:30", "2027-10-31T00:30"),
    ("Europe/Paris", "2027-10-31T00:45", "02:30", "2027-11-01T01:30"),
    ("Europe/Paris", "2027-10-31T01:30", "02:30", "2027-11-01T01:30"),
    ("Europe/Paris", "2027-12-31T22:45", "23:30", "2028-01-01T22:30"),
    ("Australia/Lord_Howe", "2027-10-02T12:00", "02:15", "2027-10-02T16:15"),
    ("Asia/Beirut", "2027-03-27T12:00", "00:30", "2027-03-27T22:30"),
]


@pytest.mark.parametrize(("zone", "after", "at", "expected"), NEXT)
def test_the_next_run(zone: str, after: str, at: str, expected: str) -> None:
    found = next_run(parse_at(at), ZoneInfo(zone), datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@given(
    st.times(), st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)), st.sampled_from(["Europe/Paris", "UTC", "Asia/Kathmandu", "Pacific/Apia"])
)
def test_next_runs_follow_each_other_by_a_day(at: time, after: datetime, zone: str) -> None:
    moments = [after.replace(tzinfo=UTC)]
    for _ in range(4):
        moments.append(next_run(at.replace(second=0, microsecond=0), ZoneInfo(zone), moments[-1]))
    assert all(timedelta(hours=22) <= later - earlier <= timedelta(hours=49) for earlier, later in pairwise(moments[1:]))
    assert timedelta(0) < moments[1] - moments[0] <= timedelta(hours=49)


NOW = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, True),
        (NOW, False),
        (NOW - timedelta(hours=1), False),
        (NOW - timedelta(hours=2, minutes=15), False),
        (NOW - timedelta(hours=4), True),
        (NOW - timedelta(hours=22), True),
        (NOW + timedelta(days=400), True),
    ],
)
def test_which_start_is_the_first_of_its_night(last: datetime | None, expected: bool) -> None:
    assert due(last, NOW) is expected


# cron ---------------------------------------------------------------------------------------------------------------------------


def as_cron_passes_it(text: str, *, halves_backslashes: bool) -> str:
    """What cron gives to sh: up to the first unescaped %, with \\% as %, and in some crons two backslashes as one."""
    passed = ""
    while text:
        if text[0] == "\\" and len(text) > 1:
            passed += text[1] if text[1] == "%" or (halves_backslashes and text[1] == "\\") else text[:2]
            text = text[2:]
        elif text[0] == "%":
            break
        else:
            passed, text = passed + text[0], text[1:]
    return passed


def sh_words(text: str) -> list[str]:
    """The words that a real sh makes of it."""
    said = subprocess.run(["sh", "-c", f"printf '%s\\0' {text}"], capture_output=True, check=True).stdout
    return said.decode().split("\0")[:-1]


@pytest.mark.parametrize("halves", [False, True])
def test_words_come_through_cron_and_sh(halves: bool) -> None:
    text = " ".join(cron_word(word) for word in HOSTILE)
    assert sh_words(as_cron_passes_it(text, halves_backslashes=halves)) == list(HOSTILE)


@given(st.lists(st.text(st.sampled_from("\\%'\"$ a;"), max_size=12), min_size=1, max_size=20), st.booleans())
def test_any_words_come_through_cron_and_sh(some: list[str], halves: bool) -> None:
    assert sh_words(as_cron_passes_it(" ".join(map(cron_word, some)), halves_backslashes=halves)) == some


def test_the_line_in_full() -> None:
    block = crontab_block(night_crawl(archive="/srv/50 % of it", extra=("--delay", "3"), contact="a b@example.org"))
    assert block == (
        "# >>> rabat-crawler /srv/50 % of it >>>\n"
        "30 2,3 * * * umask 027; /opt/rabat/bin/rabat-crawler schedule claim --archive '/srv/50 '\\%' of it' && "
        "RABAT_CONTACT='a b@example.org' /opt/rabat/bin/rabat-crawler nightly --archive '/srv/50 '\\%' of it' --delay 3\n"
        "# <<< rabat-crawler /srv/50 % of it <<<\n"
    )
    assert times_of_block(block) == time(2, 30)
    assert crontab_block(night_crawl(at=time(23, 5))).splitlines()[1].startswith("5 23,0 * * * ")


def commands_of(crontab: str) -> list[str]:
    return [line.split(" ", 5)[5] for line in crontab.splitlines() if line and not line.startswith("#")]


def test_the_installed_line_runs_in_sh(tmp_path: Path) -> None:
    """Program, archive and contact with hostile names; the night runs only if the claim lets it."""
    folder = tmp_path / 'it\'s 100 % \\"odd" $HOME'
    folder.mkdir()
    program = folder / "a program"
    program.write_text('#!/bin/sh\n{ printf "%s|" "$RABAT_CONTACT" "$@"; umask; } >> "$SEEN"\n[ "$2" != claim ] || exit "$CLAIM"\n')
    program.chmod(0o755)
    wanted = night_crawl(archive=str(folder / "the archive"), program=(str(program),), extra=("--note", "5 %"), contact="o'hara@example.org")
    line = as_cron_passes_it(commands_of(crontab_block(wanted))[0], halves_backslashes=True)
    for claim, code in ((0, 0), (1, 1)):
        done = subprocess.run(["/bin/sh", "-c", line], env={"SEEN": str(tmp_path / "seen"), "CLAIM": str(claim)}, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
    asked = f"|schedule|claim|--archive|{folder / 'the archive'}|0027\n"
    assert (tmp_path / "seen").read_text() == asked + f"o'hara@example.org|nightly|--archive|{folder / 'the archive'}|--note|5 %|0027\n" + asked


@pytest.mark.parametrize("word", BAD_WORDS)
@pytest.mark.parametrize("place", ["archive", "program", "extra", "contact"])
def test_what_no_schedule_can_carry_is_refused(place: str, word: str) -> None:
    value = {"archive": f"/{word}", "program": (f"/{word}",), "extra": (word,), "contact": word}[place]
    with pytest.raises(ConfigError, match="rename it"):
        night_crawl(**{place: value})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"archive": "here"}, "absolute"),
        ({"program": ("rabat-crawler",)}, "absolute"),
        ({"extra": ("--archive", "x")}, "before the --"),
        ({"extra": ("--archive=x",)}, "before the --"),
    ],
)
def test_a_schedule_that_cannot_work_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        night_crawl(**changes)


def test_a_command_too_long_for_cron_is_refused() -> None:
    with pytest.raises(ConfigError, match="shorten the paths"):
        crontab_block(night_crawl(archive="/" + "é" * 240))


crontabs = st.text(st.one_of(st.sampled_from("\n\r#*5 %>\x0b\x0c\x85\u2028"), st.characters(blacklist_categories=()))).filter(
    lambda text: "rabat-crawler" not in text
)


@given(crontabs, words)
def test_installing_then_removing_gives_the_old_crontab(old: str, name: str) -> None:
    wanted = night_crawl(archive=f"/{name}")
    new = with_block(old, wanted)
    assert old in new.replace(crontab_block(wanted), "")
    assert without_block(new, wanted.archive) == old
    assert with_block(new, wanted) == new


@given(crontabs, crontabs)
def test_a_second_installation_replaces_the_first_where_it_stands(before: str, after: str) -> None:
    before = before + "\n" if before else before
    first, second = night_crawl(), night_crawl(at=time(4, 5), extra=("--delay", "9"))
    assert with_block(before + crontab_block(first) + after, second) == before + crontab_block(second) + after


def test_two_archives_have_two_blocks() -> None:
    one, other = night_crawl(archive="/srv/a"), night_crawl(archive="/srv/a b")
    both = with_block(with_block("MAILTO=me\n", one), other)
    assert without_block(both, "/srv/a") == "MAILTO=me\n" + crontab_block(other)
    assert without_block(both, "/srv") == both
    assert len({unit_name(path) for path in ("/srv/a", "/srv/a b", "/srv/A", "/srv/é", "/srv/è", "/")}) == 6


@pytest.mark.parametrize("broken", ["{begin}", "{end}", "{end}{begin}", "{begin}{begin}x\n{end}", "{begin}{end}{begin}{end}"])
def test_markers_out_of_order_change_nothing(broken: str) -> None:
    begin, _, end = crontab_block(night_crawl()).splitlines(keepends=True)
    text = broken.format(begin=begin, end=end)
    for change in (lambda: with_block(text, night_crawl()), lambda: without_block(text, "/srv/archive"), lambda: block_of(text, "/srv/archive")):
        with pytest.raises(ConfigError, match="crontab -e"):
            change()


@pytest.fixture
def own_crontab() -> Iterator[Callable[..., bytes]]:
    """The user's real crontab: read it, or write it first; as before at the end, whatever happened."""

    def listed() -> bytes | None:
        said = subprocess.run(["crontab", "-l"], capture_output=True, env={**os.environ, "LC_ALL": "C"})
        assert said.returncode == 0 or b"no crontab for" in said.stderr, said.stderr
        return said.stdout if said.returncode == 0 else None

    def write(text: bytes | None) -> None:
        if text is None:
            subprocess.run(["crontab", "-r"], capture_output=True)
        else:
            subprocess.run(["crontab", "-"], input=text, check=True)

    def crontab(text: bytes | None = None) -> bytes | None:
        if text is not None:
            write(text)
        return listed()

    before = listed()
    try:
        write(None)
        yield crontab  # type: ignore[misc]
    finally:
        write(before)


OTHERS = b"# \xe9 old note, latin-1\nMAILTO=\"\"\n\n5 4 * * 1\techo '50\\%' \x0b done\n#\n"


@needs_cron
def test_a_real_crontab_keeps_the_rest(own_crontab: Callable[..., bytes | None], tmp_path: Path) -> None:
    archive = tmp_path / "50 % it's"
    assert own_crontab(OTHERS) == OTHERS
    said = rabat("schedule", "install", "--cron", "--at", "02:30", "--archive", archive, RABAT_CONTACT="me@example.org").stdout
    assert said.startswith("installed: crontab line") and "02:30" in said and "next:" in said
    first = own_crontab()
    assert first is not None and first.startswith(OTHERS) and b"RABAT_CONTACT=me@example.org" in first
    assert rabat("schedule", "install", "--cron", "--at", "04:05", "--archive", archive, "--", "--delay", "3").stdout.startswith("replaced: crontab")
    second = own_crontab()
    assert (
        second is not None and second.startswith(OTHERS) and second.count(b"nightly") == 1 and b"5 4,5 * * * " in second and b"--delay 3\n" in second
    )
    shown = json.loads(rabat("schedule", "show", "--json", "--archive", archive).stdout)
    assert shown["scheduler"] == "cron" and shown["at"] == "04:05" and shown["active"] is True and shown["text"].encode() == second[len(OTHERS) :]
    assert datetime.fromisoformat(shown["next_run"]) > datetime.now(UTC) - timedelta(minutes=1)
    assert "every night at 04:05" in rabat("schedule", "show", "--archive", archive).stdout
    assert "removed the crontab line" in rabat("schedule", "remove", "--archive", archive).stdout
    assert own_crontab() == OTHERS
    assert "nothing was removed" in rabat("schedule", "remove", "--archive", archive, code=1).stderr
    assert "nothing starts" in rabat("schedule", "show", "--archive", archive).stdout
    assert rabat("schedule", "show", "--json", "--archive", archive).stdout == ""


@needs_cron
def test_a_real_crontab_that_was_not_there_is_not_there_again(own_crontab: Callable[..., bytes | None], tmp_path: Path) -> None:
    rabat("schedule", "install", "--cron", "--archive", tmp_path)
    assert own_crontab() is not None
    rabat("schedule", "remove", "--archive", tmp_path)
    assert own_crontab() is None


@needs_cron
def test_the_installed_claim_runs_as_cron_runs_it(own_crontab: Callable[..., bytes | None], tmp_path: Path) -> None:
    """The claim of the line that was really installed, by sh, in another folder with a bare environment."""
    archive = tmp_path / "my archive"
    archive.mkdir()
    rabat("schedule", "install", "--cron", "--archive", archive)
    line = as_cron_passes_it(commands_of((own_crontab() or b"").decode())[0], halves_backslashes=True)
    claim = line.split(" && ")[0]
    codes = [subprocess.run(["/bin/sh", "-c", claim], cwd="/", env={"PATH": "/usr/bin:/bin"}, capture_output=True).returncode for _ in range(2)]
    assert codes == [0, 1]


@needs_cron
def test_a_dry_run_changes_nothing(own_crontab: Callable[..., bytes | None], tmp_path: Path) -> None:
    said = rabat("schedule", "install", "--cron", "--dry-run", "--at", "02:30", "--archive", tmp_path / "a").stdout
    assert "30 2,3 * * * umask 027; " in said
    said = rabat("schedule", "install", "--systemd", "--dry-run", "--archive", tmp_path / "a", HOME=str(tmp_path)).stdout
    assert "ExecStart=:" in said and "OnCalendar=*-*-* 02:30:00\n" in said
    assert own_crontab() is None and not any(tmp_path.iterdir())


# The claim ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("note", "code"), [(None, 0), ("", 0), ("broken\x00", 0), ("2027-01-01", 0), ("2199-01-01T00:00:00+00:00", 0), ("2001-01-01T00:00:00+00:00", 0)]
)
def test_a_night_is_claimed_once(tmp_path: Path, note: str | None, code: int) -> None:
    if note is not None:
        (tmp_path / "state").mkdir()
        (tmp_path / "state" / "night").write_text(note)
    first = rabat("schedule", "claim", "--archive", tmp_path, code=code)
    second = rabat("schedule", "claim", "--archive", tmp_path, code=1)
    assert (first.stdout, first.stderr, second.stdout, second.stderr) == ("", "", "", "")


def test_a_claim_makes_no_archive_and_stops_no_night(tmp_path: Path) -> None:
    rabat("schedule", "claim", "--archive", tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (tmp_path / "state" / "night").mkdir(parents=True)
    assert "could not be noted" in rabat("schedule", "claim", "--archive", tmp_path).stderr


# systemd ------------------------------------------------------------------------------------------------------------------------


def verified(folder: Path, service: str, timer: str) -> subprocess.CompletedProcess[str]:
    """What the real `systemd-analyze verify` says of the units."""
    folder.mkdir(exist_ok=True)
    paths = folder / "night.service", folder / "night.timer"
    for path, text in zip(paths, (service, timer), strict=True):
        path.write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "--user", "--man=no", "verify", *map(str, reversed(paths))]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "XDG_RUNTIME_DIR": str(folder), "LC_ALL": "C"})


@needs_systemd
@pytest.mark.parametrize("zone", ["local", "UTC", "Europe/Paris"])
@pytest.mark.parametrize("name", ["plain", "two words", "100 %n %%", "$HOME ${HOME}", "é;b"])
def test_systemd_accepts_the_units_and_finds_the_program(tmp_path: Path, name: str, zone: str) -> None:
    """systemd looks whether the program can be started: it finds it only if the quoting gives its name back."""
    program = tmp_path / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    wanted = night_crawl(archive="/srv/%i 'a' \"b\" \\", program=(str(program),), timezone=zone, extra=HOSTILE, contact="50 % \\ 'me' \"you\"")
    said = verified(tmp_path / "units", service_text(wanted), timer_text(wanted))
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
    program.unlink()
    assert "is not executable" in verified(tmp_path / "units", service_text(wanted), timer_text(wanted)).stderr


@needs_systemd
def test_systemd_would_find_a_fault(tmp_path: Path) -> None:
    wanted = night_crawl(program=("/bin/sh",))
    said = verified(tmp_path / "units", service_text(wanted).replace("UMask", "Umsk"), timer_text(wanted).replace(":00\n", ":00:00\n"))
    assert "Umsk" in said.stderr and "calendar" in said.stderr


def as_systemd_reads_it(text: str) -> list[str]:
    """The words of a unit's command line by systemd.syntax(7): quotes, backslashes, then the specifier %%."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', text)
    return [(bare or re.sub(r"\\(.)", r"\1", quoted)).replace("%%", "%") for quoted, bare in found]


@given(st.lists(words, min_size=1))
def test_words_come_through_a_unit_file(some: list[str]) -> None:
    line = systemd_command(["/bin/true", *some])
    assert as_systemd_reads_it(line.removeprefix(":")) == ["/bin/true", *some]
    assert "\n" not in line and not line.endswith("\\")
    assert not re.search(r"(?<!%)%(?:%%)*(?!%)", line)


@pytest.mark.parametrize("program", ["/it's/rabat-crawler", '/a "b"/rabat-crawler', "/a\\b"])
def test_a_program_that_systemd_refuses_is_refused_before(program: str) -> None:
    with pytest.raises(ConfigError, match="use --cron"):
        service_text(night_crawl(program=(program,)))


def test_the_units_in_full() -> None:
    service = service_text(night_crawl(archive="/srv/50 % of it", extra=("--delay", "3"), contact="me@example.org"))
    assert 'ExecStart=:/opt/rabat/bin/rabat-crawler nightly --archive "/srv/50 %% of it" --delay 3\n' in service
    assert 'ExecCondition=:/opt/rabat/bin/rabat-crawler schedule claim --archive "/srv/50 %% of it"\n' in service
    assert "Environment=RABAT_CONTACT=me@example.org\n" in service
    assert "RABAT_CONTACT" not in service_text(night_crawl())
    for line in ("NoNewPrivileges=yes", "UMask=0027", "MemoryMax=1G", "RestrictNamespaces=yes"):
        assert f"\n{line}\n" in service
    timer = timer_text(night_crawl(timezone="Europe/Paris"))
    assert "\nPersistent=true\nRandomizedDelaySec=15min\n" in timer
    assert times_of_timer(timer) == (time(2, 30), "Europe/Paris")
    assert times_of_timer(timer_text(night_crawl(at=time(23, 59)))) == (time(23, 59), "local")
    assert times_of_timer("[Timer]\nOnCalendar=daily\n") is None


@pytest.fixture
def systemctl(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """A machine whose systemctl notes what it is asked, and fails at one word."""
    (tmp_path / "bin").mkdir()

    def machine(fails_at: str = "nothing") -> dict[str, str]:
        program = tmp_path / "bin" / "systemctl"
        program.write_text(
            f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nfor word; do [ "$word" != {fails_at} ] || {{ echo "Failed to {fails_at}" >&2; exit 1; }}; done\n'
        )
        program.chmod(0o755)
        (tmp_path / "bin" / "crontab").write_text("#!/bin/sh\necho 'no crontab for me' >&2; exit 1\n")
        (tmp_path / "bin" / "crontab").chmod(0o755)
        return {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "XDG_CONFIG_HOME": str(tmp_path / "config")}

    return machine


def test_where_systemd_answers_it_is_used(systemctl: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    machine, name = systemctl(), unit_name(str(tmp_path / "kept"))
    said = rabat("schedule", "install", "--at", "03:10", "--timezone", "UTC", "--archive", tmp_path / "kept", **machine)
    assert "systemd timer" in said.stdout and "03:10 (UTC)" in said.stdout and "RABAT_CONTACT" in said.stderr
    units = tmp_path / "config" / "systemd" / "user"
    assert sorted(path.name for path in units.iterdir()) == [f"{name}.service", f"{name}.timer"]
    asked = (tmp_path / "asked").read_text()
    assert f"--user daemon-reload\n--user enable {name}.timer\n--user restart {name}.timer\n" in asked
    assert rabat("schedule", "install", "--at", "04:00", "--archive", tmp_path / "kept", **machine).stdout.startswith("replaced: systemd timer")
    shown = json.loads(rabat("schedule", "show", "--json", "--archive", tmp_path / "kept", **machine).stdout)
    assert (shown["scheduler"], shown["at"], shown["active"]) == ("systemd", "04:00", True)
    idle = systemctl("is-active")
    assert "NOT ACTIVE" in rabat("schedule", "show", "--archive", tmp_path / "kept", **idle).stdout
    assert "removed the systemd timer" in rabat("schedule", "remove", "--archive", tmp_path / "kept", **systemctl()).stdout
    assert not any(units.iterdir())


@pytest.mark.parametrize("word", ["daemon-reload", "enable", "restart"])
def test_where_systemd_refuses_the_units_are_as_before(systemctl: Callable[..., dict[str, str]], tmp_path: Path, word: str) -> None:
    units = tmp_path / "config" / "systemd" / "user"
    assert word in rabat("schedule", "install", "--systemd", "--archive", tmp_path / "a", code=2, **systemctl(word)).stderr
    assert not any(units.iterdir())
    rabat("schedule", "install", "--systemd", "--archive", tmp_path / "a", **systemctl())
    before = {path: path.read_bytes() for path in units.iterdir()}
    rabat("schedule", "install", "--systemd", "--at", "05:55", "--archive", tmp_path / "a", code=2, **systemctl(word))
    assert {path: path.read_bytes() for path in units.iterdir()} == before


def test_where_no_systemd_answers_nothing_is_half_done(systemctl: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    said = rabat("schedule", "install", "--systemd", "--archive", tmp_path / "a", code=2, **systemctl("show-environment")).stderr
    assert "--cron" in said and "loginctl enable-linger" in said
    assert not (tmp_path / "config").exists()


# The command line ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--at", "2:30"), "such as 02:30"),
        (("--timezone", "Mars/Base"), "no time zone"),
        (("--timezone", "../../etc/passwd"), "no time zone"),
        (("--cron", "--timezone", "Pacific/Chatham"), "use --systemd"),
        (("--cron", "--systemd"), "give one of them"),
        (("--cron", "--", "--archive", "x"), "before the --"),
        (("--cron", "--archive", "a\nb"), "rename it"),
    ],
)
def test_wrong_input_is_said(tmp_path: Path, options: Sequence[str], message: str) -> None:
    said = rabat("schedule", "install", "--dry-run", *options, code=2, RABAT_ARCHIVE=str(tmp_path / "a"))
    assert message in said.stderr and said.stdout == ""


def test_a_file_is_no_archive_and_a_bad_contact_no_contact(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "is a file" in rabat("schedule", "install", "--archive", tmp_path / "file", code=2).stderr
    assert "contact" in rabat("schedule", "install", "--dry-run", "--cron", "--archive", tmp_path, code=2, RABAT_CONTACT="a\nb").stderr


def test_help_of_each_action() -> None:
    assert set(command.commands) == {"install", "show", "remove", "claim"}
    for action in command.commands.values():
        assert action.help
        assert all(parameter.help for parameter in action.params if isinstance(parameter, click.Option))
