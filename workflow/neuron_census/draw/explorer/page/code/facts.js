"use strict";

/* What pages are made of: sections, lists of facts, headings that explain themselves, shares as bars. */

const Facts = (() => {
  function section(title, ...content) {
    return element("section", {}, element("h2", {}, title), content);
  }

  /** Names with their values; what a name means is said where a reader points to it. */
  function list(...facts) {
    return element("dl", { class: "facts" },
      facts.filter(Boolean).map(([name, value, meaning]) => element("div", {},
        explained(element("dt", {}, name), meaning), element("dd", {}, value))));
  }

  function heading(title, meaning, kind) {
    return explained(element("th", { scope: "col", class: kind }, title), meaning);
  }

  /** The same element, which says what it means where a reader points to it. */
  function explained(node, meaning) {
    if (meaning) {
      node.setAttribute("title", meaning);
      node.classList.add("explained");
    }
    return node;
  }

  function table(id, headings, rows) {
    return element("table", { id, class: "triggers" },
      element("thead", {}, element("tr", {}, headings)), element("tbody", {}, rows));
  }

  const yes = (value) => (value === null || value === undefined ? "–" : value ? "yes" : "no");

  function share(value, covered) {
    const percent = `${(100 * value).toFixed(value >= 0.9995 ? 0 : 1)}%`;
    return element("span", { class: "share", title: covered ? "covered" : null },
      element("span", { class: "bar", style: `width: ${(40 * value).toFixed(1)}px` }),
      percent, covered ? " ✓" : "");
  }

  return { section, list, heading, explained, table, yes, share };
})();
