"use strict";

/* The text behind a neuron: where it is most active, and a sample; each token is shaded by its activation. */

const Contexts = (() => {
  const meaning = Census.meaning;
  const KINDS = [
    { title: "Where it is most active", said: "One position of each of the windows in which it is most active." },
    {
      title: "A sample of where it is active",
      said: "Positions at which it is active, drawn by a seeded hash: what is usual for it, beside the extremes.",
    },
  ];
  // As much of the shade as text on it stays legible with.
  const DARKEST = 85;

  /** A promise of the contexts of a neuron, each with the texts of its tokens; null where the folder has none. */
  async function load(model, layer, index) {
    if (!model.companions.includes("contexts")) return null;
    const [rows, texts] = await Promise.all([Census.contexts(model, layer, index), textsOf(model)]);
    return rows.map((row) => ({ ...row, texts: row.tokens.map((token) => texts.get(token)) }));
  }

  async function textsOf(model) {
    const found = await Data.load(`${model.folder}/contexts/texts`);
    found.byToken ??= new Map(found.tokens.map((token, at) => [token, found.texts[at]]));
    return found.byToken;
  }

  /** What a neuron's page says of its contexts. */
  function section(contexts, row) {
    const title = "Text on which it is active";
    if (contexts === null) {
      return Facts.section(title, element("p", { class: "hint" }, "This explorer was made without contexts."));
    }
    if (!contexts.length) {
      return Facts.section(title, element("p", {}, row.dead ? "None: it is dead." : "No contexts were kept of it."));
    }
    const most = Math.max(...contexts.flatMap((one) => one.activations));
    return Facts.section(title,
      element("p", { class: "lead" },
        "Each token is shaded by the neuron's activation there; point to one to read it. ",
        element("span", { class: "context-ramp" }, "0"), " to ", number(most), "."),
      KINDS.map((kind, at) => list(kind, contexts.filter((one) => one.kind === at), most)));
  }

  function list(kind, contexts, most) {
    if (!contexts.length) return null;
    return [
      element("h3", {}, kind.title), element("p", { class: "hint" }, kind.said),
      element("ol", { class: "contexts" }, contexts.map((one) => context(one, most))),
    ];
  }

  function context(one, most) {
    const value = (at) => `${number(one.activations[at])} at position ${one.start + at}`;
    const centre = one.position - one.start;
    const said = element("span", { class: "pointed", "aria-live": "polite" });
    const tokens = one.texts.map((text, at) => {
      const token = Text.show(text, true);
      token.classList.add("token");
      if (at === centre) token.classList.add("centre");
      token.title = value(at);
      token.dataset.at = at;
      const percent = DARKEST * Math.max(0, one.activations[at]) / most;
      if (percent > 0) token.style.setProperty("--share", `${percent.toFixed(1)}%`);
      return token;
    });
    return element("li", {},
      element("div", {
        class: "running",
        onpointerover: (event) => {
          const at = event.target.closest("[data-at]")?.dataset.at;
          if (at !== undefined) said.textContent = value(Number(at));
        },
        onpointerleave: () => { said.textContent = ""; },
      }, tokens),
      element("div", { class: "whence" },
        Facts.explained(element("strong", {}, number(one.activation)), meaning("contexts", "activation")), " · ",
        element("span", { title: `window ${one.window}` }, `${one.domain}, document ${one.document}, position ${one.position}`),
        said));
  }

  return { load, section };
})();
