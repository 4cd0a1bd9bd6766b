# Everything that one does with Holdfast, from a fresh clone: each target sets up what it needs.
#   make demo    prove the shipped safe plan, and show how an unsafe one goes wrong
#   make test    the default tests          make slow    the tests that take minutes
#   make test-qemu   the tests on real QEMU, which it fetches; skipped, with the reason, where it cannot
#   make conformance   how much the gate catches: mutants of the implementation, in a table; fails where one survives
#   make catalogue   derive again all that the catalogue says; fails on any gap
#   make lint    ruff, mypy, pyright        make bench   figures, side by side with other tools
#   make clean   remove all that the above made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAFE := specs/examples/safe.yaml
UNSAFE := specs/examples/unsafe-guests-unbounded.yaml

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test slow test-qemu conformance catalogue lint bench clean

help:
	@sed -n 's/^#   //p' Makefile

# ---------------------------------------------------------------------------------------------------- setting up
# A stamp per set of dependencies, older than pyproject.toml when they may have changed.
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Holdfast needs Python 3.11 or later; $(PYTHON) is older. Try: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	    || { echo "$(PYTHON) has no venv; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(INSTALLED): pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV): Holdfast and the libraries that it uses (once; a minute or two)"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --editable .
	@touch $@

$(INSTALLED_DEV): pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV): Holdfast, the libraries that it uses, and those of its tests (once; a minute or two)"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(INSTALLED) $@

# ------------------------------------------------------------------------------------------------------- targets
demo: $(INSTALLED)
	@echo '$$ holdfast verify $(SAFE)'
	@$(BIN)/holdfast verify $(SAFE) \
	    || { echo "the demonstration failed: $(SAFE) was to hold (exit 0)" >&2; exit 1; }
	@echo
	@echo '$$ holdfast verify $(UNSAFE)'
	@code=0; $(BIN)/holdfast verify $(UNSAFE) || code=$$?; test $$code -eq 1 \
	    || { echo "the demonstration failed: $(UNSAFE) was to be violated (exit 1), not exit $$code" >&2; exit 1; }

test: $(INSTALLED_DEV)
	@$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not slow and not qemu and not power"

slow: $(INSTALLED_DEV)
	@$(BIN)/python -m pytest -q -n auto --dist worksteal -m "slow and not qemu and not power"

test-qemu: $(INSTALLED_DEV)
	@$(BIN)/python -m holdfast.impl.qemu || true
	@$(BIN)/python -m pytest -q -m "qemu and not power" tests/impl/qemu

conformance: $(INSTALLED_DEV)
	@$(BIN)/python -m holdfast.impl.qemu || true
	@$(BIN)/python -m pytest -q -n auto --dist worksteal -m power tests/conformance/power

catalogue: $(INSTALLED)
	@$(BIN)/holdfast catalogue --check

lint: $(INSTALLED_DEV)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy src tests benches
	@$(BIN)/pyright --pythonpath $(BIN)/python

bench: $(INSTALLED_DEV)
	@set -e; for bench in benches/*.py; do $(BIN)/python "$$bench"; done

clean:
	rm -rf $(VENV) .qemu .hypothesis .mypy_cache .pytest_cache .ruff_cache .coverage dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
