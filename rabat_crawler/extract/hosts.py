"""Network addresses: which belong to the public internet, which to this machine. Pure; nothing is resolved here."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """True for an address of the public internet; the IPv4 address inside a mapped, 6to4 or NAT64 one counts, too."""
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def is_loopback(url: str) -> bool:
    """True if the host of an address is this machine by its very name: `localhost`, 127.0.0.0/8, ::1."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
