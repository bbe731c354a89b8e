"use strict";

/* How often a neuron is active, in which domains and documents, and how sure that is of a dead one. */

const Activity = (() => {
  const { heading, yes, share } = Facts;
  const meaning = Census.meaning;

  function section(row, model) {
    return Facts.section("Activity", Facts.list(
      ["dead", yes(row.dead), meaning("census", "dead")],
      ["active on", `${number(row.activations)} of ${number(row.tokens)} tokens`, meaning("census", "activations")],
      ["frequency", number(row.frequency), meaning("census", "frequency")],
      row.documents === undefined ? null
        : ["documents", inDocuments(row, model.coverage), meaning("census", "documents")],
    ), margin(row), byDomain(row.activations_by_domain, model.domains));
  }

  function inDocuments({ documents }, coverage) {
    if (!coverage) return number(documents);
    return `${number(documents)} of ${number(coverage.documents)} (${number(100 * documents / coverage.documents)}%)`;
  }

  /** How near a neuron came to be active, or how far it went, and how sure it is that a dead one is dead. */
  function margin(row) {
    if (row.margin === undefined || row.margin === null) return null;
    const where = `in window ${number(row.margin_window)} at position ${number(row.margin_position)}`;
    if (!row.dead) {
      return element("p", { id: "margin" }, `Its largest pre-activation is ${number(row.margin)}, ${where}.`);
    }
    const sure = row.dead_upper === null || row.dead_upper === undefined ? "" :
      ` With 95% confidence it is active in at most ${number(100 * row.dead_upper)}% of documents of this kind.`;
    return element("p", { id: "margin" },
      `No document activates it.${sure} It came closest ${where}, with a pre-activation of ${number(row.margin)}; `
        + "above 0 it would be active.");
  }

  /** How often it is active in each domain. */
  function byDomain(activations, domains) {
    if (!activations || !domains) return null;
    return Facts.table("domains", [
      heading("domain", "a kind of text"),
      heading("active / tokens", "tokens of the domain at which it is active / tokens of the domain", "number"),
      heading("frequency", "the one divided by the other"),
    ], Object.entries(domains).map(([name, tokens], place) => element("tr", {},
      element("td", {}, name),
      element("td", { class: "number" }, `${number(activations[place])} / ${number(tokens)}`),
      element("td", {}, share(activations[place] / tokens, false)))));
  }

  return { section };
})();
