"use strict";

/* The n-grams that neurons detect, and these neurons; see detected_ngrams.py. */

const Detected = (() => {
  const FIELDS = ["place", "layer", "neuron", "activations", "occurrences", "of"];

  /** A promise of a model's detected n-grams and their detectors, whatever the query. */
  async function read(model, n) {
    const [ngrams, numbers] = await Promise.all([
      Data.load(`${model.folder}/detected/${n}/ngrams`),
      Data.load(`${model.folder}/detected/${n}/detectors`),
    ]);
    const length = numbers.length / FIELDS.length;
    const columns = Object.fromEntries(
      FIELDS.map((name, at) => [name, numbers.subarray(at * length, (at + 1) * length)]));
    const counts = new Uint32Array(ngrams.text.length);
    for (const place of columns.place) counts[place]++;
    ngrams.lower ??= ngrams.text.map((text) => text.toLowerCase());
    return { model, ngrams, columns, counts };
  }

  /** The neurons of what `read` found that detect n-grams of a text. */
  function neurons({ model, ngrams, columns }, text) {
    const places = new Set();
    ngrams.text.forEach((one, place) => { if (one === text) places.add(place); });
    const found = [];
    columns.place.forEach((place, at) => {
      if (places.has(place)) {
        found.push({
          model, tokens: ngrams.ngram[place], layer: columns.layer[at], neuron: columns.neuron[at],
          activations: columns.activations[at], occurrences: columns.occurrences[at], of: columns.of[at],
        });
      }
    });
    return found;
  }

  return { read, neurons };
})();
