# rabat_crawler: two commands do all the set-up, `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test lint soak bench real lock clean

demo: $(VENV)/.installed
	$(BIN)/rabat-crawler demo

test: $(VENV)/.dev $(VENV)-pywb/.installed $(VENV)-readers/.installed
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

real: $(VENV)/.dev
	$(BIN)/python -m tests.real

soak: $(VENV)/.dev $(VENV)-pywb/.installed
	$(BIN)/python -m tests.kills 40
	RABAT_QUIET_NIGHTS=30 RABAT_SOAK=1 $(BIN)/python -m pytest tests/test_nights.py tests/test_backfill_kills.py

bench: $(VENV)-bench/.installed
	$(VENV)-bench/bin/python bench/extract.py
	$(VENV)-bench/bin/python bench/languages.py
	$(VENV)-bench/bin/python bench/pipeline.py
	$(VENV)-bench/bin/python bench/crawl.py
	$(VENV)-bench/bin/python bench/nightly.py
	$(VENV)-bench/bin/python bench/warc.py
	$(VENV)-bench/bin/python bench/documents.py
	$(VENV)-bench/bin/python bench/names.py
	$(VENV)-bench/bin/python bench/rebuild.py
	$(VENV)-bench/bin/python bench/rebuild.py --captures 100000
	$(VENV)-bench/bin/python bench/relations.py
	$(VENV)-bench/bin/python bench/dates.py
	$(VENV)-bench/bin/python bench/search.py
	$(VENV)-bench/bin/python bench/export.py

$(VENV)/.installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q -r requirements.lock
	$(PIP) install -q --no-deps -e .
	$(BIN)/python -m compileall -q rabat_crawler
	touch $@

$(VENV)/.dev: $(VENV)/.installed requirements-dev.lock
	$(PIP) install -q -r requirements-dev.lock
	touch $@

# The peers pin versions of their own, so they live in an environment of their own.
$(VENV)-bench/.installed: pyproject.toml requirements-bench.lock
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install -q --upgrade pip
	$(VENV)-bench/bin/python -m pip install -q -r requirements-bench.lock
	$(VENV)-bench/bin/python -m pip install -q --no-deps -e .
	touch $@

# pywb, in which the tests replay what was written: it pins other versions than ours and has other licences, so it is kept apart and never shipped.
$(VENV)-pywb/.installed: requirements-pywb.lock
	$(PYTHON) -m venv $(VENV)-pywb
	$(VENV)-pywb/bin/python -m pip install -q --disable-pip-version-check -r requirements-pywb.lock
	touch $@

# Programs and libraries of others that read our exports back in the tests; kept apart like pywb.
$(VENV)-readers/.installed: requirements-readers.lock
	$(PYTHON) -m venv $(VENV)-readers
	$(VENV)-readers/bin/python -m pip install -q --disable-pip-version-check --no-deps -r requirements-readers.lock
	touch $@

# The locks: exact versions as pip resolves them today, in files that pip reads.
lock:
	bench/lock.sh

clean:
	rm -rf $(VENV) $(VENV)-bench $(VENV)-pywb $(VENV)-readers build *.egg-info .pytest_cache .mypy_cache .ruff_cache
