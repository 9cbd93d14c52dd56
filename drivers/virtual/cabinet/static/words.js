// The page's own words, Chinese first. What devices can do comes with its words from the cabinet.

export const WORDS = {
  others: { camera: ["摄像头", "Camera"], phone: ["居民的手机", "The resident's phone"], network: ["网络", "Network"] },
  faults: ["故障 ▾", "Faults ▾"],
  backendOn: ["后台在线", "Backend online"], backendOff: ["后台不在线", "Backend offline"],
  cable: { connected: ["网络正常", "Network fine"], cut: ["网络已断", "Network cut"], stalled: ["网络卡住", "Network stalled"] },
  online: ["在线", "online"], unplugged: ["线已拔", "unplugged"], failed: ["没有启动", "not started"],
  takesNotes: ["可以放入", "takes notes"], takesNone: ["待机", "idle"], inThePath: ["在通道里", "in the slot"], notes: ["张", "notes", "note"], cashbox: ["钱箱", "box"],
  held: ["按住", "held"], presses: ["次按键", "presses", "press"],
  cardSteps: { "": ["待机", "idle"], card: ["等卡", "waits for a card"], pin: ["等密码", "waits for the PIN"], bank: ["问银行", "asks the bank"], report: ["报结果", "reports"] },
  payments: { taken: ["已扣款", "taken"], declined: ["被拒绝", "declined"], "given-back": ["已退回", "given back"], reversal: ["冲正", "reversal"] },
  noChip: ["无卡", "no card"], chipIn: ["卡已插入", "card in"],
  mainsOn: ["市电正常", "Mains on"], mainsOff: ["市电已断", "Mains off"], fanStopped: ["风扇停转", "fan stopped"], diskWorn: ["硬盘老化", "disk worn"],
  supplyOut: ["电源数据线已拔", "supply's cable out"], temperature: ["温度", "Heat"], volume: ["音量", "Volume"], brightness: ["亮度", "Brightness"],
  wires: { door: ["门开着", "door open"], "service-door": ["检修门开着", "service door open"], tamper: ["箱体被撬", "tampered with"],
    vibration: ["在摇晃", "shaken"], presence: ["有人", "somebody there"], headset: ["耳机已插", "headset in"] },
  noCard: ["无证", "no card"],
  a4: { idle: ["空闲", "idle"], printing: ["正在打印", "printing"], off: ["已关机", "off"] },
  reasons: { "media-empty": ["缺纸", "out of paper"], "media-low": ["纸少", "paper low"], "media-jam": ["卡纸", "jam"],
    "cover-open": ["盖开着", "cover open"], "toner-empty": ["墨尽", "toner out"], "toner-low": ["墨少", "toner low"],
    "input-tray-missing": ["纸盒被抽走", "tray taken out"], "marker-waste-full": ["废粉盒满", "waste toner full"],
    "special-stock-empty": ["专用纸用完", "out of licence paper"] },
  atNextJob: ["（下次打印时）", " (at the next job)"],
  batteryLow: ["电池将尽", "battery low"], tooHot: ["过热", "too hot"], doorWireCut: ["门线断了", "door's wire cut"],
  watching: ["正在看", "being watched"],
  messages: ["条短信", "SMS"], sandboxOff: ["运营商不通", "operator unreachable"],
  reasonsNotPaid: { "no-code-seen": ["屏幕上没有付款码", "no payment code on the screen"], insufficient: ["余额不足", "balance too low"],
    cancelled: ["没有确认", "not confirmed"], risk: ["风控拒绝", "refused by risk control"],
    "ACQ.TRADE_HAS_SUCCESS": ["已经付过了", "already paid"], "ACQ.TRADE_HAS_CLOSE": ["订单已关闭", "order closed"],
    ConnectError: ["付款服务不通", "wallet unreachable"] },
  paidOk: ["付款成功", "Paid"], paidNot: ["没有付成", "Not paid"],
  foundBy: { screen: ["扫到屏幕上的码", "code read off the screen"], sandbox: ["没扫到屏幕，码来自沙箱", "not read off the screen, code from the sandbox"], given: ["给定的码", "code given"] },
  beam: ["红光亮着", "beam on"], waiting: ["待机", "idle"],
  paper: { full: ["纸满", "paper full"], low: ["纸少", "paper low"], out: ["缺纸", "out of paper"] },
  slips: ["张凭条", "slips", "slip"], remove: ["取走", "Take"], open: ["打开", "Open"], sheets: ["张", "sheets", "sheet"],
  slipAlt: ["刚打出的凭条", "The newest slip"], sheetAlt: ["打出的 A4 纸", "A printed A4 sheet"], cameraAlt: ["摄像头看到的画面", "What the camera sees"],
  noVnc: ["终端在它自己的窗口里显示。", "The kiosk shows in its own window."],
  vncLost: ["正在等待终端的屏幕……", "Waiting for the kiosk's screen …"],
  lost: ["虚拟机柜没有回答，正在重新连接……", "The cabinet does not answer, reconnecting …"],
  refused: ["没有办成：", "Refused: "],
  moreBelow: ["↓ 往下还有", "↓ more below:"],
  play: ["播放", "Play"], steps: ["步", "steps"],
  scenario: { playing: ["正在播放", "Playing"], done: ["已做完", "Done"], stopped: ["已停止", "Stopped"], failed: ["没有做完", "Not finished"] },
  stepState: { waiting: ["未到", "to come"], doing: ["正在做", "doing"], done: ["已做", "done"], failed: ["没做成", "failed"] },
  goTo: ["转到", "Go to"],
};

export let language = localStorage.getItem("language") === "en" ? 1 : 0;
const asked = new URLSearchParams(location.search).get("lang");
if (asked === "en" || asked === "zh") language = asked === "en" ? 1 : 0;

export function setLanguage(index) {
  language = index;
  localStorage.setItem("language", index ? "en" : "zh");
  document.documentElement.lang = index ? "en" : "zh-CN";
}

/** English begins with a capital wherever a line or a part of one begins; Chinese has none. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export const say = (pair) => (pair ? pair[language] : "");
