# make quiz   sets everything up and opens today's first question
# make check  lint, types, and the tests that take less than a minute
# make test   sets everything up and runs all checks and tests
# make test-all   what takes longer too: other seeds, every mutant of every model answer, many random inputs

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# What is quick, and finds most mistakes.
QUICK := tests/test_*.py tests/bank tests/models tests/questions/test_numbers.py tests/screen/cards \
	tests/screen/charts tests/screen/latex tests/screen/markup tests/study/grading tests/study/schedule tests/demo/test_catalogue.py

.PHONY: quiz check test test-all lint clean

quiz: $(VENV)/.quiz
	@$(BIN)/quizcli

check: lint
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not slow and not other_seeds" $(QUICK)

test: lint
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not other_seeds"

test-all: test
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m other_seeds
	@$(BIN)/quizcli bank check --run --mutants
	@$(BIN)/quizcli bank check --run --seeds 200
	@$(BIN)/python -m tests.fuzz --count 2000 keys argv banks stores packs replies
	@$(BIN)/python -m tests.fuzz --count 100 candidates
	@$(BIN)/python -m tests.fuzz --count 300 terminals

lint: $(VENV)/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "quizcli needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 quiz" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "python3 -m venv failed: on Debian and Ubuntu, install python3-venv first" >&2; exit 1; }

# What is installed stays installed, wherever somebody stops: no stamp is taken back (see .ci/install.py).
.PRECIOUS: $(VENV)/.quiz $(VENV)/.test $(VENV)/bin/python

$(VENV)/.quiz: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(BIN)/python .ci/install.py $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(BIN)/python .ci/install.py $@ test
	@touch $(VENV)/.quiz

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
