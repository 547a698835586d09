"""The house: imports run one way, each library has one door, the pure layers touch neither clock nor network nor disk."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "rabat_crawler"
LAYERS = (
    ("models", "errors", "config", "urls"),
    (
        "registry",
        "extract",
        "layouts",
        "sites",
        "identity",
        "alignment",
        "citations",
        "date_text",
        "embedded",
        "epochs",
        "relations",
        "changes",
        "wording",
        "report",
        "health",
        "health_page",
        "revisit",
        "memento",
        "playback",
        "timeline",
        "cdx",
        "cdxj",
        "schedule",
        "names",
        "events",
        "event_words",
        "charts",
        "calendars",
        "places_map",
        "query",
        "spreadsheets",
        "atom",
        "digest",
    ),
    ("archive",),
    (
        "settings",
        "spiders",
        "middlewares",
        "pipelines",
        "extensions",
        "frontier",
        "scheduler",
        "rounds",
        "outcome",
        "reactor",
        "runner",
        "wayback",
        "wire",
        "backfill",
        "backfill_fetch",
        "backfill_plan",
        "session",
        "web",
    ),
    ("exports",),
    ("cli", "demo", "__main__"),
)
PURE = (*LAYERS[1], "urls")
NOT_PURE = {
    "sqlite3",
    "socket",
    "requests",
    "urllib.request",
    "scrapy",
    "twisted",
    "subprocess",
    "random",
    "time",
    "os",
    "pathlib",
    "sqlite_utils",
    "warcio",
}
DOORS = {
    "scrapy": LAYERS[3],
    "twisted": LAYERS[3],
    "protego": LAYERS[3],
    "sqlite_utils": ("archive",),
    "warcio": ("archive",),
    "zlib_ng": ("archive",),
    "bs4": ("extract", "layouts"),
    "selectolax": ("extract", "layouts"),
    "dateparser": ("extract",),
    "pypdfium2": ("extract",),
    "lxml": ("extract",),
    "langdetect": ("extract",),
    "snowballstemmer": ("query",),
    "click": ("cli", "demo"),
    "urllib3": LAYERS[3],
    "datasette": ("web",),
    "jinja2": ("web",),
    "markupsafe": ("web",),
    "uvicorn": ("web",),
    "pluggy": ("web",),
    "pyarrow": ("exports",),
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


def unit(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def layer(name: str) -> int | None:
    return next((number for number, names in enumerate(LAYERS) if name in names), None)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_lower_layer_never_imports_a_higher_one(path: Path) -> None:
    own = layer(unit(path))
    if unit(path) == "__init__":
        return
    assert own is not None, f"{path} belongs to no layer of the house; name it in LAYERS"
    for name, line in imports(path):
        if name.startswith("rabat_crawler."):
            other = layer(name.split(".")[1])
            if other is not None:
                assert other <= own, f"{path}:{line} (layer {own}) imports {name} (layer {other})"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_library_comes_in_by_its_door(path: Path) -> None:
    for name, line in imports(path):
        library = name.split(".")[0]
        if library in DOORS:
            assert unit(path) in DOORS[library], f"{path}:{line} imports {library}, which belongs to {DOORS[library]}"


@pytest.mark.parametrize("path", [path for path in modules() if unit(path) in PURE], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_reading_is_pure(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for name, line in imports(path):
        assert name not in NOT_PURE, f"{path}:{line} imports {name}"
    for clock in ("datetime.now(", "datetime.utcnow(", "date.today(", "time.time("):
        assert clock not in source, f"{path} reads the clock: {clock}"


def test_web_and_crawler_do_not_know_each_other() -> None:
    for path in modules():
        if unit(path) in LAYERS[3]:
            for name, line in imports(path):
                crosses = name.startswith("rabat_crawler.web") != (unit(path) == "web") and name.startswith("rabat_crawler.")
                if crosses and layer(name.split(".")[1]) == 3:
                    raise AssertionError(f"{path}:{line} imports {name}")
