# Everything below creates .venv by itself and is safe to repeat. Needs Python 3.11+ and make, nothing else.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.installed

# Tests of one file run one after another in one process: they share what its fixtures made. WORKERS=0: one process.
WORKERS ?= 2

FIGURES_OPTIONS = $(if $(ONLY),--only $(ONLY)) $(if $(FORCE),--force) $(if $(MOST_MINUTES),--most-minutes $(MOST_MINUTES))

.PHONY: demo figures test test-slow lint types contracts check wheel clean

$(STAMP): pyproject.toml constraints.txt
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $(STAMP)

demo: $(STAMP)
	$(PY) -m nextinterest demo

test: $(STAMP)
	$(PY) -m pytest -n $(WORKERS) --dist loadfile

figures: $(STAMP)
	$(PY) bench/figures.py $(FIGURES_OPTIONS)

test-slow: $(STAMP)
	$(PY) -m pytest -m slow

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(STAMP)
	$(VENV)/bin/mypy

contracts: $(STAMP)
	$(VENV)/bin/lint-imports

check: test lint types contracts

wheel: $(STAMP)
	$(PY) -m build --wheel --no-isolation

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
