# Gongzhi: `make` prints help. Set-up is part of every target; nothing is needed but python3.11+, make and git.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PORT_BASE ?= 8000
WORKERS ?= 2
T ?=

.PHONY: help setup run test coverage test-browser test-clients check fmt conformance bench snapshots clean

help: ## print this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.stamp ## make the virtual environment from requirements.lock

.venv/.stamp: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed / 需要 Python 3.11 或更高版本" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@if command -v uv >/dev/null 2>&1; then uv pip sync -q --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock; \
	else $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock; fi
	@if command -v uv >/dev/null 2>&1; then uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .; fi
	@touch $@

run: setup ## start everything on localhost: PostgreSQL, migrations, demo data, four processes (PORT_BASE shifts the ports)
	@PORT_BASE=$(PORT_BASE) $(BIN)/gongzhi run

test: setup ## the whole suite (T=path runs a part of it)
	@$(BIN)/python -m pytest $(if $(T),$(T),-n $(WORKERS) --dist loadfile)

coverage: setup ## the whole suite with branch coverage, held against its bars: domain and kernel 100 %, all 95 %
	@$(BIN)/coverage erase
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --cov --cov-report=
	@$(BIN)/python -m tools.coverage_gate

test-browser: setup ## the explorers in a real headless Chromium, installed when root on Debian (SHOTS=folder keeps screenshots)
	@$(BIN)/python -m tools.browser
	@GONGZHI_BROWSER=1 $(if $(SHOTS),GONGZHI_SCREENSHOTS=$(abspath $(SHOTS))) $(BIN)/python -m pytest tests/browser

test-clients: setup ## Relay, Apollo, urql and typed clients under Node against a running system; Node is installed when root on Debian
	@$(BIN)/python -m tools.clients
	@GONGZHI_CLIENTS=1 $(BIN)/python -m pytest tests/clients

check: setup ## format, lint, types and import contracts; changes nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

fmt: setup ## format and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

conformance: setup ## ask the running system every row of the five documents; starts one if none is running
	@PORT_BASE=$(PORT_BASE) $(BIN)/gongzhi conformance

bench: setup ## the speed the product promises, measured here
	@for f in benchmarks/*.py benchmarks/*/__main__.py; do echo "== $$f"; \
	case $$f in */__main__.py) $(BIN)/python -m "$$(dirname $$f | tr / .)" ;; *) $(BIN)/python $$f ;; esac || exit 1; done

snapshots: setup ## print the GraphQL schema and the OpenAPI documents again
	@$(BIN)/python -m tools.snapshots

clean: ## remove the data folder and the virtual environment
	@rm -rf .data .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*
