"use strict";

/* The models, and what each neuron is. */

const Census = (() => {
  // The rarest kinds come first: a neuron is drawn as the first kind that fits.
  const CLASSES = [
    { name: "unigram", kind: "unigram_detector", label: "token detector" },
    { name: "bigram", kind: "bigram_detector", label: "bigram detector" },
    { name: "trigram", kind: "trigram_detector", label: "trigram detector" },
    { name: "positional", kind: "positional", label: "positional" },
    { name: "dead", kind: "dead", label: "dead" },
    { name: "other", kind: null, label: "none of these" },
  ];
  const NGRAMS = [
    { name: "unigram", label: "token" },
    { name: "bigram", label: "bigram" },
    { name: "trigram", label: "trigram" },
  ];
  const census = { models: [], patterns: [], strengths: [], colours: {}, block: 1, contextBlock: 1, shown: {}, meanings: {} };
  const bits = {};

  async function open() {
    Object.assign(census, await Data.load("manifest"));
    census.kinds.forEach((kind, place) => { bits[kind] = 1 << place; });
  }

  /** The model of a name, the first where none is named, or undefined for a name that no model has. */
  function model(name) {
    return name === undefined ? census.models[0] : census.models.find((one) => one.name === name);
  }

  /** What a column of a table means. */
  function meaning(table, column) {
    return census.meanings[table]?.[column] ?? "";
  }

  /** A promise of a column: a value for each neuron, at `layer * neurons + neuron`. */
  function column(of, name) {
    return Data.load(`${of.folder}/columns/${name}`);
  }

  /** Index in CLASSES of what a neuron of these bits is drawn as. */
  function drawnAs(kind) {
    return CLASSES.findIndex((one) => one.kind === null || kind & bits[one.kind]);
  }

  /** Words for all that these bits say. */
  function words(kind) {
    return CLASSES.filter((one) => one.kind && kind & bits[one.kind]).map((one) => one.label);
  }

  /** The type and strength that a number of the column `pattern` stands for, or null. */
  function pattern(code) {
    if (!code) return null;
    const strengths = census.strengths.length;
    return {
      pattern: census.patterns[Math.floor((code - 1) / strengths)],
      strength: census.strengths[(code - 1) % strengths],
    };
  }

  /** All that is known about a neuron: the rows of each table, by its name. */
  async function neuron(of, layer, index) {
    const block = Math.floor(index / census.block);
    const tables = await Data.load(`${of.folder}/neurons/${layer}-${block}`);
    return Object.fromEntries(
      Object.entries(tables).map(([name, columns]) => [name, rowsOf(columns, index)]),
    );
  }

  /** A promise of the contexts of a neuron. */
  async function contexts(of, layer, index) {
    const block = Math.floor(index / census.contextBlock);
    return rowsOf(await Data.load(`${of.folder}/contexts/${layer}-${block}`), index);
  }

  function rowsOf(columns, index) {
    const rows = [];
    columns.neuron.forEach((one, place) => {
      if (one !== index) return;
      const entries = Object.entries(columns).map(([name, values]) => [name, values[place]]);
      rows.push(Object.fromEntries(entries));
    });
    return rows;
  }

  return {
    CLASSES, NGRAMS, census, bits, open, model, meaning, column, drawnAs, words, pattern, neuron, contexts,
  };
})();
