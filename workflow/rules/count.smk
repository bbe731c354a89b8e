"""From recordings to counts: exact sufficient statistics, in which there is no threshold yet.

Needs: results/recordings/{model}/{shard}.zarr of every shard, and their windows
Makes: results/counts/{model}.zarr: how often each neuron is active, and at which positions
       results/ngrams/{tokenizer}.zarr: the n-grams of the n-gram study, numbered
       results/counts/{model}/ngrams/{layer}.zarr: which n-grams activate each neuron of a layer
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
        mem_mb=by_attempt(8000),
        runtime=by_attempt(240),
    params:
        provenance=lambda wildcards: PROVENANCE.counts(wildcards.model),
    shell:
        "python -m neuron_census count --recordings {input.recordings:q} --windows {input.windows:q}"
        " --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule number_ngrams:
    input:
        windows="results/windows/{tokenizer}/windows.parquet",
    output:
        directory("results/ngrams/{tokenizer}.zarr"),
    log:
        "results/logs/number_ngrams/{tokenizer}.log",
    benchmark:
        "results/benchmarks/number_ngrams/{tokenizer}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(8000),
        runtime=by_attempt(60),
    params:
        provenance=lambda wildcards: PROVENANCE.ngrams(wildcards.tokenizer),
    shell:
        "python -m neuron_census number_ngrams --windows {input.windows:q} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule count_ngrams:
    input:
        recordings=recordings_of,
        ngrams=ngrams_of,
    output:
        directory("results/counts/{model}/ngrams/{layer}.zarr"),
    log:
        "results/logs/count_ngrams/{model}/{layer}.log",
    benchmark:
        "results/benchmarks/count_ngrams/{model}/{layer}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 4
    resources:
        mem_mb=by_attempt(4000),
        runtime=by_attempt(240),
    params:
        provenance=lambda wildcards: PROVENANCE.ngram_counts(wildcards.model),
    shell:
        "python -m neuron_census count_ngrams --recordings {input.recordings:q} --ngrams {input.ngrams:q}"
        " --layer {wildcards.layer} --threads {threads} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"
