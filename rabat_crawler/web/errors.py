"""Errors as pages: what a visitor reads where an address, a search or the archive is wrong. No traceback, no path of the machine."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import Response
from datasette.utils.asgi import NotFound as NoSuchAddress
from datasette.utils.asgi import Request

from rabat_crawler import errors
from rabat_crawler.web.language import Language, Translator, date_words, language_of_path
from rabat_crawler.web.room import Room, View

GONE = 410
"""What is withheld was there, is not given out, and may not be asked for again. (451 would say that a law demands it, which an archivist's reason need not be.)"""

_BAD = (errors.SearchSyntax, errors.ConfigError)


def answered(room: Room, view: View) -> Callable[[Request], Awaitable[Response]]:
    """The view as Datasette calls it, with its errors as pages."""

    @functools.wraps(view)
    async def answer(request: Request) -> Response:
        try:
            return await view(room, request)
        except errors.Withheld as error:
            return await room.message(request, "withheld", GONE, withheld_words(error, room.language(request)), own_words=True)
        except errors.NotFound as error:
            return await room.message(request, "missing", 404, str(error).partition("; rabat-crawler")[0])
        except _BAD as error:
            return await room.message(request, "wrong", 400, str(error))
        except (TimeoutError, MemoryError):
            return await room.message(request, "slow", 503)
        except errors.RabatError:
            return await room.message(request, "broken", 500)

    del answer.__wrapped__  # Datasette looks at the parameters: they are those of `answer`
    return answer


def withheld_words(error: errors.Withheld, language: Language) -> str:
    """Since when and why, for a visitor."""
    translate = Translator(language)
    since = translate("base.withheld_since", when=date_words(error.at[:10], language))
    return f"{since} {translate('base.withheld_because', reason=error.reason)}" if error.reason else since


def answer_for(room: Room, request: Request, exception: Exception) -> Any:
    """Our page for an error at an address of ours; None lets Datasette answer."""
    if not language_of_path(request.path):
        return None
    if isinstance(exception, NoSuchAddress):
        return room.message(request, "missing", 404)
    if os.environ.get("RABAT_DEBUG"):
        traceback.print_exception(exception)
    else:
        sys.stderr.write(
            f"rabat-crawler: unexpected {type(exception).__name__} at {request.path!r}: {exception}; this is a defect of rabat-crawler\n"
        )
    return room.message(request, "broken", 500)
