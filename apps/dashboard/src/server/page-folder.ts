import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the built page; undefined while it is not built (`npm run build`). */
export function dashboardPage(): string | undefined {
  const folder = join(import.meta.dirname, '../../dist/page');
  return existsSync(join(folder, 'index.html')) ? folder : undefined;
}
