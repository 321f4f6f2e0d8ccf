import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { PAGES, type PageEntry } from './pages.ts';
import { hrefOf } from './route.ts';

/** How many fit beside "More" at the bottom of a phone. */
const AT_THE_BOTTOM = 4;

/** On wide screens: all pages at the side. */
export const SideBar = ({ page }: { readonly page: string }) => (
  <nav class="side" aria-label="Pages">
    {PAGES.map((entry) => (
      <PageLink key={entry.path} entry={entry} page={page} />
    ))}
  </nav>
);

/** On a phone: the first pages at the bottom, the others behind "More". */
export function BottomBar({ page }: { readonly page: string }) {
  const [isOpen, setOpen] = useState(false);
  const bar = useRef<HTMLElement>(null);
  useEffect(() => setOpen(false), [page]);
  useEffect(() => {
    if (!isOpen) return;
    const close = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === 'Escape' : !bar.current?.contains(event.target as Node)) {
        setOpen(false);
      }
    };
    document.addEventListener('keydown', close);
    document.addEventListener('pointerdown', close);
    return () => {
      document.removeEventListener('keydown', close);
      document.removeEventListener('pointerdown', close);
    };
  }, [isOpen]);
  const others = PAGES.slice(AT_THE_BOTTOM);
  const isAmongOthers = others.some((entry) => entry.path === page);
  return (
    <nav class="bottom" aria-label="Pages" ref={bar}>
      {isOpen && (
        <div class="sheet" id="more-pages">
          {others.map((entry) => (
            <PageLink key={entry.path} entry={entry} page={page} />
          ))}
        </div>
      )}
      {PAGES.slice(0, AT_THE_BOTTOM).map((entry) => (
        <PageLink key={entry.path} entry={entry} page={page} />
      ))}
      <button
        type="button"
        class={isAmongOthers ? 'here' : ''}
        aria-expanded={isOpen}
        aria-controls="more-pages"
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="more" />
        <span>More</span>
      </button>
    </nav>
  );
}

const PageLink = ({ entry, page }: { readonly entry: PageEntry; readonly page: string }) => (
  <a
    href={hrefOf(entry.path === '' ? [] : [entry.path])}
    aria-current={entry.path === page ? 'page' : undefined}
    title={`${entry.label} (${entry.key})`}
  >
    <Icon name={entry.icon} />
    <span>{entry.label}</span>
  </a>
);
