import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@sv2kit/bitcoind';
import { writeSecretFile } from '@sv2kit/daemon';
import { publicKeyOf } from '@sv2kit/noise';
import { type MeasuredOptions, MeasuredProcess } from './measured-process.ts';

/** What a service is given to be at: goes into its configuration file. */
export interface Place {
  readonly port: number;
  /** `host:port` */
  readonly monitoring: string;
  /** Its own, removed when it ends. */
  readonly folder: string;
  readonly authoritySecretFile: string;
}

export interface PlacedOptions extends Pick<MeasuredOptions, 'main' | 'profile'> {
  readonly toml: (place: Place) => string;
}

/** A measured service with a port, a folder and an authority of its own. */
export class PlacedProcess extends MeasuredProcess {
  readonly port: number;
  /** x-only, 32 bytes: of services that show a certificate. */
  readonly authority: Uint8Array;
  readonly #folder: string;

  constructor(options: MeasuredOptions, { port, folder }: Place, authority: Uint8Array) {
    super(options);
    this.port = port;
    this.authority = authority;
    this.#folder = folder;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

/** Starts a service as operators do, with a configuration file; resolves when nothing is wrong with it. */
export async function startPlaced({ main, toml, profile }: PlacedOptions): Promise<PlacedProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-bench-'));
  const [port = 0, monitoringPort = 0] = await freePorts(2);
  const monitoring = `127.0.0.1:${monitoringPort}`;
  const secret = new Uint8Array(randomBytes(32));
  const place: Place = { port, monitoring, folder, authoritySecretFile: join(folder, 'authority.key') };
  writeSecretFile(place.authoritySecretFile, 'authority-secret', secret, []);
  const file = join(folder, 'service.toml');
  writeFileSync(file, toml(place));
  const measured = { main, args: ['--config', file], monitoring, profile };
  const service = new PlacedProcess(measured, place, publicKeyOf(secret));
  await service.started();
  return service;
}
