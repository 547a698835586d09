"""Indexes of web archives: questions in each dialect, rows in each form, damage of every kind."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler import registry
from rabat_crawler.cdx import FIELDS, PYWB_FIELDS, ROWS_A_PAGE, CdxRow, Query, cdx_url, parse_cdx, plain_digest, queries_of
from rabat_crawler.memento import SOURCES, source_from

IA, PYWB = SOURCES["internet-archive"], source_from("http://127.0.0.1:8080/past/cdx")
PLAIN = source_from("http://127.0.0.1:8081/idx,http://127.0.0.1:8080/past/{timestamp}id_/{url}")
DIGEST = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
ROW = CdxRow(
    url_key="org,rabat-process)/fr",
    timestamp="20170102030405",
    url="http://www.rabat-process.org:80/fr/",
    media_type="text/html",
    status=200,
    digest=DIGEST,
    length=1234,
)
REVISIT = CdxRow(url_key=ROW.url_key, timestamp="20180102030405", url=ROW.url, media_type="warc/revisit", digest=DIGEST, length=400)


def fields(row: CdxRow) -> list[str]:
    status, length = (str(value) if value is not None else "-" for value in (row.status, row.length))
    return [row.url_key, row.timestamp, row.url, row.media_type or "-", status, row.digest or "-", length]


def array(rows: list[CdxRow], key: str | None = None) -> bytes:
    lines = [list(FIELDS), *(fields(row) for row in rows), *([[], [key]] if key else [])]
    return ("[" + ",\n".join(json.dumps(line) for line in lines) + "]\n").encode()


def json_lines(rows: list[CdxRow]) -> bytes:
    return "".join(json.dumps({n: v for n, v in zip(PYWB_FIELDS, fields(row), strict=True) if v != "-"}) + "\n" for row in rows).encode()


def cdxj(rows: list[CdxRow]) -> bytes:
    return "".join(
        f"{row.url_key} {row.timestamp} " + json.dumps(dict(zip(PYWB_FIELDS[2:], fields(row)[2:], strict=True))) + "\n" for row in rows
    ).encode()


def classic(rows: list[CdxRow]) -> bytes:
    lines = []
    for row in rows:
        first, length = fields(row)[:6], fields(row)[6]
        lines.append(" ".join([*first, "-", "-", length, "970", "a.warc.gz"]))
    return (" CDX N b a m s k r M S V g\n" + "\n".join(lines) + "\n").encode()


def seven(rows: list[CdxRow]) -> bytes:
    return "".join(" ".join(fields(row)) + "\n" for row in rows).encode()


FORMS = {"array": array, "json lines": json_lines, "cdxj": cdxj, "classic": classic, "seven": seven}


@pytest.mark.parametrize("form", FORMS)
def test_rows_are_read_in_each_form(form: str) -> None:
    listing = parse_cdx(FORMS[form]([ROW, REVISIT]))
    assert listing.rows == (ROW, REVISIT)
    assert listing.broken == 0
    assert [row.is_revisit for row in listing.rows] == [False, True]
    assert listing.rows[0].captured_at.isoformat() == "2017-01-02T03:04:05+00:00"


ROWS = st.builds(
    CdxRow,
    url_key=st.from_regex(r"[a-z,]{1,20}\)/[a-z0-9/?=]{0,20}", fullmatch=True),
    timestamp=st.datetimes().filter(lambda moment: moment.year >= 1990).map(lambda moment: moment.strftime("%Y%m%d%H%M%S")),
    url=st.from_regex(r"https?://[a-z]{1,10}\.example(:[1-9][0-9]{0,3})?/[A-Za-z0-9/?=%]{0,30}", fullmatch=True),
    media_type=st.sampled_from(["text/html", "application/pdf", "warc/revisit", "unk"]),
    status=st.one_of(st.none(), st.integers(100, 999)),
    digest=st.one_of(st.just(""), st.from_regex(r"[A-Z2-7]{32}", fullmatch=True), st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True)),
    length=st.one_of(st.none(), st.integers(0, 10**9)),
)


@given(st.lists(ROWS, min_size=1, max_size=5, unique_by=lambda row: (row.timestamp, row.url)), st.sampled_from(sorted(FORMS)))
def test_what_is_written_is_read(rows: list[CdxRow], form: str) -> None:
    assert parse_cdx(FORMS[form](rows)).rows == tuple(rows)


@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_problems(answer: bytes) -> None:
    listing = parse_cdx(answer)
    assert all(row.captured_at for row in listing.rows)
    assert len(listing.problems) <= listing.broken


@given(st.sampled_from(sorted(FORMS)), st.data())
def test_damage_costs_no_other_row(form: str, data: st.DataObject) -> None:
    rows = [CdxRow(url_key="org,a)/", timestamp=f"201701020304{n:02}", url=f"http://a.org/{n}", media_type="text/html", status=200) for n in range(8)]
    lines = FORMS[form](rows).split(b"\n")
    hit = data.draw(st.integers(2, 7))
    lines[hit] = data.draw(st.binary(max_size=40)).replace(b"\n", b"").replace(b"\r", b"")
    found = {row.url for row in parse_cdx(b"\n".join(lines)).rows}
    assert len({row.url for row in rows} - found) <= 1


@given(st.binary(max_size=60), st.sampled_from(sorted(FORMS)), st.integers(0, 600))
def test_a_cut_answer_gives_its_whole_rows(tail: bytes, form: str, cut: int) -> None:
    whole = FORMS[form]([ROW, REVISIT])
    listing = parse_cdx(whole[:cut] + tail if cut < len(whole) else whole)
    assert all(row.timestamp.isdigit() for row in listing.rows)


def test_the_key_to_go_on_with() -> None:
    assert parse_cdx(array([ROW], "org%2Crabat+2017")).resume_key == "org%2Crabat+2017"
    assert parse_cdx(seven([ROW]) + b"\norg%2Crabat+2017\n").resume_key == "org%2Crabat+2017"
    assert parse_cdx(array([ROW])).resume_key is None


@pytest.mark.parametrize(("answer", "pages"), [(b"7\n", 7), (b'{"blocks": 12, "pages": 3, "pageSize": 5}', 3), (b"0", 0)])
def test_a_number_of_pages(answer: bytes, pages: int) -> None:
    assert parse_cdx(answer).pages == pages


@pytest.mark.parametrize("answer", [b"", b"\n", b"[]", b"[[]]", b" CDX N b a m s k r M S V g\n"])
def test_an_empty_answer_is_no_problem(answer: bytes) -> None:
    listing = parse_cdx(answer)
    assert (listing.rows, listing.broken, listing.pages) == ((), 0, None)


BROKEN = [
    ("a time that is none", "org,a)/ 20171399000000 http://a.org/ text/html 200 - 1", "no time"),
    ("no web address", "org,a)/ 20170101000000 dns:a.org text/dns - - 1", "no web address"),
    ("half a line", "org,a)/ 20170101000000 http://a.o", "not a row"),
    ("half a JSON", '{"urlkey": "org,a)/", "timest', "no JSON"),
    ("a page of HTML", "<html><body>Too many requests</body></html>", "not a row"),
    ("a list too short", '[["urlkey","timestamp","original","mimetype","statuscode","digest","length"],["a"]]', "not a row"),
    ("a number for a row", '[["urlkey","timestamp","original","mimetype","statuscode","digest","length"],7]', "not a row"),
]


@pytest.mark.parametrize(("answer", "said"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_broken_rows_are_said(answer: str, said: str) -> None:
    listing = parse_cdx(answer.encode())
    assert listing.rows == ()
    assert listing.broken == 1
    assert said in listing.problems[0].message


def test_many_broken_rows_are_counted_and_the_first_named() -> None:
    listing = parse_cdx(b"x y\n" * 5000)
    assert (listing.broken, len(listing.problems)) == (5000, 50)


def test_the_same_capture_twice_is_one_row_and_a_whole_one_beats_a_revisit() -> None:
    same = CdxRow(url_key=ROW.url_key, timestamp=ROW.timestamp, url=ROW.url, media_type="warc/revisit", digest=DIGEST)
    assert parse_cdx(array([same, ROW, ROW, same])).rows == (ROW,)


@pytest.mark.parametrize(
    ("stated", "digest"),
    [
        (DIGEST, DIGEST),
        (f"sha1:{DIGEST}", DIGEST),
        (DIGEST.lower(), DIGEST),
        ("sha256:" + "AB" * 32, "sha256:" + "ab" * 32),
        ("md5:x", ""),
        ("-", ""),
        ("", ""),
        ("3" * 31, ""),
    ],
)
def test_digests_in_one_form(stated: str, digest: str) -> None:
    assert plain_digest(stated) == digest


# Questions


def asked(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


QUERY = Query(url="www.rabat-process.org", first="20100101000000", last="20181231235959")


def test_questions_to_archive_org() -> None:
    said = asked(cdx_url(IA, QUERY))
    assert said["url"] == "www.rabat-process.org"
    assert (said["matchType"], said["from"], said["to"], said["output"]) == ("host", QUERY.first, QUERY.last, "json")
    assert (said["limit"], said["showResumeKey"], said["fl"]) == (str(ROWS_A_PAGE), "true", ",".join(FIELDS))
    assert asked(cdx_url(IA, QUERY, resume_key="a%2Cb 1"))["resumeKey"] == "a%2Cb 1"
    assert "limit" not in asked(cdx_url(IA, QUERY, count_pages=True))


def test_questions_to_pywb_by_page() -> None:
    assert asked(cdx_url(PYWB, QUERY, page=0))["page"] == "0"
    assert asked(cdx_url(PYWB, QUERY, count_pages=True))["showNumPages"] == "true"
    assert asked(cdx_url(PYWB, QUERY))["fl"] == ",".join(PYWB_FIELDS)


def test_a_plain_index_is_asked_plainly() -> None:
    assert set(asked(cdx_url(PLAIN, QUERY))) == {"url", "matchType", "limit", "from", "to"}


def test_all_hosts_of_all_epochs_are_asked_once() -> None:
    hosts = [query.url for query in queries_of(registry.site("rabat-process"), "", "")]
    assert hosts == ["www.rabat-process.org", "processusderabat.net", "dialogueuroafricainmd.net"]


def test_a_mirror_is_asked_by_its_origin() -> None:
    mirror = registry.at_origin(registry.site("rabat-process"), "http://127.0.0.1:8177/")
    assert [query.url for query in queries_of(mirror, "", "")] == ["127.0.0.1:8177"]


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from([IA, PYWB, PLAIN]))
def test_any_host_and_key_stay_in_their_parameters(host: str, key: str, source: object) -> None:
    host, key = (text.encode("utf-8", "replace").decode() for text in (host, key))
    said = parse_qs(urlsplit(cdx_url(source, Query(url=host), resume_key=key)).query, keep_blank_values=True)  # type: ignore[arg-type]
    assert said["url"] == [host]
    assert said.get("resumeKey", [""]) == [key]
