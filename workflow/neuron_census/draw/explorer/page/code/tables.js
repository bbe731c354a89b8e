"use strict";

/* Tables that sort and turn pages: DataTables, loaded when a view first needs one. */

const Tables = (() => {
  let library = null;

  async function load() {
    const source = await Data.load("tables");
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    try {
      const found = (await import(address)).default;
      found.ext.errMode = "throw";
      return found;
    } finally {
      URL.revokeObjectURL(address);
    }
  }

  /**
   * Make a table of an element of the page. Cells are nodes or numbers: the library would take text
   * for markup, so a column's `show` gives what each of its cells holds; its `meaning` is said where a
   * reader points to its heading. what: rows are called so.
   */
  async function make(node, columns, what, options) {
    library ??= load();
    const DataTable = await library;
    // The reader may have gone to another view meanwhile.
    if (!node.isConnected) return null;
    const made = new DataTable(node, {
      searching: false,
      pageLength: 25,
      lengthMenu: [10, 25, 50, 100],
      language: {
        info: `_START_ to _END_ of _TOTAL_ ${what}`,
        infoEmpty: `no ${what}`,
        infoFiltered: "(of _MAX_ in all)",
        lengthMenu: "_MENU_ per page",
        emptyTable: `There are no such ${what}.`,
        zeroRecords: `There are no such ${what}.`,
        loadingRecords: "Loading …",
        processing: "",
      },
      layout: { topStart: "info", topEnd: "pageLength", bottomStart: null, bottomEnd: "paging" },
      columns: columns.map(({ title, show, type, orderable, sequence }) => ({
        title,
        data: null,
        orderable: orderable !== false,
        orderSequence: sequence ?? ["desc", "asc"],
        className: type === "number" ? "number" : "",
        render: (row, wanted) => (wanted === "display" ? cell(show(row)) : row.order?.[title] ?? ""),
      })),
      ...options,
    });
    columns.forEach(({ meaning }, at) => Facts.explained(made.column(at).header(), meaning));
    return made;
  }

  function cell(content) {
    const node = document.createElement("span");
    node.append(content);
    return node;
  }

  return { make };
})();
