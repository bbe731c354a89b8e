"use strict";

/* The position curve of a neuron: the share of windows in which it is active, at each position. */

const Curve = (() => {
  const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 240, 44, 36, 10];

  /** A drawing of counts at positions; said(position, count) is called when the reader points to one. */
  function draw(active, windows, label, said) {
    const last = Math.max(1, active.length - 1);
    const x = (position) => LEFT + ((WIDTH - LEFT - 10) * position) / last;
    const y = (share) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
    const points = active.map((count, position) => `${x(position).toFixed(2)},${y(count / windows).toFixed(2)}`);
    const pointer = drawn("line", { class: "pointer", y1: y(0), y2: y(1), visibility: "hidden" });
    const dot = drawn("circle", { class: "dot", r: 4, visibility: "hidden" });
    const point = (position) => {
      const place = Math.max(0, Math.min(active.length - 1, position));
      for (const end of ["x1", "x2"]) pointer.setAttribute(end, x(place));
      dot.setAttribute("cx", x(place));
      dot.setAttribute("cy", y(active[place] / windows));
      for (const node of [pointer, dot]) node.setAttribute("visibility", "visible");
      said(place, active[place]);
      return place;
    };
    let here = 0;
    const figure = drawn("svg", {
      class: "curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", tabindex: 0, "aria-label": label,
      onpointermove: (event) => {
        const box = figure.getBoundingClientRect();
        const inside = ((event.clientX - box.left) / box.width) * WIDTH - LEFT;
        here = point(Math.round((inside / (WIDTH - LEFT - 10)) * last));
      },
      onkeydown: (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!step) return;
        event.preventDefault();
        here = point(here + step * (event.shiftKey ? 10 : 1));
      },
    },
    [0, 0.25, 0.5, 0.75, 1].map((share) => [
      drawn("line", { class: "grid", x1: LEFT, x2: WIDTH - 10, y1: y(share), y2: y(share) }),
      drawn("text", { x: LEFT - 6, y: y(share) + 4, "text-anchor": "end" }, String(share)),
    ]),
    [0, 1, 2, 3, 4].map((tick) => {
      const position = Math.round((last * tick) / 4);
      const anchor = tick === 4 ? "end" : "middle";
      return drawn("text", { x: x(position), y: HEIGHT - 20, "text-anchor": anchor }, String(position));
    }),
    drawn("text", { x: (WIDTH + LEFT) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "position in the window (from 0)"),
    drawn("polyline", { class: "line", points: points.join(" ") }),
    pointer,
    dot);
    return figure;
  }

  return { draw };
})();
