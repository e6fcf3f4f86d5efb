// Draws with uPlot how soon each kind of release is caught: stairs over a logarithmic time.
(() => {
  const { curves, switchedMs } = JSON.parse(document.getElementById('data').textContent);
  const element = document.getElementById('chart');
  if (element === null) return;
  const css = getComputedStyle(document.documentElement);
  const colour = (name) => css.getPropertyValue(`--${name}`).trim();
  const times = curves.flatMap(({ points }) => points.map(([ms]) => ms / 1000));
  const until = Math.max(...times, (switchedMs ?? 0) / 1000) * 1.1;
  const from = Math.min(...times) / 1.5;
  const marks = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400];

  function span(seconds) {
    if (seconds < 60) return `${Math.round(seconds)} s`;
    if (seconds < 3600) return `${Number((seconds / 60).toFixed(1))} min`;
    return `${Number((seconds / 3600).toFixed(1))} h`;
  }

  /** Each curve from nothing to the end of the chart, so that all can be read at any time. */
  function dataOf() {
    const all = [...new Set([from, ...times, until])].sort((one, other) => one - other);
    const shares = curves.map(({ points }) =>
      all.map((at) => points.findLast(([ms]) => ms / 1000 <= at)?.[1] ?? 0),
    );
    return [all, ...shares];
  }

  /** When everybody is on a good release. */
  function switched(plot) {
    if (switchedMs === null) return;
    const { ctx, bbox } = plot;
    const x = plot.valToPos(switchedMs / 1000, 'x', true);
    ctx.save();
    ctx.strokeStyle = colour('soft');
    ctx.fillStyle = colour('soft');
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textBaseline = 'top';
    const text = 'everybody on it';
    const wide = ctx.measureText(text).width + 6 * devicePixelRatio;
    const isLeft = x + wide > bbox.left + bbox.width;
    ctx.textAlign = isLeft ? 'right' : 'left';
    ctx.fillText(text, x + (isLeft ? -5 : 5) * devicePixelRatio, bbox.top + 4 * devicePixelRatio);
    ctx.restore();
  }

  function readout(plot, place) {
    const { idx } = plot.cursor;
    if (idx === null || idx === undefined) return;
    const said = curves.map(
      ({ name }, index) => `${name}: ${Math.round(plot.data[index + 1][idx])} %`,
    );
    place.textContent = `within ${span(plot.data[0][idx])}  ${said.join('   ')}`;
  }

  const place = document.createElement('div');
  place.className = 'readout';
  const height = 280;
  const axis = {
    stroke: () => colour('soft'),
    grid: { stroke: () => colour('rule'), width: 1 },
    ticks: { stroke: () => colour('rule'), width: 1 },
    font: '12px system-ui, sans-serif',
  };
  /** Round times only, and no more than there is room for. */
  const splits = (plot) => {
    const shown = marks.filter((mark) => mark >= from && mark <= until);
    const room = Math.max(2, Math.floor(plot.width / 80));
    const step = Math.ceil(shown.length / room);
    return shown.filter((_, index) => index % step === 0);
  };
  const plot = new uPlot(
    {
      width: element.clientWidth,
      height,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 6 } },
      scales: { x: { time: false, distr: 3, range: [from, until] }, y: { range: [0, 118] } },
      series: [
        {},
        ...curves.map(({ name, line }) => ({
          label: name,
          stroke: () => colour(`line-${line}`),
          width: 2,
          paths: uPlot.paths.stepped({ align: 1 }),
          points: { show: false },
        })),
      ],
      axes: [
        { ...axis, size: 28, splits, values: (_, all) => all.map(span), filter: (_, all) => all },
        {
          ...axis,
          size: 56,
          splits: () => [0, 25, 50, 75, 100],
          values: (_, all) => all.map((one) => `${one} %`),
        },
      ],
      hooks: { draw: [switched], setCursor: [(drawn) => readout(drawn, place)] },
    },
    dataOf(),
    element,
  );
  element.append(place);
  addEventListener('resize', () => plot.setSize({ width: element.clientWidth, height }));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw());
})();
