import { BitcoinError, type Network, scriptFromAddress } from '@sv2kit/bitcoin';
import type { Mismatch } from '@sv2kit/daemon';
import type { JobMode } from '@sv2kit/declaration';
import type { Endpoint } from '@sv2kit/upstream';

/** One of `[[upstreams]]` as it is read. */
export interface UpstreamConfig {
  readonly poolUrl: Endpoint;
  readonly jdsUrl: Endpoint;
  readonly userIdentity: string;
  readonly mode: JobMode;
  readonly payoutAddress: string | undefined;
  readonly payoutScript: string | undefined;
}

/** One of `[[upstreams]]`, ready for use. */
export interface ListedUpstream {
  readonly name: string;
  readonly pool: Endpoint;
  readonly declarator: Endpoint;
  readonly userIdentity: string;
  readonly mode: JobMode;
  /** The locking script that the pool's payout output must have; any when undefined. */
  readonly expectedPayout: Uint8Array | undefined;
}

const HEX = /^(?:[0-9a-f]{2})+$/i;

/** What is wrong with the listed upstreams, in the words of the configuration. */
export function checkUpstreams(upstreams: readonly UpstreamConfig[], chain: Network): readonly Mismatch[] {
  return upstreams.flatMap((upstream, index) => checkPayout(upstream, `upstreams[${index}]`, chain));
}

function checkPayout({ payoutAddress, payoutScript }: UpstreamConfig, key: string, chain: Network): Mismatch[] {
  if (payoutAddress !== undefined && payoutScript !== undefined) {
    const wrong = 'is given beside payout_address: remove one';
    return [{ key: `${key}.payout_script`, wrong, example: `payout_address = "${payoutAddress}"` }];
  }
  if (payoutScript !== undefined && !HEX.test(payoutScript)) {
    const example = 'payout_script = "0014751e76e8199196d454941c45d1b3a323f1433bd6"';
    return [{ key: `${key}.payout_script`, wrong: 'is not a script in hexadecimal digits', example }];
  }
  try {
    if (payoutAddress !== undefined) scriptFromAddress(payoutAddress, chain);
    return [];
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error;
    const wrong = `is no address of ${chain}: ${error.message}`;
    return [{ key: `${key}.payout_address`, wrong, example: 'leave it out' }];
  }
}

/** @param chain of which `payoutAddress` is an address, as {@link checkUpstreams} has made sure */
export function listedUpstream(upstream: UpstreamConfig, chain: Network): ListedUpstream {
  const { poolUrl, jdsUrl, userIdentity, mode, payoutAddress, payoutScript } = upstream;
  const expectedPayout =
    payoutAddress === undefined
      ? payoutScript && new Uint8Array(Buffer.from(payoutScript, 'hex'))
      : scriptFromAddress(payoutAddress, chain);
  return {
    name: `${poolUrl.host}:${poolUrl.port}`,
    pool: poolUrl,
    declarator: jdsUrl,
    userIdentity,
    mode,
    expectedPayout: expectedPayout === '' ? undefined : expectedPayout,
  };
}
