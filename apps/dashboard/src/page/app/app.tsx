import { useEffect, useRef } from 'preact/hooks';
import { followEvents } from '../data/events.ts';
import { useStore } from '../data/store.ts';
import { tokenStore } from '../data/token.ts';
import { Announcer } from './announcer.tsx';
import { Connection } from './connection.tsx';
import { Help, useKeys } from './help.tsx';
import { BottomBar, SideBar } from './navigation.tsx';
import { PAGES } from './pages.ts';
import { PageView } from './page-view.tsx';
import { hrefOf, useRoute } from './route.ts';
import { ThemeSwitch } from './theme-switch.tsx';
import { TokenForm } from './token-form.tsx';

/** The frame of every page. */
export function App() {
  const route = useRoute();
  const token = useStore(tokenStore);
  const main = useRef<HTMLElement>(null);
  const help = useKeys();
  useEffect(() => void followEvents(), []);
  const entry = PAGES.find((page) => page.path === route.page);
  return (
    <div class="frame">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={hrefOf([])}>
          sv2kit
        </a>
        <Connection />
        <ThemeSwitch />
        <button type="button" class="plain" aria-label="Help: keys" title="Help (?)" onClick={help.open}>
          ?
        </button>
      </header>
      <SideBar page={route.page} />
      <main ref={main} id="main" tabIndex={-1}>
        {token.state === 'wanted' ? <TokenForm refused={token.refused} /> : <PageView entry={entry} route={route} />}
      </main>
      <BottomBar page={route.page} />
      <Announcer />
      {help.isOpen && <Help onClose={help.close} />}
    </div>
  );
}
