"""From the census to what its detectors do: each is silenced where it fires, and the token is looked at.

Needs: results/census/{model}.parquet and triggers/{model}.parquet, the windows, and the checkpoint
Makes: results/ablations/{model}.parquet, one row per ablated neuron
       results/firings/{model}.parquet, one row per firing at which it was ablated
"""


rule ablate:
    input:
        windows=windows_of,
        census="results/census/{model}.parquet",
        triggers="results/triggers/{model}.parquet",
        checkpoint=checkpoint_source,
    output:
        ablations="results/ablations/{model}.parquet",
        firings="results/firings/{model}.parquet",
    log:
        "results/logs/ablate/{model}.log",
    benchmark:
        "results/benchmarks/ablate/{model}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=for_recording("mem_mb"),
        runtime=for_recording("runtime"),
    params:
        provenance=lambda wildcards: PROVENANCE.ablations(wildcards.model),
        checkpoint=checkpoint_folder,
        study=json.dumps(SELECTION.ablation),
        detectors=lookup(dpath="ablate/detectors", within=config),
        firings=lookup(dpath="ablate/firings", within=config),
        seed=lookup(dpath="seed", within=config),
        dtype=lookup(dpath="checkpoints/{model}/dtype", within=config),
        device=untracked(config["record"]["device"]),
        weights_note=weights_note,
    shell:
        "python -m neuron_census ablate --checkpoint {params.checkpoint:q} --windows {input.windows:q}"
        " --census {input.census:q} --triggers {input.triggers:q} --study {params.study:q}"
        " --most-detectors {params.detectors} --most-firings {params.firings} --seed {params.seed}"
        " --dtype {params.dtype} --device {params.device} --weights-note {params.weights_note:q}"
        " --threads {threads} --ablations {output.ablations:q} --firings {output.firings:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"
