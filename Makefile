PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Whoever has nothing left to do takes over half of what another one still has.
AT_ONCE := -n auto --dist worksteal
# Each module is compiled once, and not anew by each of the processes that the tests start.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-later coverage lint types check bench bench-quick torture release clean

demo: $(VENV)/ready
	rm -rf build/demo
	$(BIN)/importer sample --out build/demo/samples
	IMPORTER_HOME=build/demo $(BIN)/importer run build/demo/samples/calendars.csv --sandbox --yes --out build/demo/report

test: $(VENV)/ready
	$(BIN)/python -m pytest $(AT_ONCE)

# The tests in which dates occur as if it were later, with Debian's faketime: no date in demo, samples or tests may pass.
# Only the calendar is another; what is measured in seconds runs as ever. The browser has a clock of its own.
LATER ?= +400d
LATER_TESTS ?= tests/test_*.py tests/checking tests/reporting tests/runs/test_lookup.py tests/delivery/test_comparison.py tests/web/test_parts.py
test-later: $(VENV)/ready
	FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f "$(LATER)" $(BIN)/python -m pytest $(AT_ONCE) $(LATER_TESTS)

# Measured without the tests of the page: 93 % outside importer/web. Raise the floor when all of it is measured.
coverage: $(VENV)/ready
	$(BIN)/python -m pytest $(AT_ONCE) --cov --cov-report=term --cov-fail-under=85

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry .

# The tests use signals and files as only Unix has them, so for Windows the packages alone are looked at.
types: $(VENV)/ready
	$(BIN)/mypy
	$(BIN)/mypy --platform darwin
	$(BIN)/mypy --platform win32 importer schemas

check: test lint types

torture: $(VENV)/ready
	PYTHONPATH=tests $(BIN)/python -m torture

# The lock names everything: were dependencies looked at, a newer one with an extra ("coverage[toml]") would be refused.
$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

bench: $(VENV)/ready
	$(BIN)/python tests/bench/run.py

bench-quick: $(VENV)/ready
	$(BIN)/python tests/bench/run.py --quick

# The package, the list of its parts (CycloneDX) and the hashes of all: of one commit, the same to the byte whenever it is made.
RELEASE := build/release
release: $(RELEASE)/ready
	@test -z "$$(git status --porcelain)" || { echo "Commit everything first: a release is made of a commit." >&2; exit 1; }
	rm -rf dist
	export SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) && \
	$(RELEASE)/bin/hatchling build -t sdist -t wheel -d dist && \
	$(RELEASE)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON \
	  -o dist/$$(basename dist/*.tar.gz .tar.gz).cdx.json deploy/requirements.lock
	cd dist && sha256sum * > SHA256SUMS

$(RELEASE)/ready: deploy/release.lock
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r deploy/release.lock
	touch $@

clean:
	rm -rf $(VENV) build dist .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
