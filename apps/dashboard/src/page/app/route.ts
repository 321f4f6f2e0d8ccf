import { Store, useStore } from '../data/store.ts';
import { parseRoute, type Route } from './address.ts';

export { hrefOf, type Route } from './address.ts';

const routeStore = new Store(parseRoute(location.hash));
addEventListener('hashchange', () => routeStore.set(parseRoute(location.hash)));

export const useRoute = (): Route => useStore(routeStore);

/** Goes there; with `replace` the place that one came from is forgotten: for what one types or picks on a page. */
export function go(href: string, { replace = false } = {}): void {
  if (!replace) {
    location.hash = href;
    return;
  }
  history.replaceState(null, '', href);
  routeStore.set(parseRoute(href));
}
