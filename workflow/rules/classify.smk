"""From counts to the census: a row for every neuron. Every threshold of the config is applied here.

Needs: results/counts/{model}.zarr
Makes: results/census/{model}.parquet
"""


rule classify:
    input:
        counts="results/counts/{model}.zarr",
    output:
        "results/census/{model}.parquet",
    log:
        "results/logs/classify/{model}.log",
    benchmark:
        "results/benchmarks/classify/{model}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        provenance=lambda wildcards: PROVENANCE.census(wildcards.model),
        thresholds=json.dumps(config["classify"], sort_keys=True),
    shell:
        "python -m neuron_census classify --counts {input.counts:q} --thresholds {params.thresholds:q}"
        " --output {output:q} 2>&1 | tee -i {log:q} >&2"
