// The cabinet's page: every button is one HTTP call, every change comes back as the whole state.

import { WORDS, language, say, setLanguage } from "/static/words.js";
import { showPapers } from "/static/papers.js";

const $ = (id) => document.getElementById(id);
let state = null;
let screenStarted = false;
let screenLive = false;

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

async function post(path, body = {}) {
  try {
    const reply = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!reply.ok) {
      const problem = await reply.json().catch(() => ({}));
      trouble(say(WORDS.refused) + (typeof problem.detail === "string" ? problem.detail : reply.status), 5000);
    }
  } catch {
    trouble(say(WORDS.lost), 5000);
  }
}

let troubleTimer = 0;
function trouble(text, forMs = 0) {
  const box = $("trouble");
  clearTimeout(troubleTimer);
  box.textContent = text;
  box.hidden = !text;
  if (text && forMs) troubleTimer = setTimeout(() => { box.hidden = true; }, forMs);
}

// --- buttons: data-post, data-body; data-on="path=value" makes it a switch, data-off-body is sent when it is on ------

function button(path, body, words, on = "", kind = "") {
  const node = element("button", { type: "button", className: kind });
  Object.assign(node.dataset, { post: path, body: JSON.stringify(body), zh: words[0], en: words[1] });
  if (on) node.dataset.on = on;
  return node;
}

/** A button for one of the cabinet's named actions; pressed, it sends the way back. */
function actionButton(path, action, key, undo) {
  const node = button(path, { [key]: action.id }, [action.label_zh, action.label_en], action.on, "fault");
  if (undo) node.dataset.offBody = JSON.stringify(undo);
  if (action.undo) Object.assign(node.dataset, { offZh: action.undo_zh, offEn: action.undo_en });
  return node;
}

function isOn(node) {
  if (!node.dataset.on || !state) return false;
  const [path, wanted] = node.dataset.on.split("=");
  const value = path.split(".").reduce((part, key) => (part == null ? part : part[key]), state);
  return Array.isArray(value) ? value.includes(wanted) : String(value) === wanted;
}

document.addEventListener("click", async (event) => {
  const node = event.target.closest("button[data-post]");
  if (!node) return;
  const body = isOn(node) && node.dataset.offBody ? node.dataset.offBody : node.dataset.body || "{}";
  node.classList.add("busy");
  await post(node.dataset.post, JSON.parse(body));
  node.classList.remove("busy");
});

function speak() {
  document.title = language ? "Menkou · virtual cabinet" : "门口 · 虚拟机柜";
  for (const node of document.querySelectorAll("[data-zh]")) {
    const off = isOn(node) && node.dataset.offZh;
    const text = language ? (off ? node.dataset.offEn : node.dataset.en) : (off ? node.dataset.offZh : node.dataset.zh);
    if (node.textContent !== text) node.textContent = text;
    if (node.dataset.on) node.setAttribute("aria-pressed", String(isOn(node)));
  }
  for (const node of document.querySelectorAll("[data-placeholder-zh]")) {
    node.placeholder = language ? node.dataset.placeholderEn : node.dataset.placeholderZh;
  }
  $("language").textContent = language ? "中文" : "English";
  $("language").lang = language ? "zh-CN" : "en";
}

// --- the parts of the page that depend on what the cabinet has ---------------------------------------------------

function build() {
  for (const card of state.cards) {
    $("cards").append(button("/api/card/lay", { card: card.id }, [card.label_zh, card.label_en], `id_reader.card=${card.id}`));
  }
  for (const [who, words] of Object.entries(WORDS.who)) {
    $("who").append(button("/api/camera", { who }, words, `camera.who=${who}`));
  }
  for (const [pose, words] of Object.entries(WORDS.pose)) {
    $("pose").append(button("/api/camera", { pose }, words, `camera.pose=${pose}`));
  }
  $("reader").lastElementChild.before(...state.reader_actions.map((action) =>
    actionButton("/api/id-reader/fault", action, "fault", { fault: action.id, on: false })));
  for (const code of state.codes) {
    $("codes").append(button("/api/scanner/present", { preset: code.id }, [code.label_zh, code.label_en]));
  }
  for (const [id, path, actions] of [["a4", "/api/a4", state.a4_actions], ["receipt", "/api/receipt", state.receipt_actions]]) {
    $(id).append(...actions.map((action) => actionButton(path, action, "action", action.undo && { action: action.undo })));
  }
  for (const way of state.pay_outcomes) {
    $("pay").append(button("/api/phone/pay", { outcome: way.id }, [way.label_zh, way.label_en], "", way.id === state.pay_outcomes[0].id ? "primary" : ""));
  }
  $("camera").src = "/camera/stream?fps=3";
}

function status(device, words, kind = "") {
  const card = document.querySelector(`[data-device="${device}"]`);
  const part = state[device];
  const failed = Boolean(part.failure);
  const unplugged = part.plugged === false;
  const text = failed ? `${say(WORDS.failed)} · ${part.failure}` : unplugged ? say(WORDS.unplugged) : words.filter(Boolean).join(" · ");
  const node = card.querySelector(".status");
  if (node.textContent !== text) node.textContent = text;
  node.className = `status ${failed || unplugged ? "bad" : kind}`;
  card.classList.toggle("faulty", failed || unplugged || kind === "bad");
  card.classList.toggle("active", Boolean(part.active));
}

/** What stands on the button that causes a fault. */
function named(actions, id) {
  const action = actions.find((one) => one.id === id);
  return action ? [action.label_zh, action.label_en][language] : id;
}

function show() {
  const { id_reader: reader, camera, scanner, receipt_printer: receipt, document_printer: a4, phone, network } = state;
  $("terminal").textContent = state.terminal;
  $("backend").textContent = say(network.backend_online ? WORDS.backendOn : WORDS.backendOff);
  $("backend").className = `lamp ${network.backend_online ? "good" : "bad"}`;
  $("cable").textContent = say(WORDS.cable[network.state]);

  const card = state.cards.find((c) => c.id === reader.card);
  status("id_reader", [reader.faults.map((fault) => named(state.reader_actions, fault)).join(" ") || say(WORDS.online), card ? [card.label_zh, card.label_en][language] : say(WORDS.noCard)], reader.faults.length ? "bad" : "");
  const person = state.cards.find((c) => c.id === camera.person);
  status("camera", [say(WORDS.who[camera.who]), camera.who === "holder" && person ? [person.label_zh, person.label_en][language] : "", camera.active ? say(WORDS.watching) : ""], camera.who === "unplugged" ? "bad" : "");
  status("scanner", [say(WORDS.online), say(scanner.beam ? WORDS.beam : WORDS.waiting)]);
  status("receipt_printer", [receipt.trouble.map((fault) => named(state.receipt_actions, fault)).join(" ") || say(WORDS.online), say(WORDS.paper[receipt.paper]), `${receipt.slips} ${say(WORDS.slips)}`],
    receipt.trouble.length || receipt.paper === "out" ? "bad" : receipt.paper === "low" ? "warn" : "");
  status("document_printer", [say(WORDS.a4[a4.printer_state]), a4.reasons.map((reason) => say(WORDS.reasons[reason]) || reason).join(" "), `${say(WORDS.tray)} ${a4.tray}`, `${say(WORDS.toner)} ${a4.toner} %`], a4.reasons.length ? "bad" : "");
  status("phone", [phone.reachable ? `${phone.messages.length} ${say(WORDS.messages)}` : say(WORDS.sandboxOff)], phone.reachable ? "" : "warn");

  const paid = phone.last;
  $("paid").textContent = paid ? [say(paid.paid ? WORDS.paidOk : WORDS.paidNot), paid.amount && `¥${paid.amount}`, paid.found_by && say(WORDS.foundBy[paid.found_by]), say(WORDS.reasonsNotPaid[paid.detail]) || paid.detail].filter(Boolean).join(" · ") : "";
  $("paid").className = `note ${paid ? (paid.paid ? "good" : "bad") : ""}`;
  keyed($("messages"), phone.messages.map((m, i) => ({ key: `${i}${m.at}`, ...m })).reverse(), (m) =>
    element("li", {}, element("time", { textContent: clock(m.at, false) }), m.text));
  keyed($("events"), [...state.events].reverse().map((e) => ({ key: String(e.number), ...e })), (e) =>
    element("tr", {}, element("td", { textContent: clock(e.at, true) }), element("td", { textContent: e.device }), element("td", { textContent: e.text })));
  $("camera").alt = say(WORDS.cameraAlt);
  showPapers(state, element);
  showScreenPart();
  speak();
}

function clock(at, millis) {
  const time = new Date(at);
  if (Number.isNaN(time.valueOf())) return at;
  const text = time.toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });
  return millis ? `${text}.${String(time.getMilliseconds()).padStart(3, "0")}` : text;
}

/** Fill a list, touching the page only when the keys have changed. */
function keyed(holder, rows, make) {
  const keys = rows.map((row) => row.key).join("|");
  if (holder.dataset.keys === keys) return;
  holder.dataset.keys = keys;
  holder.replaceChildren(...rows.map(make));
}

async function showScreenPart() {
  $("no-screen").hidden = screenLive;
  $("no-screen-text").textContent = say(state.screen.vnc ? WORDS.vncLost : WORDS.noVnc);
  if (!state.screen.vnc || screenStarted) return;
  screenStarted = true;
  const { showScreen } = await import("/static/screen.js");
  showScreen($("screen"), (live) => { screenLive = live; $("no-screen").hidden = live; });
}

// --- start ---------------------------------------------------------------------------------------------------------

$("present").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("code").value;
  if (text) post("/api/scanner/present", { text });
  $("code").value = "";
});

$("language").addEventListener("click", () => {
  setLanguage(language ? 0 : 1);
  if (state) show();
});

setLanguage(language);
let pictured = null;
const stream = new EventSource("/api/stream");
stream.addEventListener("state", (event) => {
  const first = state === null;
  state = JSON.parse(event.data);
  if (first) build();
  trouble("");
  const scene = state.camera.who;
  // A stream that ended (unplugged) does not start again by itself.
  if (pictured === "unplugged" && scene !== "unplugged") $("camera").src = `/camera/stream?fps=3&again=${Date.now()}`;
  if (scene === "unplugged" && pictured !== scene) $("camera").removeAttribute("src");
  pictured = scene;
  show();
  document.body.dataset.ready = "true";
});
stream.addEventListener("error", () => trouble(say(WORDS.lost)));
