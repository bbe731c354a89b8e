"use strict";

/* Which neurons the table lists, and in which order; fast enough for millions. */

const Selection = (() => {
  const SORTS = [
    "layer", "neuron", "frequency", "unigram_cover", "bigram_cover", "trigram_cover",
    "suppression", "position_mi",
  ];
  const STORED = { frequency: "activations" };
  let last = { key: null, found: null };

  /** A promise of the neurons that a state selects, as places `layer * neurons + neuron`, in order. */
  function of(model, state) {
    const key = JSON.stringify([model.name, ...Address.TABLE.map((name) => state[name] ?? "")]);
    if (last.key !== key) last = { key, found: compute(model, state) };
    return last.found;
  }

  async function compute(model, state) {
    const tests = [];
    const kinds = await Census.column(model, "kind");
    tests.push(...kindTests(kinds, state.class));
    if (model.columns.includes("pattern") && (state.pattern || state.strength)) {
      const codes = await Census.column(model, "pattern");
      const fits = Array.from({ length: 256 }, (_, code) => {
        const found = Census.pattern(code);
        return Boolean(found) && (!state.pattern || found.pattern === state.pattern)
          && (!state.strength || found.strength === state.strength);
      });
      tests.push((place) => fits[codes[place]]);
    }
    tests.push(...await rangeTests(model, "activations", state.least, state.most, model.tokens));
    tests.push(...await rangeTests(model, "suppression", state.low, state.high, 1));
    const first = Address.whole(state.first, 0, model.layers - 1, 0);
    const end = Address.whole(state.last, first, model.layers - 1, model.layers - 1) + 1;
    const found = new Uint32Array((end - first) * model.neurons);
    let count = 0;
    for (let place = first * model.neurons; place < end * model.neurons; place++) {
      if (tests.every((one) => one(place))) found[count++] = place;
    }
    return sorted(model, found.slice(0, count), state);
  }

  function kindTests(kinds, name) {
    const { bits, CLASSES } = Census;
    if (name === "alive") return [(place) => !(kinds[place] & bits.dead)];
    if (name === "other") return [(place) => Census.drawnAs(kinds[place]) === CLASSES.length - 1];
    const kind = CLASSES.find((one) => one.name === name)?.kind ?? name;
    return Object.hasOwn(bits, kind) ? [(place) => kinds[place] & bits[kind]] : [];
  }

  /** Tests that a value lies within the limits that are numbers; null fails both. */
  async function rangeTests(model, name, low, high, unit) {
    const limits = [low, high].map((text) => (text?.trim() ? Number(text) * unit : NaN));
    if (!model.columns.includes(name) || limits.every(Number.isNaN)) return [];
    const values = await Census.column(model, name);
    // The 0.1 that the reader writes differs from the stored one in the last bits.
    const slack = 1e-6;
    const tests = [];
    if (!Number.isNaN(limits[0])) {
      tests.push((place) => values[place] >= limits[0] - slack * Math.abs(limits[0]));
    }
    if (!Number.isNaN(limits[1])) {
      tests.push((place) => values[place] <= limits[1] + slack * Math.abs(limits[1]));
    }
    return tests;
  }

  async function sorted(model, places, state) {
    const descending = state.direction === "desc";
    const name = STORED[state.sort] ?? state.sort;
    if (state.sort === "neuron") {
      return byKey(places, places.map((place) => place % model.neurons), descending);
    }
    if (SORTS.includes(state.sort) && model.columns.includes(name)) {
      const values = await Census.column(model, name);
      return byKey(places, keysOf(places, values, descending), false);
    }
    return descending ? byKey(places, places, true) : places;
  }

  /** Keys that rise with the values, or fall; null comes last, which is NaN, or below 0 for a count. */
  function keysOf(places, values, descending) {
    const keys = new Uint32Array(places.length);
    const last = 0xffffffff;
    if (values instanceof Float32Array) {
      const patterns = new Uint32Array(values.buffer);
      places.forEach((place, at) => {
        const pattern = patterns[place];
        const key = (pattern & 0x80000000 ? ~pattern : pattern | 0x80000000) >>> 0;
        keys[at] = Number.isNaN(values[place]) ? last : descending ? ~key : key;
      });
    } else {
      places.forEach((place, at) => {
        const value = values[place];
        keys[at] = value < 0 ? last : descending ? last - 1 - value : value;
      });
    }
    return keys;
  }

  /** Sort by 32-bit keys, 11 bits at a time; equal keys keep their order. */
  function byKey(places, keys, descending) {
    let from = { places, keys: descending ? keys.map((key) => ~key) : keys };
    let to = { places: new Uint32Array(places.length), keys: new Uint32Array(places.length) };
    for (const shift of [0, 11, 22]) {
      const start = new Uint32Array(2049);
      for (const key of from.keys) start[((key >>> shift) & 2047) + 1]++;
      for (let digit = 0; digit < 2048; digit++) start[digit + 1] += start[digit];
      for (let at = 0; at < places.length; at++) {
        const next = start[(from.keys[at] >>> shift) & 2047]++;
        to.places[next] = from.places[at];
        to.keys[next] = from.keys[at];
      }
      [from, to] = [to, from.places === places ? fresh(places.length) : from];
    }
    return from.places;
  }

  function fresh(length) {
    return { places: new Uint32Array(length), keys: new Uint32Array(length) };
  }

  return { of, SORTS };
})();
