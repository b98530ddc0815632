# Every target makes the virtual environment itself on first use. Variables are those of make's own
# command line: one of the same name in the environment is never read.
#   DATA=bundled | records | released | snapshots | path/to/one_year_rolling.parquet | folder of snapshots
#   RECORDS=folder   where the public records lie, with DATA=records (else git brings them) or a released file
#   OUT=folder       where results, figures and paper go
#   DEFINITIONS=my.toml    definitions in place of replication/definitions/definitions.toml
#   REVISION=40 hex digits    with DATA=released or snapshots     FILE=name    with DATA=released
#   SINCE=date UNTIL=date     range of the snapshots              ENGINE=duckdb | spark

PYTHON = python3
VENV := .venv
BIN := $(VENV)/bin

given = $(filter command,$(origin $(1)))
quoted = '$(subst ','\'',$(1))'
option = $(if $(call given,$(1)),--$(2) $(call quoted,$($(1))))
RUN = $(BIN)/python -E -m replication
OPTIONS = $(call option,DATA,data) $(call option,RECORDS,records) $(call option,OUT,out) \
  $(call option,DEFINITIONS,definitions) $(call option,REVISION,revision) $(call option,FILE,file) \
  $(call option,SINCE,since) $(call option,UNTIL,until) $(call option,ENGINE,engine)
# Installs the packages of a lock into an environment. Twice quiet is without warnings: Frictionless, as old as cffconvert's
# jsonschema needs it, asks for an extra that Typer no longer has; what is installed is what the lock says.
add = $(2)/bin/python -m ensurepip >/dev/null 2>&1 || true; \
  if command -v uv >/dev/null; then uv pip install --quiet --python $(2)/bin/python $(LOCAL) --require-hashes -r $(1); else \
  $(2)/bin/python -m pip install --quiet --quiet --disable-pip-version-check --use-pep517 $(LOCAL) --require-hashes -r $(1); fi
# The archive's packages, where they lie here: then nothing is asked for elsewhere.
LOCAL = $(if $(wildcard wheels/*.whl),--no-index -f wheels)
RELEASE = $(BIN)/python -E -m release
STAGES := all fetch panel attribution analysis figures paper page

.DEFAULT_GOAL := help
.NOTPARALLEL: # a stage reads what the stages before it wrote
.PHONY: $(STAGES) test test-all verify calibration recovery crawl dataset dataset-tools spark browser mutants lint bench lock clean help paper-latex surroundings dist archive rehearsal record

all: $(VENV)/ready ## run everything: data, attribution, statistics, figures, paper, page
fetch: $(VENV)/ready ## bring the data, with a manifest
panel: $(VENV)/ready ## turn counters into first-year downloads; record and mend the defects
attribution: $(VENV)/ready ## credit every download to a developer and a country group
analysis: $(VENV)/ready ## estimate shares, intervals and bounds; judge the claims
figures: $(VENV)/ready ## draw the figures
paper: $(VENV)/ready ## write paper and supplement (PDF, HTML, TeX, Markdown) and what is generated of README, docs and results
page: $(VENV)/ready ## write the page on which a reader changes the choices (page/index.html)

$(STAGES):
	@$(RUN) $@ $(OPTIONS)

paper-latex: paper ## compile the TeX of paper and supplement too, where latexmk is installed
	@command -v latexmk >/dev/null || { echo "error: latexmk is not installed; paper/paper.pdf needs none" >&2; exit 1; }
	cd paper && latexmk -pdfxe -outdir=../build/latex paper.tex supplement.tex

test: $(VENV)/ready ## run the fast tests: all that a change usually breaks
	@$(BIN)/python -m pytest --numprocesses auto -m "not slow"

test-all: test ## run the slow tests too: kills, faults, recovery, Spark, the wheel, whole runs
	@$(BIN)/python -m pytest --numprocesses auto -m slow

verify: $(VENV)/ready ## rebuild in a clean folder and compare with what is committed
	@$(RUN) verify

calibration: $(VENV)/ready ## measure the coverage of every interval anew (minutes; kept in replication/data)
	@$(RUN) calibration

recovery: $(VENV)/ready ## rebuild synthetic Hubs of known truth; what each mending step is worth (12 minutes)
	@$(RUN) recovery

crawl: $(VENV)/ready ## read the Hub's list of models now, as one more snapshot (OUT=folder; CRAWL="--top 1000")
	@$(RUN) crawl $(call option,OUT,out) $(if $(call given,CRAWL),$(CRAWL),--all)

record: $(VENV)/ready ## take in one more reading of the Hub, and say what moved (READING=file DATE=2024-09-20; else it is crawled)
	@$(RUN) record $(call option,READING,reading) $(call option,DATE,date) $(call option,COVERS,covers) $(call option,OUT,out) $(call option,DEFINITIONS,definitions) $(if $(call given,CRAWL),$(CRAWL)) $(if $(call given,FORCE),--force)

dataset: $(VENV)/ready ## write registry, panels, ledger and main results as a data set of its own (OUT=folder; build/dataset)
	@$(RUN) dataset $(call option,OUT,out)

# Apart from the package's own: mlcroissant brings stubs of pandas, by which mypy would judge the package.
dataset-tools: $(VENV)/ready ## install what validates the data set into build/tools: frictionless and mlcroissant
	@$(BIN)/python -m venv build/tools
	@$(call add,requirements-dataset.lock,build/tools)

spark: $(VENV)/ready ## install Apache Spark too, for ENGINE=spark (needs a Java runtime, 17 or newer)
	@$(call add,requirements-spark.lock,$(VENV))

browser: $(VENV)/ready ## install Playwright and axe too, for the tests of the page (they use an installed Chromium)
	@$(call add,requirements-browser.lock,$(VENV))

# Apart from the package's own, whose libraries it sees by way of a .pth file.
PURELIB = -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
mutants: $(VENV)/ready ## change the code at random and count which faults the fast tests find (hours; MUTANTS="panel --sample 50")
	@$(BIN)/python -m venv build/mutants
	@$(call add,requirements-mutants.lock,build/mutants)
	@$(BIN)/python $(PURELIB) > "$$(build/mutants/bin/python $(PURELIB))/project.pth"
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 build/mutants/bin/python -m bench.mutants $(if $(call given,MUTANTS),$(MUTANTS))

surroundings: $(VENV)/ready ## run everything on other Pythons, places, users and languages (PYTHONS="programs"; 10 minutes)
	@$(RELEASE) surroundings $(call option,PYTHONS,pythons)

dist: $(VENV)/ready ## build the wheel and the source distribution into build/dist
	@$(RELEASE) dist

archive: $(VENV)/ready ## write all that a run offline needs into build/dist (WHEELS=1 the locked packages too)
	@$(RELEASE) archive $(if $(call given,WHEELS),--wheels)

rehearsal: $(VENV)/ready ## do everything that a release does, in a clean clone, and publish nothing (15 minutes)
	@$(RELEASE) rehearsal

lint: $(VENV)/ready ## check style, types, and that layers import downwards only
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache

bench: $(VENV)/ready ## measure our speed against what one would use instead, in the same run
	@$(BIN)/python -m bench

lock: ## remake requirements.lock and those of Spark, of the data set's tools, of the browser tests and of the mutants (needs uv)
	@uv pip compile pyproject.toml --extra dev --universal --generate-hashes --python-version 3.11 \
	  --no-header --quiet --output-file requirements.lock
	@sed -i.old '1i\
	# Locked dependencies with hashes, for Python 3.11 and newer. Remake: make lock' requirements.lock
	@echo "pyspark>=4" | uv pip compile - --universal --generate-hashes --python-version 3.11 \
	  --no-header --no-annotate --quiet --output-file requirements-spark.lock
	@sed -i.old '1i\
	# Apache Spark (ENGINE=spark) with hashes, beside requirements.lock. Remake: make lock' requirements-spark.lock
	@printf 'frictionless>=5.16\nmlcroissant[parquet]>=1.1\n' | uv pip compile - --universal --generate-hashes \
	  --python-version 3.11 --constraint requirements.lock --no-header --no-annotate --quiet \
	  --output-file requirements-dataset.lock
	@sed -i.old '1i\
	# Frictionless and mlcroissant, which validate the data set, with hashes. Remake: make lock' requirements-dataset.lock
	@printf 'playwright>=1.50\naxe-playwright-python>=0.1.4\n' | uv pip compile - --universal --generate-hashes --python-version 3.11 \
	  --no-header --no-annotate --quiet --output-file requirements-browser.lock
	@sed -i.old '1i\
	# Playwright and axe, for the tests of the page in a browser (make browser), with hashes. Remake: make lock' requirements-browser.lock
	@echo "mutmut>=3.8" | uv pip compile - --universal --generate-hashes --python-version 3.11 \
	  --constraint requirements.lock --no-header --no-annotate --quiet --output-file requirements-mutants.lock
	@sed -i.old '1i\
	# mutmut, whose operators make the mutants (make mutants), with hashes. Remake: make lock' requirements-mutants.lock
	@rm requirements.lock.old requirements-spark.lock.old requirements-dataset.lock.old requirements-browser.lock.old requirements-mutants.lock.old

clean: ## remove the environment, caches and intermediate files; results stay, those in runs too
	@rm -rf $(VENV) build runs/*/build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@find results figures paper replication/data -name '.*.part' -delete

help: ## show this help
	@echo "make TARGET [DATA=bundled|records|released|snapshots|PATH] [RECORDS=folder] [OUT=folder] [DEFINITIONS=my.toml]"
	@echo "            [REVISION=commit] [FILE=name] [SINCE=date] [UNTIL=date] [ENGINE=duckdb|spark]"; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# uv where it is present and works here, else venv and pip; both check every hash.
$(VENV)/ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@rm -rf $(VENV)
	@echo "installing into $(VENV) (once; two to three minutes with pip)"
	@if command -v uv >/dev/null && uv venv --quiet --python "$(PYTHON)" $(VENV) && \
	    uv pip install --quiet --python $(BIN)/python $(LOCAL) --require-hashes -r requirements.lock; then :; else \
	  rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --use-pep517 $(LOCAL) --require-hashes -r requirements.lock; fi
	@touch $@
