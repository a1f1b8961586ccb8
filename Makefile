PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint types check bench bench-quick torture clean

demo: $(VENV)/ready
	rm -rf build/demo
	$(BIN)/python samples/make_samples.py build/demo/samples
	IMPORTER_HOME=build/demo $(BIN)/importer run build/demo/samples/calendars.csv --sandbox --yes --out build/demo/report

test: $(VENV)/ready
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/ready
	$(BIN)/mypy

check: test lint types

torture: $(VENV)/ready
	PYTHONPATH=tests $(BIN)/python -m torture

$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

bench: $(VENV)/ready
	$(BIN)/python bench/run.py

bench-quick: $(VENV)/ready
	$(BIN)/python bench/run.py --quick

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
