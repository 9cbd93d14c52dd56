// Small tools for building the page.

export const $ = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Something that is said in two languages: `speak` in page.js puts the right one in. */
export function worded(node, words) {
  Object.assign(node.dataset, { zh: words[0], en: words[1] });
  return node;
}

/** Fill a list, touching the page only when the keys have changed. */
export function keyed(holder, rows, make) {
  const keys = rows.map((row) => row.key).join("|");
  if (holder.dataset.keys === keys) return;
  holder.dataset.keys = keys;
  holder.replaceChildren(...rows.map(make));
}

export function clock(at, millis) {
  const time = new Date(at);
  if (Number.isNaN(time.valueOf())) return at;
  const text = time.toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });
  return millis ? `${text}.${String(time.getMilliseconds()).padStart(3, "0")}` : text;
}
