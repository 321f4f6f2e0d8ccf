import type { KnownRole } from '../data/roles.ts';
import { plain } from '../data/format.ts';
import { go, hrefOf, type Route } from '../app/route.ts';
import { Select } from './choose.tsx';

interface RoleChoiceProps {
  readonly label: string;
  readonly roles: readonly KnownRole[];
  readonly chosen: KnownRole | undefined;
  readonly route: Route;
}

/** Whose figures are shown; kept in the address as `?role=`. Nothing where there is no choice. */
export function RoleChoice({ label, roles, chosen, route }: RoleChoiceProps) {
  if (roles.length < 2 || chosen === undefined) return null;
  return (
    <Select
      label={label}
      value={chosen.name}
      of={roles.map(({ name }) => ({ value: name, label: plain(name) }))}
      onChoose={(role) => go(hrefOf([route.page, ...route.rest].filter(Boolean), { role }), { replace: true })}
    />
  );
}
