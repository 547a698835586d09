"""Next to the wire: every answer, with its body as received, goes to the archive before anything else sees it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rabat_crawler.errors import PageError, RabatError, RecordError

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Headers, Response

logger = logging.getLogger("rabat_crawler.crawl")


class Recorder:
    """Leaves what was read in `request.meta["page"]`: a Page, or None if the answer could not be kept or read (then it is counted)."""

    def __init__(self, crawler: Crawler) -> None:
        self.session = crawler.spider.session  # type: ignore[union-attr]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        self.session.requests += 1

    def process_response(self, request: Request, response: Response) -> Response:
        request.meta["page"] = None
        try:
            request.meta["page"] = self.session.record(
                url=request.url,
                status=response.status,
                headers=header_pairs(response.headers),
                request_headers=(("Host", urlsplit(request.url).netloc), *header_pairs(request.headers)),
                body=response.body,
                ip=str(response.ip_address) if response.ip_address is not None else None,
                truncated="disconnect" if "dataloss" in response.flags else None,
            )
        except (PageError, RecordError) as error:
            self.session.fail(request.url, str(error))
        except RabatError as error:
            self.session.stop("error", error)
        except Exception as error:
            logger.exception("could not record or read a page", extra={"url": request.url})
            self.session.fail(request.url, f"could not be recorded or read: {type(error).__name__}: {str(error)[:300]}")
        return response


def header_pairs(headers: Headers) -> tuple[tuple[str, str], ...]:
    """Header names and values as text, one pair per value; bytes beyond ASCII as latin-1, as HTTP has it."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, values in headers.items() for value in values)
