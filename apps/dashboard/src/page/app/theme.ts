import { Store } from '../data/store.ts';

const KEPT_AS = 'sv2kit-theme';
export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

function kept(): Theme {
  try {
    const text = localStorage.getItem(KEPT_AS);
    return THEMES.find((theme) => theme === text) ?? 'auto';
  } catch {
    return 'auto';
  }
}

export const themeStore = new Store<Theme>(kept());

/** `auto` follows the device. */
export function applyTheme(): void {
  const theme = themeStore.value;
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export function setTheme(theme: Theme): void {
  themeStore.set(theme);
  applyTheme();
  try {
    if (theme === 'auto') localStorage.removeItem(KEPT_AS);
    else localStorage.setItem(KEPT_AS, theme);
  } catch {
    // A browser without storage: it holds until the page is loaded anew.
  }
}
