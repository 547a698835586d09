"""Renders the templates of the reading room outside of Datasette, for pages that are written to files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.resources.abc import Traversable
from typing import Any

from markupsafe import Markup

Render = Callable[[str, Mapping[str, Any]], str]


def renderer(folders: Iterable[Traversable]) -> Render:
    """A function that renders a template of these folders, the first one first; what is put in is escaped, and a name that is not given is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([str(folder) for folder in folders]), autoescape=True, undefined=StrictUndefined, auto_reload=False
    )
    return lambda name, context: environment.get_template(name).render(context)


def trusted(html: str) -> Markup:
    """HTML that is ours, or that holds nothing that could end or begin an element, as it is to stand on a page."""
    return Markup(html)  # noqa: S704
