import { blockSubsidy, type Network } from '@sv2kit/bitcoin';
import { UsageError } from '@sv2kit/daemon';
import { NoiseError, parseUrl } from '@sv2kit/noise';
import { MinersNode } from './miners-node.ts';
import { readNodeUrl } from './node-options.ts';
import { providerTemplate } from './provider-template.ts';
import { feesOf, type TemplateSnapshot } from './snapshot.ts';

/** Somebody who has templates. */
export interface Side extends Disposable {
  /** There when it is a node, which can be asked more. */
  readonly node?: MinersNode;
  read(): Promise<TemplateSnapshot>;
}

/**
 * A node by the `http:` address of its RPC, or a template provider by its `stratum2+tcp:` URL.
 *
 * @throws UsageError, CommandError
 */
export async function openSide(
  given: string,
  { cookie, chain }: { readonly cookie: string | undefined; readonly chain: Network | undefined },
): Promise<Side> {
  if (given.startsWith('stratum2+tcp://')) return providerSide(given);
  const { url, credentials } = readNodeUrl(given, cookie);
  return nodeSide(await MinersNode.open({ url, credentials, chain }));
}

export function nodeSide(node: MinersNode): Side {
  return { node, read: () => node.template(), [Symbol.dispose]: () => node[Symbol.dispose]() };
}

/** What a template's transactions pay together; undefined when neither they nor the chain tell. */
export function totalFees(
  { transactions, value, height }: TemplateSnapshot,
  chain: Network | undefined,
): bigint | undefined {
  return feesOf(transactions) ?? (chain === undefined ? undefined : value - blockSubsidy(height, chain));
}

function providerSide(url: string): Side {
  try {
    const address = parseUrl(url);
    return { read: () => providerTemplate(url, address), [Symbol.dispose]: () => undefined };
  } catch (error) {
    if (error instanceof NoiseError) throw new UsageError(`${url}: ${error.message}`);
    throw error;
  }
}
