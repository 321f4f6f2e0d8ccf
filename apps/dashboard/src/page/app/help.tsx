import { useEffect, useRef, useState } from 'preact/hooks';
import { PAGES } from './pages.ts';
import { go, hrefOf } from './route.ts';

/** Keys that lead to pages, and `?` for the list of them; not while one types. */
export function useKeys() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === '?') return setOpen(true);
      if (event.key === '/') return focusSearch(event);
      const entry = PAGES.find((page) => page.key === event.key);
      if (entry === undefined || document.querySelector('dialog[open]') !== null) return;
      go(hrefOf(entry.path === '' ? [] : [entry.path]));
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return { isOpen, open: () => setOpen(true), close: () => setOpen(false) };
}

function focusSearch(event: KeyboardEvent): void {
  const field = document.querySelector<HTMLInputElement>('main input[type="search"]');
  if (field === null) return;
  event.preventDefault();
  field.focus();
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest('input:not([type="radio"]):not([type="checkbox"]), select, textarea') !== null;

/** What the keys do. */
export function Help({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">Keys</h2>
      <dl>
        {PAGES.map((page) => (
          <div key={page.key}>
            <dt>
              <kbd>{page.key}</kbd>
            </dt>
            <dd>{page.label}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>/</kbd>
          </dt>
          <dd>Search on this page</dd>
        </div>
        <div>
          <dt>
            <kbd>?</kbd>
          </dt>
          <dd>This list</dd>
        </div>
      </dl>
      <form method="dialog">
        <button type="submit" class="main">
          Close
        </button>
      </form>
    </dialog>
  );
}
