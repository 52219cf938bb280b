# `make plan` and `make test` work on a machine with nothing but Python >= 3.11, make and git: see README.md.
REGION ?= data/chongqing
POLICY ?= $(notdir $(firstword $(wildcard $(REGION)/plan-municipality.toml $(REGION)/plan.toml)))
OUT ?= out
PYTEST ?=
BENCH ?=

BIN := .venv/bin
PLAN_READY := .venv/.plan-ready
DEV_READY := .venv/.dev-ready

# another project's packages must not leak into this environment
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help plan test lint format cover bench data docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

plan: $(PLAN_READY) ## plan the sample region (or REGION=... POLICY=...) into out/ (or OUT=...) and say where the map is
	@$(BIN)/netplan plan $(REGION) $(if $(POLICY),--policy $(POLICY)) --out $(OUT)

test: $(DEV_READY) ## run the tests (PYTEST="-k name" to choose)
	@$(BIN)/python -m pytest -n 2 $(PYTEST)

lint: $(DEV_READY) ## check style, formatting and types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: $(DEV_READY) ## put the code into the one format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

cover: $(DEV_READY) ## run the tests and measure branch coverage
	@$(BIN)/python -m pytest -n 2 --cov --cov-report=term $(PYTEST)

bench: $(DEV_READY) ## solve published instances to their optima, the quick ones (BENCH="--all" for all, "--data FOLDER" for where they are)
	@OMP_NUM_THREADS=1 $(BIN)/python benchmarks/published.py $(BENCH)

data: $(DEV_READY) ## rebuild the sample region, byte for byte (needs npm and the package registries)
	@$(BIN)/python data/build

docs: $(DEV_READY) ## write the generated pages: docs/tables.md, docs/plan-file.md
	@$(BIN)/python -m netplan.docs_tables
	@$(BIN)/python -m netplan.docs_plan_file

clean: ## remove the environment and what tools left behind (keeps out/)
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PLAN_READY): pyproject.toml constraints.txt .ci/venv
	@.ci/venv .venv
	@touch $@

$(DEV_READY): pyproject.toml constraints.txt .ci/venv
	@.ci/venv .venv dev
	@touch $@ $(PLAN_READY)
