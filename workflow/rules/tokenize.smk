"""From text to windows.

Needs: the domains' sources, and a tokenizer's folder.
Makes: results/text/{domain}.parquet, all documents of a domain in their seeded order
       results/windows/{tokenizer}/windows.parquet, the windows that the studies read
"""


rule read_domain:
    input:
        files=domain_files,
    output:
        "results/text/{domain}.parquet",
    log:
        "results/logs/read_domain/{domain}.log",
    benchmark:
        "results/benchmarks/read_domain/{domain}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(8000),
        runtime=by_attempt(240),
    params:
        provenance=lambda wildcards: PROVENANCE.domain(wildcards.domain),
        spec=lambda wildcards: json.dumps(config["domains"][wildcards.domain], sort_keys=True),
        seed=lookup(dpath="seed", within=config),
        folders=untracked([str(folder) for folder in SELECTION.folders]),
    shell:
        "python -m neuron_census read_domain --domain {wildcards.domain} --spec {params.spec:q}"
        " --seed {params.seed} --search-folders {params.folders:q} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule tokenize:
    input:
        domains=tables_of(SELECTION.domains),
        tokenizer=tokenizer_folder,
    output:
        "results/windows/{tokenizer}/windows.parquet",
    log:
        "results/logs/tokenize/{tokenizer}.log",
    benchmark:
        "results/benchmarks/tokenize/{tokenizer}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 4
    resources:
        mem_mb=by_attempt(8000),
        runtime=by_attempt(120),
    params:
        provenance=lambda wildcards: PROVENANCE.windows(wildcards.tokenizer),
        studies=json.dumps(SELECTION.studies),
        window=option("window", config),
        shards=len(SELECTION.shards),
        # Refused here, not applied: another threshold cuts the same windows.
        least=untracked(config["classify"]["positions"]["min_windows"]),
    shell:
        "python -m neuron_census tokenize --domains {input.domains:q} --tokenizer {input.tokenizer:q}"
        " --studies {params.studies:q} {params.window} --shards {params.shards}"
        " --min-position-windows {params.least} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"
