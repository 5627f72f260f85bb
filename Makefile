# The two commands to know: `make run` and `make test`. Every target may be repeated; what is up to date is left alone.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := run

PYTHON ?= python3
# One more than the two cores that are reckoned with: tests wait for servers about a third of their time.
WORKERS ?= 3
# Where bytecode is not kept, each of the hundreds of processes that tests start compiles 1,400 modules first: 2 seconds.
export PYTHONDONTWRITEBYTECODE :=
UV_VERSION := $(shell sed -n 's/^uv==\([0-9.]*\).*/\1/p' deploy/tools/installer.lock)
BIN := .venv/bin
TOOLS := build/supply-chain
UV := $(BIN)/uv pip
PROTOS := $(shell find protos third_party -name '*.proto' 2>/dev/null)
CHECKED := $(foreach folder,ledger consumers bench tests,$(if $(wildcard $(folder)/*.py),$(folder))) hatch_build.py

.PHONY: run up test lint bench proof stubs lock sbom audit-dependencies kafka-jars java go node fonts chromium clean

run: .venv stubs
	$(BIN)/python -m ledger demo $(ARGS)

up: .venv stubs java
	$(BIN)/python -m ledger.local_stack $(ARGS)

test: .venv stubs java go node fonts chromium
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

bench: .venv stubs java fonts
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(ARGS)

proof: .venv stubs java go node fonts chromium
	$(BIN)/python -m tests.proof $(ARGS)

lint: .venv stubs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CHECKED)
	deploy/lint_protos.sh

# The environment: exactly what the lock says, then this project on top of it, editable.
.PHONY: .venv
.venv: $(BIN)/.installed
$(BIN)/.installed: requirements.lock pyproject.toml hatch_build.py Makefile deploy/tools/installer.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
		echo "Python 3.11 or newer is needed; $(PYTHON) is older. Say which one: make PYTHON=python3.12 ..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" = "$(UV_VERSION)" \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/tools/installer.lock
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
	for tools in installer supply-chain; do
		$(UV) compile deploy/tools/$$tools.in --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate \
			-o deploy/tools/$$tools.lock
	done

# Tools that look after what comes from others have an environment of their own: none of it stands beside the service.
$(TOOLS)/.installed: deploy/tools/supply-chain.lock | $(BIN)/.installed
	$(PYTHON) -m venv $(TOOLS)
	VIRTUAL_ENV="$(CURDIR)/$(TOOLS)" $(UV) install --quiet --require-hashes -r deploy/tools/supply-chain.lock
	touch $@

# Known weaknesses of every locked package. What cannot be looked up is a failure, never a pass.
audit-dependencies: $(TOOLS)/.installed
	for lock in requirements-runtime.lock requirements.lock deploy/tools/*.lock; do
		echo "$$lock:"
		$(TOOLS)/bin/pip-audit -r $$lock --require-hashes --disable-pip --strict --progress-spinner off $(ARGS) || {
			echo "NOT CLEAN: $$lock has known weaknesses, or not every package could be looked up (see above)" >&2; exit 1; }
	done

# What the service is made of, as CycloneDX.
sbom: build/sbom.json
build/sbom.json: requirements-runtime.lock pyproject.toml $(TOOLS)/.installed
	$(TOOLS)/bin/python -W ignore $(TOOLS)/bin/cyclonedx-py requirements requirements-runtime.lock --pyproject pyproject.toml \
		--sv 1.6 --output-reproducible --validate -o $@

# Tests and `make up` run a real Kafka broker: Java starts it, Maven brings its jars.
java:
	@deploy/need_java.sh

# Tests check the transparency log by programs of other authors, written in Go.
go:
	@deploy/need_go.sh

# Arabic on statements. Without it `make run` serves all but their documents.
fonts:
	@deploy/need_fonts.sh

# Tests verify credentials by a program of other authors, written in JavaScript.
node:
	@deploy/need_node.sh

# Tests read the check page in a real browser.
chromium:
	@deploy/need_chromium.sh

kafka-jars: .venv java
	$(BIN)/python -m ledger.kafka_jars

clean:
	rm -rf gen build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -f $(BIN)/.installed
