"""From the census to what people look at: figures, one row for every model, claims, the explorer.

Needs: results/census/{model}.parquet of every selected model and the tables that go with it, and the
       style of the figures
Makes: results/figures/{figure}.pdf, .png and .csv, the numbers drawn; results/summary.csv and claims.csv;
       results/explorer/index.html, which opens from disk, and what it loads; results/report/index.html,
       which says what was found and shows it
       `snakemake --report report.html` then makes one HTML file of every figure, its numbers and its caption
"""


report: "../report/workflow.rst"


rule draw:
    input:
        census=tables_shown("census"),
        triggers=tables_shown("triggers"),
        projections=tables_shown("projections"),
        spectra=tables_shown("spectra"),
        positions=tables_shown("positions"),
        ablations=ablations_shown,
        looser=tables_shown("looser"),
        coverage=tables_shown("coverage"),
        style=lambda wildcards: SELECTION.style(),
        published=lambda wildcards: SELECTION.published(wildcards.figure),
    output:
        pdf="results/figures/{figure}.pdf",
        png=report(
            "results/figures/{figure}.png",
            caption="../report/figure.rst",
            category=category_of,
            labels={"figure": "{figure}", "picture": "yes"},
        ),
        csv=report(
            "results/figures/{figure}.csv",
            caption="../report/figure.rst",
            category=category_of,
            labels={"figure": "{figure}", "picture": "no"},
        ),
    log:
        "results/logs/draw/{figure}.log",
    benchmark:
        "results/benchmarks/draw/{figure}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(4000),
        runtime=by_attempt(30),
    params:
        provenance=lambda wildcards: PROVENANCE.figure(
            wildcards.figure,
            FIGURES[wildcards.figure].models,
            FIGURES[wildcards.figure].choice,
            FIGURES[wildcards.figure].study,
        ),
        figure=subpath(output.pdf, strip_suffix=".pdf"),
        caption=caption_of,
        published=untracked(PAPER),
        options=figure_options,
    shell:
        "python -m neuron_census draw {wildcards.figure} --census {input.census:q}"
        " --triggers {input.triggers:q} --projections {input.projections:q} --spectra {input.spectra:q}"
        " --positions {input.positions:q} --looser {input.looser:q} --coverage {input.coverage:q} {params.options:q} --style {input.style:q}"
        " --published {params.published:q} --output {params.figure:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule summarise:
    input:
        census=expand("results/census/{model}.parquet", model=SELECTION.models),
        triggers=expand("results/triggers/{model}.parquet", model=SELECTION.models),
    output:
        report(
            "results/summary.csv",
            caption="../report/summary.rst",
            category="4. Every model in a row",
        ),
    log:
        "results/logs/summarise.log",
    benchmark:
        "results/benchmarks/summarise.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(4000),
        runtime=by_attempt(30),
    params:
        provenance=lambda wildcards: PROVENANCE.summary(),
    shell:
        "python -m neuron_census summarise --census {input.census:q} --triggers {input.triggers:q}"
        " --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule check_claims:
    input:
        claims=PAPER / "claims.toml",
        ours=OUR_CLAIMS,
        census=expand("results/census/{model}.parquet", model=SELECTION.models),
        triggers=expand("results/triggers/{model}.parquet", model=SELECTION.models),
        positions=expand("results/positions/{model}.parquet", model=SELECTION.models),
        ablations=expand("results/ablations/{model}.parquet", model=ABLATED),
    output:
        report(
            "results/claims.csv",
            caption="../report/claims.rst",
            category="5. The paper's claims",
        ),
    log:
        "results/logs/check_claims.log",
    benchmark:
        "results/benchmarks/check_claims.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(4000),
        runtime=by_attempt(30),
    params:
        provenance=lambda wildcards: PROVENANCE.claims(),
        ablations=ablation_options,
        shown=json.dumps(SELECTION.claimed),
    shell:
        "python -m neuron_census check_claims --claims {input.claims:q} --our-claims {input.ours:q} --census {input.census:q}"
        " --triggers {input.triggers:q} --positions {input.positions:q} {params.ablations:q}"
        " --shown {params.shown:q} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule explore:
    input:
        census=expand("results/census/{model}.parquet", model=SELECTION.models),
        triggers=expand("results/triggers/{model}.parquet", model=SELECTION.models),
        projections=expand("results/projections/{model}.parquet", model=SELECTION.models),
        positions=expand("results/positions/{model}.parquet", model=SELECTION.models),
        contexts=branch(
            lookup(dpath="draw/explorer/contexts", within=config),
            then=expand("results/contexts/{model}.parquet", model=SELECTION.models),
            otherwise=[],
        ),
        coverage=expand("results/coverage/{model}.parquet", model=SELECTION.models),
        ablations=expand("results/ablations/{model}.parquet", model=ABLATED),
        comparisons=expand("results/comparison/{pair}.parquet", pair=SELECTION.pairs),
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
        contexts=lambda wildcards, input: ["--contexts", *input.contexts] if input.contexts else [],
        ablations=ablation_options,
        comparisons=comparison_options,
    shell:
        "python -m neuron_census explore --census {input.census:q} --triggers {input.triggers:q}"
        " --projections {input.projections:q} --positions {input.positions:q} {params.contexts:q}"
        " --coverage {input.coverage:q} {params.ablations:q} {params.comparisons:q} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"


rule write_report:
    input:
        figures=expand(
            "results/figures/{figure}.{kind}",
            figure=[*FIGURES, *FATES],
            kind=["png", "pdf", "csv"],
        ),
        summary="results/summary.csv",
        claims="results/claims.csv",
        census=expand("results/census/{model}.parquet", model=SELECTION.models),
        sensitivity=expand("results/sensitivity/{model}.csv", model=SELECTION.models),
    output:
        directory("results/report"),
    log:
        "results/logs/write_report.log",
    benchmark:
        "results/benchmarks/write_report.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(4000),
        runtime=by_attempt(30),
    params:
        provenance=lambda wildcards: PROVENANCE.report(),
        figures=expand("results/figures/{figure}.png", figure=[*FIGURES, *FATES]),
        captions=CAPTIONS,
        settings=json.dumps(report_settings(config, SELECTION, FIGURES)),
    shell:
        "python -m neuron_census write_report --figures {params.figures:q} --summary {input.summary:q}"
        " --claims {input.claims:q} --census {input.census:q} --sensitivity {input.sensitivity:q}"
        " --captions {params.captions:q} --settings {params.settings:q} --output {output:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"
