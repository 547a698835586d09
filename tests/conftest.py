"""Options, the profile of property tests, and the browser; no fixtures that open a network or a clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.browser import launched

settings.register_profile("suite", deadline=None, max_examples=60)  # no deadline: a busy machine is no defect
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-expected` writes what the readers give now into tests/pages; the run fails on purpose, so that the diff is read by eye."""
    parser.addoption("--write-expected", action="store_true", default=False, help="write the expected JSON of recorded pages")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, one a module."""
    with launched() as started:
        yield started
