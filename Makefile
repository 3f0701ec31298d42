# Every target finds or makes its own virtual environment in .venv.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FOR ?=
SEED ?= 1
# uv asks for what the locks pin and for nothing else; hashes decide what is accepted.
INSTALL := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python
export UV_LINK_MODE ?= copy
# The command and its tests start many processes: none of them is to compile all modules again, wherever this runs.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test check bench docs lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.runtime ## make .venv with halfopen in it (the command is .venv/bin/halfopen)

demo: $(VENV)/.runtime ## run SpaceVegas, a live casino, with serve and sync on it (FOR=60 ends by itself)
	@$(BIN)/halfopen demo --seed $(SEED) $(if $(FOR),--seconds $(FOR))

test: $(VENV)/.dev ## run the tests
	$(BIN)/pytest -n 4 --dist worksteal $(ARGS)

check: $(VENV)/.dev ## lint, types, layers, generated parts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev ## measure against the plain alternatives
	$(BIN)/python bench/serve_rows.py
	$(BIN)/python bench/serve_postgresql.py
	$(BIN)/python bench/sync_rows.py

docs: $(VENV)/.dev ## check that the documents say what the code does
	$(BIN)/pytest tests/docs $(ARGS)

lock: $(VENV)/.bootstrap ## pin the newest versions of all dependencies, with hashes
	$(BIN)/uv pip compile -q -U --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/bootstrap.in -o requirements/bootstrap.txt
	$(BIN)/uv pip compile -q -U --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/runtime.txt
	$(BIN)/uv pip compile -q -U --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev -c requirements/runtime.txt -o requirements/dev.txt

clean: ## remove the virtual environment and what the tools left
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build

$(VENV)/.bootstrap: requirements/bootstrap.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "halfopen needs Python 3.11 or newer: found " + sys.version.split()[0] + "; name another with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

$(VENV)/.runtime: $(VENV)/.bootstrap requirements/runtime.txt pyproject.toml
	$(INSTALL) --require-hashes -r requirements/runtime.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@
