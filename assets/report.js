// Draws the report's charts with uPlot: lines as they come, limits where their phase was, phases as a ground.
(() => {
  const { charts, phases, committedAt } = JSON.parse(document.getElementById('data').textContent);
  const css = getComputedStyle(document.documentElement);
  const colour = (name) => css.getPropertyValue(`--${name}`).trim();
  const colours = { new: 'green', old: 'blue', balancer: 'violet' };
  const time = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 19);
  const alike = (unit, value) => (value === null || value === undefined ? '–' : `${value} ${unit}`);
  const span = [phases[0]?.[1] ?? 0, phases.at(-1)?.[2] ?? 1].map((at) => at / 1000);

  function dataOf({ curves }) {
    const tables = curves.map(({ points }) => [
      points.map(([at]) => at / 1000),
      points.map(([, value]) => value),
    ]);
    return uPlot.join(tables);
  }

  function topOf({ curves, bounds, unit }) {
    const values = curves.flatMap(({ points }) => points.map(([, value]) => value ?? 0));
    const least = unit === '%' ? 2 : 1;
    return Math.max(least, ...values, ...bounds.map(({ at }) => at)) * 1.15;
  }

  /** Phases behind the lines, as pale as paper. */
  function ground(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.globalAlpha = 0.18;
    for (const [phase, from, to] of phases) {
      ctx.fillStyle = colour(phase) || colour('rule');
      const [left, right] = [from, to].map((at) => plot.valToPos(at / 1000, 'x', true));
      ctx.fillRect(left, bbox.top, Math.max(right - left, 1), bbox.height);
    }
    ctx.restore();
  }

  function line(plot, from, to, style) {
    const { ctx } = plot;
    ctx.save();
    ctx.strokeStyle = style.colour;
    ctx.lineWidth = style.width * devicePixelRatio;
    ctx.setLineDash(style.dash.map((one) => one * devicePixelRatio));
    ctx.beginPath();
    ctx.moveTo(...from);
    ctx.lineTo(...to);
    ctx.stroke();
    ctx.restore();
  }

  /** A place for a label beside its line that no earlier label has: above it, higher up, or else below. */
  function free(taken, bbox, { x, y, wide }) {
    const high = 14 * devicePixelRatio;
    const heights = [0, 1, 2, 3, 4, -1.5, -2.5, -3.5].map(
      (steps) => y - 4 * devicePixelRatio - steps * high,
    );
    const hits = (one, top) =>
      Math.abs(one.y - top) < high && x < one.x + one.wide && one.x < x + wide;
    const fits = (top) => top - high >= bbox.top - high / 2 && top <= bbox.top + bbox.height;
    const place = heights.find((top) => fits(top) && !taken.some((one) => hits(one, top)));
    return place ?? heights[0];
  }

  function limits(plot, { bounds, unit }) {
    const { ctx, bbox } = plot;
    const taken = [];
    for (const { at, label, from, to } of bounds) {
      const y = plot.valToPos(at, 'y', true);
      const [left, right] = [from, to].map((one) => plot.valToPos(one / 1000, 'x', true));
      const isGood = /acceptable$/.test(label) && !/unacceptable$/.test(label);
      const style = { colour: colour(isGood ? 'green' : 'red'), width: 1.5, dash: [6, 4] };
      line(plot, [left, y], [Math.max(right, left + 8), y], style);
      ctx.save();
      ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
      ctx.fillStyle = style.colour;
      ctx.textAlign = 'left';
      ctx.textBaseline = 'alphabetic';
      const text = `${label} ${alike(unit, Number(at.toPrecision(3)))}`;
      const wide = ctx.measureText(text).width;
      const x = Math.max(bbox.left + 4, Math.min(left + 4, bbox.left + bbox.width - wide - 4));
      const top = free(taken, bbox, { x, y, wide });
      taken.push({ x, y: top, wide });
      ctx.fillText(text, x, top);
      ctx.restore();
    }
    if (committedAt === null) return;
    const x = plot.valToPos(committedAt / 1000, 'x', true);
    const style = { colour: colour('text'), width: 1.5, dash: [] };
    line(plot, [x, bbox.top], [x, bbox.top + bbox.height], style);
  }

  function seriesOf({ curves, unit }) {
    return curves.map(({ side, name, minor, points }) => ({
      label: `${name}${minor ? ', half' : ''}`,
      stroke: () => colour(colours[side]),
      width: minor ? 1.25 : 2,
      alpha: minor ? 0.9 : 1,
      points: { show: points.length < 3 },
      value: (_, value) => alike(unit, value),
    }));
  }

  /** What the lines say under the pointer; what is under it is the nearest thing measured by each side. */
  function readout(plot, { curves, unit }, place) {
    const { idx } = plot.cursor;
    if (idx === null || idx === undefined) return;
    const said = curves.map(({ name, minor }, index) => {
      const values = plot.data[index + 1];
      let near = idx;
      while (near > 0 && (values[near] === undefined || values[near] === null)) near -= 1;
      return `${name}${minor ? ' (half)' : ''}: ${alike(unit, values[near])}`;
    });
    place.textContent = `${time(plot.data[0][idx])}  ${said.join('   ')}`;
  }

  function draw(chart, index) {
    const element = document.getElementById(`chart-${index}`);
    const place = document.createElement('div');
    place.className = 'readout';
    const axis = {
      stroke: () => colour('soft'),
      grid: { stroke: () => colour('rule'), width: 1 },
      ticks: { stroke: () => colour('rule'), width: 1 },
      font: '12px system-ui, sans-serif',
    };
    const top = topOf(chart);
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height: 190,
        legend: { show: false },
        cursor: { sync: { key: 'report' }, drag: { x: false, y: false }, points: { size: 6 } },
        scales: { x: { time: true, range: span }, y: { range: [0, top] } },
        series: [{}, ...seriesOf(chart)],
        axes: [
          { ...axis, size: 28, space: 80, values: (_, splits) => splits.map(time) },
          { ...axis, size: 48 },
        ],
        hooks: {
          drawClear: [ground],
          draw: [(drawn) => limits(drawn, chart)],
          setCursor: [(drawn) => readout(drawn, chart, place)],
        },
      },
      dataOf(chart),
      element,
    );
    element.append(place);
    return [plot, element];
  }

  const drawn = charts.map(draw);
  addEventListener('resize', () => {
    for (const [plot, element] of drawn) plot.setSize({ width: element.clientWidth, height: 190 });
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const [plot] of drawn) plot.redraw();
  });
})();
