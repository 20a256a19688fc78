# Two commands: `make demo` runs the whole pipeline on a photo, `make test` checks everything.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

BIN := .venv/bin
ARCH ?= arm64
export ARCH

# uv keeps the environments; where it is missing it is put into one of its own.
# A checkout's folder may hold a space: recipes quote what is absolute, targets stay relative.
UV_THERE := $(shell command -v uv)
UV := $(or $(UV_THERE),$(CURDIR)/.tools/uv/bin/uv)
OWN_UV := $(if $(UV_THERE),,.tools/uv/bin/uv)
# pyenv's shims answer only for the chosen version, so look behind them; else uv finds or fetches one.
python = $(or $(shell ls -d "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$(1).*/bin/python$(1) 2>/dev/null | sort -V | tail -n 1),$(1))
PYTHON := $(call python,3.13)

.PHONY: help setup lock models openapi examples lint types test units branches faults roles e2e check licences demo up console host down status build validate invoke bench soak evaluate mutants fuzz portrait

help: ## what can be asked for
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.tools/uv/bin/uv:
	python3 -m venv .tools/uv
	.tools/uv/bin/pip install -q uv

# $(1) environment, $(2) its locked requirements
define environment
$(1)/.ready: $(2) $(OWN_UV)
	"$(UV)" venv -q --clear --seed --python "$(PYTHON)" $(1)
	"$(UV)" pip install -q --python $(1)/bin/python --require-hashes -r $(2)
	touch $$@
endef
$(eval $(call environment,.venv,requirements/dev.txt))
$(eval $(call environment,.tools/sam,requirements/sam.txt))
$(eval $(call environment,.tools/stack,requirements/stack.txt))

.venv/.facet: .venv/.ready pyproject.toml
	"$(UV)" pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

setup: .venv/.facet .tools/sam/.ready .tools/stack/.facet models ## make the environments and the models

models: layers/models/models/.built ## build the models from the wheel they come in
layers/models/models/.built: layers/models/build.py layers/models/requirements.txt | .venv/.facet
	$(BIN)/python layers/models/build.py
	touch $@

# What the layers need is a list a layer; what developing needs is a group of pyproject.toml.
LAYERS := $(patsubst %,layers/%/requirements,shared imaging inference tracing)
LOCK = "$(UV)" pip compile -q --generate-hashes --no-header --no-annotate --no-emit-index-url
LOCK313 = $(LOCK) --python-version 3.13 --python "$(PYTHON)"
lock: $(OWN_UV) ## lock every requirements file again, with hashes and without index lines
	for f in $(LAYERS); do $(LOCK313) $$f.in -o $$f.txt; done
	$(LOCK313) $(LAYERS:%=-c %.txt) $(LAYERS:%=%.in) --group dev -o requirements/dev.txt
	$(LOCK313) $(LAYERS:%=%.in) --group stack -o requirements/stack.txt
	$(LOCK313) --group tools -o layers/tools.txt
	$(LOCK313) --group sam -o requirements/sam.txt
	$(LOCK313) --group check -o requirements/check.txt
	$(LOCK313) --group secrets -o requirements/secrets.txt
	$(LOCK313) --group bench -o requirements/bench.txt
	$(LOCK313) --group mutants -o requirements/mutants.txt
	$(LOCK) --python-version 3.12 --python "$(PYTHON312)" --group mediapipe -o requirements/mediapipe.txt

.tools/stack/.facet: .tools/stack/.ready pyproject.toml
	"$(UV)" pip install -q --python .tools/stack/bin/python --no-deps --no-build-isolation -e .
	touch $@

openapi: .venv/.facet ## write the API's document and docs/api.md from its code
	$(BIN)/python -m contract.openapi
	$(BIN)/python -m contract.api_docs

examples: setup ## record the requests and answers that the document shows, on a stack of their own
	$(BIN)/python -m contract.examples
	$(MAKE) openapi

portrait: setup ## draw the look that README.md shows
	$(BIN)/python -m local.portrait

lint: .venv/.facet ## ruff: rules and layout
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry layers/shared functions
	$(BIN)/deptry --ignore DEP002,DEP004 contract local evaluation benchmarks checks tests

types: .venv/.facet ## mypy, strict
	$(BIN)/mypy

# Every worker, command and function of the stack would compile again what it imports.
export PYTHONDONTWRITEBYTECODE :=

# The stack's tests mostly wait, so the others run beside them and give way to them. What each says
# is printed in one piece (a make older than 4 mixes it).
test: setup ## lint, types, and every test, the local stack's included
	@$(MAKE) --no-print-directory -j4 $(if $(filter output-sync,$(.FEATURES)),-Otarget) e2e lint types units

# With a + what is said is not held back until the end.
UNITS = --roles -n 2 --dist worksteal tests/unit tests/integration tests/faults tests/template tests/evaluation
units: setup ## every test but the stack's, with the lines they reach
	+COVERAGE_CORE=sysmon nice -n 10 $(BIN)/pytest --cov $(UNITS)

branches: setup ## the same with the branches they reach, in twice the time
	nice -n 10 $(BIN)/pytest --cov --cov-branch $(UNITS)

faults: setup ## every AWS call of every handler failed in every way, over all cores; TRIAL="..." for one again
	@$(BIN)/python -m tests.faults $(if $(TRIAL),"$(TRIAL)")

roles: setup ## every function's role, held against what it calls in the integration tests
	$(BIN)/pytest --roles -n 2 --dist worksteal tests/integration

e2e: setup ## the tests that deploy the local stack
	$(BIN)/pytest tests/e2e

# --- what static tools find, each in place mended or skipped with its reason -----------------------

$(eval $(call environment,.tools/check,requirements/check.txt))
$(eval $(call environment,.tools/secrets,requirements/secrets.txt))

# With AUDIT=required it fails where the database of vulnerabilities cannot be reached.
check: .venv/.facet .tools/check/.ready .tools/secrets/.ready ## cfn-lint, checkov, bandit, detect-secrets and pip-audit; AUDIT=required
	@$(BIN)/python -m checks.static $(if $(AUDIT),--audit $(AUDIT))

licences: setup ## write docs/licences.md from the bills of materials of the built layers
	$(BIN)/python -m checks.licences

# --- figures: what Facet costs, beside its budgets and its peers ---------------------------------

$(eval $(call environment,.tools/peers,requirements/bench.txt))

# Without Node.js the figure says that this peer was not measured.
.tools/node/.ready: benchmarks/package.json benchmarks/package-lock.json
	mkdir -p $(@D)
	cp $^ $(@D)
	! command -v npm >/dev/null || (cd $(@D) && npm ci --silent --no-fund --no-audit && touch .ready) || true

bench: setup .tools/peers/.ready .tools/mediapipe/.ready .tools/node/.ready ## measure against the budgets and peers; ONLY=name,... for some
	$(BIN)/python -m benchmarks.run $(ONLY)

soak: setup ## ten minutes of load and a burst: what drains, stays exact, grows; MINUTES=n, PUBLISH=1 for docs/reliability.md
	$(BIN)/python -m benchmarks.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(PUBLISH),--publish)

# The first commit of the rebuilding that these tests were held against: nobody chose the mutants.
SEED ?= e0ff7a438fbe5ee354beb209af21be1e309b3528
COUNT ?= 40
$(eval $(call environment,.tools/mutants,requirements/mutants.txt))
mutants: setup .tools/mutants/.ready ## which of COUNT small faults, drawn at random, the tests find (half an hour)
	PYTHONPATH=. .tools/mutants/bin/python -m tests.mutants $(SEED) $(COUNT)

# Mutants come and go in memory; one that failed is made again by its number.
fuzz: setup ## 20,000 hostile photos through all that reads photos (half an hour); COUNT, MINUTES, SEED; ONLY=number for one, KEEP=file for its bytes
	nice -n 10 $(BIN)/python -m tests.fuzz.run --seed $(SEED) $(if $(filter file,$(origin COUNT)),,--count $(COUNT)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(ONLY),--only $(ONLY)) $(if $(KEEP),--keep "$(KEEP)")

# --- the local stack: the real template on loopback, no Docker, no AWS account ---------------------

demo: setup ## send a photo through the whole pipeline; PHOTO=path and GOALS="redness pores" for your own
	@$(BIN)/python -m local.demo $(if $(GOALS),--goals "$(GOALS)") $(if $(OCCASION),--occasion "$(OCCASION)") $(if $(PHOTO),"$(PHOTO)")

up: setup ## start the local stack, leave it running, print its URL and a token
	@$(BIN)/python -m local up

console: setup ## the page in a browser, on the local stack, until Ctrl-C
	@$(BIN)/python -m local.console

host: setup ## put the page into the bucket of a deployed stack: STACK=facet-dev
	@$(BIN)/python -m local.console publish $(STACK)

down: ## stop the local stack and remove what it wrote
	@test ! -d .local/stack || $(BIN)/python -m local down

status: setup ## what runs, and whether it is what the working tree says
	@$(BIN)/python -m local status

# --- what the measures reach, beside what they must ------------------------------------------------

# MediaPipe 0.10.21 has wheels up to Python 3.12, and not for every machine; without it the
# evaluation and the figures say that this peer was not measured.
PYTHON312 := $(call python,3.12)
.tools/mediapipe/.ready: requirements/mediapipe.txt | .venv/.ready
	("$(UV)" venv -q --clear --python "$(PYTHON312)" $(@D) && \
	  "$(UV)" pip install -q --python $(@D)/bin/python --require-hashes -r $< && touch $@) || \
	  echo "MediaPipe is not to be had here; going on without it."

evaluate: setup .tools/mediapipe/.ready ## hold every measure against its limits on a folder of photos (FACET_FACES), and the reading of labels and allergies on real labels (FACET_LABELS); FACES=n edits that many
	$(BIN)/python -m evaluation.run $(if $(FACES),--faces $(FACES))

# --- packaging: what AWS gets ---------------------------------------------------------------------

build: setup ## sam build for AWS; ARCH=x86_64 for Intel
	PATH="$(CURDIR)/.tools/sam/bin:$$PATH" .tools/sam/bin/sam build

validate: .tools/sam/.ready ## the template as SAM and cfn-lint read it
	AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} .tools/sam/bin/sam validate --lint

RUNS ?= 5
invoke: setup ## a built function without Docker: FUNCTION=AnalyzeFunction EVENT=events/s3_face_uploaded.json
	@$(BIN)/python -m local.invoke $(FUNCTION) $(if $(EVENT),"$(EVENT)") --runs $(RUNS) $(if $(PHOTO),--photo "$(PHOTO)") $(if $(LOGS),--logs)
