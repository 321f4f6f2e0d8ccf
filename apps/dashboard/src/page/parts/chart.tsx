import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './chart.css';
import { hashrate, si, when } from '../data/format.ts';
import { extentOf, type Series } from '../data/series.ts';

interface ChartProps {
  /** What the line is of: `Hashrate of the pool over 24 hours`. */
  readonly label: string;
  readonly series: Series;
}

/** Hashrate over time: a line for the eye, a sentence and a table for who does not see it. */
export function HashrateChart({ label, series }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [readout, setReadout] = useState<string>();
  const data: uPlot.AlignedData = [[...series.x], [...series.y]];
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(element, setReadout), latest.current, element);
    };
    draw();
    const sized = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    sized.observe(element);
    const ends = onThemeChange(draw);
    return () => {
      sized.disconnect();
      ends();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, []);
  useEffect(() => plot.current?.setData(data), [series]);
  const extent = extentOf(series);
  const says =
    extent === undefined
      ? label
      : `${label}: between ${hashrate(extent.min)} and ${hashrate(extent.max)}, ${hashrate(extent.mean)} on average`;
  return (
    <>
      <div class="chart" ref={place} role="img" aria-label={says}>
        {readout !== undefined && <span class="readout">{readout}</span>}
      </div>
      <SeriesTable series={series} />
    </>
  );
}

function SeriesTable({ series }: { readonly series: Series }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {isOpen && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Hashrate over time">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col" class="number">
                  Hashrate
                </th>
              </tr>
            </thead>
            <tbody>
              {series.x
                .map((x, i) => (
                  <tr key={x}>
                    <td>{when(x * 1000)}</td>
                    <td class="number">{hashrate(series.y[i] ?? 0)}</td>
                  </tr>
                ))
                .reverse()}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

function optionsOf(element: HTMLElement, tell: (text: string | undefined) => void): uPlot.Options {
  const style = getComputedStyle(element);
  // Resolved by the browser: a canvas knows no light-dark().
  const colour = (name: string): string => resolved(element, style.getPropertyValue(name));
  const [accent, line, soft] = [colour('--accent'), colour('--line'), colour('--ink-soft')];
  const font = `12px ${style.fontFamily}`;
  const axis = { stroke: soft, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    padding: [10, 8, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.12 : 1] } },
    axes: [
      axis,
      { ...axis, size: 74, values: (_, splits) => splits.map((value) => (value === 0 ? '0' : si(value, 'H/s'))) },
    ],
    series: [
      {},
      { stroke: accent, width: 1.8, fill: `color-mix(in srgb, ${accent} 14%, transparent)`, points: { show: false } },
    ],
    hooks: {
      setCursor: [
        (chart) => {
          const at = chart.cursor.idx;
          const [x, y] = [at === null || at === undefined ? undefined : chart.data[0][at], chart.data[1]?.[at ?? 0]];
          tell(x === undefined || y === null || y === undefined ? undefined : `${hashrate(y)} · ${when(x * 1000)}`);
        },
      ],
    },
  };
}

function resolved(element: HTMLElement, colour: string): string {
  const probe = document.createElement('span');
  probe.style.color = colour;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** The colours of a canvas are its own: it is drawn anew when the page's change. */
function onThemeChange(draw: () => void): () => void {
  const device = matchMedia('(prefers-color-scheme: dark)');
  const observer = new MutationObserver(draw);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  device.addEventListener('change', draw);
  return () => {
    observer.disconnect();
    device.removeEventListener('change', draw);
  };
}
