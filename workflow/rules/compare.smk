"""From two censuses to what became of each neuron: checkpoints of one training run, each with the next.

Needs: results/census/{model}.parquet of every checkpoint in `experiments.checkpoints` and `comparisons`
Makes: results/comparison/{before}-{after}.parquet, a row for every neuron, and
       results/figures/fates_{comparison}.pdf, .png and .csv, one figure for all checkpoints of a list
"""


rule compare:
    input:
        before=lambda wildcards: f"results/census/{SELECTION.pairs[wildcards.pair][0]}.parquet",
        after=lambda wildcards: f"results/census/{SELECTION.pairs[wildcards.pair][1]}.parquet",
    output:
        "results/comparison/{pair}.parquet",
    log:
        "results/logs/compare/{pair}.log",
    benchmark:
        "results/benchmarks/compare/{pair}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(4000),
        runtime=by_attempt(30),
    params:
        provenance=lambda wildcards: PROVENANCE.comparison(wildcards.pair),
    shell:
        "python -m neuron_census compare --before {input.before:q} --after {input.after:q}"
        " --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule draw_comparison:
    input:
        comparisons=comparisons_of,
        style=lambda wildcards: SELECTION.style(),
    output:
        pdf="results/figures/fates_{comparison}.pdf",
        png=report(
            "results/figures/fates_{comparison}.png",
            caption="../report/comparison.rst",
            category="7. What became of neurons in training",
            labels={"comparison": "{comparison}", "picture": "yes"},
        ),
        csv=report(
            "results/figures/fates_{comparison}.csv",
            caption="../report/comparison.rst",
            category="7. What became of neurons in training",
            labels={"comparison": "{comparison}", "picture": "no"},
        ),
    log:
        "results/logs/draw_comparison/{comparison}.log",
    benchmark:
        "results/benchmarks/draw_comparison/{comparison}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(4000),
        runtime=by_attempt(30),
    params:
        provenance=lambda wildcards: PROVENANCE.fates(wildcards.comparison),
        figure=subpath(output.pdf, strip_suffix=".pdf"),
    shell:
        "python -m neuron_census draw_comparison --comparisons {input.comparisons:q} --style {input.style:q}"
        " --output {params.figure:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"
