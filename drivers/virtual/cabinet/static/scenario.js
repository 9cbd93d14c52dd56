// The scenario player: the list, what plays now and how far it has come.

import { $, element, keyed } from "/static/dom.js";
import { button } from "/static/hands.js";
import { place } from "/static/panels.js";
import { WORDS, language, say } from "/static/words.js";

const MARKS = { waiting: "·", doing: "▶", done: "✓", failed: "✕" };
const of = (thing, key) => thing[`${key}_${language ? "en" : "zh"}`];
let scenarios = [];

export function scenarioTitle(name) {
  const found = scenarios.find((one) => one.name === name);
  return found ? of(found, "title") : name;
}

export async function startScenarios() {
  const layer = $("scenarios");
  layer.addEventListener("toggle", () => {
    if (layer.matches(":popover-open")) place(layer, $("scenarios-button"));
    showMore();
  });
  layer.addEventListener("scroll", showMore, { passive: true });
  addEventListener("resize", showMore);
  const reply = await fetch("/api/scenarios");
  if (reply.ok) scenarios = await reply.json();
}

/** Says at the lower edge how many scenarios are still hidden below it. */
function showMore() {
  const edge = $("scenarios").getBoundingClientRect().bottom;
  const hidden = [...$("scenario-list").children].filter((line) => line.getBoundingClientRect().bottom > edge + 1).length;
  $("scenarios-more").hidden = hidden === 0;
  $("scenarios-more").textContent = `${say(WORDS.moreBelow)} ${hidden}`;
}

export function showScenario(state) {
  const { scenario } = state;
  const playing = scenario.state === "playing";
  const title = of(scenario, "title");
  $("playing").hidden = !playing;
  const at = scenario.steps.findLastIndex((step) => step.state === "doing");
  const now = at < 0 ? "" : of(scenario.steps[at], "text");
  const count = `${Math.max(at, 0) + 1}/${scenario.steps.length}`;
  $("playing-what").textContent = playing ? `▶ ${title} · ${count} ${now}` : "";
  $("playing-what").title = $("playing-what").textContent;

  const end = scenario.state === "none" ? "" : [say(WORDS.scenario[scenario.state]), title, scenario.detail].filter(Boolean).join(" · ");
  if ($("scenario-end").textContent !== end) $("scenario-end").textContent = end;
  $("scenario-end").className = `note ${{ done: "good", failed: "bad" }[scenario.state] || ""}`;
  keyed($("scenario-steps"), scenario.steps.map((step, index) => ({ ...step, key: `${index}${step.state}${of(step, "text")}` })), (step) => {
    const mark = element("span", { className: "mark", textContent: MARKS[step.state] });
    mark.setAttribute("aria-label", say(WORDS.stepState[step.state]));
    mark.setAttribute("role", "img");
    const line = element("li", { className: step.state }, mark, of(step, "text"));
    line.style.paddingInlineStart = `${step.depth * 18}px`;
    return line;
  });
  $("scenario-steps").querySelector(".doing")?.scrollIntoView?.({ block: "nearest" });

  keyed($("scenario-list"), scenarios.map((one) => ({ ...one, key: `${one.name}${language}${playing}` })), (one) => {
    const play = button("/api/scenario/play", { name: one.name }, WORDS.play);
    play.textContent = say(WORDS.play);
    play.setAttribute("aria-label", `${say(WORDS.play)}: ${of(one, "title")}`);
    play.disabled = playing;
    const words = element("div", {}, element("strong", { textContent: of(one, "title") }), element("p", { className: "note", textContent: of(one, "about") }));
    return element("li", {}, words, play);
  });
  if ($("scenarios").matches(":popover-open")) showMore();
}
