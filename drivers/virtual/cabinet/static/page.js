// The cabinet's page: every change comes back as the whole state, and the page shows it.

import { WORDS, language, say, setLanguage } from "/static/words.js";
import { $, clock, element, keyed } from "/static/dom.js";
import { isOn, listen, post, recovered, trouble } from "/static/hands.js";
import { buildPanels } from "/static/panels.js";
import { showPanels } from "/static/panel_states.js";
import { buildTerminal, showTerminal } from "/static/terminal.js";
import { showPapers } from "/static/papers.js";
import { showScenario, startScenarios } from "/static/scenario.js";
import { deviceWords, eventWords } from "/static/event_words.js";

let state = null;
let screenStarted = false;
let screenLive = false;

/** Put the right language into everything that has two, and the state of switches on buttons. */
function speak() {
  document.title = language ? "Menkou · virtual cabinet" : "门口 · 虚拟机柜";
  for (const node of document.querySelectorAll("[data-on]")) {
    const on = isOn(state, node);
    node.toggleAttribute("data-pressed", on);
    // A button whose words change says its state in words; one that keeps them says it is pressed.
    if (!node.dataset.offZh && !node.dataset.offLabelZh) node.setAttribute("aria-pressed", String(on));
  }
  const off = (node) => node.hasAttribute("data-pressed");
  for (const node of document.querySelectorAll("[data-zh]")) {
    const { zh, en, offZh, offEn } = node.dataset;
    const text = language ? (off(node) && offEn) || en : (off(node) && offZh) || zh;
    if (node.textContent !== text) node.textContent = text;
  }
  for (const node of document.querySelectorAll("[data-label-zh]")) {
    const { labelZh, labelEn, offLabelZh, offLabelEn } = node.dataset;
    const label = language ? (off(node) && offLabelEn) || labelEn : (off(node) && offLabelZh) || labelZh;
    if (node.getAttribute("aria-label") !== label) node.setAttribute("aria-label", label);
    if (node.matches(".part, .switch")) node.title = label;
  }
  for (const node of document.querySelectorAll("[data-placeholder-zh]")) {
    node.placeholder = language ? node.dataset.placeholderEn : node.dataset.placeholderZh;
  }
  $("language").textContent = language ? "中文" : "English";
  $("language").lang = language ? "zh-CN" : "en";
}

function lamp(id, good, words) {
  $(id).textContent = say(words);
  $(id).hidden = false;
  $(id).className = `lamp ${good ? "good" : "bad"}`;
}

function show() {
  const { network, phone } = state;
  $("terminal-number").textContent = state.terminal;
  lamp("backend", network.backend_online, network.backend_online ? WORDS.backendOn : WORDS.backendOff);
  lamp("cable", network.state === "connected", WORDS.cable[network.state]);
  if (state.box) lamp("mains", state.box.mains, state.box.mains ? WORDS.mainsOn : WORDS.mainsOff);
  showPanels(state);
  keyed($("messages"), phone.messages.map((m, i) => ({ key: `${i}${m.at}`, ...m })).reverse(), (m) =>
    element("li", {}, element("time", { textContent: clock(m.at, false) }), m.text));
  keyed($("events"), [...state.events].reverse().map((e) => ({ ...e, key: `${e.number}${language}` })), (e) =>
    element("tr", {}, element("td", { textContent: clock(e.at, true) }), element("td", { textContent: deviceWords(state, e.device) }),
      element("td", { textContent: eventWords(state, e.device, e.text) })));
  showTerminal(state);
  showPapers(state, element);
  showScenario(state);
  showScreenPart();
  speak();
}

async function showScreenPart() {
  $("no-screen").hidden = screenLive;
  $("no-screen-text").textContent = say(state.screen.vnc ? WORDS.vncLost : WORDS.noVnc);
  if (!state.screen.vnc || screenStarted) return;
  screenStarted = true;
  const { showScreen } = await import("/static/screen.js");
  showScreen($("screen"), (live) => { screenLive = live; $("no-screen").hidden = live; });
}

/** What is made only once, when the cabinet has said what there is. */
function build() {
  buildPanels(state);
  buildTerminal(state);
  $("camera").src = "/camera/stream?fps=3";
  $("present")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("code").value;
    if (text) post("/api/scanner/present", { text });
    $("code").value = "";
  });
}

/** A stream that ended (unplugged) does not start again by itself. */
let pictured = null;
function followCamera() {
  const scene = state.camera.who;
  if (pictured === "unplugged" && scene !== "unplugged") $("camera").src = `/camera/stream?fps=3&again=${Date.now()}`;
  if (scene === "unplugged" && pictured !== scene) $("camera").removeAttribute("src");
  pictured = scene;
}

// --- start ---------------------------------------------------------------------------------------------------------

$("language").addEventListener("click", () => {
  setLanguage(language ? 0 : 1);
  if (state) show();
});

listen(() => state);
setLanguage(language);
await startScenarios().catch(() => {});
const stream = new EventSource("/api/stream");
stream.addEventListener("state", (event) => {
  const first = state === null;
  state = JSON.parse(event.data);
  if (first) build();
  recovered();
  followCamera();
  show();
  document.body.dataset.ready = "true";
});
stream.addEventListener("error", () => trouble(say(WORDS.lost), { lasting: true }));
