"""Options and the expected values of the recorded pages; no fixtures that open a network or a clock."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None, max_examples=60)  # no deadline: a busy machine is no defect
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-expected` writes what the readers give now into tests/pages; the run fails on purpose, so that the diff is read by eye."""
    parser.addoption("--write-expected", action="store_true", default=False, help="write the expected JSON of recorded pages")
