"""Next to the wire: every answer, with its body as received, goes to the archive before anything else sees it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rabat_crawler.errors import PageError, RabatError, RecordError
from rabat_crawler.extract.decoding import DEFECTS, decode_body, has_end, lacking

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Headers, Response

Pairs = tuple[tuple[str, str], ...]

logger = logging.getLogger("rabat_crawler.crawl")


class Recorder:
    """Leaves what was read in `request.meta["page"]`: a Page, or None if the answer could not be kept or read (then it is counted).

    `request.meta["lacking"]` says why the body is not whole ("" if it is): its framing, its coding, or, on a site whose pages are closed by
    `</html>`, an HTML page that is not (a server that died while it wrote, or one whose Content-Length is too short).
    """

    def __init__(self, crawler: Crawler) -> None:
        self.session = crawler.spider.session  # type: ignore[union-attr]
        self._ends = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        self.session.requests += 1

    def process_response(self, request: Request, response: Response) -> Response:
        request.meta["page"] = None
        headers = header_pairs(response.headers)
        request.meta["lacking"], truncated = self._lacking(response, headers)
        try:
            request.meta["page"] = self.session.record(
                url=request.url,
                status=response.status,
                headers=headers,
                request_headers=(("Host", urlsplit(request.url).netloc), *header_pairs(request.headers)),
                body=response.body,
                ip=str(response.ip_address) if response.ip_address is not None else None,
                truncated=truncated,
            )
        except (PageError, RecordError) as error:
            self.session.fail(request.url, str(error))
        except RabatError as error:
            self.session.stop("error", error)
        except Exception as error:
            logger.exception("could not record or read a page", extra={"url": request.url})
            self.session.fail(request.url, f"could not be recorded or read: {type(error).__name__}: {str(error)[:300]}")
        page = request.meta["page"]
        if page is not None and not request.meta["lacking"] and any(problem.code == "too_large" for problem in page.problems):
            request.meta["lacking"] = DEFECTS["too_large"]
        return response

    def _lacking(self, response: Response, headers: Pairs) -> tuple[str, str | None]:
        """Why the body is not whole, in words ("" if it is), and the WARC-Truncated value to flag its record with (None if it is whole)."""
        if "dataloss" in response.flags:
            return "data loss", "disconnect"
        if "download_stopped" in response.flags:
            return "", "length"
        body, problems = decode_body(response.body, headers)
        reason, truncated = lacking(response.status, headers, problems)
        if not reason and response.status == 200 and _is_html(headers):
            end = has_end(body)
            self._ends += end is True
            if end is False and self._ends:
                return DEFECTS["truncated"], "unspecified"
        return reason, truncated or None


def _is_html(headers: Pairs) -> bool:
    return any(name.lower() == "content-type" and "html" in value.lower() for name, value in headers)


def header_pairs(headers: Headers) -> Pairs:
    """Header names and values as text, one pair per value; bytes beyond ASCII as latin-1, as HTTP has it."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, values in headers.items() for value in values)
