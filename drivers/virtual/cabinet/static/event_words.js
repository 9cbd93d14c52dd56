// Events are written in English, for technicians. Here are the Chinese words for those that are known; others stay.

import { scenarioTitle } from "/static/scenario.js";
import { WORDS, language } from "/static/words.js";

const KNOWN = {
  "switched on": "已开机", "all restored": "全部恢复", "cable connected": "网线接通", "cable cut": "网线断开", "cable stalled": "网络卡住",
  unplugged: "线已拔", "plugged in": "线已插回", "text message received": "收到短信", "screen not visible": "看不到屏幕",
  "faults cleared": "故障已排除", repaired: "已修好", mended: "已修好", cleared: "已排除",
  // identity card, social security card, codes
  "card laid on the reader": "证件放上", "card lifted": "证件拿走", "card read": "证件已读", "new address read": "追加住址已读", "reader restarts by itself": "读卡器自己重启",
  "card inserted": "卡已插入", "card withdrawn": "卡已拔出", "card withdrawn in mid-read": "读到一半拔卡", "pcscd started": "读卡服务已启动", "pcscd stopped": "读卡服务已停止",
  "beam on": "红光亮", "beam off": "红光灭", "code held before the scanner": "码放到窗口前", "code read": "码已读",
  // printers
  on: "已开机", off: "已关机", paper: "换了纸量", slip: "凭条", "slip cut off": "凭条已切下", "sheets taken": "纸已取走", "cover-open": "盖打开", "cover-closed": "盖合上",
  "cutter-jam": "切刀卡住", "cutter-jam-planned": "下次切纸会卡", overheat: "过热", overheated: "过热", silent: "不回答", "paper-out": "缺纸", "paper-out-midway": "打到一半缺纸", jam: "卡纸", clear: "故障已排除", abort: "任务已丢弃",
  xoff: "请主机暂停", xon: "请主机继续", "power-on": "通电", "power-off": "断电",
  // notes
  "power off": "断电", "power on": "通电", "power off and on": "断电重启", "cash box full": "钱箱已满", "cash box emptied": "钱箱已清空", "cash box removed": "钱箱已取出",
  "cash box replaced": "钱箱已装回", "manipulation seen": "发现有人动手脚", "note stuck, can be got at": "纸币卡在外面", "note stuck inside": "纸币卡在里面", "nobody answered the power-up": "通电后无人应答",
  // bank card
  "payment approved": "付款成功", "payment declined": "付款被拒", "payment given back": "付款已退回", "end of day handed in": "已日结", "link cut": "线路断开", "switched off and on": "断电重启",
  // the box
  "mains on": "来电", "mains off": "停电", "battery low": "电池将尽", "data cable pulled out": "电源数据线已拔", "data cable plugged in": "电源数据线已插回",
  "I/O board plugged in": "接口板已插回", "I/O board pulled out": "接口板已拔", shaken: "柜体被摇晃", hot: "过热", cool: "温度正常", "disk-worn": "硬盘老化", "disk-new": "硬盘已换",
  // the keypad
  "key pressed": "按了一个键", "key held": "按住一个键", "key let go": "松开一个键", "keys free": "按键都松开了", "mouse moved": "小摇杆动了",
  "key pressed with a tremble": "手抖按了一个键", "key stuck": "按键卡住", "a key without meaning pressed": "按了没用的键",
};

const WIRES = { door: "前门", "service-door": "检修门", tamper: "防撬", vibration: "震动", presence: "人体感应", headset: "耳机", fan: "风扇" };
const NOTE = { returned: "退回", stacked: "进了钱箱", "pulled back": "被拉回", "taken out by a clerk": "由工作人员取出", "cleared to the front": "退到口外", rejected: "不收，退出" };
const PAID = { success: "付款", twice: "付两次", insufficient: "余额不足", cancelled: "扫了不付", risk: "风控拒绝" };
const FAULTS = { "jam-unsafe": "卡钞（外）", "jam-safe": "卡钞（内）", "removed-midway": "读到一半拿走", "worn-card": "证件磨损" };
const SCENE = { nobody: "没人", holder: "本人", other: "别人", photo: "照片", two: "两个人", dark: "太暗", unplugged: "线已拔" };
const pick = (table, key) => table[key] || key;

// [pattern, what to make of its groups; `name` gives what stands on the button of that fault]
const PATTERNS = [
  [/^started: (.+)$/, ([name]) => `开始：${scenarioTitle(name)}`],
  [/^(done|stopped|failed): (.+)$/, ([end, name]) => `${WORDS.scenario[end][0]}：${scenarioTitle(name)}`],
  [/^not started: (.+)$/, ([why]) => `没有启动：${why}`],
  [/^cable not started: (.+)$/, ([why]) => `网线没有接上：${why}`],
  [/^screen not visible: (.+)$/, ([why]) => `看不到屏幕：${why}`],
  [/^before the camera: (\S+)$/, ([who]) => `镜头前：${pick(SCENE, who)}`],
  [/^(\w+): (paid|not paid)( [\d.]+)?(?: (.+))?$/, ([way, paid, amount, why]) =>
    [`${pick(PAID, way)}：${paid === "paid" ? "成功" : "没有付成"}`, amount && `¥${amount.trim()}`, why && (WORDS.reasonsNotPaid[why]?.[0] || why)].filter(Boolean).join(" ")],
  [/^fault:? (\S+)(?: keyword \S+)?$/, ([fault], name) => `故障：${name(fault)}`],
  [/^fault cleared:? (\S+)$/, ([fault], name) => `故障已排除：${name(fault)}`],
  [/^(fault|cleared) keyword (\S+)$/, ([what, keyword]) => `${what === "fault" ? "故障" : "已排除"}：${WORDS.reasons[keyword]?.[0] || keyword}`],
  [/^card not read \((\w+)\)$/, ([code]) => `证件没读成（${code}）`],
  [/^(\d+) code\(s\) sent unasked$/, ([count]) => `自己发来 ${count} 个码`],
  [/^note of (\d+) yuan drawn in$/, ([yuan]) => `${yuan} 元纸币进入`],
  [/^note of (\d+) yuan (.+)$/, ([yuan, how]) => `${yuan} 元纸币${pick(NOTE, how)}`],
  [/^nobody polls/, () => "没有人来问，停止收钞"],
  [/^wire of (\S+) broken$/, ([wire]) => `${pick(WIRES, wire)}的线断了`],
  [/^(\S+) (active|inactive)$/, ([wire, active]) => `${pick(WIRES, wire)}：${active === "active" ? "有动作" : "平静"}`],
  [/^refilled sheets (\d+)$/, ([sheets]) => `已装纸 ${sheets} 张`],
  [/^toner percent (\d+)$/, ([percent]) => `墨粉 ${percent} %`],
  [/^job-started (.*)$/, () => "开始打印"],
  [/^job-completed (.*)$/, () => "打印完成"],
  [/^job-aborted (.*)$/, () => "打印中止"],
  [/^sheet (.*?)number (\d+) of (\d+)/, ([, number, of]) => `第 ${number} 张，共 ${of} 张`],
];

const OTHERS = { cabinet: ["机柜", "cabinet"], scenario: ["场景", "scenario"] };

export function eventWords(state, device, text) {
  if (language) return text;
  if (KNOWN[text]) return KNOWN[text];
  const actions = state.devices.find((one) => one.name === device)?.actions || [];
  const name = (id) => actions.find((one) => one.id === id)?.label_zh || FAULTS[id] || id;
  for (const [pattern, words] of PATTERNS) {
    const found = pattern.exec(text);
    if (found) return words(found.slice(1), name);
  }
  return text;
}

export function deviceWords(state, name) {
  const device = state.devices.find((one) => one.name === name);
  const words = device ? [device.label_zh, device.label_en] : WORDS.others[name] || OTHERS[name];
  return words ? words[language] : name;
}
