"use strict";
// Charts from data blocks: <div class="chart" data-chart="ID"> and <script type="application/json" id="ID">.
// {"kind": "share" | "count" | "line", "days": […], "series": [{"name", "tone", "values"}]}

(() => {
  if (!window.echarts) return;
  const styles = getComputedStyle(document.documentElement);
  const tone = (name) => styles.getPropertyValue(`--c-${name}`).trim() || styles.getPropertyValue("--primary").trim();
  const ink = styles.getPropertyValue("--muted").trim();
  const line = styles.getPropertyValue("--line").trim();

  function percents(series) {
    const sums = series[0].values.map((_, day) => series.reduce((sum, entry) => sum + entry.values[day], 0));
    return series.map((entry) => ({
      ...entry, values: entry.values.map((value, day) => (sums[day] ? (value / sums[day]) * 100 : null)),
    }));
  }

  for (const place of document.querySelectorAll("[data-chart]")) {
    const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
    const shares = data.kind === "share";
    const series = shares ? percents(data.series) : data.series;
    const chart = window.echarts.init(place, null, { renderer: "canvas" });
    chart.setOption({
      animation: false,
      grid: { left: 8, right: 12, top: 34, bottom: 4, containLabel: true },
      legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 10, textStyle: { color: ink, fontSize: 12 }, type: "scroll" },
      tooltip: {
        trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" },
        valueFormatter: (value) => (value === null ? "–" : shares ? `${value.toFixed(1)}%` : value.toLocaleString()),
      },
      xAxis: {
        type: "category", data: data.days.map((day) => (day.length === 10 ? day.slice(5) : day)),
        axisLabel: { color: ink, fontSize: 11 }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false },
      },
      yAxis: {
        type: "value", min: data.min ?? 0, max: shares ? 100 : undefined, minInterval: shares ? undefined : 1,
        axisLabel: { color: ink, fontSize: 11, formatter: shares || data.unit === "%" ? "{value}%" : undefined },
        splitLine: { lineStyle: { color: line } },
      },
      series: series.map((entry) => ({
        name: entry.name, data: entry.values, type: data.kind === "line" ? "line" : "bar",
        stack: data.kind === "line" ? undefined : "all", barMaxWidth: 26, symbolSize: 5,
        itemStyle: { color: tone(entry.tone) }, lineStyle: { color: tone(entry.tone), width: 2 },
      })),
    });
    new ResizeObserver(() => chart.resize()).observe(place);
    place.dataset.ready = "true";
  }
})();
