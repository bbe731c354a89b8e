"use strict";

/* What became of neurons between two checkpoints of one training run: counts, and every neuron that changed. */

const Compared = (() => {
  async function show(main, model, state) {
    const { comparisons } = Census.census;
    const mine = comparisons.filter((one) => one.before === model.name || one.after === model.name);
    const pair = mine.find((one) => one.name === state.pair) ?? mine[0];
    main.replaceChildren(element("h1", {}, "What became of neurons"));
    if (!pair) {
      main.append(element("p", { class: "notice", role: "status" },
        `${model.name} is compared with no other checkpoint of its training run.`));
      return;
    }
    const table = element("table", { class: "display compact", id: "changed" });
    main.append(
      element("p", { class: "lead" },
        "Each neuron of ", pair.before, ", and what it is in ", pair.after,
        ": dead, a detector of n-grams, positional, both, or other, which is alive and none of these."),
      element("div", { class: "controls" }, choice(mine, pair)),
      Facts.section("How many neurons", element("div", { class: "scrolled" }, counts(pair))),
      Facts.section("Neurons that changed", element("div", { class: "scrolled" }, table)),
    );
    const changed = await Data.load(pair.name);
    const rows = changed.neuron.map((neuron, place) => Object.fromEntries(
      Object.entries(changed).map(([key, values]) => [key, values[place]])));
    await Tables.make(table, columns(pair), "neurons", {
      data: rows.map((row) => ({ ...row, order: order(row) })), order: [],
    });
  }

  function choice(mine, pair) {
    return element("label", {}, "Checkpoints ",
      element("select", { id: "pair", onchange: (event) => Address.go({ pair: event.target.value }) },
        mine.map((one) => element("option", { value: one.name, selected: one === pair },
          `${one.before} → ${one.after}`))));
  }

  /** A row for each kind before, a column for each kind after. */
  function counts(pair) {
    const headings = [
      Facts.heading("", `rows: in ${pair.before}; columns: in ${pair.after}`),
      ...pair.kinds.map((kind) => Facts.heading(`→ ${kind}`, `${kind} in ${pair.after}`, "number")),
    ];
    return Facts.table("fates", headings, pair.kinds.map((kind, row) => element("tr", {},
      element("th", { scope: "row" }, kind),
      pair.counts[row].map((count) => element("td", { class: "number" }, number(count))))));
  }

  function columns(pair) {
    const means = (name) => Census.meaning("comparison", name);
    return [
      { title: "layer", type: "number", sequence: ["asc", "desc"], meaning: means("layer"), show: (row) => number(row.layer) },
      { title: "neuron", type: "number", sequence: ["asc", "desc"], meaning: means("neuron"), show: (row) => linked(pair, row) },
      { title: "was", type: "text", sequence: ["asc", "desc"], meaning: means("kind_before"), show: (row) => row.kind_before },
      { title: "became", type: "text", sequence: ["asc", "desc"], meaning: means("kind_after"), show: (row) => row.kind_after },
      { title: "frequency before", type: "number", meaning: means("frequency_before"), show: (row) => number(row.frequency_before) },
      { title: "frequency after", type: "number", meaning: means("frequency_after"), show: (row) => number(row.frequency_after) },
    ];
  }

  /** What columns are sorted by. */
  function order(row) {
    return {
      layer: row.layer, neuron: row.neuron, was: row.kind_before, became: row.kind_after,
      "frequency before": row.frequency_before, "frequency after": row.frequency_after,
    };
  }

  function linked(pair, row) {
    const address = Address.link({ view: "neuron", model: pair.after, layer: row.layer, neuron: row.neuron });
    return element("a", { href: address }, String(row.neuron));
  }

  return { show };
})();
