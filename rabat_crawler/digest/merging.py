"""The changes of several runs as one: what a period made of each item, from how it was before to how it is in the end. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rabat_crawler.changes import Code, Values
from rabat_crawler.models import Run


@dataclass(slots=True, kw_only=True)
class Net:
    """What a period did to one item: `codes` as in `changes`, the fields and the version that differ (first, last), and how it was called last."""

    item_id: str
    title: str = ""
    kind: str = ""
    language: str | None = None
    published: str | None = None
    url: str | None = None
    codes: set[Code] = field(default_factory=set)
    fields: dict[str, Values] = field(default_factory=dict)
    versions: Values = (None, None)
    moved_from: str | None = None

    @property
    def put_back(self) -> bool:
        """It changed, and in the end it is as it was."""
        return "changed" in self.codes and not self.fields and self.versions[0] == self.versions[1]


def merged(runs: Iterable[Run], told: Sequence[Run] = ()) -> list[Net]:
    """What these runs found, each item once, in the order in which it first occurs. What a `told` run of the same round found alike is left out."""
    known = {(_round_of(run), _essence(change)) for run in told for change in _changes(run)}
    nets: dict[str, Net] = {}
    for run in sorted(runs, key=lambda one: (one.started_at, one.run_id)):
        for change in _changes(run):
            if (_round_of(run), _essence(change)) not in known:
                name = str(change["item_id"])
                _take(nets.setdefault(name, Net(item_id=name)), change)
    for net in nets.values():
        net.fields = {name: values for name, values in net.fields.items() if values[0] != values[1]}
        if net.moved_from == net.url:
            net.codes.discard("moved")
    return [net for net in nets.values() if net.codes]


def _changes(run: Run) -> Sequence[Mapping[str, Any]]:
    return run.counts.get("changes") or ()


def _round_of(run: Run) -> str:
    """A round that was interrupted goes on in another run, which counts its changes from the same beginning."""
    return str(run.parameters.get("round") or run.run_id)


def _essence(change: Mapping[str, Any]) -> tuple[Any, ...]:
    fields = tuple(sorted((name, *map(str, values)) for name, values in (change.get("fields") or {}).items()))
    return change["change"], change["item_id"], tuple(change.get("versions") or ()), fields


def _take(net: Net, change: Mapping[str, Any]) -> None:
    """Add one change of a later run."""
    code: Code = change["change"]
    net.title, net.kind = str(change.get("title") or ""), str(change.get("kind") or "")
    net.language, net.published, net.url = change.get("language"), change.get("published"), change.get("url")
    if code in ("gone", "returned"):
        net.codes -= {"gone", "returned"}
    elif code == "moved":
        before = (change.get("fields") or {}).get("canonical_url") or (None, None)
        net.moved_from = net.moved_from or before[0]
    elif code == "changed":
        for name, (old, new) in (change.get("fields") or {}).items():
            net.fields[name] = (net.fields[name][0] if name in net.fields else old, new)
        old, new = change.get("versions") or (None, None)
        net.versions = (net.versions[0] if "changed" in net.codes else old, new)
    net.codes.add(code)
