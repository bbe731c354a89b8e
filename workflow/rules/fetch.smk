"""Checkpoints and tokenizers from the hub; those in a local folder are read where they lie.

Needs: the network.
Makes: results/checkpoints/{model}/, config.json, tokenizer and weights of a pinned revision
       results/tokenizers/{tokenizer}/, config.json and tokenizer alone
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
