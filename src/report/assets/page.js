// Draws each figure when it comes near the window, so that the page answers at once however many there are.
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const narrow = () => window.innerWidth < 620;
  const look = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // A title of several lines, so that it is not cut off at the edge of a phone.
  const wrapped = (text, most) => text.split(" ").reduce((lines, word) => {
    const last = lines[lines.length - 1];
    return last && last.length + word.length < most ? [...lines.slice(0, -1), `${last} ${word}`] : [...lines, word];
  }, []).join("<br>");

  function layoutOf(figure) {
    const axis = { gridcolor: look("--grid"), linecolor: look("--line"), tickcolor: look("--line"), automargin: true };
    const layout = JSON.parse(JSON.stringify(figure.layout));
    layout.xaxis = Object.assign({}, axis, layout.xaxis);
    layout.yaxis = Object.assign({}, axis, layout.yaxis);
    layout.xaxis.title.standoff = 8;
    layout.xaxis.ticklabeloverflow = "allow";
    if (narrow()) {
      layout.xaxis.title.text = wrapped(layout.xaxis.title.text, 28);
      layout.yaxis.title.text = wrapped(layout.yaxis.title.text, 38);
      if (layout.xaxis.ticktext) layout.xaxis.tickangle = -60;
    }
    const names = figure.data.filter((trace) => trace.showlegend !== false).length;
    const below = narrow() || names > 14;
    const longest = Math.max(...figure.data.map((trace) => (trace.showlegend === false ? "" : trace.name || "").length));
    const columns = narrow() ? (longest > 14 ? 1 : 2) : 4;
    const rows = below ? Math.ceil(names / columns) : 0;
    layout.legend = Object.assign({}, layout.legend, below
      ? { orientation: "h", x: 0, xref: narrow() ? "container" : "paper", xanchor: "left", y: 0, yref: "container", yanchor: "bottom", maxheight: 0.4, font: { size: 11 } }
      : { x: 1.01, xanchor: "left", y: 1, font: { size: 12 } });
    layout.height = (layout.height || 430) + 22 + (below ? Math.min(rows * 19, 230) : 0);
    // The margin at the top is that of plotly's buttons, which would lie over the first names of the legend.
    return Object.assign(layout, {
      autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: look("--ink"), family: getComputedStyle(document.body).fontFamily, size: narrow() ? 11 : 13 },
      margin: { l: narrow() ? 46 : 64, r: narrow() ? 10 : 16, t: 34, b: below ? Math.min(rows * 19, 230) + 70 : 56 },
      hoverlabel: { align: "left", namelength: -1 },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: look("--soft"), activecolor: look("--ink") },
    });
  }

  function draw(box) {
    const chart = charts[box.dataset.chart];
    const choice = box.parentElement.querySelector("select");
    const figure = chart[choice ? choice.value : Object.keys(chart)[0]];
    const caption = box.parentElement.querySelector(".caption");
    caption.textContent = figure.layout.meta || "";
    caption.hidden = !caption.textContent;
    box.dataset.state = "drawing";
    const traces = figure.data.map((trace) => Object.assign({}, trace, { x: figure.shared[trace.x] }));
    Plotly.react(box, traces, layoutOf(figure), { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"] })
      .then(() => { box.dataset.state = "drawn"; });
  }

  const boxes = [...document.querySelectorAll(".plot")];
  const seen = new IntersectionObserver((entries) => entries.forEach((entry) => {
    if (entry.isIntersecting) { seen.unobserve(entry.target); draw(entry.target); }
  }), { rootMargin: "300px" });
  boxes.forEach((box) => {
    seen.observe(box);
    const choice = box.parentElement.querySelector("select");
    if (choice) choice.addEventListener("change", () => draw(box));
  });

  const again = () => boxes.filter((box) => box.dataset.state === "drawn").forEach(draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  let wasNarrow = narrow();
  window.addEventListener("resize", () => { if (narrow() !== wasNarrow) { wasNarrow = narrow(); again(); } });
  window.addEventListener("beforeprint", () => boxes.filter((box) => !box.dataset.state).forEach(draw));
  document.body.dataset.ready = "yes";
})();
