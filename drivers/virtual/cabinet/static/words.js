// The page's own words, Chinese first. Buttons that are part of index.html carry theirs as data-zh and data-en.

export const WORDS = {
  backendOn: ["后台在线", "Backend online"], backendOff: ["后台不在线", "Backend offline"],
  cable: { connected: ["网络正常", "Network fine"], cut: ["网络已断", "Network cut"], stalled: ["网络卡住", "Network stalled"] },
  online: ["在线", "online"], unplugged: ["线已拔", "unplugged"], failed: ["没有启动", "not started"],
  noCard: ["无证", "no card"],
  a4: { idle: ["空闲", "idle"], printing: ["正在打印", "printing"], off: ["已关机", "off"] }, 
  reasons: { "media-empty": ["缺纸", "paper out"], "media-jam": ["卡纸", "jam"], "cover-open": ["盖开着", "cover open"],
    "toner-empty": ["墨尽", "toner out"], "toner-low": ["墨少", "toner low"] },
  tray: ["纸", "paper"], toner: ["墨", "toner"],
  who: { nobody: ["没人", "Nobody"], holder: ["本人", "Holder"], other: ["别人", "Someone else"], photo: ["照片", "A photo"],
    two: ["两个人", "Two people"], dark: ["太暗", "Too dark"], unplugged: ["拔线", "Unplug"] },
  pose: { front: ["看前面", "Ahead"], auto: ["左右转头", "Turns both ways"], left: ["向左", "Left"], right: ["向右", "Right"] },
  watching: ["正在看", "being watched"],
  messages: ["条短信", "SMS"], sandboxOff: ["运营商不通", "operator unreachable"],
  reasonsNotPaid: { "no-code-seen": ["屏幕上没有付款码", "no payment code on the screen"], insufficient: ["余额不足", "balance too low"],
    risk: ["风控拒绝", "refused by risk control"], "ACQ.TRADE_HAS_SUCCESS": ["已经付过了", "already paid"], "ACQ.TRADE_HAS_CLOSE": ["订单已关闭", "order closed"],
    ConnectError: ["付款服务不通", "wallet unreachable"] },
  paidOk: ["付款成功", "Paid"], paidNot: ["没有付成", "Not paid"],
  foundBy: { screen: ["扫到屏幕上的码", "code read off the screen"], sandbox: ["没扫到屏幕，码来自沙箱", "not read off the screen, code from the sandbox"], given: ["给定的码", "code given"] },
  beam: ["红光亮着", "beam on"], waiting: ["待机", "idle"],
  paper: { full: ["纸满", "paper full"], low: ["纸少", "paper low"], out: ["缺纸", "paper out"] },
  slips: ["张凭条", "slips"], sheets: ["页", "pages"], remove: ["取走", "Take"], open: ["打开", "Open"],
  slipAlt: ["刚打出的凭条", "The newest slip"], sheetAlt: ["打出的 A4 纸", "A printed A4 sheet"], cameraAlt: ["摄像头看到的画面", "What the camera sees"],
  noVnc: ["终端在它自己的窗口里显示。", "The kiosk shows in its own window."],
  vncLost: ["正在等待终端的屏幕……", "Waiting for the kiosk's screen …"],
  lost: ["虚拟机柜没有回答，正在重新连接……", "The cabinet does not answer, reconnecting …"],
  refused: ["没有办成：", "Refused: "],
};

export let language = localStorage.getItem("language") === "en" ? 1 : 0;

export function setLanguage(index) {
  language = index;
  localStorage.setItem("language", index ? "en" : "zh");
  document.documentElement.lang = index ? "en" : "zh-CN";
}

export const say = (pair) => (pair ? pair[language] : "");
