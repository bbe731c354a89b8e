"""From recordings to counts: exact sufficient statistics, in which there is no threshold yet.

Needs: results/recordings/{model}/{shard}.zarr of every shard, and their windows
Makes: results/counts/{model}.zarr
"""


rule count:
    input:
        recordings=recordings_of,
        windows=windows_of,
    output:
        directory("results/counts/{model}.zarr"),
    log:
        "results/logs/count/{model}.log",
    benchmark:
        "results/benchmarks/count/{model}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 4
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        provenance=lambda wildcards: PROVENANCE.counts(wildcards.model),
    shell:
        "python -m neuron_census count --recordings {input.recordings:q} --windows {input.windows:q}"
        " --output {output:q} 2>&1 | tee -i {log:q} >&2"
