"use strict";

/* Every neuron of a model in one picture: one row per layer, neurons side by side, coloured. */

const Picture = (() => {
  const MARGIN = { left: 44, top: 4, bottom: 20 };
  // Frequencies are coloured from one token in a million to all tokens.
  const DECADES = 6;

  /** A colour of the style sheet as red, green, blue. */
  function colour(name) {
    const text = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    return rgb(text);
  }

  function rgb(text) {
    return [1, 3, 5].map((place) => parseInt(text.slice(place, place + 2), 16));
  }

  function mixed(one, other, share) {
    return one.map((part, place) => Math.round(part + (other[place] - part) * share));
  }

  /**
   * A picture on a canvas.
   *
   * what.rank: a number for each neuron; where several share a point, the greatest is drawn.
   * what.paint: red, green, blue of the neurons order[from..to] of a layer (from..to where there is no
   * order), the one with the greatest rank is passed as well.
   */
  class Picture {
    constructor(canvas, model) {
      this.canvas = canvas;
      this.model = model;
      this.from = 0;
      this.to = model.neurons;
      this.cursor = null;
      this.order = null;
    }

    /** Show what.rank with what.paint; sorted: each layer's neurons by rank, greatest first. */
    show(what, sorted) {
      this.what = what;
      this.order = sorted ? byRank(what.rank, this.model) : null;
      this.draw();
    }

    /** Show the neurons from..to of every layer. */
    zoom(from, to) {
      const { neurons } = this.model;
      const span = Math.min(neurons, Math.max(Math.min(neurons, 16), to - from));
      this.from = Math.max(0, Math.min(neurons - span, from));
      this.to = this.from + span;
      this.draw();
    }

    draw() {
      const ratio = window.devicePixelRatio || 1;
      const width = this.canvas.clientWidth;
      const { layers } = this.model;
      this.row = Math.max(6, Math.min(36, Math.floor(520 / layers)));
      const height = MARGIN.top + this.row * layers + MARGIN.bottom;
      this.canvas.style.height = `${height}px`;
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.inner = Math.max(1, width - MARGIN.left);
      const context = this.canvas.getContext("2d");
      context.scale(ratio, ratio);
      const strip = this.kept(Math.max(1, Math.round(this.inner * ratio)));
      context.imageSmoothingEnabled = false;
      const gap = this.row > 8 ? 1 : 0;
      for (let layer = 0; layer < layers; layer++) {
        const top = MARGIN.top + layer * this.row;
        context.drawImage(
          strip, 0, layer, strip.width, 1, MARGIN.left, top, this.inner, this.row - gap,
        );
      }
      this.axes(context, height);
      if (this.cursor) this.mark(context);
    }

    /** The strip of this width; the last one again where only the cursor has moved. */
    kept(width) {
      const now = [width, this.from, this.to, this.what, this.order];
      if (!this.last || now.some((part, place) => part !== this.last.now[place])) {
        this.last = { now, strip: this.strip(width) };
      }
      return this.last.strip;
    }

    /** All layers, one row of points each. */
    strip(width) {
      const { layers } = this.model;
      const strip = document.createElement("canvas");
      strip.width = width;
      strip.height = layers;
      const context = strip.getContext("2d");
      const image = context.createImageData(width, layers);
      for (let layer = 0; layer < layers; layer++) {
        for (let point = 0; point < width; point++) {
          const [from, to] = this.neuronsAt(layer, point / width, 1 / width);
          const base = layer * this.model.neurons;
          const greatest = this.greatest(layer, from, to);
          const painted = this.what.paint(this.order, base + from, base + to, greatest);
          const at = 4 * (layer * width + point);
          image.data[at] = painted[0];
          image.data[at + 1] = painted[1];
          image.data[at + 2] = painted[2];
          image.data[at + 3] = 255;
        }
      }
      context.putImageData(image, 0, 0);
      return strip;
    }

    /** The columns that lie between a share of the width and `width` further: at least one. */
    neuronsAt(layer, share, width) {
      const span = this.to - this.from;
      const from = Math.min(this.model.neurons - 1, Math.floor(this.from + share * span));
      const to = Math.floor(this.from + (share + width) * span);
      return [from, Math.min(this.model.neurons, Math.max(from + 1, to))];
    }

    /** Of the neurons drawn in from..to of a layer, the first whose rank is greatest. */
    greatest(layer, from, to) {
      const { rank } = this.what;
      const base = layer * this.model.neurons;
      let best = -1;
      for (let place = base + from; place < base + to; place++) {
        const here = this.order ? this.order[place] : place;
        if (best < 0 || rank[here] > rank[best]) best = here;
      }
      return best;
    }

    axes(context, height) {
      const { layers } = this.model;
      context.fillStyle = getComputedStyle(this.canvas).color;
      context.font = "11px system-ui, sans-serif";
      context.textBaseline = "middle";
      context.textAlign = "right";
      const every = Math.ceil(13 / this.row);
      for (let layer = 0; layer < layers; layer += every) {
        const middle = MARGIN.top + (layer + 0.5) * this.row;
        context.fillText(String(layer), MARGIN.left - 6, middle);
      }
      context.textBaseline = "bottom";
      const span = this.to - this.from;
      for (let tick = 0; tick <= 4; tick++) {
        context.textAlign = tick === 0 ? "left" : tick === 4 ? "right" : "center";
        const last = Math.round(this.from + (span * tick) / 4) - (tick === 4 ? 1 : 0);
        context.fillText(number(last), MARGIN.left + (this.inner * tick) / 4, height - 2);
      }
    }

    mark(context) {
      const left = MARGIN.left + ((this.cursor.column - this.from) / (this.to - this.from)) * this.inner;
      const width = Math.max(3, this.inner / (this.to - this.from));
      const top = MARGIN.top + this.cursor.layer * this.row;
      context.lineWidth = 2;
      context.strokeStyle = getComputedStyle(this.canvas).color;
      context.strokeRect(left - 1, top - 1, width + 1, this.row + 1);
    }

    /** What lies under a point of the canvas: layer, column and share of the width; null outside. */
    under(x, y) {
      const share = (x - MARGIN.left) / this.inner;
      const layer = Math.floor((y - MARGIN.top) / this.row);
      if (share < 0 || share >= 1 || layer < 0 || layer >= this.model.layers) return null;
      return { layer, share, column: Math.floor(this.from + share * (this.to - this.from)) };
    }

    /** The neurons that share the point of the cursor, and the one that is drawn there. */
    pointed() {
      const { layer, column } = this.cursor;
      const each = (this.to - this.from) / this.inner;
      const to = Math.min(this.model.neurons, column + Math.max(1, Math.round(each)));
      return { layer, count: to - column, place: this.greatest(layer, column, to) };
    }
  }

  /** For each place of the picture, the neuron drawn there when each layer is sorted by rank. */
  function byRank(rank, model) {
    const order = new Uint32Array(rank.length);
    for (let layer = 0; layer < model.layers; layer++) {
      const base = layer * model.neurons;
      const start = new Uint32Array(257);
      for (let place = base; place < base + model.neurons; place++) start[256 - rank[place]]++;
      for (let digit = 0; digit < 256; digit++) start[digit + 1] += start[digit];
      for (let place = base; place < base + model.neurons; place++) {
        order[base + start[255 - rank[place]]++] = place;
      }
    }
    return order;
  }

  return { Picture, colour, rgb, mixed, DECADES };
})();
