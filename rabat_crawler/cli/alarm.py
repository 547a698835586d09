"""Telling whoever is to be told that a night went wrong: a command, or a web address. What fails here is said, and changes no exit code."""

from __future__ import annotations

import os
import shlex
import subprocess
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from rabat_crawler.errors import ConfigError

SECONDS = 60
POST_SECONDS = 20


def run_command(command: str, text: str, *, code: int, run_id: str) -> str:
    """Run a command with the report on its standard input; what went wrong, "" if nothing."""
    environment = {**os.environ, "RABAT_EXIT_CODE": str(code), "RABAT_RUN": run_id}
    try:
        done = subprocess.run(shlex.split(command), input=text, text=True, env=environment, timeout=SECONDS, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return f"--on-alarm {command!r} could not be run: {error}"
    return f"--on-alarm {command!r} ended with {done.returncode}" if done.returncode else ""


def check_webhook(url: str) -> None:
    """ConfigError unless it is a web address that can be posted to."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0 and url.isascii() and url.isprintable()
    except ValueError:
        good = False
    if not good or " " in url or parts.username is not None:
        raise ConfigError("--webhook takes an address such as https://hooks.example.org/rabat, http or https, without a user name")


def post(url: str, body: str, user_agent: str) -> str:
    """Post a JSON body, once, following no redirect; what went wrong, "" if nothing. The address's path is not said: it may be a secret."""
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": user_agent}
    request = urllib.request.Request(  # noqa: S310 (check_webhook has seen it)
        url, data=body.encode("utf-8", "replace"), headers=headers, method="POST"
    )
    parts = urlsplit(url)
    place = f"--webhook {parts.scheme}://{parts.hostname}"
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=POST_SECONDS):
            return ""
    except urllib.error.HTTPError as error:
        error.close()
        return f"{place} answered {error.code}"
    except urllib.error.URLError as error:
        return f"{place} could not be reached: {error.reason}"
    except (OSError, HTTPException, ValueError) as error:
        return f"{place} could not be reached: {type(error).__name__}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        """A redirect is an answer like any other that is no success."""
