"use strict";

/* The page: which view is shown, the model, the keys, light and dark. */

const Page = (() => {
  const VIEWS = { overview: Overview, neurons: Neurons, neuron: Neuron, search: Search };
  const byId = (id) => document.getElementById(id);
  let shown = 0;

  async function start() {
    dress(remembered() ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
    await Census.open();
    byId("model").append(...Census.census.models.map((one) => element("option", { value: one.name }, one.name)));
    byId("model").addEventListener("change", (event) => {
      Address.go({ model: event.target.value, from: null, to: null, start: null });
    });
    byId("theme").addEventListener("click", () => { keep(dress(other())); render(); });
    byId("help").addEventListener("click", () => byId("keys").showModal());
    byId("skip").addEventListener("click", (event) => { event.preventDefault(); byId("main").focus(); });
    byId("find").addEventListener("submit", (event) => { event.preventDefault(); find(); });
    byId("query").addEventListener("input", later(find, 200));
    window.addEventListener("hashchange", render);
    document.addEventListener("keydown", key);
    await render();
  }

  async function render() {
    const turn = ++shown;
    const state = Address.state();
    const model = Census.model(state.model);
    byId("model").value = model?.name ?? "";
    const name = model?.name ?? Census.model().name;
    for (const link of document.querySelectorAll("nav [data-view]")) {
      link.href = Address.link({ view: link.dataset.view, model: name, start: null });
      link.ariaCurrent = link.dataset.view === state.view ? "page" : null;
    }
    const asked = state.view === "search" ? state.q ?? "" : "";
    if (document.activeElement !== byId("query")) byId("query").value = asked;
    const what = state.view === "neuron" ? `layer ${state.layer}, neuron ${state.neuron}` : state.view;
    document.title = `${what} · ${model?.name ?? "no such model"} · Neuron Census`;
    // A view that the next one replaces goes on drawing, but on a page that is no longer shown.
    const place = element("div", { class: `view ${state.view}` });
    const main = byId("main");
    main.replaceChildren(place);
    main.setAttribute("aria-busy", "true");
    try {
      if (model) await VIEWS[state.view].show(place, model, state);
      else place.append(...missing(state));
    } catch (error) {
      if (turn === shown) failed(error);
    }
    if (turn === shown) main.removeAttribute("aria-busy");
  }

  /** What is said where an address names a model that is not here. */
  function missing(state) {
    return [
      element("h1", {}, "There is no such model"),
      element("p", { class: "notice", role: "status" }, `Nothing here is about a model “${state.model}”. The models are:`),
      element("ul", {}, Census.census.models.map((one) => element("li", {},
        element("a", { href: Address.link({ model: one.name }) }, one.name)))),
    ];
  }

  /** Say what went wrong where every reader sees it. */
  function failed(error) {
    console.error(error);
    byId("main").prepend(element("p", { role: "alert", class: "alert" }, String(error?.message ?? error)));
  }

  function find() {
    const typed = byId("query").value;
    const { view, q } = Address.state();
    if (view !== "search") Address.go({ view: "search", q: typed });
    else if (typed !== (q ?? "")) { Address.note({ q: typed, gram: null }); render(); }
  }

  function later(action, milliseconds) {
    let waiting = 0;
    return () => {
      clearTimeout(waiting);
      waiting = setTimeout(action, milliseconds);
    };
  }

  function other() {
    return document.documentElement.classList.contains("dark") ? "light" : "dark";
  }

  function dress(theme) {
    document.documentElement.classList.toggle("dark", theme === "dark");
    byId("theme").textContent = theme === "dark" ? "Light" : "Dark";
    return theme;
  }

  function remembered() {
    try {
      return localStorage.getItem("neuron-census-theme");
    } catch {
      return null;
    }
  }

  function keep(theme) {
    // Some browsers store nothing for pages from disk; then the choice holds until the page is left.
    try {
      localStorage.setItem("neuron-census-theme", theme);
    } catch (error) {
      console.info(`The choice of colours is not remembered: ${error.message}`);
    }
  }

  function key(event) {
    const typing = event.target.closest?.("input, select, textarea, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const actions = {
      "/": () => byId("query").focus(),
      o: () => Address.go({ view: "overview" }),
      t: () => Address.go({ view: "neurons" }),
      j: () => byId("next")?.click(),
      k: () => byId("previous")?.click(),
      m: () => byId("model").focus(),
      d: () => byId("theme").click(),
      "?": () => byId("keys").showModal(),
    };
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  }

  return { start, failed };
})();

Page.start().catch(Page.failed);
