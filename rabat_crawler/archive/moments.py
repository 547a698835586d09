"""Times as the database has them: text whose order is that of time."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(value: datetime) -> str:
    """ISO 8601 UTC with microseconds, always the same width, so that text order is time order."""
    value = value.astimezone(UTC)
    return f"{value.year:04d}-{value.month:02d}-{value.day:02d}T{value.hour:02d}:{value.minute:02d}:{value.second:02d}.{value.microsecond:06d}Z"


def parse_moment(text: str) -> datetime:
    """The aware UTC datetime of `moment`."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
