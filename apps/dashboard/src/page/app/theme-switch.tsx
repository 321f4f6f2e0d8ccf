import { useStore } from '../data/store.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { setTheme, type Theme, THEMES, themeStore } from './theme.ts';

const LOOKS: Readonly<Record<Theme, { icon: IconName; says: string }>> = {
  auto: { icon: 'device', says: 'as the device' },
  light: { icon: 'sun', says: 'light' },
  dark: { icon: 'moon', says: 'dark' },
};

/** As the device has it, light, dark, by turns. */
export function ThemeSwitch() {
  const theme = useStore(themeStore);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto';
  const says = `Colours: ${LOOKS[theme].says}. Change to ${LOOKS[next].says}`;
  return (
    <button type="button" class="plain" aria-label={says} title={says} onClick={() => setTheme(next)}>
      <Icon name={LOOKS[theme].icon} />
    </button>
  );
}
