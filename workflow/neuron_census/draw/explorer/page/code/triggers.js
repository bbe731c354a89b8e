"use strict";

/* The n-grams that are among the most frequent ones of neurons, and these neurons; see trigger_index.py. */

const Triggers = (() => {
  const FIELDS = ["place", "activations", "of"];
  // Of a large model, n-grams come in parts; a text that begins those of more parts is too short to be of use.
  const PARTS = 2;

  /** Whether the n-grams of a length are in one file, so that a text can be sought anywhere in them. */
  function whole(model, n) {
    return (model.searched[n] ?? []).length <= 1;
  }

  /** Whether so many n-grams begin with a text that `find` finds the first ones only. */
  function limited(model, n, wanted) {
    return partsWith(model.searched[n] ?? [], sought(wanted)).length > PARTS;
  }

  /** A promise of the n-grams of a model that contain a text, or begin with it where they are many. */
  async function find(model, n, wanted) {
    const key = sought(wanted);
    const lower = wanted.toLowerCase();
    const parts = partsWith(model.searched[n] ?? [], key).slice(0, PARTS);
    const read = await Promise.all(parts.map((part) => load(model, n, part)));
    const all = whole(model, n);
    return read.flatMap((part) => {
      const found = [];
      part.lower.forEach((text, at) => {
        if (text.includes(lower) && (all || sought(text).startsWith(key))) found.push(row(part, at));
      });
      return found;
    });
  }

  /** A promise of the neurons that n-grams trigger, of rows that `find` has found. */
  async function neurons(model, n, rows) {
    const found = await Promise.all(rows.map(async ({ tokens, occurrences, listed, file, start }) => {
      const numbers = await Data.load(`${model.folder}/triggers/${n}/neurons-${file}`);
      const length = numbers.length / FIELDS.length;
      return Array.from({ length: listed }, (_, at) => {
        const [place, activations, of] = FIELDS.map((name, field) => numbers[field * length + start + at]);
        return {
          model, tokens, occurrences, activations, of,
          layer: Math.floor(place / model.neurons), neuron: place % model.neurons,
        };
      });
    }));
    return found.flat();
  }

  async function load(model, n, part) {
    const found = await Data.load(`${model.folder}/triggers/${n}/${part}`);
    found.lower ??= found.text.map((text) => text.toLowerCase());
    return found;
  }

  function row(part, at) {
    return {
      text: part.text[at], tokens: part.ngram[at], occurrences: part.occurrences[at],
      neurons: part.neurons[at], listed: part.listed[at], file: part.file[at], start: part.start[at],
    };
  }

  /** Places of the parts that can hold texts that begin with a key; all parts begin with these texts. */
  function partsWith(begin, key) {
    if (begin.length <= 1) return [...begin.keys()];
    const found = [];
    begin.forEach((text, part) => {
      const starts = text.startsWith(key) || order(text, key) <= 0;
      const ends = part + 1 === begin.length || order(begin[part + 1], key) >= 0;
      if (starts && ends) found.push(part);
    });
    return found;
  }

  /** The form in which texts are in order: without spaces at either end, in lower case. */
  function sought(text) {
    return text.replace(/^ +| +$/gu, "").toLowerCase();
  }

  /** Compare by code points, as the files are in order; JavaScript compares halves of them. */
  function order(one, other) {
    const [first, second] = [Array.from(one), Array.from(other)];
    for (let at = 0; at < Math.min(first.length, second.length); at++) {
      const apart = first[at].codePointAt(0) - second[at].codePointAt(0);
      if (apart) return apart;
    }
    return first.length - second.length;
  }

  return { find, neurons, whole, limited };
})();
