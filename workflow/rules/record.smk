"""From windows to recordings: the forward pass, and the only rule that can use a GPU.

Needs: results/windows/{tokenizer}/windows.parquet and a checkpoint's folder
Makes: results/recordings/{model}/{shard}.zarr, what every neuron does on a shard; deleted when counted
"""


rule record:
    input:
        windows=windows_of,
        checkpoint=checkpoint_source,
    output:
        until_counted(directory("results/recordings/{model}/{shard}.zarr")),
    log:
        "results/logs/record/{model}/{shard}.log",
    benchmark:
        "results/benchmarks/record/{model}/{shard}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=for_recording("mem_mb"),
        runtime=for_recording("runtime"),
    params:
        provenance=lambda wildcards: PROVENANCE.recordings(wildcards.model),
        checkpoint=checkpoint_folder,
        dtype=lookup(dpath="checkpoints/{model}/dtype", within=config),
        revision=lambda wildcards: option("revision", config["checkpoints"][wildcards.model]),
        gate=gate_option,
        ngram_layers=lookup(dpath="record/ngram_layers", within=config),
        contexts=lookup(dpath="record/contexts", within=config),
        seed=lookup(dpath="seed", within=config),
        device=untracked(config["record"]["device"]),
        batch_tokens=untracked(config["record"]["batch_tokens"]),
    shell:
        "python -m neuron_census record --windows {input.windows:q} --checkpoint {params.checkpoint:q}"
        " --shard {wildcards.shard} --dtype {params.dtype} --device {params.device}"
        " --batch-tokens {params.batch_tokens} --ngram-layers {params.ngram_layers}"
        " --contexts {params.contexts} --seed {params.seed}"
        " {params.revision:q} {params.gate:q} --threads {threads} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"
