"""Neuron Census: what the feed-forward neurons of language models do.

text ──tokenize──▶ windows ──record──▶ recordings ──count──▶ counts ──classify──▶ census ──draw──▶ figures
                                                                                      └──ablate──────┘

    snakemake --cores 1                                                 draws every figure
    snakemake results/census/opt-mini-s.parquet --cores 1               makes one table
    snakemake --cores 1 --configfile config/opt.yaml                    takes the paper's census
"""

import os
import shlex
import sys
from pathlib import Path

# Of this file, also where another workflow includes it or uses it as a module.
REPOSITORY = Path(str(workflow.current_basedir)).resolve()
PACKAGE = str(REPOSITORY / "workflow")
if not Path(PACKAGE, "neuron_census").is_dir():
    raise WorkflowError(
        f"{REPOSITORY}: found no package neuron_census there. Clone the repository, and name the path of "
        "workflow/Snakefile in the clone as `snakefile` of the module: its package, models and text are read from there."
    )
if PACKAGE not in sys.path:
    sys.path.insert(0, PACKAGE)

from neuron_census.draw.closing import after_failure, after_success
from neuron_census.config.check import DEFAULT, merged, read_yaml
from neuron_census.config.configuration import configure, unpinned
from neuron_census.config.targets import explain_targets, target_faults
from neuron_census.errors import CensusError
from neuron_census.rerun.decision import decide_by_seals
from neuron_census.rerun.file_times import respect_rerun_triggers
from neuron_census.rerun.run_log import speak_briefly, why_words
from neuron_census.rerun.stage_process import WORKFLOW as WORKFLOW_PROCESS

try:
    defaults = read_yaml(DEFAULT)  # Snakemake would not name the line that is broken
except CensusError as error:
    raise WorkflowError(str(error)) from None


configfile: str(DEFAULT)


try:
    # A workflow that uses this one as a module gives its own config, and `configfile` above is passed over.
    config = configure(merged(defaults, config))
except CensusError as error:
    raise WorkflowError(str(error)) from None
for entry in unpinned(config):
    logger.warning(f"{entry} is not a commit; if it changes upstream, nothing will rerun.")

# The Python that runs Snakemake runs the stages; a conda environment, where one is asked for, goes first.
path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
os.environ.update({"PATH": path, WORKFLOW_PROCESS: str(os.getpid())})
export = f"PYTHONPATH={shlex.quote(PACKAGE)}${{PYTHONPATH:+:$PYTHONPATH}}"
limits = "RAYON_NUM_THREADS=${OMP_NUM_THREADS:-1} POLARS_MAX_THREADS=${OMP_NUM_THREADS:-1}"
prefix = f"set -euo pipefail; export {export} {limits}; "
shell.prefix(prefix.replace("{", "{{").replace("}", "}}"))

# Seals decide what reruns (neuron_census.rerun), not the times of files, nor what Snakemake remembers.
respect_rerun_triggers()
decide_by_seals()
speak_briefly()


resource_scopes:
    gpu="local",


# With `--sdm apptainer`, jobs run in this image of the working directory: `apptainer build neuron-census.sif apptainer.def`.
containerized: "neuron-census.sif"


include: "workflow/rules/common.smk"
include: "workflow/rules/tokenize.smk"
include: "workflow/rules/fetch.smk"
include: "workflow/rules/record.smk"
include: "workflow/rules/count.smk"
include: "workflow/rules/classify.smk"
include: "workflow/rules/ablate.smk"
include: "workflow/rules/draw.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/publish.smk"
include: "workflow/rules/train.smk"


rule all:
    default_target: True
    input:
        expand("results/{table}/{model}.parquet", table=TABLES, model=SELECTION.models),
        expand("results/sensitivity/{model}.csv", model=SELECTION.models),
        expand("results/counts/{model}.zarr", model=SELECTION.models),
        NGRAM_COUNTS,
        expand("results/{table}/{model}.parquet", table=["ablations", "firings"], model=ABLATED),
        expand("results/figures/{figure}.{kind}", figure=FIGURES, kind=["pdf", "png", "csv"]),
        expand("results/comparison/{pair}.parquet", pair=SELECTION.pairs),
        expand("results/figures/{fates}.{kind}", fates=FATES, kind=["pdf", "png", "csv"]),
        "results/summary.csv",
        "results/claims.csv",
        "results/explorer",
        "results/report",


# Snakemake would only say that no rule makes it. A workflow that has this one as a module has targets of its own.
if workflow.is_main_process and workflow.main_snakefile == workflow.snakefile:
    explain_targets(
        workflow, lambda targets, made: target_faults(targets, made, SELECTION, FIGURES)
    )


onstart:
    if words := why_words():
        print(words, file=sys.stderr)


onsuccess:
    print(after_success(Path("."), [*FIGURES, *FATES]), file=sys.stderr)


onerror:
    print(after_failure(), file=sys.stderr)
