"""A newsletter as a mail that is ready to be sent (RFC 5322, 2046): text and HTML as alternatives, nothing attached. Pure; nothing is ever sent from here.

The same newsletter gives the same bytes: Message-ID and boundary follow from its content, its date is the archive's moment.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from rabat_crawler.digest import phrases
from rabat_crawler.digest.page import page
from rabat_crawler.digest.plain import plain_text
from rabat_crawler.digest.values import Digest
from rabat_crawler.errors import ConfigError
from rabat_crawler.health_page import moment_of
from rabat_crawler.wording import one_line

HOST = "rabat-crawler.invalid"
"""What Message-IDs and the sender nobody gave end with: a name that no host will ever have."""
NOBODY = f"newsletter@{HOST}"
UNDISCLOSED = "undisclosed-recipients:;"
MOST_HEADER = 900
MOST_PLAIN = 200
LINE_END = "\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who sends, to whom, under which subject, as `--from`, `--to` and `--subject` say it; None for what is not said."""

    sender: str | None = None
    to: tuple[str, ...] = ()
    subject: str | None = None

    def check(self) -> None:
        """ConfigError for what cannot stand in a header, so that it is said before any work is done."""
        _addresses("--from", self.sender or NOBODY)
        for one in self.to:
            _addresses("--to", one)
        if self.subject is not None:
            _one_line("--subject", self.subject)


def mail(digest: Digest, envelope: Envelope | None = None) -> bytes:
    """The whole message with CRLF line ends. ConfigError for an address or subject that cannot stand in a header."""
    envelope = envelope or Envelope()
    title = _one_line("--subject", envelope.subject) if envelope.subject is not None else one_line(phrases.subject(digest), 250)
    text, html = plain_text(digest), page(digest)
    message = EmailMessage(policy=SMTP)
    message["From"] = _addresses("--from", envelope.sender or NOBODY)
    message["To"] = [one for given in envelope.to for one in _addresses("--to", given)] or UNDISCLOSED
    message["Date"] = format_datetime(moment_of(digest.moment) or datetime(1970, 1, 1, tzinfo=UTC))
    headers = "\n".join(str(message[name]) for name in ("From", "To", "Date"))
    digested = hashlib.sha256("\0".join((digest.language, title, headers, text, html)).encode("utf-8", "replace")).hexdigest()
    message["Message-ID"] = f"<{digested[:32]}@{HOST}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Unsent"] = "1"  # some mail programs open the file as a draft then, ready to be sent
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = digest.language
    message.set_boundary(f"=_{digested[32:]}")  # "=_" never occurs in quoted-printable text
    return _subject(title) + bytes(message)


def _subject(title: str) -> bytes:
    """The header line of a subject. EmailMessage would read what looks like an encoded word in a title, and let a line end come out of it."""
    plain = title.isascii() and "=?" not in title and len(title) <= MOST_PLAIN
    return f"Subject: {title if plain else Header(title, 'utf-8', header_name='Subject').encode(linesep=LINE_END)}{LINE_END}".encode("ascii")


def _one_line(option: str, text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > MOST_HEADER:
        raise ConfigError(
            f"{option} {text[:60]!r} cannot stand in a mail's header: one line of at most {MOST_HEADER} characters without control characters"
        )
    return text.strip()


def _addresses(option: str, text: str) -> list[Address]:
    """The addresses of `Name <a@example.org>, b@example.org`."""
    line = _one_line(option, text)
    if "=?" in line:
        raise ConfigError(f"{option} {line[:60]!r} is encoded already; give the name as people read it")
    try:
        read = EmailMessage(policy=SMTP)
        read["To"] = line
        header = read["To"]
        assert isinstance(header, AddressHeader)
        found = list(header.addresses)
        defects = getattr(header, "defects", ())
    except (MessageError, ValueError, IndexError, AttributeError):
        found, defects = [], ()
    sound = found and not defects and all(one.username and one.domain and one.addr_spec.isascii() for one in found)
    if not sound:
        raise ConfigError(f"{option} {line[:60]!r} is no mail address; give one such as name@example.org or 'Name <name@example.org>'")
    return found
