// What is delivered for those who look at metrics: the names in docs/OPERATING.md, and the expressions of Grafana's page.
import { readFileSync } from 'node:fs';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** Metrics that docs/OPERATING.md explains; `sv2_{a,b}_x` is two. */
export function explainedMetrics(): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [written] of read('docs/OPERATING.md').matchAll(/(?<=`)(?:sv2|process)_[a-z0-9_{},]+(?=`)/g)) {
    // The last braces, if any, list labels.
    const [whole, prefix, alternatives, rest] = /^(sv2_)\{([a-z0-9_,]+)\}(_[a-z0-9_]+)/.exec(written) ?? [];
    if (whole === undefined) names.add(written.replace(/\{.*$/, ''));
    else for (const each of alternatives?.split(',') ?? []) names.add(`${prefix}${each}${rest}`);
  }
  return names;
}

/** Alerts that docs/OPERATING.md explains. */
export function explainedAlerts(): ReadonlySet<string> {
  return new Set(Array.from(read('docs/OPERATING.md').matchAll(/(?<=`)Sv2[A-Za-z]+(?=`)/g), ([name]) => name));
}

/** Every expression of the Grafana page, for roles of this job. */
export function grafanaExpressions(job: string): readonly { readonly panel: string; readonly expr: string }[] {
  const page = JSON.parse(read('tools/deploy/grafana/sv2kit.json')) as {
    readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
    readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  };
  const all = [
    ...page.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ panel: title, expr }))),
    ...page.annotations.list.map(({ name, expr }) => ({ panel: name, expr })),
  ];
  return all.map(({ panel, expr }) => ({
    panel,
    expr: expr.replaceAll('$job', job).replaceAll('$instance', '.*'),
  }));
}
