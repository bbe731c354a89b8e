"""A folder that can be uploaded as it is: `snakemake publish`. Nothing is uploaded, and `snakemake` alone does not make it.

Needs: the tables of every selected model, comparisons, summary and claims, and the explorer
Makes: results/publication: tables, a data card (README.md), Croissant metadata (croissant.json), an RO-Crate
       (ro-crate-metadata.json), and the explorer as a static site
"""


rule publish:
    input:
        tables=[
            *expand(
                "results/{table}/{model}.parquet",
                table=TABLES,
                model=SELECTION.models,
            ),
            *expand("results/ablations/{model}.parquet", model=ABLATED),
            *expand("results/comparison/{pair}.parquet", pair=SELECTION.pairs),
        ],
        numbers=[
            "results/summary.csv",
            "results/claims.csv",
            *expand("results/sensitivity/{model}.csv", model=SELECTION.models),
        ],
        explorer="results/explorer",
    output:
        directory("results/publication"),
    log:
        "results/logs/publish.log",
    benchmark:
        "results/benchmarks/publish.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(4000),
        runtime=by_attempt(60),
    params:
        provenance=lambda wildcards: PROVENANCE.publication(),
        about=json.dumps(describe(SELECTION), sort_keys=True),
    shell:
        "python -m neuron_census publish --tables {input.tables:q} --numbers {input.numbers:q}"
        " --explorer {input.explorer:q} --about {params.about:q} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"
