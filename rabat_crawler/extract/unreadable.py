"""Why a document's bytes are not read: the one exception that the readers of documents raise, caught by `extract.documents`."""

from __future__ import annotations

from rabat_crawler.models import Problem


class Unreadable(Exception):
    """A document that gives no text. `problem` says why, `media_type` what it is as far as that is known."""

    def __init__(self, code: str, message: str, media_type: str | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(code=code, message=message)
        self.media_type = media_type or None


def too_large(message: str, media_type: str | None = None) -> Unreadable:
    """A bound was met."""
    return Unreadable("document_too_large", message, media_type)
