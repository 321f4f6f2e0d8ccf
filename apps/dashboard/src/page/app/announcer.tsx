import { useEffect, useRef, useState } from 'preact/hooks';
import { type RoleEvent, useEvents } from '../data/events.ts';
import { plain } from '../data/format.ts';
import { hrefOf } from './route.ts';

interface Notice {
  readonly id: number;
  readonly hash: string;
  readonly text: string;
}

const SHOWN_MS = 12_000;
/** A block is told by several roles, of which not all know who found it: who tells it best is waited for. */
const GATHERED_MS = 700;
const REMEMBERED = 50;
let notices = 0;
type Found = RoleEvent & { readonly type: 'block-found' };
/** Several roles tell of the same block: it is announced once. */
const announced: string[] = [];

/** Says aloud and shows for a moment that a block was found. */
export function Announcer() {
  const [notice, setNotice] = useState<Notice>();
  const waiting = useRef(new Map<string, Found>());
  const announce = (hash: string) => {
    const event = waiting.current.get(hash);
    waiting.current.delete(hash);
    if (event === undefined) return;
    notices += 1;
    setNotice({ id: notices, hash, text: inWords(event) });
  };
  useEvents((event: RoleEvent) => {
    if (event.type !== 'block-found') return;
    const { hash } = event;
    if (announced.includes(hash)) {
      if (waiting.current.get(hash)?.user === undefined && waiting.current.has(hash)) waiting.current.set(hash, event);
      return;
    }
    announced.push(hash);
    announced.splice(0, Math.max(0, announced.length - REMEMBERED));
    waiting.current.set(hash, event);
    setTimeout(() => announce(hash), GATHERED_MS);
  });
  useEffect(() => {
    if (notice === undefined) return;
    const timer = setTimeout(() => setNotice(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div class="announcer" aria-live="polite">
      {notice !== undefined && (
        <a class="notice" key={notice.id} href={hrefOf(['blocks'], { hash: notice.hash })}>
          <span aria-hidden="true">◆ </span>
          {notice.text}
        </a>
      )}
    </div>
  );
}

function inWords(event: Found): string {
  const where = event.height === undefined ? '' : ` ${event.height}`;
  const worker = [event.user, event.worker].filter((name) => name !== undefined && name !== '').join('.');
  return `Block${where} found${worker === '' ? '' : ` by ${plain(worker).slice(0, 60)}`}`;
}
