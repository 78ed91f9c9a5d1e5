# Everything a newcomer needs: `make demo` to see it, `make test` to prove it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 2
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Bytecode is kept even where the environment forbids it: the tests start many processes, each would compile the platform
export PYTHONDONTWRITEBYTECODE :=
TESTS ?= tests/unit tests/integration tests/web tests/contract tests/security tests/browser plugins

.PHONY: help .venv demo test lint types contracts tests check bench lock migrate migration clean

help: ## What each target does
	@grep -hE '^[.a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv: .venv/.installed ## Only install: a virtual environment with the hash-locked dependencies

.venv/.installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { printf '%s\n' \
	  "« $(PYTHON) » est introuvable : installez Python 3.11 ou plus récent (Debian : apt install python3 python3-venv), puis relancez la commande." \
	  "\"$(PYTHON)\" was not found: install Python 3.11 or newer (Debian: apt install python3 python3-venv), then run the command again." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { printf '%s\n' \
	  "Python 3.11 ou plus récent est nécessaire; « $(PYTHON) » est $$($(PYTHON) -V 2>&1) : installez-le, puis « make PYTHON=python3.11 … »." \
	  "Python 3.11 or newer is needed; \"$(PYTHON)\" is $$($(PYTHON) -V 2>&1): install it, then \"make PYTHON=python3.11 ...\"." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { printf '%s\n' \
	  "Le module venv de Python manque : « sudo apt install python3-venv » (ou l'équivalent de votre système), puis relancez la commande." \
	  "Python's venv module is missing: \"sudo apt install python3-venv\" (or your system's equivalent), then run the command again." >&2; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@# The lock names all that is needed: nothing to resolve, only to check. Bytecode is made where it is used: half the time
	$(PIP) install --quiet --no-deps --no-compile --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	$(PIP) check
	@touch $@

demo: .venv/.installed ## The Lanaudière network with fictitious people, on http://127.0.0.1:$(PORT)
	@mkdir -p var
	$(BIN)/arrimage demo --port $(PORT)

test: .venv/.installed ## Everything that must hold: lint, types, import contracts, every test
	@$(MAKE) --no-print-directory -j4 types lint contracts tests

lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet templates plugins

# A minute of one core, when nothing is known yet: it takes what the tests leave, while they wait for a browser or a server
types: .venv/.installed
	nice $(BIN)/mypy

contracts: .venv/.installed
	$(BIN)/lint-imports --no-logo

tests: .venv/.installed
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(wildcard $(TESTS))

check: lint types contracts .venv/.installed ## Quick look before a commit: no browser, no second process
	$(BIN)/python -m pytest -q tests/unit tests/contract

bench: .venv/.installed ## Measured ratios, one JSON line each (never part of the tests)
	@for file in tests/bench/bench_*.py; do [ -e "$$file" ] || continue; $(BIN)/python "$$file"; done

lock: ## Pin every dependency with its hashes, for every platform (needs uv)
	uv pip compile pyproject.toml --extra dev --extra pdf --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock

migrate: .venv/.installed ## Bring the database of the environment up to date
	$(BIN)/arrimage migrate

migration: .venv/.installed ## New revision from the models: make migration m="why" [branch=core]
	@[ -n "$(m)" ] || { echo 'make migration m="what changes and why" [branch=core|<plugin>]' >&2; exit 2; }
	$(BIN)/python -m core.kernel.migrations --branch "$(or $(branch),core)" "$(m)"
	$(BIN)/ruff check --quiet --fix migrations plugins
	$(BIN)/ruff format --quiet migrations plugins

clean: ## Forget caches and the demo database, keep .venv
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis var/demo.sqlite*
