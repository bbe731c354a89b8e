# The README's two commands. They need Python 3.11 or later and make; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/ready

.PHONY: help figures test test-cluster check mutants clean

help: ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 12

figures: $(READY) ## draw every figure with the default configuration, and make the report
	. $(VENV)/bin/activate && snakemake --cores all
	. $(VENV)/bin/activate && snakemake --report results/report.html --quiet all
	@echo "Start with results/report/index.html. The figures are in results/figures, and"
	@echo "results/explorer/index.html lets you look up every neuron. All of them open from disk."

test: check ## all checks and tests
	. $(VENV)/bin/activate && pytest -n 2 --dist loadfile --no-loadscope-reorder

test-cluster: $(READY) ## run the workflow on a Slurm node that is started for it (Debian, as root)
	. $(VENV)/bin/activate && pytest tests/cluster

check: $(READY) ## lint, formatting, types
	. $(VENV)/bin/activate && ruff check . && ruff format --check . && mypy \
	&& snakefmt --check Snakefile workflow && snakemake --lint

mutants: $(READY) ## change the code in small ways and list what no test notices (hours; SAMPLE=50, MODULES="classify count")
	. $(VENV)/bin/activate && PYTHONPATH=tests python -m mutation --sample $(or $(SAMPLE),50) $(if $(MODULES),--modules $(MODULES))

clean: ## remove the environment and all results
	rm -rf $(VENV) results .snakemake

# Made anew when what is to be installed changes.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "error: $(PYTHON) is $$($(PYTHON) --version 2>&1); Neuron Census needs Python 3.11 or later. Name one: make PYTHON=python3.12" >&2; \
	exit 1; }
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
