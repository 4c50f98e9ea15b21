# Every command of the portal. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help run test check format bench fuzz backup restore messages lock clean ready ready-to-test
SHELL := /bin/sh

PORT ?= 8000
DATA ?= .local
DEMO ?= 1
ARGS ?=
EXAMPLES ?= 100
ONLY ?=
FILE ?=
REPLACE ?=
# Some shells export a HOST of their own (the machine's name): only the command line counts.
ifneq ($(origin HOST),command line)
HOST := 127.0.0.1
endif
export PORT DATA DEMO PY

PYTHON := .venv/bin/python
LAUNCH := exec $(PYTHON) -m portal.local --stop-with-parent
# `python -m` throughout: the scripts in .venv/bin do not start from a path with a space in it.

help: ## list the commands
	@echo "Usage: make COMMAND [NAME=value ...]"
	@echo
	@sed -n 's/^\([a-z]*\):[^#]*## /\1 /p' Makefile | while read -r name text; do printf '  %-10s %s\n' "$$name" "$$text"; done

ready:
	@sh portal/local/virtualenv.sh run

ready-to-test:
	@sh portal/local/virtualenv.sh dev

run: ready ## start the portal with its servers: PORT=8000 DATA=.local DEMO=1 HOST=127.0.0.1
	@$(LAUNCH) run --host '$(HOST)'

test: ready-to-test ## run every test: ARGS="tests/portal -k name"
	@$(LAUNCH) test -- $(ARGS)

check: ready-to-test ## format, lint, types, templates, migrations, deployment settings
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) -m djlint templates --check --quiet
	$(PYTHON) -m djlint templates --lint --quiet
	@$(LAUNCH) exec -- $(PYTHON) manage.py makemigrations --check --dry-run
	sh portal/local/check_deployment.sh $(PYTHON)

format: ready-to-test ## format code and templates
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .
	$(PYTHON) -m djlint templates --reformat --quiet

bench: ready-to-test ## measure against the floors of the same run: ONLY=name
	@$(LAUNCH) exec --data .build/bench -- $(PYTHON) -m benchmarks $(if $(ONLY),--only $(ONLY))

fuzz: ready-to-test ## call every operation of the API with made-up values: EXAMPLES=100 of each
	@FUZZ_EXAMPLES=$(EXAMPLES) $(LAUNCH) test -- tests/portal/api/test_schema_fuzz.py

backup: ready ## save the portal in one file, running or not: FILE=name DATA=.local
	@$(LAUNCH) backup $(if $(FILE),-- '$(FILE)')

restore: ready ## make a portal out of a backup: FILE=name DATA=.local, REPLACE=1 deletes what DATA holds
	@$(LAUNCH) restore $(if $(filter-out 0 no,$(REPLACE)),--replace) $(if $(FILE),-- '$(FILE)')

messages: ready-to-test ## collect the texts to translate into locale/
	$(PYTHON) -m portal.local.messages

lock: ready-to-test ## lock the dependencies of pyproject.toml: ARGS=--upgrade takes the newest
	sh portal/local/lock.sh $(PYTHON) $(ARGS)

clean: ## delete what was built; the data folder stays
	rm -rf .venv .build .mypy_cache .ruff_cache .pytest_cache .hypothesis locale/*/LC_MESSAGES/*.mo
