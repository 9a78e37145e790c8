# Everything a person types. `make help` lists it.

PYTHON ?= python3
PORT ?= 8000
BASELINES ?=
VENV := .venv
BIN := $(VENV)/bin
TESTS ?=
MINUTES ?= 10

.DEFAULT_GOAL := help
.PHONY: help demo test clients chaos setup lint types fix lock docs bench bench-sync bench-scale runtime \
	development venv

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: runtime ## run everything here on made-up tenants (PORT=8000, BASELINES=folder of exports)
	@PORT='$(PORT)' exec $(BIN)/python -m opsapp.demo $(if $(BASELINES),--baselines '$(BASELINES)')

test: development ## run the whole test suite (TESTS="path -k name" for a part of it)
	@$(BIN)/python -m pytest -n 3 $(TESTS)

clients: development ## IntuneCD and the Graph SDK read the simulator, from an environment of their own
	@cmp -s requirements-clients.txt .venv-clients/requirements.stamp \
		|| { echo "Installing requirements-clients.txt ..." \
		&& $(BIN)/uv venv --quiet --clear .venv-clients \
		&& $(BIN)/uv pip install --quiet --python .venv-clients --require-hashes -r requirements-clients.txt \
		&& cp requirements-clients.txt .venv-clients/requirements.stamp; }
	@OPSAPP_REQUIRE_CLIENTS=1 $(BIN)/python -m pytest -n 0 tests/clients

chaos: development ## break everything at random (MINUTES=10); the ledger must agree with what happened
	@OPSAPP_CHAOS_MINUTES='$(MINUTES)' $(BIN)/python -m pytest -n 0 -s tests/workers/test_chaos.py

setup: development ## create or update the virtual environment, and nothing else

lint: development ## check style, formatting, templates, spelling and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint opsapp/templates --lint --quiet
	$(BIN)/codespell .
	$(BIN)/lint-imports --no-cache

types: development ## check types, strictly
	$(BIN)/mypy

fix: development ## repair what the tools can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: development ## write the hashed requirements from pyproject.toml (UPGRADE=1 takes newer versions)
	$(BIN)/uv pip compile $(LOCK_FLAGS) -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile $(LOCK_FLAGS) -c requirements.txt --group dev -o requirements-dev.txt pyproject.toml
	$(BIN)/uv pip compile $(LOCK_FLAGS) -o requirements-clients.txt requirements-clients.in

LOCK_FLAGS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

docs: development ## write the pages that are made from code: settings, policy types
	$(BIN)/python -m docs.generate

bench: development ## measure what the ledger and its pages cost
	@$(BIN)/python -m benchmarks ledger_start job_overhead list_page detail_page

bench-sync: development ## measure what a sync costs (a quarter of an hour)
	@$(BIN)/python -m benchmarks graph_rate cold_sync unchanged_sync sync_memory

bench-scale: development ## the pages with a million runs (minutes, and 5 GB of disk)
	@OPSAPP_BENCH_SCALE=1 $(BIN)/python -m benchmarks list_page detail_page

# The stamp holds the requirements that are installed. While they are the ones wanted, pip is not
# asked at all: everything but the first start works without a network.
runtime: venv
	@cmp -s requirements.txt $(VENV)/requirements.stamp \
		|| cmp -s requirements-dev.txt $(VENV)/requirements-dev.stamp \
		|| { echo "Installing requirements.txt ..." \
		&& $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt \
		&& cp requirements.txt $(VENV)/requirements.stamp; }

development: venv
	@cmp -s requirements-dev.txt $(VENV)/requirements-dev.stamp \
		|| { echo "Installing requirements-dev.txt ..." \
		&& $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt \
		&& cp requirements-dev.txt $(VENV)/requirements-dev.stamp; }

venv:
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
			|| { echo "opsapp needs Python 3.11 or newer: make PYTHON=/path/to/python3 ..." >&2; exit 1; }; \
		$(PYTHON) -m venv --clear $(VENV) \
			|| { echo "Python's venv module is missing (Debian: apt install python3-venv)" >&2; exit 1; }; }
