import { Component, type ComponentChildren, type ComponentType } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Loading } from '../parts/known.tsx';
import { Empty, PageHead } from '../parts/panel.tsx';
import type { PageEntry, PageProps } from './pages.ts';
import { hrefOf, type Route } from './route.ts';

type Loaded = { readonly entry: PageEntry; readonly page: ComponentType<PageProps> | 'failed' };
const loaded = new Map<PageEntry, ComponentType<PageProps>>();

/** The page of a route, loaded when it is first looked at. */
export function PageView({ entry, route }: { readonly entry: PageEntry | undefined; readonly route: Route }) {
  const [now, setNow] = useState<Loaded>();
  useEffect(() => {
    if (entry === undefined || loaded.has(entry)) return;
    entry.load().then(
      ({ Page }) => {
        loaded.set(entry, Page);
        setNow({ entry, page: Page });
      },
      () => setNow({ entry, page: 'failed' }),
    );
  }, [entry]);
  useEffect(() => {
    document.title = `${entry?.label ?? 'Nothing here'} · sv2kit`;
  }, [entry]);
  useArrival([route.page, ...route.rest].join('/'), entry === undefined || loaded.has(entry) || now?.entry === entry);
  if (entry === undefined) return <NothingHere />;
  const Page = loaded.get(entry);
  if (Page !== undefined) {
    return (
      <Guard key={entry.path}>
        <Page route={route} />
      </Guard>
    );
  }
  if (now?.entry === entry && now.page === 'failed') return <NotLoaded />;
  return <Loading what={entry.label} />;
}

/**
 * Who goes to another page begins at its head, with a screen reader too. In the turn that draws the page: later, a key
 * that was pressed on it, such as the one for the search, would have its focus taken away again.
 */
function useArrival(place: string, isThere: boolean): void {
  const shown = useRef(place);
  useLayoutEffect(() => {
    if (!isThere || shown.current === place) return;
    shown.current = place;
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [place, isThere]);
}

const NothingHere = () => (
  <>
    <PageHead title="Nothing here" />
    <Empty>
      There is no such page. <a href={hrefOf([])}>Go to the overview.</a>
    </Empty>
  </>
);

const NotLoaded = () => (
  <>
    <PageHead title="This page could not be loaded" />
    <Empty>
      The server does not answer, or has another version of the page.{' '}
      <button type="button" onClick={() => location.reload()}>
        Load anew
      </button>
    </Empty>
  </>
);

/** A page with a bug takes only itself down. */
class Guard extends Component<{ readonly children: ComponentChildren }, { readonly error?: unknown }> {
  static override getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    const { error } = this.state;
    return (
      <>
        <PageHead title="This page has failed" />
        <Empty>
          {`It is a bug: ${error instanceof Error ? error.message : 'unknown'}. `}
          <button type="button" onClick={() => location.reload()}>
            Load anew
          </button>
        </Empty>
      </>
    );
  }
}
