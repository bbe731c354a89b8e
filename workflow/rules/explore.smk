"""From the census to pages on which every neuron can be looked up.

Needs: results/census/{model}.parquet of every selected model and the tables that go with it
Makes: results/explorer/index.html, which opens from disk, and what it loads
"""


rule explore:
    input:
        census=expand("results/census/{model}.parquet", model=SELECTION.models),
        triggers=expand("results/triggers/{model}.parquet", model=SELECTION.models),
        projections=expand("results/projections/{model}.parquet", model=SELECTION.models),
        positions=expand("results/positions/{model}.parquet", model=SELECTION.models),
    output:
        directory("results/explorer"),
    log:
        "results/logs/explore.log",
    benchmark:
        "results/benchmarks/explore.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(8000),
        runtime=by_attempt(60),
    params:
        provenance=lambda wildcards: PROVENANCE.explorer(),
    shell:
        "python -m neuron_census explore --census {input.census:q} --triggers {input.triggers:q}"
        " --projections {input.projections:q} --positions {input.positions:q} --output {output:q}"
        " 2>&1 | tee -i {log:q} >&2"
