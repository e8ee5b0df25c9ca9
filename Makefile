# Two commands do everything: `make demo` and `make test`. Both set up what they need.
PYTHON ?= python3
CUSTOMERS ?= 240000
SEED ?= 7
OUT := outputs
RUN := .venv/bin/

.PHONY: help setup demo test fast check bench cdnow lock clean
help:  ## say what there is
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: .venv/.installed  ## make .venv from the lock
.venv/.installed: requirements.lock setup.cfg scripts/setup
	@scripts/setup $(PYTHON)
	@touch $@

demo: setup  ## simulate customers, train, score and write the playbook into outputs/ (CUSTOMERS=240000 SEED=7)
	$(RUN)explain simulate $(OUT)/customers.parquet --customers $(CUSTOMERS) --seed $(SEED) --overwrite
	$(RUN)explain train $(OUT)/customers.parquet --model $(OUT)/model --seed $(SEED) --overwrite
	$(RUN)explain score $(OUT)/customers.parquet --model $(OUT)/model --out $(OUT)/scores.parquet --overwrite >/dev/null
	$(RUN)explain playbook --model $(OUT)/model --out $(OUT)/playbook --overwrite >/dev/null
	@echo "Written to $(OUT)/:"; cd $(OUT) && ls -1 customers.parquet model/* scores.* playbook/*

test: setup  ## everything that proves it works
	$(RUN)python -m pytest -n 2

fast: setup  ## the tests that take seconds
	$(RUN)python -m pytest -m "not slow"

check: setup  ## ruff and mypy
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy

cdnow: setup  ## the example on real customers, into outputs/cdnow
	$(RUN)python examples/cdnow/run.py --out $(OUT)/cdnow --overwrite

bench: .venv-bench/.installed  ## the distiller beside ExKMC and CART
	.venv-bench/bin/python -m benchmarks.distill
# The peer pins older libraries than ours, so it gets a room of its own.
.venv-bench/.installed: setup.cfg
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -e '.[cdnow,bench]'
	@touch $@

lock: setup  ## write requirements.lock anew
	.venv/bin/python -m pip install --quiet pip-tools
	.venv/bin/pip-compile --quiet --generate-hashes --no-annotate --no-header --no-emit-index-url \
	    --no-emit-find-links --no-emit-trusted-host --allow-unsafe --extra test --extra cdnow \
	    --output-file requirements.lock setup.cfg

clean:  ## remove what was set up and written
	rm -rf .venv .venv-bench $(OUT)/customers* $(OUT)/model* $(OUT)/scores* $(OUT)/playbook $(OUT)/cdnow
