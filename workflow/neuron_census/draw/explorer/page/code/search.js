"use strict";

/* From a token or an n-gram to the neurons that detect it, and to those that it triggers, in every model. */

const Search = (() => {
  const LISTED = 200;

  async function show(main, model, state) {
    const n = Address.whole(state.n, 1, 3, 1);
    const models = Census.census.models.filter((one) => one.companions.includes("triggers"));
    const label = Census.NGRAMS[n - 1].label;
    const results = element("div", { class: "results" }, "Loading …");
    main.replaceChildren(
      element("h1", {}, "Which neurons does a token or n-gram trigger?"),
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
    const wanted = Text.meant(state.q ?? "");
    const read = await Promise.all(models.map(async (one) => ({
      ...await Detected.read(one, n),
      // Without a text there is no end of n-grams that trigger something, so only detected ones are listed.
      triggers: wanted === "" && state.gram === undefined
        ? [] : await Triggers.find(one, n, wanted === "" ? state.gram : wanted),
    })));
    if (!results.isConnected) return;
    const found = matching(read, wanted);
    const chosen = state.gram ?? found[0]?.text;
    const list = element("ol", { class: "ngrams", "aria-label": `${label}s found` },
      found.slice(0, LISTED).map((one) => element("li", {},
        element("a", {
          href: Address.link({ gram: one.text }),
          "aria-current": one.text === chosen ? "true" : null,
        }, Text.show(one.text)),
        Facts.explained(element("span", { class: "count" },
          one.detectors ? element("strong", {}, number(one.detectors)) : null,
          one.detectors && one.neurons ? " + " : null, one.neurons ? number(one.neurons) : null),
        `${counted(one.detectors, "neuron")} that detect it, ${counted(one.neurons, "other neuron")} of whose `
          + `most frequent ${label}s it is one`))));
    const who = element("div", { class: "who", id: "who" });
    results.replaceChildren(
      element("div", { class: "side" },
        element("p", { class: "lead", role: "status" }, summary(found, label, wanted, models, n)), list),
      who,
    );
    if (chosen !== undefined) await neurons(who, read, n, chosen, label);
  }

  function counted(count, what) {
    return `${number(count)} ${what}${count === 1 ? "" : "s"}`;
  }

  function summary(found, label, wanted, models, n) {
    const how = models.every((one) => Triggers.whole(one, n)) ? "contain" : "begin with";
    if (!found.length) {
      return `No neuron detects a ${label} with this text, nor is one among the most frequent ${label}s of a neuron.`;
    }
    const first = found.length > LISTED ? `; the first ${LISTED} are listed` : "";
    const detected = found.filter((one) => one.detectors).length;
    if (wanted === "") {
      return `${counted(detected, `detected ${label}`)}${first}, those with the most detectors first. `
        + "Search for a text to find all that trigger a neuron.";
    }
    const others = found.length - detected;
    const least = models.some((one) => Triggers.limited(one, n, wanted)) ? "at least " : "";
    return [
      `${counted(detected, `detected ${label}`)} with this text`,
      others ? `, and ${least}${number(others)} more that ${how} it and trigger neurons` : "", first, ".",
    ].join("");
  }

  /** The texts of all models that contain the wanted one: equal ones first, then by number of neurons. */
  function matching(read, wanted) {
    const lower = wanted.toLowerCase();
    const found = new Map();
    const add = (text, what, count) => {
      if (!found.has(text)) found.set(text, { text, detectors: 0, neurons: 0 });
      found.get(text)[what] += count;
    };
    for (const { ngrams, counts, triggers } of read) {
      ngrams.lower.forEach((text, place) => {
        if (text.includes(lower)) add(ngrams.text[place], "detectors", counts[place]);
      });
      for (const one of triggers) {
        if (wanted !== "" || found.has(one.text)) add(one.text, "neurons", one.neurons);
      }
    }
    const rank = (text) => {
      if (text === wanted) return 0;
      if (text.trim().toLowerCase() === lower.trim()) return 1;
      return text.trim().toLowerCase().startsWith(lower.trim()) ? 2 : 3;
    };
    return Array.from(found.values(), (one) => ({ ...one, rank: wanted === "" ? 3 : rank(one.text) }))
      .sort((a, b) => a.rank - b.rank || b.detectors - a.detectors || b.neurons - a.neurons
        || (a.text < b.text ? -1 : 1));
  }

  /** The neurons of an n-gram: those that detect it, then those of whose activations it holds most. */
  async function neurons(who, read, n, text, label) {
    const detecting = read.flatMap((one) => Detected.neurons(one, text).map((row) => ({ ...row, detects: true })));
    const listed = await Promise.all(read.map(({ model, triggers }) => Triggers.neurons(
      model, n, triggers.filter((one) => one.text === text))));
    const triggered = listed.flat();
    const all = read.flatMap(({ triggers }) => triggers).filter((one) => one.text === text)
      .reduce((sum, one) => sum + one.neurons, 0);
    const rows = [...detecting, ...triggered.sort((a, b) => b.activations / b.of - a.activations / a.of)];
    const title = element("h2", {}, `The ${label} `, Text.show(text));
    if (!rows.length) {
      who.replaceChildren(title, element("p", {}, `No neuron detects it, and it is not among the most frequent ${label}s of any.`));
      return;
    }
    const kinds = new Map();
    for (const { model } of read) kinds.set(model, await Census.column(model, "kind"));
    const table = element("table", { class: "display compact", id: "detectors" });
    const rest = all > triggered.length
      ? ` Of these, ${number(triggered.length)} are listed: those of whose activations it holds most.` : "";
    who.replaceChildren(title,
      element("p", { class: "lead" },
        `${counted(detecting.length, "neuron")} detect${detecting.length === 1 ? "s" : ""} it. It is among the most `,
        `frequent ${label}s of ${counted(all, "other neuron")}.${rest}`),
      ...(detecting.length ? read.map(({ model }) => layers(model, detecting)) : []),
      element("div", { class: "scrolled" }, table));
    await Tables.make(table, columns(kinds, label), "neurons", {
      data: rows.map((row) => ({ ...row, order: order(row) })), order: [],
    });
  }

  function order(row) {
    return {
      model: row.model.name, layer: row.layer, neuron: row.neuron, detects: row.detects ? "yes" : "",
      active: row.activations, occurrences: row.occurrences, "of its occurrences": row.activations / row.occurrences,
      "of its activations": row.activations / row.of,
    };
  }

  function columns(kinds, label) {
    const said = Census.meaning;
    return [
      { title: "model", type: "text", sequence: ["asc", "desc"], show: (row) => row.model.name },
      {
        title: "layer", type: "number", sequence: ["asc", "desc"], meaning: said("census", "layer"),
        show: (row) => number(row.layer),
      },
      {
        title: "neuron", type: "number", sequence: ["asc", "desc"], meaning: said("census", "neuron"),
        show: (row) => element("a", {
          href: Address.link({ view: "neuron", model: row.model.name, layer: row.layer, neuron: row.neuron }),
        }, String(row.neuron)),
      },
      {
        title: "detects", type: "text", meaning: `whether it is a ${label} detector, and covers this ${label}`,
        show: (row) => (row.detects ? "yes" : "–"),
      },
      { title: "active", type: "number", meaning: said("triggers", "activations"), show: (row) => number(row.activations) },
      {
        title: "occurrences", type: "number", meaning: said("triggers", "occurrences"),
        show: (row) => number(row.occurrences),
      },
      {
        title: "of its occurrences", type: "number", meaning: "share of the occurrences at which the neuron is active",
        show: (row) => Facts.share(row.activations / row.occurrences, false),
      },
      {
        title: "of its activations", type: "number",
        meaning: `share of the neuron's activations, at positions that have a ${label}, that are at this one`,
        show: (row) => Facts.share(row.activations / row.of, false),
      },
      {
        title: "is", orderable: false, meaning: "all that the neuron is",
        show: (row) => Neurons.badges(kinds.get(row.model)[row.layer * row.model.neurons + row.neuron]),
      },
      {
        title: "tokens", orderable: false, meaning: said("triggers", "ngram"),
        show: (row) => row.tokens.join(", "),
      },
    ];
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
