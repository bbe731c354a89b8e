"use strict";

/* Data are scripts beside the page, each loaded when it is first needed. */

const Data = (() => {
  const ARRAYS = {
    uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array,
    uint32: Uint32Array, int32: Int32Array, float32: Float32Array, float64: Float64Array,
  };
  const promised = new Map();
  const arrived = new Map();

  // A chunk's script calls this while it runs, and its element's `load` follows.
  window.census_data = (name, kind, packed) => arrived.set(name, { kind, packed });

  /** A promise of a chunk: of an object, an array of numbers, or a script's text. */
  function load(name) {
    if (!promised.has(name)) {
      const reading = read(name);
      promised.set(name, reading);
      // What failed once may succeed when it is asked for again.
      reading.catch(() => promised.delete(name));
    }
    return promised.get(name);
  }

  function read(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `data/${name}.js`;
      const missing = new Error(`data/${name}.js cannot be read. Was the folder copied whole?`);
      script.onerror = () => { script.remove(); reject(missing); };
      script.onload = () => {
        script.remove();
        const chunk = arrived.get(name);
        arrived.delete(name);
        if (chunk) unpack(chunk).then(resolve, reject);
        else reject(missing);
      };
      document.head.append(script);
    });
  }

  async function unpack({ kind, packed }) {
    const stream = new Blob([bytes(packed)]).stream();
    const plain = new Response(stream.pipeThrough(new DecompressionStream("deflate-raw")));
    if (kind === "json") return plain.json();
    if (kind === "javascript") return plain.text();
    return new ARRAYS[kind](await plain.arrayBuffer());
  }

  function bytes(packed) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(packed);
    const text = atob(packed);
    const found = new Uint8Array(text.length);
    for (let place = 0; place < text.length; place++) found[place] = text.charCodeAt(place);
    return found;
  }

  return { load };
})();
