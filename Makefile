# The two commands to know: `make run` and `make test`. Every target may be repeated; what is up to date is left alone.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := run

PYTHON ?= python3
WORKERS ?= 2
UV_VERSION := 0.13.9
BIN := .venv/bin
UV := $(BIN)/uv pip
PROTOS := $(shell find protos third_party -name '*.proto' 2>/dev/null)
CHECKED := $(foreach folder,ledger consumers bench tests,$(if $(wildcard $(folder)/*.py),$(folder))) hatch_build.py

.PHONY: run up test lint bench proof stubs lock kafka-jars java go clean

run: .venv stubs
	$(BIN)/python -m ledger demo $(ARGS)

up: .venv stubs java
	$(BIN)/python -m ledger.local_stack $(ARGS)

test: .venv stubs java go
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

bench: .venv stubs java
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(ARGS)

proof: .venv stubs java go
	$(BIN)/python -m tests.proof $(ARGS)

lint: .venv stubs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CHECKED)
	deploy/lint_protos.sh

# The environment: exactly what the lock says, then this project on top of it, editable.
.PHONY: .venv
.venv: $(BIN)/.installed
$(BIN)/.installed: requirements.lock pyproject.toml hatch_build.py Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
		echo "Python 3.11 or newer is needed; $(PYTHON) is older. Say which one: make PYTHON=python3.12 ..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" = "$(UV_VERSION)" \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	export VIRTUAL_ENV="$(CURDIR)/.venv"
	$(UV) install --quiet --require-hashes -r requirements.lock
	$(UV) install --quiet --no-deps --no-build-isolation -e .
	touch gen/.built $@

stubs: gen/.built
gen/.built: $(PROTOS) hatch_build.py | $(BIN)/.installed
	$(BIN)/python -m hatch_build
	touch $@

# After a change of the dependencies in pyproject.toml.
lock: $(BIN)/.installed
	compile() { $(UV) compile pyproject.toml --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate "$$@"; }
	compile --all-extras -o requirements.lock
	compile -o requirements-runtime.lock

# Tests and `make up` run a real Kafka broker: Java starts it, Maven brings its jars.
java:
	@deploy/need_java.sh

# Tests check the transparency log by programs of other authors, written in Go.
go:
	@deploy/need_go.sh

kafka-jars: .venv java
	$(BIN)/python -m ledger.kafka_jars

clean:
	rm -rf gen build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -f $(BIN)/.installed
