"use strict";
// The console without inline script: small things the pages have in common.

document.addEventListener("click", (event) => {
  const button = event.target.closest(".menu-button");
  if (button) {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    document.getElementById(button.getAttribute("aria-controls")).classList.toggle("open", !open);
  }
});

// A form that asks first: <form data-confirm="Really?">
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// "/" puts the cursor into the page's search field.
document.addEventListener("keydown", (event) => {
  const field = document.querySelector("[data-search]");
  const writing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && field && !writing) {
    event.preventDefault();
    field.focus();
  }
});

// What the server says in passing: the header HX-Trigger: {"notice": "text"}
document.addEventListener("notice", (event) => {
  const place = document.getElementById("notice");
  place.textContent = event.detail.value;
  window.setTimeout(() => { place.textContent = ""; }, 6000);
});

// Empty fields and usual choices do not belong into the address.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") return;
  const parameters = event.detail.parameters;
  for (const [name, value] of [...parameters.entries()]) {
    if (value === "") parameters.delete(name);
  }
  const ticks = event.detail.elt.querySelector?.("[data-usual]");
  if (ticks && parameters.getAll("column").join() === ticks.dataset.usual) parameters.delete("column");
});

// A panel that cannot be fetched says so, and nothing else breaks.
document.addEventListener("htmx:responseError", (event) => {
  const panel = event.detail.target?.closest?.("[data-panel]");
  if (panel) panel.textContent = document.documentElement.lang === "en" ? "Not available." : "暂时无法显示。";
});

// <form data-choose="kind">: only the fields of the chosen kind, <div data-for="restart">, are shown and sent.
function showChosen(form) {
  const chosen = form.elements.namedItem(form.dataset.choose).value;
  for (const part of form.querySelectorAll("[data-for]")) {
    part.hidden = part.dataset.for !== chosen;
    for (const field of part.querySelectorAll("input, select, textarea")) field.disabled = part.hidden;
  }
}
function prepare(root) {
  for (const form of root.querySelectorAll("form[data-choose]")) showChosen(form);
  for (const table of root.querySelectorAll("table[data-sortable]")) makeSortable(table);
}
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-choose]");
  if (form) showChosen(form);
});

// <table data-sortable>: its headings become buttons. The rows are all there; long lists are sorted by the server.
function makeSortable(table) {
  table.removeAttribute("data-sortable");
  table.querySelectorAll("thead th").forEach((heading, column) => {
    if (heading.classList.contains("wide")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") !== "descending";
      for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const number = heading.classList.contains("number");
      const value = (row) => {
        const text = row.cells[column].textContent.trim();
        return number ? Number.parseFloat(text.replace(/[,%<]/g, "")) || 0 : text;
      };
      const rows = [...table.tBodies[0].rows];
      rows.sort((one, other) => {
        const a = value(one), b = value(other);
        return (number ? a - b : a.localeCompare(b, "zh-Hans")) * (down ? -1 : 1);
      });
      table.tBodies[0].append(...rows);
    });
  });
}

document.addEventListener("htmx:afterSwap", (event) => prepare(event.target.parentElement ?? document));
prepare(document);
