"use strict";

/* Texts of tokens may be anything: every character is shown, and none has an effect. */

const Text = (() => {
  // Control and format characters (of direction, of no width), separators, and what has no meaning.
  const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
  const SHORT = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  const LONG = { n: "\n", r: "\r", t: "\t" };
  const LIMIT = 400;

  /**
   * The text as an element: hidden characters as escapes, outer spaces as ␣ unless it is a part of a running
   * text, its direction its own.
   */
  function show(text, running = false) {
    const node = element("bdi", { class: "text" });
    if (text === "") return element("span", { class: "nothing" }, "(no text)");
    const characters = Array.from(text);
    const first = characters.findIndex((one) => one !== " ");
    const last = characters.findLastIndex((one) => one !== " ");
    let plain = "";
    const escape = (shown) => {
      node.append(plain, element("span", { class: "escape" }, shown));
      plain = "";
    };
    characters.slice(0, LIMIT).forEach((one, place) => {
      if (one === " " && !running && (first < 0 || place < first || place > last)) escape("␣");
      else if (HIDDEN.test(one)) escape(SHORT[one] ?? `\\u{${one.codePointAt(0).toString(16)}}`);
      // An accent without its letter would sit on what stands before it.
      else plain += place === 0 && /\p{M}/u.test(one) ? `◌${one}` : one;
    });
    node.append(plain);
    if (characters.length > LIMIT) node.append(element("span", { class: "escape" }, "…"));
    return node;
  }

  /** What somebody means who types a text as it is shown. */
  function meant(typed) {
    return typed
      .replace(/␣/gu, " ")
      .replace(/\\u\{([0-9a-f]{1,6})\}/giu, (all, code) => {
        const point = parseInt(code, 16);
        return point <= 0x10ffff ? String.fromCodePoint(point) : all;
      })
      .replace(/\\([nrt])/gu, (_, letter) => LONG[letter]);
  }

  return { show, meant };
})();
