"use strict";
// The overview's map: one point a region, on longitude and latitude, without tiles of anybody.

(() => {
  const place = document.getElementById("map");
  const block = document.getElementById("map-data");
  if (!place || !block || !window.echarts) return;
  const { points, words } = JSON.parse(block.textContent);
  if (!points.length) return;
  const language = place.dataset.language;
  const tones = getComputedStyle(document.documentElement);
  const tone = (name) => tones.getPropertyValue(name).trim();

  const share = (point) => (point.enrolled ? point.bad / point.enrolled : -1);
  const colour = (point) => {
    const bad = share(point);
    if (bad < 0) return tone("--h-planned");
    if (bad >= 0.1) return tone("--h-worst");
    if (bad >= 0.05) return tone("--h-fault");
    return bad >= 0.02 ? tone("--h-warning") : tone("--h-ok");
  };

  const most = Math.max(...points.map((point) => point.kiosks));
  const size = (point) => 10 + 34 * Math.sqrt(point.kiosks / most);
  const longitudes = points.map((point) => point.at[0]);
  const latitudes = points.map((point) => point.at[1]);
  const middle = (values) => (Math.min(...values) + Math.max(...values)) / 2;
  const spread = (values) => Math.max(...values) - Math.min(...values);
  const shrink = Math.cos((middle(latitudes) * Math.PI) / 180); // a degree of longitude is shorter than one of latitude

  const chart = window.echarts.init(place, null, { renderer: "canvas" });

  function axes() {
    // The same scale in both directions, whatever the box's shape.
    const margin = 46;
    const width = Math.max(60, place.clientWidth - 2 * margin);
    const height = Math.max(60, place.clientHeight - 2 * margin);
    const degrees = Math.max((spread(longitudes) * shrink) / width, spread(latitudes) / height, 1e-5);
    const half = [(degrees * width) / shrink / 2, (degrees * height) / 2];
    const axis = (values, reach) => ({
      type: "value", show: false, min: middle(values) - reach, max: middle(values) + reach,
    });
    return {
      grid: { left: margin, right: margin, top: margin, bottom: margin },
      xAxis: axis(longitudes, half[0]),
      yAxis: axis(latitudes, half[1]),
    };
  }

  // What the points lie in: their hull, a little wider. No border of anybody's map, only a ground to stand on.
  function hull() {
    const sorted = points.map((point) => point.at).sort((one, other) => one[0] - other[0] || one[1] - other[1]);
    const turn = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    const half = (list) => list.reduce((edge, at) => {
      while (edge.length > 1 && turn(edge[edge.length - 2], edge[edge.length - 1], at) <= 0) edge.pop();
      return [...edge, at];
    }, []).slice(0, -1);
    const centre = [middle(longitudes), middle(latitudes)];
    const wider = (at) => at.map((value, axis) => centre[axis] + (value - centre[axis]) * 1.16);
    return [...half(sorted), ...half([...sorted].reverse())].map(wider);
  }
  const ground = points.length > 5 ? [{
    type: "custom", silent: true, data: [0], z: 0, clip: false,
    renderItem: (_, api) => ({
      type: "polygon", shape: { points: hull().map((at) => api.coord(at)), smooth: 0.2 },
      style: { fill: tone("--tint"), stroke: tone("--tint-line"), lineWidth: 1.5 },
    }),
  }] : [];

  chart.setOption({
    animation: false,
    ...axes(),
    tooltip: {
      renderMode: "richText", // as HTML it would need inline styles, which the policy forbids
      formatter: ({ data }) => {
        const point = data.point;
        const bad = share(point) < 0 ? "–" : `${(share(point) * 100).toFixed(1)}%`;
        return `${point[language]}\n${words.kiosks}: ${point.kiosks.toLocaleString()}\n${words.bad}: ${point.bad.toLocaleString()} (${bad})\n${words.warning}: ${point.warning.toLocaleString()}`;
      },
    },
    series: [...ground, {
      type: "scatter",
      // The worst on top.
      data: [...points].sort((one, other) => share(one) - share(other)).map((point) => ({
        value: point.at, symbolSize: size(point), point,
        itemStyle: { color: colour(point), opacity: 0.85, borderColor: "#fff", borderWidth: 1 },
      })),
      label: {
        show: points.length <= 60, position: "bottom", distance: 2, fontSize: 12, color: tone("--ink"),
        formatter: ({ data }) => data.point[language],
      },
      labelLayout: { hideOverlap: true },
      emphasis: { scale: 1.15, label: { show: true, fontWeight: "bold" } },
    }],
  });
  chart.on("click", ({ data }) => window.location.assign(`/console/?region=${data.point.code}`));
  new ResizeObserver(() => { chart.resize(); chart.setOption(axes()); }).observe(place);
  place.dataset.ready = "true";

  // The page stays open on somebody's wall: fresh numbers every two minutes, the table and tiles with them.
  window.setInterval(() => { if (document.visibilityState === "visible") window.location.reload(); }, 120000);
})();
