"use strict";

/* From a token or an n-gram to the neurons that detect it, in every model. */

const Search = (() => {
  const LISTED = 200;
  const FIELDS = ["place", "layer", "neuron", "activations", "occurrences"];

  async function show(main, model, state) {
    const n = Address.whole(state.n, 1, 3, 1);
    const models = Census.census.models.filter((one) => one.companions.includes("triggers"));
    const label = Census.NGRAMS[n - 1].label;
    const results = element("div", { class: "results" }, "Loading …");
    main.replaceChildren(
      element("h1", {}, "Which neurons detect a token or n-gram?"),
      element("div", { class: "controls" },
        element("label", {}, "Search ",
          element("select", { id: "length", onchange: (event) => Address.go({ n: event.target.value, gram: null }) },
            Census.NGRAMS.map((one, place) => element(
              "option", { value: place + 1, selected: place + 1 === n }, `${one.label}s`)))),
        element("span", { class: "hint" }, "Write ␣ for a space at the end, and \\n, \\t or \\u{200b} for what cannot be seen.")),
      results,
    );
    if (!models.length) {
      results.replaceChildren(element("p", {}, "No triggers table was given, so there is nothing to search."));
      return;
    }
    const read = await Promise.all(models.map((one) => index(one, n)));
    if (!results.isConnected) return;
    const wanted = Text.meant(state.q ?? "");
    const found = matching(read, wanted);
    const chosen = state.gram ?? found[0]?.text;
    const list = element("ol", { class: "ngrams", "aria-label": `${label}s found` },
      found.slice(0, LISTED).map((one) => element("li", {},
        element("a", {
          href: Address.link({ gram: one.text }),
          "aria-current": one.text === chosen ? "true" : null,
        }, Text.show(one.text)),
        element("span", { class: "count" }, number(one.count)))));
    const who = element("div", { class: "who", id: "who" });
    results.replaceChildren(
      element("div", { class: "side" },
        element("p", { class: "lead", role: "status" }, summary(found.length, label, wanted)), list),
      who,
    );
    if (chosen !== undefined) await detectors(who, read, chosen, label);
  }

  function summary(count, label, wanted) {
    if (!count) return `No neuron detects a ${label} with this text.`;
    const kind = count === 1 ? label : `${label}s`;
    const first = count > LISTED ? `; the first ${LISTED} are listed` : "";
    return wanted === ""
      ? `${number(count)} detected ${kind}${first}, those with the most detectors first.`
      : `${number(count)} detected ${kind} with this text${first}.`;
  }

  /** A promise of a model's detected n-grams and their detectors, whatever the query. */
  async function index(model, n) {
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

  /** The texts of all models that contain the wanted one: equal ones first, then by number of detectors. */
  function matching(read, wanted) {
    const lower = wanted.toLowerCase();
    const found = new Map();
    for (const { ngrams, counts } of read) {
      ngrams.lower.forEach((text, place) => {
        if (!text.includes(lower)) return;
        const known = ngrams.text[place];
        found.set(known, (found.get(known) ?? 0) + counts[place]);
      });
    }
    const rank = (text) => {
      if (text === wanted) return 0;
      if (text.trim().toLowerCase() === lower.trim()) return 1;
      return text.trim().toLowerCase().startsWith(lower.trim()) ? 2 : 3;
    };
    return Array.from(found, ([text, count]) => ({ text, count, rank: wanted === "" ? 3 : rank(text) }))
      .sort((a, b) => a.rank - b.rank || b.count - a.count || (a.text < b.text ? -1 : 1));
  }

  async function detectors(who, read, text, label) {
    const rows = read.flatMap(({ model, ngrams, columns }) => {
      const places = new Set();
      ngrams.text.forEach((one, place) => { if (one === text) places.add(place); });
      const here = [];
      columns.place.forEach((place, at) => {
        if (places.has(place)) {
          here.push({
            model, tokens: ngrams.ngram[place], layer: columns.layer[at], neuron: columns.neuron[at],
            activations: columns.activations[at], occurrences: columns.occurrences[at],
          });
        }
      });
      return here;
    });
    const heading = element("h2", {}, `The ${label} `, Text.show(text));
    if (!rows.length) {
      who.replaceChildren(heading, element("p", {}, "No neuron detects it."));
      return;
    }
    const kinds = new Map();
    for (const { model } of read) kinds.set(model, await Census.column(model, "kind"));
    const table = element("table", { class: "display compact", id: "detectors" });
    who.replaceChildren(heading, ...read.map(({ model }) => layers(model, rows)),
      element("div", { class: "scrolled" }, table));
    const order = (row) => ({
      model: row.model.name, layer: row.layer, neuron: row.neuron, active: row.activations,
      occurs: row.occurrences,
    });
    await Tables.make(table, [
      { title: "model", type: "text", sequence: ["asc", "desc"], show: (row) => row.model.name },
      { title: "layer", type: "number", sequence: ["asc", "desc"], show: (row) => number(row.layer) },
      {
        title: "neuron", type: "number", sequence: ["asc", "desc"],
        show: (row) => element("a", {
          href: Address.link({ view: "neuron", model: row.model.name, layer: row.layer, neuron: row.neuron }),
        }, String(row.neuron)),
      },
      { title: "active", type: "number", show: (row) => number(row.activations) },
      { title: "occurrences", type: "number", show: (row) => number(row.occurrences) },
      {
        title: "is", orderable: false,
        show: (row) => Neurons.badges(kinds.get(row.model)[row.layer * row.model.neurons + row.neuron]),
      },
      { title: "tokens", orderable: false, show: (row) => row.tokens.join(", ") },
    ], "detectors", { data: rows.map((row) => ({ ...row, order: order(row) })), order: [] });
  }

  /** How many detectors each layer of a model has, as bars. */
  function layers(model, rows) {
    const counts = new Array(model.layers).fill(0);
    for (const row of rows) if (row.model === model) counts[row.layer]++;
    const most = Math.max(1, ...counts);
    const total = counts.reduce((sum, count) => sum + count, 0);
    return element("div", { class: "layers" },
      element("span", { class: "name" }, model.name),
      element("span", { class: "strip", role: "img", "aria-label": `${total} detectors, by layer: ${counts.join(", ")}` },
        counts.map((count, layer) => element("span", { title: `layer ${layer}: ${count}` },
          element("span", { class: count ? "bar" : "bar none", style: `height: ${(100 * count) / most}%` })))),
      element("span", { class: "count" }, number(total)));
  }

  return { show };
})();
