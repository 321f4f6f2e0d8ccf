import { jobDeclaration, type MessageDefinition, mining, type Protocol, templateDistribution } from '@sv2kit/codec';
import { nearest, UsageError } from '@sv2kit/daemon';

export type Side = 'client' | 'server';

/** The messages of one side of one protocol. */
export interface Table {
  readonly protocol: string;
  readonly side: Side;
  readonly definitions: readonly MessageDefinition[];
}

/** A message and everybody who may send it. */
export interface Found {
  readonly definition: MessageDefinition;
  readonly senders: readonly Table[];
}

const PROTOCOLS: readonly { readonly name: string; readonly words: readonly string[]; readonly protocol: Protocol }[] =
  [
    { name: 'mining', words: ['mining'], protocol: mining },
    { name: 'job declaration', words: ['jd', 'job-declaration'], protocol: jobDeclaration },
    { name: 'template distribution', words: ['tdp', 'template-distribution'], protocol: templateDistribution },
  ];

/** The tables that `--protocol` and `--side` leave. */
export function chooseTables(protocol: string | undefined, side: string | undefined): readonly Table[] {
  const words = PROTOCOLS.flatMap((entry) => entry.words);
  if (protocol !== undefined && !words.includes(protocol)) {
    throw new UsageError(`--protocol ${protocol} is none of ${words.join(', ')}`);
  }
  if (side !== undefined && side !== 'client' && side !== 'server') {
    throw new UsageError(`--side ${side} is neither client nor server`);
  }
  const chosen = PROTOCOLS.filter(({ words: own }) => protocol === undefined || own.includes(protocol));
  const tables = chosen.flatMap(({ name, protocol: { fromClient, fromServer } }): Table[] => [
    { protocol: name, side: 'client', definitions: fromClient.definitions },
    { protocol: name, side: 'server', definitions: fromServer.definitions },
  ]);
  return tables.filter((table) => side === undefined || table.side === side);
}

/** The message with these numbers, if somebody in the tables sends it. */
export function findByNumber(extensionType: number, messageType: number, tables: readonly Table[]): Found | undefined {
  return collect(tables, (one) => one.extensionType === extensionType && one.messageType === messageType)[0];
}

/** The message of that name, with or without the spec's dots. */
export function findByName(name: string, tables: readonly Table[]): Found {
  const plain = (text: string): string => text.replaceAll(/[.\s]/g, '').toLowerCase();
  const found = collect(tables, (one) => plain(one.name) === plain(name));
  const [first, second] = found;
  if (first === undefined) {
    const names = tables.flatMap(({ definitions }) => definitions.map((one) => one.specName));
    const meant = nearest(name, names);
    throw new UsageError(`there is no message '${name}'${meant === undefined ? '' : `; did you mean ${meant}?`}`);
  }
  if (second !== undefined) throw new UsageError(`${name} means several messages: name the --protocol too`);
  return first;
}

function collect(tables: readonly Table[], matches: (definition: MessageDefinition) => boolean): Found[] {
  const byDefinition = new Map<MessageDefinition, Table[]>();
  for (const table of tables) {
    for (const definition of table.definitions.filter(matches)) {
      byDefinition.set(definition, [...(byDefinition.get(definition) ?? []), table]);
    }
  }
  return [...byDefinition].map(([definition, senders]) => ({ definition, senders }));
}
