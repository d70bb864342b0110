# The front door. `make` lists what it can do.
#
# What lives here: how a fresh Debian or Ubuntu machine with Python 3.11, git and make gets what is needed, into this
# checkout, and the few commands everybody uses. Each step leaves a stamp, so what is done costs nothing the next time.
# What the steps do in detail stands in .ci/ and in the programs they start.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# uv: the system's certificates (both names of that switch, for older releases), and never a Python of its own.
export UV_SYSTEM_CERTS := true
export UV_NATIVE_TLS := true
export UV_PYTHON_DOWNLOADS := never
# npm likewise: a network with a certificate authority of its own has it in the system's file.
SYSTEM_CERTS := $(wildcard /etc/ssl/certs/ca-certificates.crt)
ifneq ($(SYSTEM_CERTS),)
export NODE_EXTRA_CA_CERTS ?= $(SYSTEM_CERTS)
endif
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
export PATH := $(CURDIR)/.venv/bin:$(PATH)
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

UV := .tools/bin/uv
PYTHON_ENV := .venv/.stamp
NODE_ENV := node_modules/.stamp
UI_BUILT := edge/ui/dist/.stamp

HAS_UI := $(wildcard package.json)
UI_SOURCES := $(if $(HAS_UI),$(shell find shared/ui edge/ui -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/__pycache__/*' -not -path '*/tests/*' 2>/dev/null))

UI_TESTS := $(wildcard shared/ui/tests/*.test.ts edge/ui/*/tests/*.test.ts)

# --- what is needed ------------------------------------------------------------------------------

.tools/python:
	@echo 'comanda: preparing uv'
	@bash .ci/bootstrap

$(PYTHON_ENV): pyproject.toml uv.lock .tools/python
	@echo 'comanda: installing the Python packages of uv.lock into .venv/'
	@$(UV) sync --locked --quiet --python "$$(cat .tools/python)"
	@touch $@

$(NODE_ENV): package.json package-lock.json $(wildcard shared/ui/package.json edge/ui/*/package.json) | $(PYTHON_ENV)
	@echo 'comanda: installing the npm packages of package-lock.json into node_modules/'
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(UI_BUILT): $(UI_SOURCES) tsconfig.base.json $(NODE_ENV)
	@echo 'comanda: building the web apps'
	@npm run --silent build
	@touch $@

.PHONY: deps ui chromium
deps: $(PYTHON_ENV) $(if $(HAS_UI),$(NODE_ENV))

ui: $(if $(HAS_UI),$(UI_BUILT)) ## build the web apps

chromium: | $(PYTHON_ENV)
	@bash .ci/chromium || echo 'comanda: going on without Chromium; the browser tests will fail and say so'

# --- commands ------------------------------------------------------------------------------------

.PHONY: help demo demo-clean test check types sim sim-mutants bench docs

help: ## list these commands
	@awk 'BEGIN { FS = ":.*## "; print "make demo and make test are all the set-up there is.\n" } \
	    /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(PYTHON_ENV) ui ## run hub, broker, database and three sites; DEMO_SECONDS=20 for a run that checks itself
	@exec .venv/bin/comanda demo up $(ARGS)

demo-clean: $(PYTHON_ENV) ## stop the demo and forget its data
	@.venv/bin/comanda demo clean

test: $(PYTHON_ENV) ui chromium ## run every test; ARGS='tests/unit -k check' for some
	$(if $(ARGS)$(if $(UI_TESTS),,none),,@echo 'comanda: tests of the web apps' && npm test --silent -- --test-reporter=dot)
	@.venv/bin/python -m pytest $(ARGS)

check: $(PYTHON_ENV) $(if $(HAS_UI),$(NODE_ENV)) ## style, types, layers, docs, types of the web apps
	@bash .ci/check

types: $(PYTHON_ENV) ## generate the TypeScript wire types from the Python ones
	@.venv/bin/python -m shared.ui.generate

docs: $(PYTHON_ENV) ## generate docs/errors.md and docs/settings.md from the code
	@.venv/bin/python docs/generate.py

sim: $(PYTHON_ENV) ## simulate faults: SEEDS=50 how many, SEED_BASE=1 from where, SEED=7 that one alone, told in full
	@.venv/bin/python -m tests.sim $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SEED_BASE),--seed-base $(SEED_BASE)) $(if $(SEED),--seed $(SEED)) $(ARGS)

sim-mutants: $(PYTHON_ENV) ## plant known bugs one by one, and show how many seeds the simulator needs to find each
	@.venv/bin/python -m tests.sim.plant $(ARGS)

chaos: $(PYTHON_ENV) ui ## fail every step of disk, shard, broker and chain, on real servers; ARGS='-k power' for some
	@COMANDA_TEST_CHAOS=1 .venv/bin/python -m pytest tests/contract/test_store_crash.py tests/integration/faults --timeout 900 $(ARGS)

bench: $(PYTHON_ENV) ui ## measure beside raw limits; writes .bench/latest.json
	@.venv/bin/python -m tests.bench $(ARGS)
