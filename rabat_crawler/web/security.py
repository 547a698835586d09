"""What every answer of the room says to browsers (Content-Security-Policy and the like), and which requests are answered at all. ASGI only."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_BASE = "default-src 'none'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
STRICT = f"{_BASE}; script-src 'self'; style-src 'self'"
"""For our own pages: no inline script, no inline style, no other host."""

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
PUBLIC_DEBUG = ("/-/static/", "/-/static-plugins/")
_INLINE = re.compile(r"<script>(.*?)</script>", re.S)
_SWITCH = "DATASETTE_ALLOW_FACET = {{ datasette_allow_facet }};"


@lru_cache(maxsize=1)
def datasette_policy() -> str:
    """For Datasette's own pages: the inline scripts of its installed templates by their hashes, and no other; its colours are style attributes.

    A script that needs what a template puts in is not among them, but the one with `true` or `false`.
    """
    import datasette

    allowed: set[str] = set()
    for template in sorted((Path(datasette.__file__).parent / "templates").glob("*.html")):
        for script in _INLINE.findall(template.read_text(encoding="utf-8")):
            for text in (script.replace(_SWITCH, f"DATASETTE_ALLOW_FACET = {value};") for value in ("true", "false")):
                if "{{" not in text and "{%" not in text:
                    allowed.add(base64.b64encode(hashlib.sha256(text.encode()).digest()).decode())
    hashes = " ".join(f"'sha256-{one}'" for one in sorted(allowed))
    return f"{_BASE}; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'"


def guarded(app: App, *, hosts: Iterable[str] | None = None, public: bool = False, only_reading: bool = True) -> App:
    """The application with our headers on everything. `hosts`: the only values of Host that are answered, so that no other site's name that was
    pointed to this machine can read the archive; `public`: Datasette's pages about the server itself (`/-/...`) are not given out.
    """
    known = None if hosts is None else frozenset(hosts)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _with_headers(message.get("headers", []))}
            await send(message)

        refused = _refusal(scope, known, public=public, only_reading=only_reading)
        if refused:
            await _say(send_with_headers, *refused)
            return
        await app(scope, receive, send_with_headers)

    return answer


def _refusal(scope: Scope, hosts: frozenset[str] | None, *, public: bool, only_reading: bool) -> tuple[int, str] | None:
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    if hosts is not None and host not in hosts:
        return 403, "this server is for this machine only"
    if only_reading and scope["method"] not in ("GET", "HEAD"):
        return 405, "the archive is only read here"
    path = scope["path"]
    if public and path.startswith("/-/") and not path.startswith(PUBLIC_DEBUG):
        return 404, "not given out here"
    return None


def _with_headers(fields: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """A policy of the answer's own stays; what is no page of ours gets Datasette's."""
    kept = [(name.lower(), value) for name, value in fields]
    present = {name for name, _ in kept}
    wanted = [(b"content-security-policy", datasette_policy().encode("ascii")), *HEADERS]
    return [*kept, *((name, value) for name, value in wanted if name not in present)]


async def _say(send: Send, status: int, message: str) -> None:
    body = message.encode()
    fields = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if status == 405:
        fields.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
