// Events are written in English, for technicians. Here are the Chinese words for those that are known; others stay.

import { WORDS, language } from "/static/words.js";

const KNOWN = {
  "switched on": "已开机", "all restored": "全部恢复", "cable connected": "网线接通", "cable cut": "网线断开", "cable stalled": "网络卡住",
  "unplugged": "线已拔", "plugged in": "线已插回", "text message received": "收到短信", "slip cut off": "凭条已切下", "sheets taken": "纸已取走",
};

// [pattern, what to make of it]; $1 … are kept as they are.
const PATTERNS = [
  [/^started: (.+)$/, "开始：$1"], [/^(?:done): (.+)$/, "做完：$1"], [/^stopped: (.+)$/, "停止：$1"], [/^failed: (.+)$/, "没有做完：$1"],
  [/^not started: (.+)$/, "没有启动：$1"],
];

const OTHERS = { cabinet: ["机柜", "cabinet"], scenario: ["场景", "scenario"] };

export function eventWords(text) {
  if (language) return text;
  if (KNOWN[text]) return KNOWN[text];
  for (const [pattern, words] of PATTERNS) if (pattern.test(text)) return text.replace(pattern, words);
  return text;
}

export function deviceWords(state, name) {
  const device = state.devices.find((one) => one.name === name);
  const words = device ? [device.label_zh, device.label_en] : WORDS.others[name] || OTHERS[name];
  return words ? words[language] : name;
}
