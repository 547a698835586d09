"""The README is the manual: every command, option, exit code, JSON key, table, column, view and site definition stands in it."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

import rabat_crawler
from rabat_crawler import config, health, registry
from rabat_crawler.archive import schema
from rabat_crawler.archive.as_json import FURTHER, PROMISED
from rabat_crawler.cli.exits import MEANINGS
from rabat_crawler.cli.main import COMMANDS, group
from rabat_crawler.exports import formats

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    connection = schema.connect(tmp_path_factory.mktemp("schema") / "rabat.db", write=True, create=True)
    names = [
        row[0]
        for row in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE '%\\_fts\\_%' ESCAPE '\\'")
    ]
    found = {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in names if not name.startswith(("sqlite_", "_"))}
    connection.close()
    return found


def with_subcommands() -> dict[str, click.Command]:
    """Each command by the words that call it: `runs`, `runs show`."""
    context = click.Context(group)
    found: dict[str, click.Command] = {}
    waiting = [(name, group.get_command(context, name)) for name in COMMANDS]
    while waiting:
        name, command = waiting.pop(0)
        assert command is not None, name
        found[name] = command
        if isinstance(command, click.Group):
            waiting += [(f"{name} {below}", one) for below, one in command.commands.items()]
    return found


WITH_SUBCOMMANDS = with_subcommands()


def test_subcommands_are_looked_at() -> None:
    assert "runs show" in WITH_SUBCOMMANDS


@pytest.mark.parametrize("command", WITH_SUBCOMMANDS)
def test_every_command_and_option_is_in_the_readme(command: str) -> None:
    assert re.search(rf"\b{command}\b", README), f"{command} is missing from README.md"
    for parameter in WITH_SUBCOMMANDS[command].params:
        for option in parameter.opts:
            if option.startswith("--"):
                assert f"`{option}" in README or f" {option}" in README, f"{command} {option} is missing from README.md"


@pytest.mark.parametrize("command", WITH_SUBCOMMANDS)
def test_help_says_what_the_command_does(command: str) -> None:
    found = WITH_SUBCOMMANDS[command]
    assert found.help
    assert all(parameter.help for parameter in found.params if isinstance(parameter, click.Option))


@pytest.mark.parametrize("key", health.KEYS)
def test_every_key_of_the_status_is_in_the_readme(key: str) -> None:
    assert f"`{key}`" in README


def test_every_table_view_and_column_is_in_the_readme(tables: dict[str, list[str]]) -> None:
    assert len(tables) > 12
    for table, columns in tables.items():
        assert f"`{table}`" in README, f"table or view {table} is missing"
        for column in columns:
            assert f"`{column}`" in README, f"column {table}.{column} is missing"


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_every_exit_code_is_in_the_readme(code: int) -> None:
    assert f"| {code} | {MEANINGS[code]} |" in README


@pytest.mark.parametrize("key", (*PROMISED, *FURTHER))
def test_every_json_key_is_in_the_readme(key: str) -> None:
    assert f"`{key}`" in README


@pytest.mark.parametrize("name", [*registry.sites(), *config.ENVIRONMENT])
def test_every_site_definition_and_variable_is_in_the_readme(name: str) -> None:
    assert name in README


@pytest.mark.parametrize("name", sorted(formats()))
def test_every_export_format_is_in_the_readme(name: str) -> None:
    assert f"| `{name}` |" in README


def test_public_names_exist_and_are_sorted() -> None:
    assert sorted(rabat_crawler.__all__) == rabat_crawler.__all__
    assert all(getattr(rabat_crawler, name) for name in rabat_crawler.__all__)


def test_the_demo_text_of_the_readme_is_true() -> None:
    from rabat_crawler.cli.demo import PORT

    assert f"127.0.0.1:{PORT}" in README
