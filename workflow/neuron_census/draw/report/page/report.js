"use strict";

/* Light and dark as in the explorer, and which claims are shown. Without scripts the pages show everything. */

(() => {
  const root = document.documentElement;
  const THEME = "neuron-census-theme";

  function remembered() {
    try {
      return localStorage.getItem(THEME);
    } catch {
      return null;
    }
  }

  function keep(theme) {
    // Some browsers store nothing for pages from disk; then the choice holds until the page is left.
    try {
      localStorage.setItem(THEME, theme);
    } catch (error) {
      console.info(`The choice of colours is not remembered: ${error.message}`);
    }
  }

  function dress(theme) {
    root.classList.toggle("dark", theme === "dark");
    const button = document.getElementById("theme");
    if (button) button.textContent = theme === "dark" ? "Light" : "Dark";
  }

  function choose() {
    const buttons = [...document.querySelectorAll("#filter button")];
    const asked = location.hash.slice(1);
    const known = buttons.some((button) => button.dataset.shown === asked);
    // Another address is that of a claim, which is shown whatever its verdict.
    const shown = known ? asked : "all";
    for (const button of buttons) {
      button.ariaPressed = String(button.dataset.shown === shown);
    }
    for (const row of document.querySelectorAll("#claims tbody tr")) {
      row.hidden = shown !== "all" && !row.classList.contains(shown);
    }
  }

  const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  dress(remembered() ?? preferred);
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    button.hidden = false;
    dress(root.classList.contains("dark") ? "dark" : "light");
    button.addEventListener("click", () => {
      const theme = root.classList.contains("dark") ? "light" : "dark";
      keep(theme);
      dress(theme);
    });
    const filter = document.getElementById("filter");
    if (!filter) return;
    filter.hidden = false;
    for (const one of filter.querySelectorAll("button")) {
      one.addEventListener("click", () => { location.hash = one.dataset.shown; });
    }
    window.addEventListener("hashchange", choose);
    choose();
  });
})();
