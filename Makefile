# The commands of this project. `make` alone lists the targets.
#
#   make search                  set up, then run a random search with a master and two workers to its finished result
#   make search ARGS=--new       run it as another study; ARGS takes any option of `python -m master run`
#   make search ROOT=/mnt/lab    use another shared folder

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOT ?= .
STUDY ?= scenario6
WORKERS ?= 2
ARGS ?=
MINUTES ?= 10
SIZE ?= daily
RUNS ?= 1000000
SEED ?= 0
CLUSTER_PACKAGES := slurm-wlm munge nfs-ganesha nfs-ganesha-vfs user-mode-linux uml-utilities kmod iproute2 nfs-common
CLUSTER_LACKS := $(shell command -v slurmctld >/dev/null && command -v munged >/dev/null && command -v ganesha.nfsd >/dev/null && command -v linux.uml >/dev/null || echo "; needed: apt-get install $(CLUSTER_PACKAGES)")$(shell test "$$(id -u)" = 0 || echo "; needed: root")
BROWSER := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
# The pins apply to installed packages and to build tools. The path is relative, because pip splits the value at blanks.
export PIP_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup search master worker test test-cluster check format bench chaos fuzz lock clean
.DEFAULT_GOAL := help

help:
	@echo "make search   set up, then run a random search with a master and two workers"
	@echo "make master   start the master alone; start workers in other terminals with 'make worker'"
	@echo "make worker   start a worker; on the second GPU: CUDA_VISIBLE_DEVICES=1 make worker"
	@echo "make setup    install the pinned versions into .venv"
	@echo "make test     run the tests"
	@echo "make test-cluster   run workers on a real Slurm, NFS and Ray, here; needs root and some packages"
	@echo "make check    check format, lint, types and import boundaries"
	@echo "make format   fix the format and what ruff can fix of the lint"
	@echo "make bench    run the benchmarks, SIZE=tiny, daily or full, and write benchmarks/RESULTS.md"
	@echo "make chaos    crash at every operation, then kill and stop at random for MINUTES=10, with SEED=0"
	@echo "make fuzz     fuzz everything that reads the shared folder, guided by coverage: RUNS=1000000"
	@echo "make lock     bring all pinned versions up to date"
	@echo "make clean    remove .venv, build and dist"

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "installing the pinned versions into $(VENV); this takes some minutes the first time"
	@$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

search: $(VENV)/.installed
	@$(BIN)/python -m master run $(STUDY) --root "$(ROOT)" --workers $(WORKERS) $(ARGS)

master: $(VENV)/.installed
	@$(BIN)/python -m master run $(STUDY) --root "$(ROOT)" $(ARGS)

worker: $(VENV)/.installed
	@$(BIN)/python -m worker --root "$(ROOT)" $(ARGS)

test: $(VENV)/.installed-dev
	@test -n "$(BROWSER)" || echo "no Chromium found, so tests that open a page are skipped; on Debian: apt-get install chromium faketime spin gcc"
	@echo "left out: the tests on a real Slurm, NFS and Ray; make test-cluster runs them$(CLUSTER_LACKS)"
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m 'not exhaustive and not cluster$(if $(BROWSER),, and not browser)' $(ARGS)

# One cluster after the other, so without further processes. What this machine cannot run is skipped, with the reason.
# Ray takes 250 MB, so it is installed only here, and is no part of the development install.
test-cluster: $(VENV)/.installed-dev
	@test -e $(VENV)/.installed-ray || { $(BIN)/pip install --quiet --editable '.[ray]' && touch $(VENV)/.installed-ray; } || echo "Ray cannot be installed, so its tests are skipped"
	$(BIN)/python -m pytest -m cluster tests/cluster $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks --size $(SIZE) $(ARGS)

# Crashes at every operation and looks at every state of the protocol; then kills and stops masters and workers at
# random, study after study, until the time is up.
chaos: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m exhaustive
	$(BIN)/python -m tests.chaos --minutes $(MINUTES) --seed $(SEED)

# Runs a coverage-guided fuzzer over everything that reads the shared folder.
fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m tests.fuzz.fuzz_readers --runs $(RUNS)

# Brings every pin up to date. torch and torchvision stay fixed, because only certain versions fit together.
lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	PIP_CONSTRAINT= build/lock/bin/pip install --quiet 'torch==2.13.0' 'torchvision==0.28.0'
	PIP_CONSTRAINT= build/lock/bin/pip install --quiet '.[dev,ray]'
	{ sed -n '/^#/p' constraints.txt; build/lock/bin/pip freeze --exclude hyperspool | grep -v '^nvidia-.*-cu1' | sed 's/+.*//'; } > build/constraints.txt
	mv build/constraints.txt constraints.txt

clean:
	rm -rf $(VENV) build dist
