"use strict";

/* The table of a model's neurons: filtered, sorted, shown page by page. */

const Neurons = (() => {
  const RANGES = [
    { low: "first", high: "last", label: "Layer", step: 1 },
    { low: "least", high: "most", label: "Frequency", step: "any" },
    { low: "low", high: "high", label: "Suppression", step: "any", needs: "suppression" },
  ];

  async function show(main, model, state) {
    const table = element("table", { class: "display compact", id: "neurons" });
    main.replaceChildren(
      element("h1", {}, `Neurons of ${model.name}`),
      filters(model, state, () => shown.then((made) => made?.ajax.reload())),
      element("div", { class: "scrolled" }, table),
    );
    const columns = columnsOf(model);
    const sorted = Math.max(0, columns.findIndex((column) => column.sort === (state.sort ?? "layer")));
    const rows = [10, 25, 50, 100].includes(Number(state.rows)) ? Number(state.rows) : 25;
    const shown = Tables.make(table, columns, "neurons", {
      serverSide: true,
      pageLength: rows,
      displayStart: Address.whole(state.start, 0, 1e9, 0),
      order: [[sorted, state.direction === "desc" ? "desc" : "asc"]],
      ajax: (request, done) => {
        const [order] = request.order;
        const column = order ? columns[order.column] : null;
        const plain = !column || (column.sort === "layer" && order.dir === "asc");
        Address.note({
          sort: plain ? null : column.sort,
          direction: plain ? null : order.dir,
          start: request.start || null,
          rows: request.length === 25 ? null : request.length,
        });
        table.setAttribute("aria-busy", "true");
        page(model, columns, request).then((found) => {
          done(found);
          table.removeAttribute("aria-busy");
        }).catch(Page.failed);
      },
    });
    await shown;
  }

  /** What the library asks for: the rows of a page, and how many rows there are in all. */
  async function page(model, columns, { draw, start, length }) {
    const places = await Selection.of(model, Address.state());
    const names = [...new Set(columns.map((column) => column.column).filter(Boolean))];
    const values = await Promise.all(names.map((name) => Census.column(model, name)));
    const data = Array.from(places.slice(start, start + length), (place) => ({
      layer: Math.floor(place / model.neurons),
      neuron: place % model.neurons,
      ...Object.fromEntries(names.map((name, at) => [name, values[at][place]])),
    }));
    const recordsTotal = model.layers * model.neurons;
    return { draw, recordsTotal, recordsFiltered: places.length, data };
  }

  function columnsOf(model) {
    const count = (value) => (value < 0 ? "–" : number(value));
    const said = (name) => Census.meaning("census", name);
    const columns = [
      {
        title: "layer", sort: "layer", sequence: ["asc", "desc"], meaning: said("layer"),
        show: (row) => number(row.layer),
      },
      { title: "neuron", sort: "neuron", sequence: ["asc", "desc"], meaning: said("neuron"), show: linked },
      {
        title: "kind", column: "kind", orderable: false, type: "text",
        meaning: "what the thresholds say that it is; none is shown for a neuron that is none of these",
        show: (row) => badges(row.kind),
      },
      {
        title: "frequency", sort: "frequency", column: "activations",
        meaning: "share of the tokens of the dead study that activate it",
        show: (row) => number(row.activations / model.tokens),
      },
      ...Census.NGRAMS.map(({ name, label }) => ({
        title: `${label} cover`, sort: `${name}_cover`, column: `${name}_cover`,
        sequence: ["asc", "desc"], meaning: said(`${name}_cover`), show: (row) => count(row[`${name}_cover`]),
      })),
      {
        title: "suppression", sort: "suppression", column: "suppression",
        sequence: ["asc", "desc"], meaning: said("suppression"), show: (row) => number(row.suppression),
      },
      {
        title: "I(act, pos)", sort: "position_mi", column: "position_mi", meaning: said("position_mi"),
        show: (row) => number(row.position_mi),
      },
      {
        title: "pattern", column: "pattern", orderable: false, type: "text", meaning: said("pattern"),
        show: (row) => {
          const found = Census.pattern(row.pattern);
          return found ? `${found.pattern}, ${found.strength}` : "–";
        },
      },
    ];
    return columns
      .filter((column) => !column.column || model.columns.includes(column.column))
      .map((column) => ({ type: "number", ...column }));
  }

  function linked(row) {
    const address = Address.link({ view: "neuron", layer: row.layer, neuron: row.neuron });
    return element("a", { href: address }, String(row.neuron));
  }

  /** What a neuron is, as small labels. */
  function badges(kind) {
    const found = Census.CLASSES.filter((one) => one.kind && kind & Census.bits[one.kind]);
    const labels = found.map((one) => element("span", { class: `badge ${one.name}` }, one.label));
    for (const word of ["suppresses", "promotes"]) {
      if (kind & Census.bits[word]) labels.push(element("span", { class: "badge" }, word));
    }
    return element("span", {}, labels);
  }

  function filters(model, state, changed) {
    const note = (key) => (event) => {
      Address.note({ [key]: event.target.value.trim(), start: null });
      changed();
    };
    const select = (label, key, options) => element("label", {}, `${label} `,
      element("select", { id: `filter-${key}`, onchange: note(key) },
        element("option", { value: "" }, "any"),
        options.map(([value, text]) => element(
          "option", { value, selected: state[key] === value }, text))));
    const limit = (key, label, step) => element("input", {
      id: `filter-${key}`, type: "number", step, "aria-label": label, value: state[key],
      onchange: note(key),
    });
    const kinds = Census.CLASSES
      .filter((one) => one.kind === null || one.kind === "dead" || has(model, one.kind))
      .map((one) => [one.name, one.label]);
    kinds.push(["alive", "alive"]);
    if (model.columns.includes("suppression")) {
      kinds.push(["suppresses", "suppresses its tokens"], ["promotes", "promotes its tokens"]);
    }
    const { patterns, strengths } = Census.census;
    const ranges = RANGES.filter(({ needs }) => !needs || model.columns.includes(needs));
    return element("form", { class: "controls", id: "filters", onsubmit: (event) => event.preventDefault() },
      select("Kind", "class", kinds),
      model.columns.includes("pattern")
        ? [
          select("Pattern", "pattern", patterns.map((one) => [one, one])),
          select("Strength", "strength", strengths.map((one) => [one, one])),
        ] : [],
      ranges.map(({ low, high, label, step }) => element("span", { class: "range" }, `${label} `,
        limit(low, `${label} from`, step), " to ", limit(high, `${label} to`, step))),
      element("button", {
        type: "button",
        onclick: () => Address.go(Object.fromEntries([...Address.TABLE, "start"].map((key) => [key, null]))),
      }, "Clear"));
  }

  function has(model, kind) {
    return model.columns.includes(kind === "positional" ? "pattern" : "suppression");
  }

  return { show, badges };
})();
