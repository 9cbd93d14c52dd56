// What stands at the head of each panel: how the device is, in a few words; and its gauges.

import { $ } from "/static/dom.js";
import { WORDS, capital, language, say } from "/static/words.js";

const of = (named) => (named ? [named.label_zh, named.label_en][language] : "");
const find = (list, id) => list.find((one) => one.id === id);

/** "3 slips", "1 slip": the third of the words is for one. */
const many = (count, words) => `${count} ${language && count === 1 ? words[2] : say(words)}`;

/** What stands on the button that causes a fault. */
function faultWords(state, device, ids) {
  const actions = state.devices.find((one) => one.name === device)?.actions || [];
  return ids.map((id) => of(find(actions, id)) || id).join(" ");
}

/** A reason of the A4 printer; where it has no words of its own, those of the button that causes it. */
export function reasonWords(state, reason) {
  const actions = state.devices.find((one) => one.name === "document_printer")?.actions || [];
  return say(WORDS.reasons[reason]) || of(actions.find((one) => one.on === `document_printer.reasons=${reason}`)) || reason;
}

/** A head that is red or yellow begins with what is wrong; then comes how the device is. */
function status(state, device, words, kind = "") {
  const card = $(`panel-${device}`);
  if (!card) return;
  const part = state[device];
  const failed = Boolean(part.failure);
  const unplugged = part.plugged === false;
  const said = failed ? [say(WORDS.failed), part.failure] : unplugged ? [say(WORDS.unplugged)] : words.filter(Boolean);
  const text = said.map(capital).join(" · ");
  const node = card.querySelector(".status");
  if (node.textContent !== text) {
    node.textContent = text;
    node.title = text;
  }
  node.className = `status ${failed || unplugged ? "bad" : kind}`;
  card.classList.toggle("faulty", failed || unplugged || kind === "bad");
  card.classList.toggle("active", Boolean(part.active));
}

function setGauge(id, percent, text, kind) {
  const bar = $(`gauge-${id}`);
  if (!bar) return;
  bar.setAttribute("aria-valuenow", String(percent));
  bar.setAttribute("aria-valuetext", capital(text));
  bar.className = `bar-of ${kind}`;
  bar.firstElementChild.style.width = `${percent}%`;
  bar.nextElementSibling.textContent = capital(text);
}

const level = (percent, low) => (percent === 0 ? "bad" : percent <= low ? "warn" : "");
const TRAY_SHEETS = 250;

// What the A4 printer announces while it still prints.
const FORESEEN = ["media-low", "toner-low"];

/** A fault of the A4 printer's mechanics strikes when the next job moves paper; until then it prints on or waits. */
function planned(a4, reason) {
  const mechanics = ["media-jam", "cover-open", "input-tray-missing", "marker-waste-full"].includes(reason) || (reason === "media-empty" && a4.tray > 0);
  return mechanics && a4.printer_state !== reason;
}

const SHOW = {
  id_reader(state, reader) {
    const card = find(state.cards, reader.card);
    status(state, "id_reader", [faultWords(state, "id_reader", reader.faults), card ? of(card) : say(WORDS.noCard)], reader.faults.length ? "bad" : "");
  },
  camera(state, camera) {
    const person = find(state.cards, camera.person);
    const trouble = camera.trouble === "none" ? "" : of(find(state.camera_troubles, camera.trouble));
    status(state, "camera", [trouble, of(find(state.scenes, camera.who)), camera.who === "holder" ? of(person) : "", camera.active ? say(WORDS.watching) : ""],
      camera.who === "unplugged" || trouble ? "bad" : "");
    $("camera").alt = say(WORDS.cameraAlt);
  },
  scanner(state, scanner) {
    status(state, "scanner", [faultWords(state, "scanner", scanner.faults), say(scanner.beam ? WORDS.beam : WORDS.waiting)], scanner.faults.length ? "bad" : "");
  },
  receipt_printer(state, receipt) {
    const paper = receipt.paper === "full" ? "" : say(WORDS.paper[receipt.paper]);
    status(state, "receipt_printer", [faultWords(state, "receipt_printer", receipt.trouble), paper, many(receipt.slips, WORDS.slips)],
      receipt.trouble.length || receipt.paper === "out" ? "bad" : receipt.paper === "low" ? "warn" : "");
    setGauge("roll", { full: 100, low: 12, out: 0 }[receipt.paper] ?? 0, say(WORDS.paper[receipt.paper]), { low: "warn", out: "bad" }[receipt.paper] ?? "");
  },
  document_printer(state, a4) {
    const reasons = a4.reasons.map((reason) => reasonWords(state, reason) + (planned(a4, reason) ? say(WORDS.atNextJob) : ""));
    const off = a4.printer_state === "off";
    status(state, "document_printer", [off ? say(WORDS.a4.off) : "", ...reasons, off ? "" : say(WORDS.a4[a4.printer_state])],
      off || a4.reasons.some((reason) => !FORESEEN.includes(reason)) ? "bad" : a4.reasons.length ? "warn" : "");
    setGauge("tray", Math.min(100, Math.round((a4.tray / TRAY_SHEETS) * 100)), many(a4.tray, WORDS.sheets), level(a4.tray, 20));
    setGauge("toner", a4.toner, `${a4.toner} %`, level(a4.toner, 9));
  },
  cash(state, cash) {
    const yuan = (fen) => `¥${(fen / 100).toFixed(0)}`;
    status(state, "cash", [faultWords(state, "cash", cash.trouble), cash.note === null ? say(cash.taking ? WORDS.takesNotes : WORDS.takesNone) : `${yuan(cash.note)} ${say(WORDS.inThePath)}`,
      `${say(WORDS.cashbox)} ${yuan(cash.cashbox)} · ${many(cash.cashbox_notes, WORDS.notes)}`],
      cash.trouble.length ? "bad" : "");
  },
  card_terminal(state, terminal) {
    const faults = [...terminal.faults, terminal.cut].filter(Boolean);
    const last = terminal.payments.at(-1);
    const payment = last && !terminal.step ? `¥${(last.amount / 100).toFixed(2)} ${say(WORDS.payments[last.state]) || last.state}` : "";
    status(state, "card_terminal", [faultWords(state, "card_terminal", faults), say(WORDS.cardSteps[terminal.step]) || terminal.step, payment], faults.length ? "bad" : "");
  },
  smart_card(state, reader) {
    status(state, "smart_card", [faultWords(state, "smart_card", reader.trouble), say(reader.card === null ? WORDS.noChip : WORDS.chipIn)], reader.trouble.length ? "bad" : "");
  },
  keypad(state, keypad) {
    const held = keypad.held.map((key) => of(find(state.keys, key)) || key).join(" ");
    status(state, "keypad", [held ? `${say(WORDS.held)} ${held}` : many(keypad.presses, WORDS.presses)], held ? "warn" : "");
  },
  box(state, box) {
    const alarms = [box.battery_low && WORDS.batteryLow, box.hot && WORDS.tooHot, !box.fan_turns && WORDS.fanStopped, box.disk_worn && WORDS.diskWorn,
      !box.supply_plugged && WORDS.supplyOut, box.door_wire_cut && WORDS.doorWireCut, box.active_wires.includes("tamper") && WORDS.wires.tamper].filter(Boolean);
    const wires = box.active_wires.filter((wire) => wire !== "tamper").map((wire) => say(WORDS.wires[wire]) || wire);
    const mains = say(box.mains ? WORDS.mainsOn : WORDS.mainsOff);
    const words = [...alarms.map(say), ...(box.mains ? [...wires, mains] : [mains, ...wires])];
    status(state, "box", words, alarms.length ? "bad" : !box.mains || box.active_wires.some((wire) => wire.includes("door")) ? "warn" : "");
    setGauge("battery", box.battery_percent, `${box.battery_percent} %`, level(box.battery_percent, 20));
    $("box-heat").textContent = `${say(WORDS.temperature)} ${Math.round(box.temperature)} °C`;
    $("box-lights").textContent = `${say(WORDS.volume)} ${box.volume} % · ${say(WORDS.brightness)} ${box.brightness} %`;
  },
  phone(state, phone) {
    status(state, "phone", [phone.reachable ? `${phone.messages.length} ${say(WORDS.messages)}` : say(WORDS.sandboxOff)], phone.reachable ? "" : "warn");
    const paid = phone.last;
    $("paid").textContent = paid ? [say(paid.paid ? WORDS.paidOk : WORDS.paidNot), paid.amount && `¥${paid.amount}`, paid.found_by && say(WORDS.foundBy[paid.found_by]), say(WORDS.reasonsNotPaid[paid.detail]) || paid.detail].filter(Boolean).join(" · ") : "";
    $("paid").className = `note ${paid ? (paid.paid ? "good" : "bad") : ""}`;
  },
};

export function showPanels(state) {
  for (const [name, show] of Object.entries(SHOW)) if (state[name] && $(`panel-${name}`)) show(state, state[name]);
}
