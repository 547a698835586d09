"""What may be connected to: the site's origins only, and public addresses only, checked at request time and again at name resolution.

The one exemption is an origin that the person named with --start.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import IgnoreRequest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer

from rabat_crawler.extract.hosts import is_public
from rabat_crawler.urls import origin_of

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler


class Refused(IgnoreRequest):
    """A request that is not sent: `reason` is counted as a reason to skip."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Stopped(IgnoreRequest):
    """A request that is not sent because the run ends."""


class OriginGuard:
    """Refuses every request to another origin than the site's, whoever made it."""

    def __init__(self, crawler: Crawler) -> None:
        self.session = crawler.spider.session  # type: ignore[union-attr]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        if self.session.stopping:
            raise Stopped("the run ends")
        if origin_of(request.url) not in self.session.origins:
            raise Refused("outside the site")


@implementer(IHostnameResolver)
class PublicResolver:
    """Twisted's resolver, but only public addresses come back: what is checked here is what is connected to.

    `exempt(host, port)` is True for the origin that was named by hand; `refused(host, address)` is told of the others.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.exempt: Callable[[str, int], bool] = lambda host, port: False
        self.refused: Callable[[str, str], None] = lambda host, address: None

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[Any]] | None = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        exempt = self.exempt(hostName, portNumber)
        receiver = resolutionReceiver if exempt else _PublicOnly(resolutionReceiver, hostName, self.refused)
        literal = _literal(hostName, portNumber)
        if literal is None:
            return self.inner.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)
        resolution = _Resolution(hostName)
        receiver.resolutionBegan(resolution)
        receiver.addressResolved(literal)
        receiver.resolutionComplete()
        return resolution


def _literal(host: str, port: int) -> IPv4Address | IPv6Address | None:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return None
    return IPv4Address("TCP", host, port) if version == 4 else IPv6Address("TCP", host, port)


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Nothing to cancel: it was answered at once."""


@implementer(IResolutionReceiver)
class _PublicOnly:
    """Passes on what the resolver finds, without the addresses that are not public."""

    def __init__(self, inner: Any, host: str, refused: Callable[[str, str], None]) -> None:
        self.inner, self.host, self.refused = inner, host, refused

    def resolutionBegan(self, resolutionInProgress: Any) -> None:
        self.inner.resolutionBegan(resolutionInProgress)

    def addressResolved(self, address: Any) -> None:
        if is_public(address.host):
            self.inner.addressResolved(address)
        else:
            self.refused(self.host, address.host)

    def resolutionComplete(self) -> None:
        self.inner.resolutionComplete()
