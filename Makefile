# Two commands do everything on a machine with Python 3.11 or later and make: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BENCH := .venv-bench
OTHERS := .venv-others
DIST := .venv-dist
PYTHONS := $(PYTHON)
BIN := $(VENV)/bin
CPU := prescott
PART := whole
SITE := not slow
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile  # what a file compiles and fits for its tests is done once
PIP := -m pip --disable-pip-version-check install --quiet

.PHONY: run test test-slow test-all test-elsewhere test-browser test-site test-serving test-cluster lint format
.PHONY: docs docs-links bench dist test-fresh clean
.DELETE_ON_ERROR:

run: $(VENV)/run  ## train on UCI Adult and score the official test rows
	$(BIN)/python examples/adult.py

test: $(VENV)/test  ## the tests
	$(PYTEST) -m "not slow and not serving and not cluster"

test-slow: $(VENV)/test  ## the slow tests
	$(BIN)/python -m pytest -n 2 -m "slow and not serving and not cluster"

test-all: test test-slow

test-elsewhere: $(VENV)/test  ## the tests as another processor would run them: CPU=prescott, PART=whole or short
	$(BIN)/python tests/elsewhere.py $(CPU) $(PART) -n 2 --dist loadfile -m "not slow and not serving and not cluster"

test-browser: $(VENV)/browser  ## reports, the live page and the playground in a headless Chromium; needs chromium and npm
	$(BIN)/python -m pytest tests/report/browser tests/playground/browser

test-site: $(VENV)/browser  ## pages of `make docs` of every kind in a headless Chromium; SITE="slow or not slow" is all of them
	$(BIN)/python -m pytest -m "$(SITE)" tests/docs/browser

test-serving: $(VENV)/serving $(OTHERS)/ready  ## the server, alone and beside those of others; needs nginx
	$(PYTEST) -m serving tests/serving

test-cluster: $(VENV)/cluster  ## fits on a cluster of Ray on this machine, whose nodes are killed
	CHAINRULE_CLUSTER=required $(BIN)/python -m pytest -m cluster tests/clusters

lint: $(VENV)/lint  ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_types.py

format: $(VENV)/lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/docs  ## the documentation site, into docs/_build/html
	$(BIN)/python -m sphinx -b html -W --keep-going -n -q docs docs/_build/html

docs-links: $(VENV)/docs  ## whether links out of the site lead somewhere; needs a network
	CHAINRULE_DOCS_ONLINE=1 $(BIN)/python -m sphinx -b linkcheck -D plot_gallery=0 -q docs docs/_build/linkcheck

bench: $(BENCH)/ready  ## speed beside JAX, PyTorch, scikit-learn and the bare matrix products
	$(BENCH)/bin/python -m benchmarks

dist: $(DIST)/ready  ## wheel and sdist, built and checked
	rm -rf dist
	$(DIST)/bin/python -m build --outdir dist .
	$(DIST)/bin/twine check --strict dist/*
	$(DIST)/bin/check-wheel-contents dist/*.whl
	$(DIST)/bin/pyroma --min 8 dist/*.tar.gz  # of 10: there are no URLs and no e-mail yet
	$(DIST)/bin/python tests/built.py dist

test-fresh: dist  ## the wheel in new environments: PYTHONS="3.11 3.13 /usr/bin/python3.14"
	PATH="$(abspath $(DIST))/bin:$$PATH" $(DIST)/bin/python tests/fresh.py dist/*.whl $(addprefix --python ,$(PYTHONS))

clean:
	rm -rf docs/_build docs/generated docs/gallery $(VENV) $(BENCH) $(OTHERS) $(DIST) dist

$(VENV)/python:
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "chainrule needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/run: $(VENV)/python pyproject.toml
	@echo "Installing chainrule into $(VENV) ..."
	$(BIN)/python $(PIP) --editable .
	touch $@

$(VENV)/test: $(VENV)/run pyproject.toml
	@echo "Installing the test tools ..."
	$(BIN)/python $(PIP) --editable '.[test]'
	touch $@

$(VENV)/browser: $(VENV)/test tests/report/browser/package-lock.json
	$(BIN)/python $(PIP) --editable '.[test,serve,browser]'
	npm ci --prefix tests/report/browser --ignore-scripts --no-audit --no-fund
	touch $@

$(VENV)/serving: $(VENV)/test pyproject.toml
	@echo "Installing the clients of servers ..."
	$(BIN)/python $(PIP) --editable '.[serving]'
	touch $@

$(VENV)/cluster: $(VENV)/test pyproject.toml
	@echo "Installing Ray ..."
	$(BIN)/python $(PIP) --editable '.[cluster]'
	touch $@

$(OTHERS)/ready: pyproject.toml
	@echo "Installing servers of others, each into an environment of its own ..."
	for server in mlserver ray openvino; do \
	    $(PYTHON) -m venv $(OTHERS)/$$server && \
	    $(OTHERS)/$$server/bin/python $(PIP) --editable ".[in-$$server]" || exit 1; \
	done
	touch $@

$(DIST)/ready: pyproject.toml
	$(PYTHON) -m venv $(DIST)
	$(DIST)/bin/python $(PIP) --upgrade 'pip>=25.1'
	$(DIST)/bin/python $(PIP) --group dist
	touch $@

$(VENV)/lint: $(VENV)/run pyproject.toml
	$(BIN)/python $(PIP) --editable '.[lint]'
	touch $@

$(VENV)/docs: $(VENV)/run pyproject.toml
	@echo "Installing Sphinx ..."
	$(BIN)/python $(PIP) --editable '.[docs]'
	touch $@

$(BENCH)/ready: pyproject.toml benchmarks/requirements.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python $(PIP) --editable . -r benchmarks/requirements.txt
	$(BENCH)/bin/python $(PIP) torch==2.13.0 || echo "torch 2.13.0 cannot be had here: its column is left out"
	touch $@
