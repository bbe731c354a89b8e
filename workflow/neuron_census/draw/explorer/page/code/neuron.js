"use strict";

/* A neuron's page: all that the tables say about it. */

const Neuron = (() => {
  async function show(main, model, state) {
    const layer = Address.whole(state.layer, 0, model.layers - 1, 0);
    const index = Address.whole(state.neuron, 0, model.neurons - 1, 0);
    const [found, kinds] = await Promise.all([
      Census.neuron(model, layer, index), Census.column(model, "kind"),
    ]);
    const [row] = found.census;
    main.replaceChildren(...[
      element("h1", { id: "neuron" }, `${model.name}, layer ${layer}, neuron ${index}`),
      element("p", { class: "lead" }, Neurons.badges(kinds[layer * model.neurons + index])),
      neighbours(model, state, layer, index),
      activity(row, model),
      ngrams(row, found.triggers, layer),
      writes(row, found.projections),
      position(row, found.positions),
    ].filter(Boolean));
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

  function section(title, ...content) {
    return element("section", {}, element("h2", {}, title), content);
  }

  function facts(...pairs) {
    return element("dl", { class: "facts" },
      pairs.filter(Boolean).map(([name, value]) => element("div", {},
        element("dt", {}, name), element("dd", {}, value))));
  }

  const yes = (value) => (value === null || value === undefined ? "–" : value ? "yes" : "no");

  function activity(row, model) {
    return section("Activity", facts(
      ["dead", yes(row.dead)],
      ["active on", `${number(row.activations)} of ${number(row.tokens)} tokens`],
      ["frequency", number(row.frequency)],
    ), byDomain(row.activations_by_domain, model.domains));
  }

  /** How often it is active in each domain. */
  function byDomain(activations, domains) {
    if (!activations || !domains) return null;
    return element("table", { id: "domains", class: "triggers" },
      element("thead", {}, element("tr", {},
        heading("domain"), heading("active / tokens", "number"), heading("frequency"))),
      element("tbody", {}, Object.entries(domains).map(([name, tokens], place) => element("tr", {},
        element("td", {}, name),
        element("td", { class: "number" }, `${number(activations[place])} / ${number(tokens)}`),
        element("td", {}, share(activations[place] / tokens, false))))));
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
        facts(
          ["detector", yes(row[`${name}_detector`])],
          ["cover", number(row[`${name}_cover`])],
          ["different", number(row[`${name}_distinct`])],
          ["activations", number(row[`${name}_activations`])],
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
    return element("table", { class: "triggers" },
      element("caption", {}, less),
      element("thead", {}, element("tr", {},
        heading(label), heading("active / occurrences", "number"), heading("share"),
        projected ? heading("projection", "number") : null)),
      element("tbody", {}, rows.map((one) => element("tr", { class: one.covered ? "covered" : null },
        element("td", {}, ngramLink(one)),
        element("td", { class: "number" }, `${number(one.activations)} / ${number(one.occurrences)}`),
        element("td", {}, share(one.activations / one.occurrences, one.covered)),
        projected ? element("td", { class: "number" }, number(one.projection)) : null))));
  }

  function heading(title, kind) {
    return element("th", { scope: "col", class: kind }, title);
  }

  /** An n-gram, with a link to all neurons that detect it. */
  function ngramLink({ n, ngram, text }) {
    const tokens = ngram.length === 1 ? `token ${ngram[0]}` : `tokens ${ngram.join(", ")}`;
    const href = Address.link({ view: "search", q: text, n: n === 1 ? null : n, gram: text });
    return element("a", { href, title: tokens }, Text.show(text));
  }

  function share(value, covered) {
    const percent = `${(100 * value).toFixed(value >= 0.9995 ? 0 : 1)}%`;
    return element("span", { class: "share", title: covered ? "covered" : null },
      element("span", { class: "bar", style: `width: ${(40 * value).toFixed(1)}px` }),
      percent, covered ? " ✓" : "");
  }

  function writes(row, projections) {
    if (!row.unigram_detector) return null;
    const lists = projections?.length
      ? element("div", { class: "columns" },
        written("promotes", projections.filter((one) => one.rank > 0).sort((a, b) => a.rank - b.rank)),
        written("suppresses", projections.filter((one) => one.rank < 0).sort((a, b) => b.rank - a.rank)))
      : element("p", {}, "No projections table was given.");
    return section("What it writes to the residual stream", facts(
      ["suppresses its tokens", yes(row.suppresses)],
      ["mean projection on its tokens", number(row.suppression)],
      ["all projections negative", yes(row.suppression_all_negative)],
      ["more than half of them negative", yes(row.suppression_majority_negative)],
      ["median rank among all tokens (0: most suppressed)", number(row.suppression_percentile)],
    ), lists);
  }

  function written(title, rows) {
    return element("div", {}, element("h3", {}, title),
      element("table", { class: "triggers" },
        element("thead", {}, element("tr", {},
          heading("token"), heading("projection", "number"))),
        element("tbody", {}, rows.map((one) => element("tr", {},
          element("td", {}, ngramLink({ n: 1, ngram: [one.token], text: one.text })),
          element("td", { class: "number" }, number(one.value)))))));
  }

  function position(row, positions) {
    if (row.position_mi === undefined) {
      return section("Position", element("p", {}, "This model has no position study."));
    }
    const known = facts(
      ["I(act, pos)", number(row.position_mi)],
      ["positional", yes(row.positional)],
      row.pattern ? ["pattern", `${row.pattern}, ${row.strength}`] : null,
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
      facts(...(domains ?? []).map((one) => [one.domain, number(one.position_mi)])),
      Object.keys(descriptors).length ? element("h3", {}, "The curve in numbers") : null,
      facts(...Object.entries(descriptors).map(([name, value]) => [name.replaceAll("_", " "), number(value)])));
  }

  return { show };
})();
