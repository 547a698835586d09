"""The bundled bilingual sample site (invented texts in the markup of Joomla 3), a server for it on loopback, and a web archive of it."""

from __future__ import annotations

from rabat_crawler.demo.content import SampleArticle
from rabat_crawler.demo.server import Request, Serving, serve
from rabat_crawler.demo.site import MISSING_FILE, Response, SampleSite

__all__ = ["MISSING_FILE", "Request", "Response", "SampleArticle", "SampleSite", "Serving", "serve"]
