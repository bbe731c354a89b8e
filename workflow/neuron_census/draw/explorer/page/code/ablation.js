"use strict";

/* What silencing a neuron does to the token at which it fires. */

const Ablation = (() => {
  const meaning = (column) => Census.meaning("ablations", column);
  const EFFECTS = [
    ["direct", "direct, on the logit"],
    ["total", "total, on the logit"],
    ["total_difference", "total, beyond the controls"],
    ["log_probability", "total, on the log-probability"],
  ];

  function section(rows, layer) {
    const [row] = rows ?? [];
    if (!row) return null;
    const title = "What silencing it does";
    const firings = `${number(row.firings)} firings in ${number(row.documents)} documents`;
    const kind = row.near
      ? `It is no detector, only near to one (${number(row.nearness)}).` : "It is a token detector.";
    if (row.total === null) {
      return Facts.section(title, element("p", { id: "ablation" },
        `${kind} Text that was held out has only ${firings}, too few to say anything.`));
    }
    return Facts.section(title,
      element("p", { id: "ablation" },
        `${kind} Set to 0 at one position at a time, at ${firings}; effects are the value with the neuron less that `
          + `without it. In total it ${verb(row)} the token that activates it.`),
      Facts.table("effects", [
        Facts.heading("effect", "what changes; below 0 the neuron suppresses"),
        Facts.heading("mean", "mean over documents of the mean over firings", "number"),
        Facts.heading("95% interval", "bootstrap over documents", "number"),
      ], EFFECTS.filter(([name]) => row[name] !== null).map(([name, label]) => element("tr", {},
        Facts.explained(element("td", {}, label), meaning(name)),
        element("td", { class: "number" }, number(row[name])),
        element("td", { class: "number" }, `${number(row[`${name}_low`])} to ${number(row[`${name}_high`])}`)))),
      Facts.list(
        ["projection on that token", number(row.projection), meaning("projection")],
        row.total_difference_q === null ? null
          : ["q of the total beyond controls", number(row.total_difference_q), meaning("total_difference_q")],
      ),
      Facts.table("lens", [
        Facts.heading("after layer", "0 is the first"),
        Facts.heading("rank of the token", meaning("ranks"), "number"),
        Facts.heading("without the neuron", meaning("ranks_without"), "number"),
      ], row.ranks.map((rank, above) => element("tr", {},
        element("td", {}, number(layer + above)),
        element("td", { class: "number" }, number(rank)),
        element("td", { class: "number" }, number(row.ranks_without[above]))))));
  }

  function verb(row) {
    if (row.total_low > 0) return "promotes";
    if (row.total_high < 0) return "suppresses";
    return "neither promotes nor suppresses";
  }

  return { section };
})();
