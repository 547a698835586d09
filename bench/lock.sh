#!/usr/bin/env bash
# Writes requirements.lock and those of the tests (-dev, -pywb, -readers) and benchmarks (-bench): what pip resolves today, by exact version.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
pip() { "$work/venv/bin/python" -m pip --disable-pip-version-check "$@"; }
freeze() { pip freeze --exclude-editable | grep -viE '^(pip|setuptools|rabat[-_]crawler)( |=)' | sed 's/ @ .*//' | sort -f; }
pip install -q -e .
{ echo "# What rabat-crawler needs, by exact version; written by 'make lock'."; freeze; } > requirements.lock
pip install -q -e ".[dev]"
{ echo "# What the tests need besides; written by 'make lock'."; echo "-r requirements.lock"; comm -13 <(grep -v '^#' requirements.lock | sort) <(freeze | sort) | sort -f; } > requirements-dev.lock
rm -rf "$work/venv" && python3 -m venv "$work/venv"
pip install -q -U pip
pip install -q -e ".[bench]"
{ echo "# The programs that the benchmarks compare with, and all they and we need; written by 'make lock'."; freeze; } > requirements-bench.lock
rm -rf "$work/venv" && python3 -m venv "$work/venv"
pip install -q "pywb>=2.9,<3"
{ echo "# pywb, in which the tests replay WARC files; an environment of its own, never shipped; written by 'make lock'."; freeze; } > requirements-pywb.lock
rm -rf "$work/venv" && python3 -m venv "$work/venv"
pip install -q -U pip
pip install -q pandas pyarrow duckdb frictionless feedparser bagit wacz bibtexparser rispy icalendar click docopt pykwalify "ruamel.yaml>=0.18" pyrsistent
pip install -q --no-deps cffconvert  # it asks for a jsonschema that frictionless cannot use, and runs with the newer one
{ echo "# Independent readers of our exports, in an environment of their own, never shipped; written by 'make lock'."; freeze; } > requirements-readers.lock
