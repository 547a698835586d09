"""A small wheel of the reading room: the modules that its pages import, and the exact versions of the libraries that they need. The same each time."""

from __future__ import annotations

import ast
import base64
import hashlib
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from importlib.resources import files
from pathlib import Path

from rabat_crawler import __version__

PACKAGE = "rabat_crawler"
NEEDS = {"anyio": ">=4", "datasette": ">=0.65.2,<1", "jinja2": ">=3.1", "markupsafe": ">=2.1", "pluggy": ">=1.3", "snowballstemmer": ">=3,<4"}
"""The libraries that the reading room imports."""
PAGES_LEFT_OUT = ("archived", "health")
"""Pages about the WARC files and about the machine that crawls: a copy of the database has neither."""
NOT_FOLLOWED = ("rabat_crawler.archive.api",)
"""What these import within functions is for writing."""
NAME = f"{PACKAGE}-{__version__}-py3-none-any.whl"
SUFFIXES = (".tsv", ".txt", ".html", ".css", ".js", ".svg", ".json")
INSTALLERS = ("pip", "setuptools")
"""Whoever reads a requirements file has them."""

_DIST = f"{PACKAGE}-{__version__}.dist-info"
_TIME = (1980, 1, 1, 0, 0, 0)
_REQUIREMENT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]{0,100})")
_ENTRY_POINTS = f"[datasette]\nrabat-crawler = {PACKAGE}.web.plugin\n"
_TAGS = "Wheel-Version: 1.0\nGenerator: rabat_crawler\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def requirements() -> dict[str, str]:
    """Every library that the reading room needs, also at second hand, with the version that is installed here, by name."""
    found: dict[str, str] = {}
    waiting = list(NEEDS)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found or name in INSTALLERS:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # it is for another system or another Python
        found[name] = distribution.version
        waiting += [match[1] for one in distribution.requires or () if "extra ==" not in one and (match := _REQUIREMENT.match(one))]
    return dict(sorted(found.items()))


def write_wheel(folder: Path) -> Path:
    """The wheel, as a file of the folder."""
    content: dict[str, bytes] = {name: path.read_bytes() for name, path in sorted(_sources().items())}
    content |= {f"{_DIST}/{name}": text.encode() for name, text in _described().items()}
    lines = [f"{name},sha256={_digest(body)},{len(body)}" for name, body in content.items()]
    record = f"{_DIST}/RECORD"
    content[record] = "".join(f"{line}\n" for line in (*lines, f"{record},,")).encode()
    path = folder / NAME
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in content.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3
            archive.writestr(entry, body, zipfile.ZIP_DEFLATED, 9)
    return path


def _digest(body: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()


def _described() -> Mapping[str, str]:
    needs = "".join(f"Requires-Dist: {name}{versions}\n" for name, versions in NEEDS.items())
    said = (
        f"Metadata-Version: 2.4\nName: rabat-crawler\nVersion: {__version__}\nSummary: The reading room of rabat_crawler, without the crawler\n"
        f"License-Expression: Apache-2.0\nRequires-Python: >=3.11\n{needs}"
    )
    licence = _licence()
    described = {"METADATA": said + ("License-File: LICENSE\n" if licence else ""), "WHEEL": _TAGS, "entry_points.txt": _ENTRY_POINTS}
    return {**described, "licenses/LICENSE": licence} if licence else described


def _licence() -> str:
    """The text of the licence, as this program was installed with it; "" if it was not."""
    try:
        return metadata.distribution("rabat-crawler").read_text("licenses/LICENSE") or ""
    except metadata.PackageNotFoundError:
        return ""


def _sources() -> dict[str, Path]:
    """The files of the package that the room needs, by their names in the wheel."""
    root = Path(str(files(PACKAGE)))
    pages = [f"{PACKAGE}.web.pages.{path.stem}" for path in (root / "web" / "pages").glob("*.py") if path.stem not in PAGES_LEFT_OUT]
    sites = [f"{PACKAGE}.sites.{path.stem}" for path in (root / "sites").glob("*.py")]
    known = _Modules(root)
    modules = known.reached((f"{PACKAGE}.web.plugin", *pages, *sites))
    code = {path for name in modules if (path := known.path(name))}
    folders = {path.parent for path in code if path.name == "__init__.py" and path.parent != root}
    texts = {path for folder in folders for path in (*folder.glob("*.*"), *_below(folder, code)) if path.suffix in SUFFIXES}
    return {f"{PACKAGE}/{path.relative_to(root).as_posix()}": path for path in code | texts}


def _below(folder: Path, code: set[Path]) -> Iterator[Path]:
    """The files in folders of a package that are no packages themselves, such as templates."""
    for below in sorted(folder.iterdir()):
        if below.is_dir() and not (below / "__init__.py").exists() and below.name != "__pycache__":
            yield from below.glob("*.*")


class _Modules:
    """The modules of the package, and what each imports."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._paths: dict[str, Path | None] = {}
        self._importable: dict[str, bool] = {}
        self._trees: dict[Path, ast.Module] = {}

    def path(self, name: str) -> Path | None:
        """The file of a module; None if it is none of ours."""
        if name not in self._paths:
            inside = self._root.joinpath(*name.split(".")[1:])
            found = (path for path in (inside / "__init__.py", inside.with_suffix(".py")) if path.is_file())
            self._paths[name] = next(found, None) if name.split(".")[0] == PACKAGE else None
        return self._paths[name]

    def reached(self, starts: Iterable[str]) -> list[str]:
        """The modules that these import, at once or within functions, as far as the room's libraries let them be imported."""
        found: set[str] = set()
        waiting = list(starts)
        while waiting:
            name = waiting.pop()
            if name in found or not self.path(name) or not self._can_be_imported(name):
                continue
            found.add(name)
            waiting += self._imports(name, within=name not in NOT_FOLLOWED)
        return sorted(found)

    def _can_be_imported(self, name: str) -> bool:
        """True if the module needs no library but the room's, itself or through what it imports at once."""
        if name not in self._importable:
            self._importable[name] = True  # for modules that import each other
            self._importable[name] = all(self._is_there(one) for one in self._imports(name, within=False))
        return self._importable[name]

    def _is_there(self, name: str) -> bool:
        if self.path(name):
            return self._can_be_imported(name)
        first = name.split(".")[0]
        return first == PACKAGE or first in NEEDS or first in sys.stdlib_module_names

    def _imports(self, name: str, *, within: bool) -> list[str]:
        path = self.path(name)
        if path is None:
            return []
        if path not in self._trees:
            self._trees[path] = ast.parse(path.read_bytes())
        parents = [name.rpartition(".")[0]] if "." in name else []
        return [*parents, *(found for node in _statements(self._trees[path], within=within) for found in self._named(node))]

    def _named(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if self.path(f"{node.module}.{alias.name}"))


def _statements(tree: ast.AST, *, within: bool) -> Iterator[ast.AST]:
    """Every node but those that only a type checker reads; `within`: also those within functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if within or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
            yield from _statements(node, within=within)
