// Buttons that move the cabinet's hands: every one is one HTTP call.
// data-post, data-body; data-on="path=value" makes it a switch, data-off-body is sent when it is on.

import { WORDS, say } from "/static/words.js";
import { $, element, worded } from "/static/dom.js";

export async function post(path, body = {}) {
  try {
    const reply = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!reply.ok) {
      const problem = await reply.json().catch(() => ({}));
      trouble(say(WORDS.refused) + (typeof problem.detail === "string" ? problem.detail : reply.status));
    }
    return reply.ok;
  } catch {
    trouble(say(WORDS.lost));
    return false;
  }
}

const READ_MS = 6000;
let troubleTimer = 0;

/** What went wrong: a refusal goes by itself, a lost connection stays until `recovered`. */
export function trouble(text, { lasting = false } = {}) {
  const box = $("trouble");
  clearTimeout(troubleTimer);
  box.textContent = text;
  box.hidden = false;
  box.toggleAttribute("data-lasting", lasting);
  if (!lasting) troubleTimer = setTimeout(() => { box.hidden = true; }, READ_MS);
}

export function recovered() {
  const box = $("trouble");
  if (box.hasAttribute("data-lasting")) box.hidden = true;
}

export function button(path, body, words, { on = "", kind = "", off = null, offWords = null } = {}) {
  const node = worded(element("button", { type: "button", className: kind }), words);
  Object.assign(node.dataset, { post: path, body: JSON.stringify(body) });
  if (on) node.dataset.on = on;
  if (off) node.dataset.offBody = JSON.stringify(off);
  if (offWords) Object.assign(node.dataset, { offZh: offWords[0], offEn: offWords[1] });
  return node;
}

/** A button for one of a device's named actions; pressed, it sends the way back. */
export function actionButton(device, action, kind = "fault") {
  return button(`/api/devices/${device}/act`, { action: action.id }, [action.label_zh, action.label_en], {
    kind, on: action.on,
    off: action.undo ? { action: action.undo } : null,
    offWords: action.undo ? [action.undo_zh, action.undo_en] : null,
  });
}

/** One named thing of many: card, code, scene. */
export function choice(path, key, named, on = "") {
  return button(path, { [key]: named.id }, [named.label_zh, named.label_en], { on });
}

export function valueAt(state, path) {
  return path.split(".").reduce((part, key) => (part == null ? part : part[key]), state);
}

export function isOn(state, node) {
  if (!node.dataset.on || !state) return false;
  const cut = node.dataset.on.indexOf("=");
  const value = valueAt(state, node.dataset.on.slice(0, cut));
  const wanted = node.dataset.on.slice(cut + 1);
  return Array.isArray(value) ? value.includes(wanted) : String(value) === wanted;
}

/** Clicks on any of these buttons; `current` gives the newest state. */
export function listen(current) {
  document.addEventListener("click", async (event) => {
    const node = event.target.closest("button[data-post]");
    if (!node) return;
    const body = isOn(current(), node) && node.dataset.offBody ? node.dataset.offBody : node.dataset.body || "{}";
    node.classList.add("busy");
    await post(node.dataset.post, JSON.parse(body));
    node.classList.remove("busy");
  });
}
