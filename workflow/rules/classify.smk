"""From counts to the census: a row for every neuron. Every threshold of the config is applied here.

Needs: results/counts/{model}.zarr, results/counts/{model}/ngrams/{layer}.zarr of the layers that are
       analysed, and their n-grams; of the checkpoint the output rows and embeddings, and the tokenizer
Makes: results/census/{model}.parquet and, in folders of their own, the tables that go with it: triggers,
       projections, spectra, positions, looser, contexts, coverage, seen_ngrams; results/sensitivity/{model}.csv
"""


rule classify:
    input:
        unpack(ngram_counts_of),
        counts="results/counts/{model}.zarr",
        windows=windows_of,
        checkpoint=checkpoint_source,
        tokenizer=tokenizer_of,
    output:
        census="results/census/{model}.parquet",
        triggers="results/triggers/{model}.parquet",
        projections="results/projections/{model}.parquet",
        spectra="results/spectra/{model}.parquet",
        positions="results/positions/{model}.parquet",
        looser="results/looser/{model}.parquet",
        contexts="results/contexts/{model}.parquet",
        coverage="results/coverage/{model}.parquet",
        seen_ngrams="results/seen_ngrams/{model}.parquet",
        sensitivity=report(
            "results/sensitivity/{model}.csv",
            caption="../report/sensitivity.rst",
            category="6. Sensitivity to thresholds",
            labels={"model": "{model}"},
        ),
    log:
        "results/logs/classify/{model}.log",
    benchmark:
        "results/benchmarks/classify/{model}.tsv"
    conda:
        "../../envs/neuron-census.yaml"
    threads: 2
    resources:
        mem_mb=by_attempt(8000),
        runtime=by_attempt(120),
    params:
        provenance=lambda wildcards: PROVENANCE.census(wildcards.model),
        checkpoint=checkpoint_folder,
        ngrams=lambda wildcards, input: ngram_options(input),
        thresholds=json.dumps(config["classify"], sort_keys=True),
        weights_note=weights_note,
    shell:
        "python -m neuron_census classify --counts {input.counts:q} --windows {input.windows:q} {params.ngrams:q}"
        " --checkpoint {params.checkpoint:q} --tokenizer {input.tokenizer:q}"
        " --thresholds {params.thresholds:q} --weights-note {params.weights_note:q} --census {output.census:q} --triggers {output.triggers:q}"
        " --projections {output.projections:q} --spectra {output.spectra:q}"
        " --positions {output.positions:q} --looser {output.looser:q}"
        " --contexts {output.contexts:q} --coverage {output.coverage:q} --seen-ngrams {output.seen_ngrams:q} --sensitivity {output.sensitivity:q}"
        " --provenance {params.provenance:q} 2>&1 | tee -i {log:q} >&2"
