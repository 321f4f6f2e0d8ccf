import { randomBytes } from 'node:crypto';
import { encodeOutputs, heightPush, targetFromNbits, witnessCommitmentOutput } from '@sv2kit/bitcoin';
import { type NewTemplate, templateDistribution, type TemplatesFromServer } from '@sv2kit/codec';
import { type Connection, type Listener, listen, serve } from '@sv2kit/net';
import { type BenchKeys, benchKeys } from './keys.ts';

/** The main network's of early 2024: no share of a bench is ever a block. */
const NBITS = 0x17038b5d;
/** Depth of a merkle path over some 4,000 transactions. */
const PATH_LENGTH = 12;

/** Stands in for a template provider: as many tips as one likes, full-sized templates, no node. */
export interface TemplateSource extends AsyncDisposable {
  readonly port: number;
  readonly keys: BenchKeys;
  /** A new block: SetNewPrevHash for the template that was announced for it, then a future template for the next one. */
  nextTip(): void;
  /** Another choice of transactions on the tip at hand. */
  nextTemplate(): void;
}

/** Templates that may follow one another on one tip. */
const TEMPLATES_OF_TIP = 1_000_000;

export async function templateSource(): Promise<TemplateSource> {
  const keys = benchKeys();
  const source = new Source();
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    identity: () => keys.identity,
    services: [serve(templateDistribution, { accept: (connection) => source.accept(connection) })],
  });
  return {
    port: listener.port,
    keys,
    nextTip: () => source.nextTip(),
    nextTemplate: () => source.nextTemplate(),
    [Symbol.asyncDispose]: () => close(listener),
  };
}

async function close(listener: Listener): Promise<void> {
  await listener.close();
}

class Source {
  readonly #clients = new Set<Connection<TemplatesFromServer>>();
  #height = 840_000;
  /** Templates on the tip at hand beside the one that was announced for it. */
  #further = 0;

  accept(connection: Connection<TemplatesFromServer>) {
    return {
      kind: 'accept' as const,
      handler: {
        onMessage: ({ type }: { readonly type: string }) => {
          if (type !== 'CoinbaseOutputConstraints') return;
          this.#clients.add(connection);
          connection.send(this.#template());
          connection.send(this.#prevHash());
          connection.send(this.#template(1));
        },
        onClose: () => void this.#clients.delete(connection),
      },
    };
  }

  nextTip(): void {
    this.#height += 1;
    this.#further = 0;
    for (const client of this.#clients) {
      client.send(this.#prevHash());
      client.flush();
      client.send(this.#template(1));
    }
  }

  nextTemplate(): void {
    this.#further += 1;
    for (const client of this.#clients) client.send(this.#template(0, this.#further));
  }

  /** @param ahead blocks above the tip @param further 0 for one that is announced before its tip */
  #template(ahead = 0, further = 0): NewTemplate {
    const height = this.#height + ahead;
    return {
      type: 'NewTemplate',
      templateId: templateId(height, further),
      futureTemplate: further === 0,
      version: 0x20000000,
      coinbaseTxVersion: 2,
      coinbasePrefix: heightPush(height),
      coinbaseTxInputSequence: 0xfffffffe,
      coinbaseTxValueRemaining: 312_500_000n,
      coinbaseTxOutputsCount: 1,
      coinbaseTxOutputs: encodeOutputs([witnessCommitmentOutput([])]),
      coinbaseTxLocktime: height - 1,
      merklePath: Array.from({ length: PATH_LENGTH }, () => new Uint8Array(randomBytes(32))),
    };
  }

  #prevHash() {
    return {
      type: 'SetNewPrevHash' as const,
      templateId: templateId(this.#height),
      prevHash: new Uint8Array(randomBytes(32)),
      headerTimestamp: Math.floor(Date.now() / 1000) - 1,
      nbits: NBITS,
      target: targetFromNbits(NBITS),
    };
  }
}

function templateId(height: number, further = 0): bigint {
  return BigInt(height * TEMPLATES_OF_TIP + further);
}
