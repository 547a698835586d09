"""What Datasette says of the database: titles, descriptions of tables and columns, ready queries. Values only, for `serve` and for exports."""

from __future__ import annotations

from typing import Any


def metadata(database: str) -> dict[str, Any]:
    """Datasette's metadata for a database of that name."""
    return {"title": "Archive of the Rabat Process", "databases": {database: {}}}
