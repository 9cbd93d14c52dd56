// The kiosk's own screen: noVNC, mouse only (the kiosk has its own keypads), reconnecting as long as the page is open.

import RFB from "/novnc/core/rfb.js";

const RETRY_MS = 2000;

export function showScreen(holder, onState) {
  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const rfb = new RFB(holder, `${scheme}://${location.host}/vnc`, { shared: true, wsProtocols: ["binary"] });
    rfb.scaleViewport = true;
    rfb.qualityLevel = 9;
    rfb.compressionLevel = 2;
    rfb.focusOnClick = false;
    rfb.background = "transparent";
    rfb.addEventListener("connect", () => onState(true));
    rfb.addEventListener("disconnect", () => {
      onState(false);
      setTimeout(connect, RETRY_MS);
    });
  };
  connect();
}
