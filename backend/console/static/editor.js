"use strict";
// The editor without inline script: messages of the lint at their places, and numbered lines beside YAML.

function place() {
  const lint = document.getElementById("lint");
  if (!lint) return;
  for (const slot of document.querySelectorAll("[data-fault-for]")) slot.textContent = "";
  const bad = new Set();
  for (const line of lint.querySelectorAll("li")) {
    if (line.dataset.line && line.className === "fault") bad.add(Number(line.dataset.line));
    const slot = line.dataset.at && document.querySelector(`[data-fault-for="${CSS.escape(line.dataset.at)}"]`);
    if (!slot) continue;
    const said = document.createElement("span");
    said.className = line.className === "note" ? "muted" : "problem";
    said.textContent = line.querySelector(".say").textContent;
    slot.append(said);
  }
  for (const code of document.querySelectorAll("[data-code]")) number(code, bad);
}

function number(code, bad) {
  const [gutter, text] = [code.querySelector(".gutter div"), code.querySelector("textarea")];
  const lines = text.value.split("\n").length;
  gutter.replaceChildren(...Array.from({ length: lines }, (_, at) => {
    const one = document.createElement("b");
    one.textContent = at + 1;
    if (bad.has(at + 1)) one.className = "bad";
    return one;
  }));
  follow(code);
}

function follow(code) {
  code.querySelector(".gutter div").style.transform = `translateY(${-code.querySelector("textarea").scrollTop}px)`;
}

// A message leads to its field, or to its line.
document.addEventListener("click", (event) => {
  const line = event.target.closest("#lint li")?.dataset;
  if (!line || !event.target.closest("a")) return;
  const text = document.getElementById("yaml");
  if (text && line.line) {
    event.preventDefault();
    const before = text.value.split("\n").slice(0, Number(line.line) - 1).join("\n").length;
    const start = before ? before + 1 : 0;
    text.focus();
    text.setSelectionRange(start, start + (text.value.slice(start).split("\n")[0] || "").length);
    text.scrollTop = (Number(line.line) - 6) * Number.parseFloat(getComputedStyle(text).lineHeight);
  } else if (line.at) {
    const field = document.getElementById(`e-${line.at}`);
    for (let up = field; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    field?.querySelector("input:not([type=hidden]), textarea, select")?.focus({ preventScroll: true });
  }
});

for (const code of document.querySelectorAll("[data-code]")) {
  const text = code.querySelector("textarea");
  text.addEventListener("input", () => number(code, new Set()));
  text.addEventListener("scroll", () => follow(code));
}

// What was typed is not lost by leaving the page without a word.
const form = document.getElementById("form");
let typed = false;
form?.addEventListener("input", () => { typed = true; });
form?.addEventListener("submit", () => { typed = false; });
window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });

document.addEventListener("htmx:afterSwap", place);
place();
