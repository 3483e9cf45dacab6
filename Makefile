# The two commands a stranger types are `make demo` and `make test`; both make their own .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check lint types imports serve clean

demo: $(VENV)/installed
	$(BIN)/corridor demo

# Two files at a time, each side on a PostgreSQL of its own.
test: $(VENV)/installed
	$(BIN)/pytest -n 2 --dist loadfile

check: lint types imports test

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed
	$(BIN)/mypy

imports: $(VENV)/installed
	$(BIN)/lint-imports

serve: $(VENV)/installed
	$(BIN)/corridor serve

# Installed again whenever the dependencies change.
$(VENV)/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

clean:
	-$(BIN)/corridor demo --stop-database
	rm -rf $(VENV) .corridor
