"""Training the demo family: `snakemake train_demo_family`, and never a part of another run.
`snakemake check_demo_family` takes the first steps of each shipped model again, and compares their losses.

Needs: results/text/{domain}.parquet; reads only the documents that the studies do not
Makes: results/trained/tokenizers/{name}/ and results/trained/checkpoints/{name}/
       results/trained/first_losses/{name}.csv, the losses that a shipped model has kept, and those of now
       results/generated/mathematics.jsonl.zst, with a note on how it was made

What the repository ships under resources/ was made by these rules and copied there by hand, so that no
rule's output is a source of the default run: a clone or an edit here cannot train anything.
"""

RECIPES = config["train"]
# A checkpoint that the catalogue has trained (`trained`) is trained when a run needs it; this is the rest.
DEMO_FAMILY = [name for name in RECIPES["checkpoints"] if name.startswith("opt-mini-")]


rule train_demo_family:
    input:
        expand("results/trained/checkpoints/{name}", name=DEMO_FAMILY),


rule check_demo_family:
    input:
        expand("results/trained/first_losses/{name}.csv", name=DEMO_FAMILY),


rule train_tokenizer:
    input:
        domains=lambda wildcards: tables_of(RECIPES["tokenizers"][wildcards.name]["domains"]),
    output:
        directory("results/trained/tokenizers/{name}"),
    log:
        "results/logs/train_tokenizer/{name}.log",
    benchmark:
        "results/benchmarks/train_tokenizer/{name}.tsv"
    wildcard_constraints:
        name=one_of_these(RECIPES["tokenizers"]),
    conda:
        "../../envs/neuron-census.yaml"
    threads: 4
    resources:
        mem_mb=by_attempt(8000),
        runtime=by_attempt(60),
    params:
        provenance=lambda wildcards: PROVENANCE.trained_tokenizer(wildcards.name),
        vocabulary=lookup(dpath="tokenizers/{name}/vocabulary", within=RECIPES),
        window=lookup(dpath="tokenizers/{name}/window", within=RECIPES),
    shell:
        "python -m neuron_census train_tokenizer --domains {input.domains:q}"
        " --vocabulary {params.vocabulary} --window {params.window} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule train_checkpoint:
    input:
        domains=lambda wildcards: tables_of(RECIPES["checkpoints"][wildcards.name]["domains"]),
        tokenizer=training_tokenizer,
    output:
        directory("results/trained/checkpoints/{name}"),
    log:
        "results/logs/train_checkpoint/{name}.log",
    benchmark:
        "results/benchmarks/train_checkpoint/{name}.tsv"
    wildcard_constraints:
        name=one_of_these(RECIPES["checkpoints"]),
    conda:
        "../../envs/neuron-census.yaml"
    # What is trained depends on the number of threads.
    threads: 1
    resources:
        gpu=int(RECIPES["device"] == "cuda"),
        mem_mb=by_attempt(8000),
        runtime=by_attempt(1440),
    params:
        provenance=lambda wildcards: PROVENANCE.trained_checkpoint(wildcards.name),
        spec=lambda wildcards: recipe_of(wildcards.name),
        device=untracked(RECIPES["device"]),
        # Of words on a card nothing is trained again.
        licences=lambda wildcards, output: licences_of(wildcards.name),
    shell:
        "python -m neuron_census train_checkpoint --domains {input.domains:q}"
        " --tokenizer {input.tokenizer:q} --spec {params.spec:q} --threads {threads}"
        " --device {params.device} --licences {params.licences:q} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule check_first_losses:
    input:
        domains=lambda wildcards: tables_of(RECIPES["checkpoints"][wildcards.name]["domains"]),
        checkpoint=lambda wildcards: SELECTION.checkpoint_folder(wildcards.name),
    output:
        "results/trained/first_losses/{name}.csv",
    log:
        "results/logs/check_first_losses/{name}.log",
    benchmark:
        "results/benchmarks/check_first_losses/{name}.tsv"
    wildcard_constraints:
        name=one_of_these(RECIPES["checkpoints"]),
    conda:
        "../../envs/neuron-census.yaml"
    # The losses depend on the number of threads.
    threads: 1
    resources:
        mem_mb=by_attempt(8000),
        runtime=by_attempt(60),
    params:
        provenance=lambda wildcards: PROVENANCE.first_losses(wildcards.name),
        spec=lambda wildcards: recipe_of(wildcards.name),
    shell:
        "python -m neuron_census check_first_losses --domains {input.domains:q}"
        " --tokenizer {input.checkpoint:q} --spec {params.spec:q} --checkpoint {input.checkpoint:q}"
        " --output {output:q} --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule generate_mathematics:
    output:
        text="results/generated/mathematics.jsonl.zst",
        note="results/generated/mathematics.md",
    log:
        "results/logs/generate_mathematics.log",
    benchmark:
        "results/benchmarks/generate_mathematics.tsv"
    conda:
        "../../envs/mathematics.yaml"
    threads: 4
    resources:
        mem_mb=by_attempt(4000),
        runtime=by_attempt(120),
    params:
        provenance=lambda wildcards: PROVENANCE.generated_mathematics(),
    shell:
        "python -m neuron_census generate_mathematics --processes {threads} --output {output.text:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"
