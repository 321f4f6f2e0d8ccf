import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { hrefOf } from '../../app/route.ts';
import { plain } from '../../data/format.ts';
import { Badge } from '../../parts/badge.tsx';
import type { Box, Graph, Link } from './graph.ts';
import { type Layout, layout, type LayoutOptions } from './layout.ts';
import { usePulses } from './pulses.ts';
import { boxWords, STATE_TONES } from './words.ts';

/** Below this the picture runs downwards. */
const NARROW = 720;
const ACROSS: LayoutOptions = {
  direction: 'across',
  boxWidth: 178,
  boxHeight: 56,
  gap: 12,
  layerGap: 60,
  mostPerLayer: 9,
};

/** The roles and their connections as boxes and lines. */
export function Picture({ graph }: { readonly graph: Graph }) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const { boxes, links } = graph;
  const key = `${width} ${boxes.map(({ id }) => id).join()} ${links.map(({ id }) => id).join()}`;
  const placed = useMemo(() => fitted(graph, width), [key]);
  const pulses = usePulses(graph);
  const pathOf = new Map(links.map(({ id }, at) => [id, placed.layout.paths[at] ?? '']));
  return (
    <div ref={place} class="picture scroll">
      <div class="canvas" style={{ width: `${placed.layout.width}px`, height: `${placed.layout.height}px` }}>
        <svg width={placed.layout.width} height={placed.layout.height} aria-hidden="true">
          {links.map((link) => (
            <path key={link.id} d={pathOf.get(link.id)} class={classOf(link)}>
              <title>{`${link.protocol}: ${link.state}`}</title>
            </path>
          ))}
          {pulses.map(({ key: run, link, way }) => (
            <path key={run} d={pathOf.get(link)} class={`pulse ${way}`} pathLength={100} />
          ))}
        </svg>
        <ul aria-label="Roles and what they are connected with">
          {boxes.map((box) => (
            <BoxView key={box.id} box={box} options={placed.options} layout={placed.layout} />
          ))}
        </ul>
      </div>
    </div>
  );
}

interface BoxViewProps {
  readonly box: Box;
  readonly options: LayoutOptions;
  readonly layout: Layout;
}

function BoxView({ box, options, layout: { boxes } }: BoxViewProps) {
  const { x, y } = boxes.get(box.id) ?? { x: 0, y: 0 };
  const style = { left: `${x}px`, top: `${y}px`, width: `${options.boxWidth}px`, height: `${options.boxHeight}px` };
  const words = plain(boxWords(box));
  const content = (
    <>
      <span class="label">{plain(box.label)}</span>
      {box.type === 'group' ? (
        <span class="what">{plain(box.what)}</span>
      ) : (
        <span class="what">
          <Badge tone={STATE_TONES[box.state]}>{box.state === 'away' ? 'not reachable' : box.state}</Badge>
          {box.type !== 'role' || box.what !== box.label ? plain(box.what) : ''}
        </span>
      )}
    </>
  );
  return (
    <li class={`box ${box.type} is-${box.state}`} style={style} title={words}>
      {box.role === undefined ? (
        <span aria-label={words} role="group">
          {content}
        </span>
      ) : (
        <a href={hrefOf(['health'], { role: box.role })}>{content}</a>
      )}
    </li>
  );
}

const classOf = ({ protocol, isUp, isActive }: Link): string =>
  `link ${protocol}${isUp ? '' : ' down'}${isActive ? '' : ' standby'}`;

interface Fitted {
  readonly layout: Layout;
  readonly options: LayoutOptions;
}

/** As wide as there is room, within reason. */
function fitted({ boxes, links }: Graph, width: number): Fitted {
  const wanted = { boxes: boxes.map(({ id }) => id), links };
  if (width < NARROW) {
    const boxWidth = Math.floor((Math.max(300, width) - 12 - 2 * 10) / 3);
    const options: LayoutOptions = {
      ...ACROSS,
      direction: 'down',
      boxWidth,
      boxHeight: 64,
      gap: 8,
      layerGap: 44,
      mostPerLayer: 3,
    };
    return { layout: layout(wanted, options), options };
  }
  const first = layout(wanted, ACROSS);
  const room = (width - first.layers * ACROSS.boxWidth - 14) / Math.max(1, first.layers - 1);
  const options = { ...ACROSS, layerGap: Math.min(150, Math.max(36, room)) };
  return { layout: layout(wanted, options), options };
}

/** The room that there is, in pixels. */
function useWidth(place: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(() => Math.min(1000, innerWidth - 60));
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      const { paddingLeft, paddingRight } = getComputedStyle(element);
      setWidth(Math.floor(element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight)));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return width;
}
