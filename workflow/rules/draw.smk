"""From the census to figures.

Needs: results/census/{model}.parquet of every selected model, and the style of the figures
Makes: results/figures/{figure}.pdf, .png and .csv, the numbers drawn
"""


rule draw:
    input:
        census=expand("results/census/{model}.parquet", model=SELECTION.models),
        style=lambda wildcards: SELECTION.style(),
    output:
        pdf="results/figures/{figure}.pdf",
        png=report(
            "results/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        csv=report(
            "results/figures/{figure}.csv",
            caption="../report/figure.rst",
            category="Numbers drawn",
            labels={"figure": "{figure}"},
        ),
    log:
        "results/logs/draw/{figure}.log",
    benchmark:
        "results/benchmarks/draw/{figure}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        provenance=lambda wildcards: PROVENANCE.figure(wildcards.figure),
        figure=subpath(output.pdf, strip_suffix=".pdf"),
        caption=caption_of,
    shell:
        "python -m neuron_census draw {wildcards.figure} --census {input.census:q} --style {input.style:q}"
        " --output {params.figure:q} 2>&1 | tee -i {log:q} >&2"
