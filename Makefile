# The manual: `make help` lists what there is to do. Everything else here is how.

PYTHON ?= python3
VENV := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-dev engine run demo test fuzz bench screenshots lint format clean distclean

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: ## Makes .venv with what Estivador needs to run (only what changed)
	@PYTHON='$(PYTHON)' tools/venv.sh requirements.txt

setup-dev: ## The same, with what checks and tests it
	@PYTHON='$(PYTHON)' tools/venv.sh requirements-dev.txt

engine: setup ## Makes sure that a Docker Engine answers; on Debian as root it installs and starts one
	@$(VENV)/python -m tools.ensure_engine

# `exec` and child.sh: who ends this make, however hard, ends Estivador too.
run: engine ## Starts Estivador and stays until Ctrl-C
	@exec tools/child.sh $(VENV)/python -m tools.run

demo: setup ## Runs a real program 20 times in containers and shows their record
	@$(VENV)/python -m tools.ensure_engine --with-busybox
	@exec tools/child.sh $(VENV)/python -m tools.demo

# Most tests wait most of the time, so there are more at once than processors; those in Chromium have the machine and a network to themselves.
# Of what ARGS choose there may be none in one of the two (pytest's 5).
test: setup-dev ## Runs the tests against a real Engine; choose some with ARGS="-k word"
	@$(VENV)/python -m tools.ensure_engine --with-tests
	@$(VENV)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --ignore tests/browser $(ARGS) $(if $(ARGS),|| [ $$? -eq 5 ])
	@tools/own_network.sh $(VENV)/python -m pytest tests/browser $(ARGS) $(if $(ARGS),|| [ $$? -eq 5 ])

fuzz: setup-dev ## Fuzzes the API, and what reads strangers' text, for an hour or so; choose some with ARGS="-k token"
	@$(VENV)/python -m tools.ensure_engine --with-tests
	@$(VENV)/python -m pytest $$(ls tests/*/test_*_fuzz.py) tests/api/test_contract.py --numprocesses 2 --timeout 0 --hypothesis-profile long $(ARGS)

screenshots: setup-dev ## Takes the pictures in docs/screenshots anew, of a real run in Chromium
	@$(VENV)/python -m tools.ensure_engine --with-tests
	@exec tools/child.sh $(VENV)/python -m tools.screenshots

bench: setup-dev ## Measures the figures that the pages must reach; choose some with ARGS="polls logs"
	@$(VENV)/python -m tools.ensure_engine --with-tests
	@$(VENV)/python -m tests.bench $(ARGS)

lint: setup-dev ## Checks style, types, templates, the arrows between the rooms, and for known vulnerabilities
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy
	@$(VENV)/djlint app/templates --check
	@$(VENV)/djlint app/templates --lint
	@$(VENV)/lint-imports
	@$(VENV)/bandit --quiet --recursive --configfile pyproject.toml app tools wsgi.py gunicorn.conf.py
	@$(VENV)/python -m tools.vulnerabilities

format: setup-dev ## Writes the Python files and the templates in the house's style
	@$(VENV)/ruff check --fix-only --quiet .
	@$(VENV)/ruff format .
	@$(VENV)/djlint app/templates --reformat --quiet || true

clean: ## Removes caches; instance/ and .venv stay
	@rm -rf .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache .coverage
	@find . -path ./.venv -prune -o -path ./instance -prune -o -name __pycache__ -type d -print | xargs -r rm -rf

distclean: clean ## Removes caches and .venv; instance/ stays
	@rm -rf .venv
