import { Store } from './store.ts';

const KEPT_AS = 'sv2kit-token';

/** Whether the servers want a token. Kept as long as the tab is. */
export type TokenState =
  | { readonly state: 'not-asked' }
  | { readonly state: 'given'; readonly token: string }
  | { readonly state: 'wanted'; readonly refused: boolean };

function kept(): TokenState {
  try {
    const token = sessionStorage.getItem(KEPT_AS);
    return token === null ? { state: 'not-asked' } : { state: 'given', token };
  } catch {
    return { state: 'not-asked' };
  }
}

/** The token that is shown to the servers. */
export const tokenStore = new Store<TokenState>(kept());

/** A server answered that it wants a token: `shown` is the one that the question carried. */
export function tokenIsWanted(shown: string | undefined): void {
  const now = tokenStore.value;
  if (now.state === 'wanted') return;
  // Asked before the person gave it: the next question carries it.
  if (now.state === 'given' && now.token !== shown) return;
  forget();
  tokenStore.set({ state: 'wanted', refused: shown !== undefined });
}

/** What the person gives. */
export function giveToken(token: string): void {
  try {
    sessionStorage.setItem(KEPT_AS, token);
  } catch {
    // A browser without storage: the token holds until the page is loaded anew.
  }
  tokenStore.set({ state: 'given', token });
}

function forget(): void {
  try {
    sessionStorage.removeItem(KEPT_AS);
  } catch {
    // Nothing was kept.
  }
}

/** The token to show, if there is one. */
export function shownToken(): string | undefined {
  const now = tokenStore.value;
  return now.state === 'given' ? now.token : undefined;
}
