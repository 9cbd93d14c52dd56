// What just happened, in the page's language. Events are written in English; keys of protocols get words here, in both.

import { reasonWords } from "/static/panel_states.js";
import { scenarioTitle } from "/static/scenario.js";
import { WORDS, capital, language } from "/static/words.js";

// Text: Chinese, or [Chinese, English] where the text is a key.
const KNOWN = {
  "switched on": "已开机", "all restored": "全部恢复", "cable connected": "网线接通", "cable cut": "网线断开", "cable stalled": "网络卡住",
  unplugged: "线已拔", "plugged in": "线已插回", "text message received": "收到短信", "screen not visible": "看不到屏幕",
  "faults cleared": "故障已排除", repaired: "已修好", mended: "已修好", cleared: "已排除",
  // camera
  "picture well again": "画面恢复正常",
  // identity card, social security card, codes
  "card laid on the reader": "证件放上", "card lifted": "证件拿走", "card read": "证件已读", "new address read": "追加住址已读", "reader restarts by itself": "读卡器自己重启",
  "card inserted": "卡已插入", "card withdrawn": "卡已拔出", "card withdrawn in mid-read": "读到一半拔卡", "pcscd started": "读卡服务已启动", "pcscd stopped": "读卡服务已停止",
  "beam on": "红光亮", "beam off": "红光灭", "code held before the scanner": "码放到窗口前", "code read": "码已读",
  // printers
  on: ["已开机", "switched on"], off: ["已关机", "switched off"], slip: "凭条", "slip cut off": "凭条已切下", "sheets taken": "纸已取走",
  "out of paper": "纸用完了", "paper low": "纸快用完了", "new roll": "已换纸卷", "paper-out": ["纸用完了", "out of paper"], "job-of-another": ["别人的任务来了", "another's job has come"],
  "cover-open": ["盖打开", "cover open"], "cover-closed": ["盖合上", "cover closed"], "cutter-jam": ["切刀卡住", "cutter jammed"], "cutter-jam-planned": ["下次切纸会卡", "the cutter will jam at the next cut"],
  overheat: ["过热", "overheated"], overheated: "过热", cooled: "已降温", broken: "机芯损坏", "feed-pressed": ["按住走纸键", "feed button held"], "feed-released": ["松开走纸键", "feed button let go"],
  silent: "不回答", "prints-nothing": ["只应答不出纸", "prints nothing"], "buffer-lost": ["丢失数据", "buffer lost"], xoff: ["请主机暂停", "asks the host to wait"], xon: ["请主机继续", "asks the host to go on"],
  jam: ["下一张会卡纸", "the next sheet will jam"], "jam-page-two": ["第二页会卡纸", "page 2 will jam"], "paper-out-midway": ["打到一半会缺纸", "paper will run out midway"],
  "tray-missing": ["纸盒被抽走", "tray taken out"], "waste-full": ["废粉盒满", "waste toner full"], clear: ["故障已排除", "mended"], abort: ["任务已丢弃", "job given up"], slow: ["变得很慢", "slow from now on"],
  "power-on": ["通电", "power on"], "power-off": ["断电", "power off"],
  // notes
  "power off": "断电", "power on": "通电", "power off and on": "断电重启", "cash box full": "钱箱已满", "cash box emptied": "钱箱已清空", "cash box removed": "钱箱已取出",
  "cash box replaced": "钱箱已装回", "manipulation seen": "发现有人动手脚", "note stuck, can be got at": "纸币卡在外面", "note stuck inside": "纸币卡在里面", "note stuck": "纸币卡住", "motor broken": "电机损坏", "nobody answered the power-up": "通电后无人应答",
  // bank card
  "payment approved": "付款成功", "payment declined": "付款被拒", "payment given back": "付款已退回", "end of day handed in": "已日结", "link cut": "线路断开", "switched off and on": "断电重启",
  // the box
  "mains on": "来电", "mains off": "停电", "battery low": "电池将尽", "battery must be replaced": "电池该换了", "battery replaced": "电池已换", "data cable pulled out": "电源数据线已拔", "data cable plugged in": "电源数据线已插回",
  "I/O board plugged in": "接口板已插回", "I/O board pulled out": "接口板已拔", shaken: "柜体被摇晃", "too hot": "过热", "temperature normal": "温度正常", "disk worn": "硬盘老化", "new disk": "硬盘已换",
  // the keypad
  "key pressed": "按了一个键", "key held down": "按住一个键", "key let go": "松开一个键", "keys free": "按键都松开了", "mouse moved": "小摇杆动了",
  "key pressed with a tremble": "手抖按了一个键", "key stuck": "按键卡住", "a key without meaning pressed": "按了没用的键",
};

// Wire: [when active, when not].
const WIRES = {
  door: [["门打开", "door opened"], ["门关上", "door closed"]], "service-door": [["检修门打开", "service door opened"], ["检修门关上", "service door closed"]],
  tamper: [["箱体被撬", "tampered with"], ["箱体复原", "tamper contact put right"]], vibration: [["柜体在摇晃", "shaking"], ["摇晃停了", "shaking over"]],
  presence: [["有人走近", "somebody near"], ["人走开了", "nobody near"]], headset: [["耳机插上", "headset in"], ["耳机拔下", "headset out"]], fan: [["风扇转动", "fan turns"], ["风扇停转", "fan stopped"]],
};
const NOTE = { returned: "退回", "in the cash box": "进了钱箱", "pulled back": "被拉回", "taken out by a clerk": "由工作人员取出", "cleared to the front": "退到口外", rejected: "不收，退出" };
// Faults that have no button of their own.
const FAULTS = {
  "jam-unsafe": ["卡钞（外）", "jam at the front"], "jam-safe": ["卡钞（内）", "jam inside"], "removed-midway": ["读到一半拿走", "taken away in mid-read"], "worn-card": ["证件磨损", "card worn"],
  "reader-refuses": ["读卡器拒绝", "reader refuses"], "not-verified": ["证件未通过验证", "card not verified"], "unknown-type": ["不认识的证件", "unknown kind of card"], "no-random": ["取随机数失败", "no random number"],
  "select-fails": ["选卡失败", "card not selected"], "bad-length": ["长度错", "wrong length"], truncated: ["回答不完整", "answer cut short"], "slow-bytes": ["逐字节", "byte by byte"],
};
const pick = (table, key) => table[key] || key;

const of = (named) => named && [named.label_zh, named.label_en];
const label = (list, id) => (list || []).find((one) => one.id === id);

/** [pattern, groups -> Chinese, groups -> English if not the text itself]; `words` has what the state says of a device. */
const PATTERNS = [
  [/^started: (.+)$/, ([name]) => `开始：${scenarioTitle(name)}`, ([name]) => `started: ${scenarioTitle(name)}`],
  [/^(done|stopped|failed): (.+)$/, ([end, name]) => `${WORDS.scenario[end][0]}：${scenarioTitle(name)}`, ([end, name]) => `${WORDS.scenario[end][1]}: ${scenarioTitle(name)}`],
  [/^not started: (.+)$/, ([why]) => `没有启动：${why}`],
  [/^cable not started: (.+)$/, ([why]) => `网线没有接上：${why}`],
  [/^screen not visible: (.+)$/, ([why]) => `看不到屏幕：${why}`],
  [/^before the camera: (\S+)$/, ([who], words) => (who === "unplugged" ? "线已拔" : `镜头前：${words.scene(who)}`), ([who], words) => (who === "unplugged" ? "unplugged" : `before the camera: ${words.scene(who)}`)],
  [/^(\w+): (paid|not paid)( [\d.]+)?(?: (.+))?$/,
    ([way, paid, amount, why], words) => [`${words.way(way)}：${paid === "paid" ? "成功" : "没有付成"}`, amount && `¥${amount.trim()}`, why && (WORDS.reasonsNotPaid[why]?.[0] || why)].filter(Boolean).join(" "),
    ([way, paid, amount, why], words) => [`${words.way(way)}: ${paid}`, amount && `¥${amount.trim()}`, why && (WORDS.reasonsNotPaid[why]?.[1] || why)].filter(Boolean).join(" ")],
  [/^fault: (\S+)$/, ([fault], words) => `故障：${words.fault(fault)}`, ([fault], words) => `fault: ${words.fault(fault)}`],
  [/^fault cleared: (\S+)$/, ([fault], words) => `故障已排除：${words.fault(fault)}`, ([fault], words) => `fault cleared: ${words.fault(fault)}`],
  [/^(fault|cleared)(?: job \d+)? keyword (\S+)$/,
    ([what, keyword], words) => `${what === "fault" ? "故障" : "已排除"}：${words.reason(keyword)}`,
    ([what, keyword], words) => `${what}: ${words.reason(keyword)}`],
  [/^card not read \((\w+)\)$/, ([code]) => `证件没读成（${code}）`],
  [/^(\d+) code\(s\) sent unasked$/, ([count]) => `自己发来 ${count} 个码`],
  [/^note of (\d+) yuan drawn in$/, ([yuan]) => `${yuan} 元纸币进入`],
  [/^note of (\d+) yuan (.+)$/, ([yuan, how]) => `${yuan} 元纸币${pick(NOTE, how)}`],
  [/^nobody polls/, () => "没有人来问，停止收钞"],
  [/^wire of (\S+) broken$/, ([wire]) => `${({ door: "前门", "service-door": "检修门" })[wire] || wire}的线断了`],
  [/^(\S+) (active|inactive)$/, ([wire, active]) => WIRES[wire]?.[active === "active" ? 0 : 1][0] || wire, ([wire, active]) => WIRES[wire]?.[active === "active" ? 0 : 1][1] || wire],
  [/^refilled sheets (\d+)$/, ([sheets]) => `已装纸 ${sheets} 张`, ([sheets]) => `paper refilled: ${sheets} sheets`],
  [/^special-stock sheets (\d+)$/, ([sheets]) => `专用纸 ${sheets} 张`, ([sheets]) => `licence paper: ${sheets} sheets`],
  [/^toner percent (\d+)$/, ([percent]) => `墨粉 ${percent} %`, ([percent]) => `toner: ${percent} %`],
  [/^job-started /, () => "开始打印", () => "printing started"],
  [/^job-completed /, () => "打印完成", () => "printing finished"],
  [/^job-aborted /, () => "打印中止", () => "printing given up"],
  [/^sheet (?:.*?)number (\d+) of (\d+)/, ([number, all]) => `第 ${number} 张，共 ${all} 张`, ([number, all]) => `sheet ${number} of ${all}`],
];

const OTHERS = { cabinet: ["机柜", "cabinet"], scenario: ["场景", "scenario"] };

/** What the state says of things that events name by their keys. */
function vocabulary(state, device) {
  const actions = state.devices.find((one) => one.name === device)?.actions;
  const say = (pair, key) => (pair ? pair[language] : key);
  return {
    fault: (id) => say(of(label(actions, id)) || of(label(state.camera_troubles, id)) || FAULTS[id], id),
    reason: (keyword) => reasonWords(state, keyword),
    scene: (id) => say(of(label(state.scenes, id)), id),
    way: (id) => say(of(label(state.pay_outcomes, id)), id),
  };
}

export function eventWords(state, device, text) {
  const known = KNOWN[text];
  if (known) return language ? capital(Array.isArray(known) ? known[1] : text) : [known].flat()[0];
  for (const [pattern, chinese, english] of PATTERNS) {
    const found = pattern.exec(text);
    if (!found) continue;
    const words = language ? english : chinese;
    return words ? capital(words(found.slice(1), vocabulary(state, device))) : capital(text);
  }
  return language ? capital(text) : text;
}

export function deviceWords(state, name) {
  const device = state.devices.find((one) => one.name === name);
  const words = device ? [device.label_zh, device.label_en] : WORDS.others[name] || OTHERS[name];
  return words ? capital(words[language]) : name;
}
