"""The newsletter: what a period brought, in the reader's language, as a page of HTML, as plain text, as a mail. Pure: values in, text out.

Whoever asks the archive makes a `Digest`; nothing here knows a database, a disk or a clock.
"""

from rabat_crawler.digest.condition import condition, crawls_of, is_tellable
from rabat_crawler.digest.mail import Envelope, mail
from rabat_crawler.digest.merging import Net, merged
from rabat_crawler.digest.page import page
from rabat_crawler.digest.plain import plain_text
from rabat_crawler.digest.values import CHANGED, CODES, GONE, MOVED, NEW, RETURNED, Coming, Condition, Digest, Entry, Field, Twin
from rabat_crawler.digest.words import Language

__all__ = [
    "CHANGED",
    "CODES",
    "GONE",
    "MOVED",
    "NEW",
    "RETURNED",
    "Coming",
    "Condition",
    "Digest",
    "Entry",
    "Envelope",
    "Field",
    "Language",
    "Net",
    "Twin",
    "condition",
    "crawls_of",
    "is_tellable",
    "mail",
    "merged",
    "page",
    "plain_text",
]
