import { useEffect, useState } from 'preact/hooks';
import { type RoleEvent, useEvents } from '../../data/events.ts';
import type { Graph, Link } from './graph.ts';

/** Something that runs along a line once. */
export interface Pulse {
  readonly key: number;
  readonly link: string;
  /** Work runs from a server to its clients, what was found from a client to its servers. */
  readonly way: 'work' | 'found';
}

const RUNS_MS = 1400;
/** More at once would be a flicker. */
const AT_ONCE = 40;
let pulses = 0;

/** What happens, as pulses on the lines that it goes along. */
export function usePulses(graph: Graph): readonly Pulse[] {
  const [running, setRunning] = useState<readonly Pulse[]>([]);
  useEvents((event) => {
    if (document.visibilityState === 'hidden') return;
    const started = pulsesOf(event, graph).map((pulse) => ({ ...pulse, key: (pulses += 1) }));
    if (started.length === 0) return;
    setRunning((before) => [...before, ...started].slice(-AT_ONCE));
  });
  const last = running.at(-1)?.key;
  useEffect(() => {
    if (last === undefined) return;
    const timer = setTimeout(() => setRunning((before) => before.filter(({ key }) => key > last)), RUNS_MS);
    return () => clearTimeout(timer);
  }, [last]);
  return running;
}

/** The lines that an event goes along. */
function pulsesOf(event: RoleEvent, { boxes, links }: Graph): readonly Omit<Pulse, 'key'>[] {
  const own = new Set(
    boxes.filter(({ role, label }) => role === event.role && isPart(event, label)).map(({ id }) => id),
  );
  const along = (which: (link: Link) => boolean, way: Pulse['way']) =>
    links.filter((link) => link.isUp && link.isActive && which(link)).map(({ id }) => ({ link: id, way }));
  switch (event.type) {
    case 'job':
      return along(({ to, protocol }) => own.has(to) && protocol !== 'job-declaration', 'work');
    case 'tip':
      return along(
        ({ from, protocol }) => own.has(from) && (protocol === 'node' || protocol === 'template-distribution'),
        'work',
      );
    case 'block-found':
      return along(({ from }) => own.has(from), 'found');
    default:
      return [];
  }
}

const isPart = ({ part }: RoleEvent, label: string): boolean => part === undefined || part === label;
