# The two commands of the README:
#
#   make lab     set up .venv, then open JupyterLab on the first notebook
#   make test    set up .venv with the test tools, then check everything
#
# Others: make install (as `make lab`, without opening it), make test-fast (no browser), make lint, make format,
# make constraints, make places, make clean; make bridge-flower, bridge-tff, bridge-pysyft, bridge-fate, make bridges.
# The first call installs; later calls start at once, as long as pyproject.toml and constraints.txt stay the same.

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable
ARGS :=

# PYTHON=... chooses another one: 3.11 or newer. Those that have TensorFlow come first; with others the kit goes without.
PYTHON = $(firstword $(foreach newest,13 99,$(foreach name,python3 python3.13 python3.12 python3.11,$(shell \
    $(name) -c 'import sys; print("$(name)" if (3, 11) <= sys.version_info[:2] <= (3, $(newest)) else "")' 2>/dev/null))))

.PHONY: lab install test test-fast lint format constraints places clean bridges

lab: $(VENV)/lab.stamp
	$(BIN)/fedlab lab $(ARGS)

install: $(VENV)/lab.stamp

test: test-fast $(VENV)/browser.stamp
	$(BIN)/pytest tests/browser

# The second run is with TensorFlow out of reach: what needs it is skipped, all else must do without. Facts that the same
# NumPy proves a second time, at length, are left out of it.
TWICE := published benchmarks attack membership backdoor little robust interrupts lab_session flower network unplugged export faults openmined lab_leaving
test-fast: lint
	$(BIN)/pytest --numprocesses 2 --dist loadfile --ignore tests/browser $(ARGS)
	PYTHONPATH=$(CURDIR)/tests/without_tensorflow $(BIN)/pytest --numprocesses 2 --dist loadfile tests/unit \
	    $(TWICE:%=--ignore-glob 'tests/unit/test_%*')

lint: $(VENV)/test.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/test.stamp
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# One version of each package for Linux, macOS, Windows and every Python we allow; a constraint needs no markers.
constraints: $(VENV)/test.stamp
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --upgrade --universal --fork-strategy fewest --strip-extras \
	    --python-version 3.11 --no-annotate --no-header --quiet --output-file $(VENV)/constraints.txt
	echo "# Made by 'make constraints' from pyproject.toml: the versions that CI runs with." > constraints.txt
	sed 's/ ;.*//' $(VENV)/constraints.txt >> constraints.txt

# Whether all pinned packages come as wheels, so that nobody needs a compiler: on these machines, with the oldest and the
# newest Python. An x86_64 Mac is one with an Intel processor. Macs have macOS 14, Linux has the C library of Debian 11, or newer.
places: $(VENV)/test.stamp
	$(BIN)/python -m pip install --quiet uv
	for machine in x86_64-manylinux_2_31 aarch64-unknown-linux-gnu x86_64-pc-windows-msvc x86_64-apple-darwin aarch64-apple-darwin; do \
	    for python in 3.11 3.14; do \
	        MACOSX_DEPLOYMENT_TARGET=14.0 $(BIN)/uv pip compile pyproject.toml --extra tensorflow --extra lab --extra flower --extra privacy \
	            --constraint constraints.txt --only-binary :all: --python-platform $$machine --python-version $$python --no-annotate --no-header --quiet > $(VENV)/place.txt || exit 1; \
	        echo "$$machine, Python $$python: $$(wc -l < $(VENV)/place.txt) wheels, $$(grep ^tensorflow $(VENV)/place.txt || echo no TensorFlow)"; \
	    done; \
	done

# The same experiments in another framework, in an environment of its own (0.5 to 2.4 GB each): see benchmarks/bridges.py.
# All of them have wheels for Python 3.11.
bridges: bridge-flower bridge-tff bridge-pysyft bridge-fate

bridge-%: .venv-%/stamp $(VENV)/test.stamp
	$(BIN)/python -m benchmarks.bridges $*

.PRECIOUS: .venv-%/stamp
.venv-%/stamp: fedlab/bridges/pins/%.txt
	@command -v python3.11 >/dev/null || { echo "$* needs Python 3.11, and there is no python3.11 on the path." >&2; exit 1; }
	@echo "Installing $* into .venv-$* (a minute or more) ..."
	python3.11 -m venv .venv-$*
	sed -n 's/^# besides: //p' $< | while read -r line; do .venv-$*/bin/$$line --quiet || exit 1; done
	.venv-$*/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	@touch $@

clean:
	rm -rf .venv-flower .venv-tff .venv-pysyft .venv-fate $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results

$(VENV)/lab.stamp: pyproject.toml constraints.txt $(VENV)/pyvenv.cfg
	@echo "Installing the kit and its lab into $(VENV) (2.4 GB, a few minutes the first time) ..."
	$(INSTALL) ".[tensorflow,lab,flower,privacy]"
	@touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt $(VENV)/pyvenv.cfg
	@echo "Installing the kit, its lab and the test tools into $(VENV) (2.7 GB, a few minutes the first time) ..."
	$(INSTALL) ".[tensorflow,lab,flower,privacy,test]"
	@touch $@ $(VENV)/lab.stamp

$(VENV)/pyvenv.cfg:
	@$(if $(PYTHON),,echo "fedlab needs Python 3.11 or newer, and none is on the path: install one, or name it with make PYTHON=..." >&2; exit 1)
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call apt,python3-venv) || \
	    { echo "$(PYTHON) has no venv module: install it (on Debian and Ubuntu: apt install python3-venv), then try again." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/browser.stamp: $(VENV)/test.stamp
	@command -v chromium chromium-browser google-chrome >/dev/null || test -d "/Applications/Google Chrome.app" || \
	    $(call apt,chromium) || echo "There is no Chromium or Chrome: install one, or the browser tests cannot run." >&2
	@touch $@

# Install a Debian package, as root or through sudo; fails where there is no apt.
apt = { command -v apt-get >/dev/null && echo "Installing $(1) with apt ..." && \
    SUDO=$$(test "$$(id -u)" = 0 || echo sudo) && $$SUDO apt-get update -qq && \
    $$SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1) >/dev/null; }
