"use strict";

/* The overview: a picture of what a model's neurons are, in which the reader points and zooms. */

const Overview = (() => {
  const { CLASSES } = Census;

  async function show(main, model, state) {
    const kinds = await Census.column(model, "kind");
    const canvas = element("canvas", {
      tabindex: 0,
      role: "application",
      id: "picture",
      "aria-label": "Neurons of the model, one row per layer. Arrow keys point, Enter opens.",
    });
    const said = element("p", { id: "pointed", class: "pointed", "aria-live": "polite" });
    const picture = new Picture.Picture(canvas, model);
    const views = ways(model);
    const way = views.find((one) => one.name === state.colour) ?? views[0];
    const legend = element("ul", { class: "legend", "aria-label": "Colours" });
    const across = state.order === "kind"
      ? "down: layer (from 0); across: its neurons, sorted by colour"
      : "down: layer (from 0); across: neuron (from 0)";
    main.replaceChildren(
      element("h1", {}, model.name),
      element("p", { class: "lead" },
        `${number(model.layers)} layers of ${number(model.neurons)} neurons, active or not on `,
        `${number(model.tokens)} tokens. A row is a layer, a point a neuron. Where neurons share a point, `,
        "the first kind in the legend that is among them is drawn; dead neurons are drawn by their share. ",
        "Choose a neuron to see all that is known about it."),
      element("div", { class: "controls" },
        choice("Colour", "colour", views, way.name),
        choice("Order", "order", [
          { name: "index", label: "by index" }, { name: "kind", label: "by colour" },
        ], state.order),
        element("span", { class: "buttons" },
          button("−", "Zoom out", () => zoomed(0.5)),
          button("+", "Zoom in", () => zoomed(2)),
          button("all", "Show all neurons", () => zoomed(0)))),
      legend,
      element("div", { class: "frame" }, element("span", { class: "axis" }, across), canvas),
      said,
      wakes(model),
      classified(model),
    );
    legend.append(...await way.legend(model, kinds));
    const what = await way.what(model, kinds);
    if (!canvas.isConnected) return;
    const from = Address.whole(state.from, 0, model.neurons - 1, 0);
    picture.what = what;
    picture.from = from;
    picture.to = Address.whole(state.to, from + 1, model.neurons, model.neurons);
    picture.show(what, state.order === "kind");
    new ResizeObserver(() => canvas.isConnected && picture.draw()).observe(canvas.parentElement);
    listen(canvas, picture, said, kinds, zoomed);

    function zoomed(factor, share = 0.5) {
      const span = picture.to - picture.from;
      const next = factor ? span / factor : model.neurons;
      const fixed = picture.from + share * span;
      picture.zoom(Math.round(fixed - share * next), Math.round(fixed + (1 - share) * next));
      noted(picture);
    }
  }

  /** How sure it is that the dead neurons are dead. */
  function wakes(model) {
    const found = model.coverage;
    if (!found) return null;
    return element("p", { class: "lead", id: "wakes" },
      `${number(found.dead)} neurons are dead: no document of ${number(found.documents)} activates them. As much text `,
      `again would wake about ${number(Math.round(found.wakes))} of them `,
      `(95% interval: ${number(Math.floor(found.wakes_lower))} to ${number(Math.ceil(found.wakes_upper))}; Chao2, `,
      "documents as sampling units).");
  }

  /** The thresholds by which neurons are classified. */
  function classified(model) {
    const stated = JSON.stringify(model.thresholds, null, 2);
    return element("details", {},
      element("summary", {}, "Thresholds of these kinds"),
      element("pre", {}, model.thresholds ? stated : "The census does not say."));
  }

  function noted(picture) {
    const all = picture.to - picture.from === picture.model.neurons;
    Address.note({ from: all ? null : picture.from, to: all ? null : picture.to });
  }

  function choice(label, key, options, chosen) {
    return element("label", {}, `${label} `,
      element("select", { id: key, onchange: (event) => Address.go({ [key]: event.target.value }) },
        options.map((one) => element(
          "option", { value: one.name, selected: one.name === chosen }, one.label))));
  }

  function button(text, label, onclick) {
    return element("button", { type: "button", "aria-label": label, title: label, onclick }, text);
  }

  /** The ways in which the picture can be coloured, given the studies of this model. */
  function ways(model) {
    const found = [{ name: "class", label: "by kind", what: byKind, legend: kindLegend }];
    found.push({ name: "frequency", label: "by frequency", what: byFrequency, legend: frequencyLegend });
    if (model.columns.includes("pattern")) {
      found.push({ name: "pattern", label: "by position pattern", what: byPattern, legend: patternLegend });
    }
    return found;
  }

  function byKind(model, kinds) {
    const table = Uint8Array.from({ length: 256 }, (_, kind) => CLASSES.length - Census.drawnAs(kind));
    const rank = kinds.map((kind) => table[kind]);
    const colours = [null, ...CLASSES.map((one) => Picture.colour(one.name)).reverse()];
    const [other, dead] = [colours[1], colours[2]];
    const paint = (order, from, to, greatest) => {
      if (rank[greatest] > 2) return colours[rank[greatest]];
      // Dead neurons are too many to be drawn wherever there is one, so they are drawn by their share.
      let found = 0;
      for (let at = from; at < to; at++) found += rank[order ? order[at] : at] === 2 ? 1 : 0;
      return Picture.mixed(other, dead, found / (to - from));
    };
    return { rank, paint };
  }

  async function byFrequency(model, kinds) {
    const activations = await Census.column(model, "activations");
    const rank = new Uint8Array(kinds.length);
    activations.forEach((count, place) => {
      if (!count) return;
      const decades = Picture.DECADES + Math.log10(count / model.tokens);
      rank[place] = Math.max(1, Math.min(255, Math.round((255 * decades) / Picture.DECADES)));
    });
    const [dead, low, high] = ["dead", "low", "high"].map(Picture.colour);
    const paint = (order, from, to) => {
      let alive = 0;
      let sum = 0;
      for (let at = from; at < to; at++) {
        const here = rank[order ? order[at] : at];
        alive += here ? 1 : 0;
        sum += here;
      }
      return alive ? Picture.mixed(low, high, sum / alive / 255) : dead;
    };
    return { rank, paint };
  }

  async function byPattern(model) {
    const codes = await Census.column(model, "pattern");
    const none = Picture.colour("none");
    const colours = Array.from({ length: 256 }, (_, code) => patternColour(code) ?? none);
    // The first pattern has the highest rank, and no pattern the lowest.
    const rank = codes.map((code) => (code ? 255 - code : 0));
    return { rank, paint: (order, from, to, greatest) => colours[codes[greatest]] };
  }

  function patternColour(code) {
    const found = Census.pattern(code);
    if (!found?.pattern) return null;
    // The figures' colours are made for white paper; on a dark page they are made lighter.
    const dark = document.documentElement.classList.contains("dark");
    const figures = Picture.rgb(Census.census.colours[found.pattern]);
    const full = Picture.mixed(figures, Picture.colour("ink"), dark ? 0.3 : 0);
    return found.strength === "weak" ? Picture.mixed(full, Picture.colour("page"), 0.5) : full;
  }

  function kindLegend(model, kinds) {
    const counts = new Array(CLASSES.length).fill(0);
    const seen = new Uint32Array(256);
    for (const kind of kinds) seen[kind]++;
    seen.forEach((count, kind) => CLASSES.forEach((one, place) => {
      if (one.kind ? kind & Census.bits[one.kind] : Census.drawnAs(kind) === place) counts[place] += count;
    }));
    return CLASSES.map((one, place) => entry(
      `var(--${one.name})`, one.label, counts[place], { class: one.name }));
  }

  function frequencyLegend() {
    const gradient = "linear-gradient(to right, var(--low), var(--high))";
    return [
      entry("var(--dead)", "dead", null, { class: "dead" }),
      element("li", {}, "active on one token in a million ",
        element("span", { class: "ramp", style: `background: ${gradient}` }), " to all tokens (mean, on a log scale)"),
    ];
  }

  async function patternLegend(model) {
    const seen = new Uint32Array(256);
    for (const code of await Census.column(model, "pattern")) seen[code]++;
    const { patterns, strengths } = Census.census;
    return patterns.flatMap((pattern, first) => strengths.map((strength, second) => {
      const code = 1 + first * strengths.length + second;
      return entry(`rgb(${patternColour(code)})`, `${pattern}, ${strength}`, seen[code],
        { class: "positional", pattern, strength });
    }));
  }

  function entry(colour, label, count, filter) {
    const chosen = Object.fromEntries(Address.TABLE.map((key) => [key, null]));
    const address = Address.link({ ...chosen, ...filter, view: "neurons" });
    return element("li", {},
      element("a", { href: address },
        element("span", { class: "swatch", style: `background: ${colour}` }), label,
        count === null ? null : element("span", { class: "count" }, number(count))));
  }

  function listen(canvas, picture, said, kinds, zoomed) {
    const { model } = picture;
    let dragged = null;
    const speak = () => {
      const { layer, count, place } = picture.pointed();
      const what = Census.words(kinds[place]).join(", ") || "none of these kinds";
      const rest = count > 1 ? `, with ${count - 1} more at this point` : "";
      said.textContent = `layer ${layer}, neuron ${place % model.neurons}: ${what}${rest}`;
    };
    const point = (layer, column) => {
      picture.cursor = {
        layer: Math.max(0, Math.min(model.layers - 1, layer)),
        column: Math.max(picture.from, Math.min(picture.to - 1, column)),
      };
      picture.draw();
      speak();
    };
    const open = () => {
      const { layer, place } = picture.pointed();
      Address.go({ view: "neuron", layer, neuron: place % model.neurons });
    };
    canvas.addEventListener("pointermove", (event) => {
      const found = picture.under(event.offsetX, event.offsetY);
      if (dragged) {
        const moved = ((dragged.x - event.offsetX) / picture.inner) * (dragged.to - dragged.from);
        dragged.far ||= Math.abs(dragged.x - event.offsetX) > 4;
        if (dragged.far) picture.zoom(Math.round(dragged.from + moved), Math.round(dragged.to + moved));
      } else if (found) point(found.layer, found.column);
    });
    canvas.addEventListener("pointerdown", (event) => {
      dragged = { x: event.offsetX, from: picture.from, to: picture.to, far: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointerup", (event) => {
      const far = dragged?.far;
      dragged = null;
      const found = picture.under(event.offsetX, event.offsetY);
      if (far) noted(picture);
      else if (found) { point(found.layer, found.column); open(); }
    });
    canvas.addEventListener("wheel", (event) => {
      const found = picture.under(event.offsetX, event.offsetY);
      if (!found || (!event.deltaY)) return;
      event.preventDefault();
      zoomed(event.deltaY < 0 ? 1.25 : 0.8, found.share);
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const { layer, column } = picture.cursor ?? { layer: 0, column: picture.from };
      const each = Math.max(1, Math.round((picture.to - picture.from) / picture.inner));
      const step = each * (event.shiftKey ? 20 : 1);
      const share = (column - picture.from) / (picture.to - picture.from);
      const actions = {
        ArrowLeft: () => point(layer, column - step), ArrowRight: () => point(layer, column + step),
        ArrowUp: () => point(layer - 1, column), ArrowDown: () => point(layer + 1, column),
        "+": () => zoomed(2, share), "-": () => zoomed(0.5, share), 0: () => zoomed(0),
        Enter: () => picture.cursor && open(),
      };
      if (!Object.hasOwn(actions, event.key) || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      actions[event.key]();
    });
  }

  return { show };
})();
