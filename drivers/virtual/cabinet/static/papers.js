// What the printers have put out: thumbnails, a closer look in a dialog, the file itself.

import { WORDS, say } from "/static/words.js";

const zoom = document.getElementById("zoom");

function look(source, alt) {
  const picture = zoom.querySelector("img");
  picture.src = source;
  picture.alt = alt;
  zoom.showModal();
}

function figure(element, source, alt, tools) {
  const picture = element("img", { src: source, alt, loading: "lazy" });
  const open = element("button", { type: "button", className: "look" }, picture);
  open.addEventListener("click", () => look(source, alt));
  return element("figure", {}, open, element("div", { className: "tools" }, ...tools));
}

function fill(holder, key, make) {
  if (holder.dataset.key === key) return;
  holder.dataset.key = key;
  holder.replaceChildren(...make());
}

export function showPapers(state, element) {
  const slips = state.receipt_printer.slips;
  fill(document.getElementById("slip"), `${slips}${document.documentElement.lang}`, () =>
    slips === 0 ? [] : [figure(element, `/api/receipt/latest.png?number=${slips}`, say(WORDS.slipAlt), [
      element("a", { href: "/api/receipt/latest.bin", textContent: `#${slips} .bin` })])]);

  const sheets = state.document_printer.sheets;
  fill(document.getElementById("sheets"), sheets.map((s) => s.id).join("|") + document.documentElement.lang, () =>
    [...sheets].reverse().map((sheet) => {
      const path = `/api/a4/sheets/${encodeURIComponent(sheet.id)}`;
      const take = element("button", { type: "button", className: "link", textContent: say(WORDS.remove) });
      take.addEventListener("click", () => fetch(path, { method: "DELETE" }));
      return figure(element, `${path}/page.png`, say(WORDS.sheetAlt), [
        element("a", { href: path, target: "_blank", rel: "noopener", textContent: say(WORDS.open) }), take]);
    }));
}
