// The drawing of the terminal around its screen: every device where it sits, with what is in it.
// A click goes to the device's panel; cables, doors and the like are moved on the spot.

import { $, element, icon, worded } from "/static/dom.js";
import { valueAt } from "/static/hands.js";
import { WORDS, say } from "/static/words.js";

// Each picture is 44 x 34. Class "thing": what comes and goes, shown while the part has `data-has`.
const ART = {
  camera: `<circle class="body" cx="22" cy="17" r="14"/><circle class="dark" cx="22" cy="17" r="8"/><g class="thing face"><circle cx="22" cy="14.5" r="3.4"/><path d="M15.8 23c.8-4 3.2-5.2 6.2-5.2s5.4 1.2 6.2 5.2"/></g>`,
  id_reader: `<rect class="body" x="4" y="6" width="36" height="24" rx="4"/><path class="line" d="M12 24c3-3.5 17-3.5 20 0M15 20.500c3-2.5 11-2.5 14 0"/><g class="thing"><rect class="card" x="8" y="3" width="28" height="18" rx="2.5"/><circle class="on-card" cx="15" cy="10" r="3"/><path class="on-card" d="M21 9h11M21 13h11M21 17h7"/></g>`,
  keypad: `<rect class="body" x="8" y="2" width="28" height="30" rx="4"/><g class="dots"><circle cx="15" cy="9" r="2.4"/><circle cx="22" cy="9" r="2.4"/><circle cx="29" cy="9" r="2.4"/><circle cx="15" cy="17" r="2.4"/><circle cx="22" cy="17" r="2.4"/><circle cx="29" cy="17" r="2.4"/><circle cx="15" cy="25" r="2.4"/><circle cx="22" cy="25" r="2.4"/><circle cx="29" cy="25" r="2.4"/></g>`,
  smart_card: `<rect class="body" x="3" y="12" width="38" height="18" rx="4"/><rect class="dark" x="8" y="16" width="28" height="4" rx="2"/><g class="thing"><rect class="card" x="10" y="2" width="24" height="16" rx="2"/><rect class="chip" x="19" y="6" width="6" height="6" rx="1"/></g>`,
  card_terminal: `<rect class="body" x="9" y="2" width="26" height="30" rx="4"/><rect class="dark" x="13" y="6" width="18" height="8" rx="1.5"/><path class="line" d="M14 19h3M20.5 19h3M27 19h3M14 23h3M20.5 23h3M27 23h3"/><g class="thing"><rect class="card" x="12" y="24" width="20" height="10" rx="1.5"/><path class="on-card" d="M12 28h20"/></g>`,
  cash: `<rect class="body" x="3" y="12" width="38" height="18" rx="4"/><rect class="dark" x="7" y="16" width="30" height="4" rx="2"/><g class="thing"><rect class="note-paper" x="10" y="1" width="24" height="17" rx="1"/><circle class="on-card" cx="22" cy="9.5" r="3.5"/></g>`,
  scanner: `<path class="body" d="M6 6h32v16l-6 8H12l-6-8z"/><rect class="dark" x="11" y="10" width="22" height="8" rx="2"/><path class="thing beam" d="M13 14h18"/>`,
  receipt_printer: `<rect class="body" x="5" y="3" width="34" height="16" rx="4"/><rect class="dark" x="10" y="12" width="24" height="3.5" rx="1.7"/><g class="thing"><path class="sheet" d="M13 13.500h18V33l-3-2-3 2-3-2-3 2-3-2-3 2z"/><path class="on-card" d="M16 18h12M16 22h12M16 26h8"/></g>`,
  document_printer: `<rect class="body" x="2" y="3" width="40" height="16" rx="4"/><rect class="dark" x="7" y="12" width="30" height="3.5" rx="1.7"/><g class="thing"><path class="sheet" d="M9 13.500h26V33H9z"/><path class="on-card" d="M13 19h18M13 23h18M13 27h11"/></g>`,
};

/** name, picture's caption, `has(part)`: is something in it, `bad(part)`: does somebody have to come. */
const PARTS = {
  camera: { caption: ["", ""], has: (p) => !["nobody", "unplugged"].includes(p.who), bad: (p) => p.who === "unplugged" || p.trouble !== "none" },
  id_reader: { caption: ["身份证", "ID"], has: (p) => p.card !== null, bad: (p) => p.faults.length > 0 },
  scanner: { caption: ["扫码", "Scan"], has: (p) => p.beam, bad: (p) => p.faults.length > 0 },
  cash: { caption: ["纸币", "Cash"], has: (p) => p.note !== null, bad: (p) => p.trouble.length > 0 },
  keypad: { caption: ["键盘", "Keys"], has: (p) => p.held.length > 0 },
  card_terminal: { caption: ["银行卡", "Bank"], has: (p) => p.step !== "", bad: (p) => p.faults.length > 0 || p.cut !== "" },
  smart_card: { caption: ["社保卡", "Social"], has: (p) => p.card !== null, bad: (p) => p.trouble.length > 0 },
  receipt_printer: { caption: ["凭条", "Slip"], has: (p) => p.slips > 0, bad: (p) => p.trouble.length > 0 || p.paper === "out" },
  document_printer: { caption: ["A4", "A4"], has: (p) => p.sheets.length > 0, bad: (p) => p.reasons.length > 0 },
};
const SHELF = ["id_reader", "keypad", "smart_card", "card_terminal", "cash", "scanner", "receipt_printer", "document_printer"];

// Where the light strip shines, by its names in the box's `lights`.
const LIT = { "id-reader": "id_reader", "card-slot": "card_terminal", "note-slot": "cash", "document-tray": "document_printer", "receipt-tray": "receipt_printer", scanner: "scanner" };

/** Cables, doors and people: switches at the foot. `bad`: pressed means that something is wrong. */
const SWITCHES = [
  { icon: "net", caption: ["网络", "Net"], device: "network", on: "network.state=cut", bad: true, zh: ["打断网络", "接通网络"], en: ["Cut network", "Mend network"],
    path: "/api/network", body: { state: "cut" }, off: { state: "connected" } },
  { icon: "plug", caption: ["市电", "Mains"], device: "box", action: "mains-off", bad: true },
  { icon: "door", caption: ["柜门", "Door"], device: "box", action: "door-open", bad: true },
  { icon: "wrench", caption: ["检修门", "Service"], device: "box", action: "service-door-open", bad: true },
  { icon: "walk", caption: ["有人", "Person"], device: "box", action: "person-near" },
  { icon: "headset", caption: ["耳机", "Headset"], device: "box", action: "headset-in" },
];

function switchButton(state, spec) {
  const action = state.devices.find((one) => one.name === spec.device)?.actions.find((one) => one.id === spec.action);
  const [path, body, off, on] = action
    ? [`/api/devices/${spec.device}/act`, { action: action.id }, { action: action.undo }, action.on]
    : [spec.path, spec.body, spec.off, spec.on];
  const [zh, en] = action ? [[action.label_zh, action.undo_zh], [action.label_en, action.undo_en]] : [spec.zh, spec.en];
  const node = element("button", { type: "button", className: spec.bad ? "switch fault" : "switch" }, icon(spec.icon),
    worded(element("span", { className: "caption" }), spec.caption));
  Object.assign(node.dataset, { post: path, body: JSON.stringify(body), offBody: JSON.stringify(off), on });
  // The name begins with what is to be seen, for those who speak to the page.
  const [seenZh, seenEn] = [`${spec.caption[0]}：`, `${spec.caption[1]}: `];
  Object.assign(node.dataset, { labelZh: seenZh + zh[0], labelEn: seenEn + en[0], offLabelZh: seenZh + zh[1], offLabelEn: seenEn + en[1] });
  return node;
}

function part(state, name) {
  const device = state.devices.find((one) => one.name === name);
  const title = device ? [device.label_zh, device.label_en] : WORDS.others[name];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 44 34");
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML = ART[name];
  const node = element("button", { type: "button", className: "part", id: `part-${name}` }, svg);
  if (PARTS[name].caption[0]) node.append(worded(element("span", { className: "caption" }), PARTS[name].caption));
  node.dataset.labelZh = `${WORDS.goTo[0]}${title[0]}`;
  node.dataset.labelEn = `${WORDS.goTo[1]}: ${title[1]}`;
  node.addEventListener("click", () => goTo(name));
  return node;
}

export function goTo(name) {
  const panel = $(`panel-${name}`);
  panel.scrollIntoView({ block: "nearest", behavior: "smooth" });
  panel.classList.remove("found");
  void panel.offsetWidth; // so that the animation starts anew
  panel.classList.add("found");
  panel.querySelector(".body button, .body input")?.focus({ preventScroll: true });
}

export function buildTerminal(state) {
  $("terminal-head").prepend(part(state, "camera"));
  $("enlarge").addEventListener("click", () => $("glass").requestFullscreen?.());
  for (const name of SHELF) if (PARTS[name] && state[name]) $("terminal-shelf").append(part(state, name));
  $("terminal-base").append(...SWITCHES.filter((spec) => state[spec.device]).map((spec) => switchButton(state, spec)));
}

export function showTerminal(state) {
  for (const [name, { has, bad }] of Object.entries(PARTS)) {
    const node = $(`part-${name}`);
    if (!node) continue;
    const seen = valueAt(state, name);
    const broken = Boolean(seen.failure) || seen.plugged === false || Boolean(bad?.(seen));
    node.toggleAttribute("data-has", Boolean(has(seen)));
    node.toggleAttribute("data-bad", broken);
    node.toggleAttribute("data-active", Boolean(seen.active));
  }
  const lights = new Set((state.box?.lights || []).map((light) => LIT[light]));
  for (const name of Object.keys(PARTS)) $(`part-${name}`)?.toggleAttribute("data-lit", lights.has(name));
}
