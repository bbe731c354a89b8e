"use strict";

/* The state of the page is in its address, so that a link shows what its sender saw. */

const Address = (() => {
  const TABLE = [
    "class", "pattern", "strength", "first", "last", "least", "most", "low", "high",
    "sort", "direction",
  ];
  const KEPT = {
    overview: ["colour", "order", "from", "to"],
    neurons: [...TABLE, "start", "rows"],
    search: ["q", "n", "gram"],
    compared: ["pair"],
    neuron: [...TABLE, "layer", "neuron"],
  };

  /** The state: texts by key; a key that the address lacks is absent. */
  function state() {
    const found = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    if (!Object.hasOwn(KEPT, found.view)) found.view = "overview";
    return found;
  }

  /** The address of this state with changes; of another view only what means something there. */
  function link(changes) {
    const wanted = { ...state(), ...changes };
    const kept = new Set(["view", "model", ...KEPT[wanted.view]]);
    const entries = Object.entries(wanted).filter(
      // An n-gram may have no text, and is then chosen as any other.
      ([key, value]) => kept.has(key) && (value || value === 0 || (key === "gram" && value === "")),
    );
    return `#${new URLSearchParams(entries)}`;
  }

  /** Go there: a step that the browser's back button takes back. */
  function go(changes) {
    location.hash = link(changes);
  }

  /** Note a change of what is already shown. */
  function note(changes) {
    history.replaceState(null, "", link(changes));
  }

  /** A whole number of the state within limits, or what to take instead. */
  function whole(text, low, high, otherwise) {
    const value = /^\d{1,9}$/u.test(text ?? "") ? Number(text) : NaN;
    return value >= low && value <= high ? value : otherwise;
  }

  return { state, link, go, note, whole, TABLE };
})();
