// A panel for each device: its ordinary hands in the open, its faults in a fold.

import { $, element, icon, worded } from "/static/dom.js";
import { actionButton, button, choice } from "/static/hands.js";
import { WORDS } from "/static/words.js";

/** name, icon, column; `ordinary`: which actions stand in the open; `build(panel, state)` adds what has details. */
const PANELS = [
  { name: "id_reader", icon: "card", column: "a", build: idReader },
  { name: "phone", icon: "phone", column: "a", build: phone },
  { name: "cash", icon: "cash", column: "a", ordinary: (action) => /^insert-|^pull-back$|^counterfeit$|^cashbox-out$/.test(action.id) },
  { name: "card_terminal", icon: "bank", column: "a", build: cardTerminal },
  { name: "smart_card", icon: "chip", column: "a", ordinary: (action) => action.id.startsWith("insert-"), build: smartCard },
  { name: "camera", icon: "person", column: "b", build: camera },
  { name: "scanner", icon: "scan", column: "b", build: scanner },
  { name: "keypad", icon: "keypad", column: "b", ordinary: (action) => action.id.startsWith("press-"), build: keypad },
  { name: "document_printer", icon: "printer", column: "c", ordinary: ["paper-out", "toner-out", "jam"], build: documentPrinter },
  { name: "receipt_printer", icon: "slip", column: "c", ordinary: ["near-end", "paper-out"], build: receiptPrinter },
  { name: "box", icon: "box", column: "c", ordinary: ["mains-off", "door-open", "service-door-open", "headset-in", "person-near"], build: box },
];

const UNPLUG = { off: ["插回", "Plug in"], on: ["拔线", "Unplug"] };

function labels(state, name) {
  const device = state.devices.find((one) => one.name === name);
  return device ? [device.label_zh, device.label_en] : WORDS.others[name];
}

function buttons(...children) {
  return element("div", { className: "buttons" }, ...children);
}

/** What is rarely needed, in a layer of its own, so that nothing else moves when it opens. */
function fold(id, words, title, contents) {
  const opener = worded(element("button", { type: "button", className: "more" }), words);
  opener.setAttribute("popovertarget", id);
  Object.assign(opener.dataset, { labelZh: title[0], labelEn: title[1] });
  const layer = element("div", { className: "fold", id }, worded(element("h3"), title), buttons(...contents));
  layer.popover = "auto";
  layer.addEventListener("toggle", () => { if (layer.matches(":popover-open")) place(layer, opener); });
  return [opener, layer];
}

/** Under its button, or above it where there is no room; never out of the window. */
export function place(layer, opener) {
  const at = opener.getBoundingClientRect();
  const own = layer.getBoundingClientRect();
  const below = at.bottom + 6 + own.height <= innerHeight;
  layer.style.top = `${Math.max(8, below ? at.bottom + 6 : at.top - own.height - 6)}px`;
  layer.style.left = `${Math.max(8, Math.min(at.right - own.width, innerWidth - own.width - 8))}px`;
}

function panel(spec, state) {
  const title = labels(state, spec.name);
  const device = state.devices.find((one) => one.name === spec.name);
  const section = element("section", { className: "card", id: `panel-${spec.name}` });
  section.dataset.device = spec.name;
  section.setAttribute("aria-labelledby", `title-${spec.name}`);
  const name = worded(element("span", { id: `title-${spec.name}` }), title);
  const head = element("div", { className: "panel-head" }, element("h2", {}, icon(spec.icon), name), element("span", { className: "status" }));
  const body = element("div", { className: "body" });
  const actions = device ? device.actions : [];
  const ordinary = Array.isArray(spec.ordinary)
    ? spec.ordinary.map((id) => actions.find((one) => one.id === id)).filter(Boolean)
    : actions.filter(spec.ordinary || (() => false));
  const rest = actions.filter((one) => !ordinary.includes(one));
  const faults = rest.map((one) => actionButton(spec.name, one));
  const open = buttons(...ordinary.map((one) => actionButton(spec.name, one, "")));
  spec.build?.({ body, open, faults, section }, state);
  if (open.childElementCount && !open.parentElement) body.append(open);
  if (faults.length) head.append(...fold(`faults-${spec.name}`, WORDS.faults, [`${title[0]} · 故障`, `${title[1]} · faults`], faults));
  section.append(head, body);
  return section;
}

export function buildPanels(state) {
  for (const spec of PANELS) if (state[spec.name]) $(`column-${spec.column}`).append(panel(spec, state));
}

/** A level from 0 to 100, seen and heard. */
function gauge(id, words) {
  const bar = element("span", { className: "bar-of", id: `gauge-${id}` }, element("span", { className: "fill" }));
  bar.setAttribute("role", "meter");
  bar.setAttribute("aria-valuemin", "0");
  bar.setAttribute("aria-valuemax", "100");
  bar.dataset.labelZh = words[0];
  bar.dataset.labelEn = words[1];
  return element("span", { className: "gauge" }, worded(element("span"), words), bar, element("span", { className: "value" }));
}

// --- the devices -----------------------------------------------------------------------------------------------------

// The cards most visitors try; the rest lies in a fold.
const CARDS_AT_HAND = ["li", "zhang", "chen", "wang", "hmt", "foreigner", "worn", "stranger"];

function idReader({ body, faults }, state) {
  const lay = (card) => choice("/api/card/lay", "card", card, `id_reader.card=${card.id}`);
  const cards = buttons(...state.cards.filter((card) => CARDS_AT_HAND.includes(card.id)).map(lay));
  const others = state.cards.filter((card) => !CARDS_AT_HAND.includes(card.id)).map(lay);
  const take = button("/api/card/lift", {}, ["取走", "Take away"]);
  const midway = button("/api/card/remove-midway", {}, ["读到一半拿走", "Take away mid-read"], { on: "id_reader.faults=removed-midway" });
  cards.id = "cards";
  cards.append(...fold("more-cards", ["其他证件 ▾", "Other cards ▾"], ["其他证件", "Other cards"], others), take, midway);
  body.append(cards);
  for (const node of faults) {
    const { action } = JSON.parse(node.dataset.body);
    node.dataset.post = "/api/id-reader/fault";
    node.dataset.body = JSON.stringify({ fault: action });
    node.dataset.offBody = JSON.stringify({ fault: action, on: false });
  }
  faults.push(plug("id-reader", "id_reader"));
}

function plug(path, name) {
  return button(`/api/${path}/plug`, { plugged: false }, UNPLUG.on, { kind: "fault", on: `${name}.plugged=false`, off: { plugged: true }, offWords: UNPLUG.off });
}

function camera({ body, faults }, state) {
  const here = (scene) => choice("/api/camera", "who", scene, `camera.who=${scene.id}`);
  const who = buttons(...state.scenes.filter((one) => one.id !== "unplugged").map(here));
  const pose = buttons(...state.poses.map((one) => choice("/api/camera", "pose", one, `camera.pose=${one.id}`)));
  who.id = "who";
  const picture = element("img", { id: "camera", className: "camera", width: 128, height: 96, alt: "" });
  body.append(element("div", { className: "with-picture" }, element("div", { className: "stack" }, who, pose), picture));
  const unplug = button("/api/camera", { who: "unplugged" }, UNPLUG.on, { kind: "fault", on: "camera.who=unplugged", off: { who: "nobody" }, offWords: UNPLUG.off });
  const troubles = state.camera_troubles.filter((one) => one.id !== "none").map((one) =>
    button("/api/camera", { trouble: one.id }, [one.label_zh, one.label_en], { kind: "fault", on: `camera.trouble=${one.id}`, off: { trouble: "none" } }));
  faults.push(...troubles, unplug);
}

function scanner({ body, faults }, state) {
  const codes = buttons(...state.codes.map((code) => choice("/api/scanner/present", "preset", code)));
  codes.id = "codes";
  const field = element("input", { id: "code", name: "text", autocomplete: "off", spellcheck: false });
  Object.assign(field.dataset, { placeholderZh: "其他内容", placeholderEn: "Anything else", labelZh: "要出示的码", labelEn: "Code to present" });
  const form = element("form", { id: "present", className: "row" }, field, worded(element("button"), ["出示", "Present"]));
  body.append(codes, form);
  if (!faults.some((node) => node.dataset.body.includes("unplug"))) faults.push(plug("scanner", "scanner"));
}

function phone({ body }, state) {
  const pay = buttons(...state.pay_outcomes.map((way, index) => {
    const node = choice("/api/phone/pay", "outcome", way);
    if (index === 0) node.className = "primary";
    return node;
  }));
  const paid = element("p", { id: "paid", className: "note" });
  const messages = element("ol", { id: "messages", className: "messages" });
  paid.setAttribute("aria-live", "polite");
  messages.setAttribute("aria-live", "polite");
  body.append(pay, paid, messages);
}

function documentPrinter({ body, open }) {
  const gauges = element("div", { className: "gauges" }, gauge("tray", ["纸", "Paper"]), gauge("toner", ["墨", "Toner"]));
  const papers = element("div", { id: "sheets", className: "papers" });
  body.append(element("div", { className: "with-picture" }, element("div", { className: "stack" }, gauges, open), papers));
}

function receiptPrinter({ body, open }) {
  const gauges = element("div", { className: "gauges" }, gauge("roll", ["纸卷", "Roll"]));
  const papers = element("div", { id: "slip", className: "papers" });
  body.append(element("div", { className: "with-picture" }, element("div", { className: "stack" }, gauges, open), papers));
}

const TAPS_AT_HAND = ["pay", "wrong-pin", "declined", "key"];

function cardTerminal({ body, faults }, state) {
  const tap = (one) => choice("/api/devices/card_terminal/tap", "outcome", one);
  const atHand = (one) => TAPS_AT_HAND.includes(one.id);
  body.append(buttons(...state.card_taps.filter(atHand).map(tap)));
  faults.unshift(...state.card_taps.filter((one) => !atHand(one)).map(tap));
}

function smartCard({ open }) {
  for (const { dataset } of open.children) {
    delete dataset.offZh; // a card keeps its name while it is in
    delete dataset.offEn;
  }
  open.append(button("/api/devices/smart_card/act", { action: "withdraw" }, ["拔出", "Take out"]));
}

function keypad({ open }, state) {
  const keys = state.keys.map((key) => choice("/api/devices/keypad/press", "key", key));
  open.append(...fold("all-keys", ["全部按键 ▾", "All keys ▾"], ["全部按键", "All keys"], keys));
}

function box({ body }) {
  const gauges = element("div", { className: "gauges" }, gauge("battery", ["电池", "Battery"]),
    element("span", { id: "box-heat" }), element("span", { id: "box-lights" }));
  body.append(gauges);
}
