import type { servePage } from './page-routes.ts';
import type { createWeb, openWeb } from './web.ts';

/** What a server of one's own is made of. */
export interface WebParts {
  readonly createWeb: typeof createWeb;
  readonly openWeb: typeof openWeb;
  readonly servePage: typeof servePage;
}

/** Loads what makes a server that is guarded and bounded as that of a role: it takes a tenth of a second and 50 MB. */
export async function loadWeb(): Promise<WebParts> {
  const [{ createWeb, openWeb }, { servePage }] = await Promise.all([import('./web.ts'), import('./page-routes.ts')]);
  return { createWeb, openWeb, servePage };
}
