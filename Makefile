# `make serve` and `make test` alone work on a machine with Python 3.11 or later.

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
BIN := .venv/bin
INSTALLED := .venv/.installed
SELECT := not node and not browser and not sdk and not big

.PHONY: setup assets serve test check format schema docs bench

setup: $(INSTALLED) assets  ## .venv with everything that the other targets need

# The pages come before the install, which would otherwise fetch Node.js for a build of its own.
$(INSTALLED): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Tracegraph needs Python 3.11 or later; set PYTHON to it" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python web/build.py
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

assets: $(INSTALLED)  ## the web pages; does nothing where they are up to date
	@$(BIN)/python web/build.py

# Python's own cache of compiled modules, which an environment may have turned off: without it a start takes a third longer.
PACKAGES := server rest_compat graph resolvers db
COMPILED := .venv/.compiled

$(COMPILED): $(INSTALLED) tracegraph.py $(shell find $(PACKAGES) -name '*.py')
	@$(BIN)/python -m compileall -q tracegraph.py $(PACKAGES)
	@touch $@

serve: setup $(COMPILED)  ## the server, on SQLite; flags go into ARGS="..."
	@exec $(BIN)/tracegraph serve $(ARGS)

# Three processes on two cores: servers and SDKs that tests start are waited for much of the time.
# What pytest makes of the tests' own modules is kept, too: each process spares ten seconds of the next run.
test: setup $(COMPILED)  ## all tests but those that need Node.js, Chromium or an older SDK; .ci/run runs these too
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses 3 --dist worksteal -m "$(SELECT)" $(ARGS)

bench: setup $(COMPILED)  ## this server beside others, installed when first wanted; ARGS="--only ingest,stream --quick" chooses
	$(BIN)/python -m bench $(ARGS)

check: setup  ## format, lint, types, and the files made from code
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/tracegraph schema --compare schema.graphql
	$(BIN)/python -m server.schema_release
	$(BIN)/python -m server.settings_docs | diff -u docs/settings.md -
	$(BIN)/python -m tests.contract.rest_docs weave | diff -u docs/rest.md -
	$(BIN)/python -m tests.contract.rest_docs honeyhive | diff -u docs/rest-honeyhive.md -

format: setup
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

schema: setup  ## rewrite schema.graphql
	$(BIN)/tracegraph schema > schema.graphql

docs: setup  ## rewrite the pages made from code
	$(BIN)/python -m server.settings_docs > docs/settings.md
	$(BIN)/python -m tests.contract.rest_docs weave > docs/rest.md
	$(BIN)/python -m tests.contract.rest_docs honeyhive > docs/rest-honeyhive.md
	$(BIN)/python -m tests.graph.guide
