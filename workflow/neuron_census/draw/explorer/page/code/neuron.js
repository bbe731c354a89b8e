"use strict";

/* A neuron's page: all that the tables say about it. */

const Neuron = (() => {
  const { section, heading, yes, share } = Facts;
  const meaning = Census.meaning;

  async function show(main, model, state) {
    const layer = Address.whole(state.layer ?? "0", 0, model.layers - 1, null);
    const index = Address.whole(state.neuron ?? "0", 0, model.neurons - 1, null);
    if (layer === null || index === null) {
      main.replaceChildren(...missing(model, state));
      return;
    }
    const [found, kinds, contexts] = await Promise.all([
      Census.neuron(model, layer, index), Census.column(model, "kind"), Contexts.load(model, layer, index),
    ]);
    const [row] = found.census;
    main.replaceChildren(...[
      element("h1", { id: "neuron" }, `${model.name}, layer ${layer}, neuron ${index}`),
      element("p", { class: "lead" }, Neurons.badges(kinds[layer * model.neurons + index])),
      neighbours(model, state, layer, index),
      Activity.section(row, model),
      Contexts.section(contexts, row),
      ngrams(row, found.triggers, layer),
      writes(row, found.projections, model),
      Ablation.section(found.ablations, layer),
      position(row, found.positions),
    ].filter(Boolean));
  }

  /** What is said where an address names a neuron that the model does not have. */
  function missing(model, state) {
    const asked = [["layer", state.layer], ["neuron", state.neuron]]
      .filter(([, value]) => value !== undefined).map(([what, value]) => `${what} ${value}`).join(", ");
    return [
      element("h1", {}, "There is no such neuron"),
      element("p", { class: "notice", role: "status" },
        `${model.name} has no ${asked}. Its layers are 0 to ${number(model.layers - 1)}, and the neurons of `,
        `each are 0 to ${number(model.neurons - 1)}.`),
      element("p", {}, element("a", { href: Address.link({ view: "neurons", start: null }) },
        `All neurons of ${model.name}`)),
    ];
  }

  /** Links to the neurons before and after it: in the table as it is filtered and sorted, and by index. */
  function neighbours(model, state, layer, index) {
    const to = (place, text, id) => element(place === null ? "span" : "a", {
      id,
      class: place === null ? "missing" : null,
      href: place === null ? null : Address.link({
        view: "neuron", layer: Math.floor(place / model.neurons), neuron: place % model.neurons,
      }),
    }, text);
    const place = layer * model.neurons + index;
    const inTable = element("span", { class: "buttons" }, "…");
    Selection.of(model, state).then((places) => {
      const at = places.indexOf(place);
      const table = element("a", { href: Address.link({ view: "neurons", start: startOf(at) }) },
        at < 0
          ? `not among the ${number(places.length)} in the table`
          : `${number(at + 1)} of ${number(places.length)} in the table`);
      inTable.replaceChildren(
        to(at > 0 ? places[at - 1] : null, "← previous", "previous"), " ", table, " ",
        to(at >= 0 && at + 1 < places.length ? places[at + 1] : null, "next →", "next"));
    }, Page.failed);
    return element("nav", { class: "neighbours", "aria-label": "Neighbours" }, inTable,
      element("span", { class: "buttons" },
        to(index > 0 ? place - 1 : null, `neuron ${index - 1}`),
        to(index + 1 < model.neurons ? place + 1 : null, `neuron ${index + 1}`),
        to(layer > 0 ? place - model.neurons : null, "layer below"),
        to(layer + 1 < model.layers ? place + model.neurons : null, "layer above")));
  }

  function startOf(at) {
    return at > 0 ? Math.floor(at / 25) * 25 || null : null;
  }

  function ngrams(row, triggers, layer) {
    if (row.unigram_activations === undefined) {
      return section("N-grams", element("p", {}, "This model has no n-gram study."));
    }
    if (row.unigram_activations === null) {
      return section("N-grams", element("p", {}, `N-grams were not counted in layer ${layer}.`));
    }
    return section("N-grams that trigger it", element("div", { class: "columns" },
      Census.NGRAMS.map(({ name, label }, place) => element("div", {},
        element("h3", {}, `${label}s`),
        Facts.list(
          ["detector", yes(row[`${name}_detector`]), meaning("census", `${name}_detector`)],
          ["cover", number(row[`${name}_cover`]), meaning("census", `${name}_cover`)],
          ["different", number(row[`${name}_distinct`]), meaning("census", `${name}_distinct`)],
          ["activations", number(row[`${name}_activations`]), meaning("census", `${name}_activations`)],
        ),
        triggers
          ? triggersTable(triggers.filter((one) => one.n === place + 1), row[`${name}_distinct`], label)
          : element("p", {}, "No triggers table was given.")))));
  }

  function triggersTable(rows, distinct, label) {
    if (!rows.length) return element("p", {}, distinct ? "None are shown." : "None.");
    const less = distinct > rows.length
      ? `The ${number(rows.length)} most frequent of ${number(distinct)}.` : `All ${number(rows.length)}.`;
    const projected = rows.some((one) => one.projection !== null && one.projection !== undefined);
    const table = Facts.table(null, [
      heading(label, meaning("triggers", "text")),
      heading("active / occurrences",
        `${meaning("triggers", "activations")} / ${meaning("triggers", "occurrences")}`, "number"),
      heading("share", "share of its occurrences at which the neuron is active; ✓: enough of them to be covered"),
      projected ? heading("projection", meaning("triggers", "projection"), "number") : null,
    ], rows.map((one) => element("tr", { class: one.covered ? "covered" : null },
      element("td", {}, ngramLink(one)),
      element("td", { class: "number" }, `${number(one.activations)} / ${number(one.occurrences)}`),
      element("td", {}, share(one.activations / one.occurrences, one.covered)),
      projected ? element("td", { class: "number" }, number(one.projection)) : null)));
    table.prepend(element("caption", {}, less));
    return table;
  }

  /** An n-gram, with a link to all neurons that it triggers. */
  function ngramLink({ n, ngram, text }) {
    const tokens = ngram.length === 1 ? `token ${ngram[0]}` : `tokens ${ngram.join(", ")}`;
    const href = Address.link({ view: "search", q: text, n: n === 1 ? null : n, gram: text });
    return element("a", { href, title: tokens }, Text.show(text));
  }

  function writes(row, projections, model) {
    const said = (name) => meaning("census", name);
    const detector = row.unigram_detector ? Facts.list(
      ["suppresses its tokens", yes(row.suppresses), said("suppresses")],
      ["mean projection on its tokens", number(row.suppression), said("suppression")],
      ["all projections negative", yes(row.suppression_all_negative), said("suppression_all_negative")],
      ["more than half of them negative", yes(row.suppression_majority_negative),
        said("suppression_majority_negative")],
      ["median rank among all tokens (0: most suppressed)", number(row.suppression_percentile),
        said("suppression_percentile")],
    ) : null;
    if (!detector && !projections?.length) return null;
    const lists = projections?.length
      ? element("div", { class: "columns" },
        written("promotes", projections.filter((one) => one.rank > 0).sort((a, b) => a.rank - b.rank)),
        written("suppresses", projections.filter((one) => one.rank < 0).sort((a, b) => b.rank - a.rank)))
      : element("p", {}, model.companions.includes("projections")
        ? "Its projections are not in the table." : "No projections table was given.");
    return section("What it writes to the residual stream", detector, lists);
  }

  function written(title, rows) {
    return element("div", {}, element("h3", {}, title), Facts.table(null, [
      heading("token", meaning("projections", "text")),
      heading("projection", meaning("projections", "value"), "number"),
    ], rows.map((one) => element("tr", {},
      element("td", {}, ngramLink({ n: 1, ngram: [one.token], text: one.text })),
      element("td", { class: "number" }, number(one.value))))));
  }

  function position(row, positions) {
    if (row.position_mi === undefined) {
      return section("Position", element("p", {}, "This model has no position study."));
    }
    const known = Facts.list(
      ["I(act, pos)", number(row.position_mi), meaning("census", "position_mi")],
      ["positional", yes(row.positional), meaning("census", "positional")],
      row.pattern ? ["pattern", `${row.pattern}, ${row.strength}`, meaning("census", "pattern")] : null,
    );
    const [found] = positions ?? [];
    if (!found) {
      const why = row.positional
        ? "No positions table was given." : "Only positional neurons have a curve.";
      return section("Position", known, element("p", {}, why));
    }
    const { neuron, windows, active, position_mi: domains, ...descriptors } = found;
    const said = element("p", { class: "pointed", "aria-live": "polite" },
      `Share of ${number(windows)} windows in which it is active at each position.`);
    const curve = Curve.draw(active, windows, `Position curve of neuron ${neuron}`, (place, count) => {
      const how = `${number(count)} of ${number(windows)} windows (${number(count / windows)})`;
      said.textContent = `position ${place}: active in ${how}`;
    });
    return section("Position", known, curve, said,
      element("h3", {}, "I(act, pos) in each domain"),
      Facts.list(...(domains ?? []).map((one) => [one.domain, number(one.position_mi)])),
      Object.keys(descriptors).length ? element("h3", {}, "The curve in numbers") : null,
      Facts.list(...Object.entries(descriptors).map(([name, value]) => [
        name.replaceAll("_", " "), number(value), meaning("positions", name),
      ])));
  }

  return { show };
})();
