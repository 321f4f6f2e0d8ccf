import { mining } from '@sv2kit/codec';
import type { Address, Service, ServiceDeps } from '@sv2kit/daemon';
import { type Listener, type Limits, listenWire, type ListenWireOptions } from '@sv2kit/net';
import type { RoleApi } from '@sv2kit/monitor';
import { verifyPayout } from '@sv2kit/translation';
import { createUpstream, endpointName, troubleOf, type Upstream, UpstreamStates } from '@sv2kit/upstream';
import { translatorApi } from './api.ts';
import { payoutScript, type TranslatorConfig } from './config.ts';
import { Hub, type LastFault } from './hub.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';
import { translatorMetrics, type TranslatorMetrics } from './metrics.ts';
import { translatorStatus } from './status.ts';
import { TlsFiles } from './tls-files.ts';
import { UpstreamLink } from './upstream-link.ts';
import type { JobCheck } from './work-desk.ts';

/** What the role `translator` needs of its surroundings. */
export interface TranslatorDeps
  extends Pick<ServiceDeps, 'clock' | 'connections' | 'events' | 'health' | 'latencies' | 'log' | 'metrics'> {
  /** How upstreams are spoken to; `plain` only on the local network. */
  readonly security?: 'noise' | 'plain';
}

/** A running translator. */
export interface Translator extends Service<TranslatorConfig> {
  /** Where it listens; the port that the system chose when the configured one is 0. */
  readonly address: Address;
  /** The same of its TLS port, if it has one. */
  readonly tlsAddress: Address | undefined;
  status(): Readonly<Record<string, unknown>>;
  api(): RoleApi;
}

/**
 * Starts a translator for V1 miners (§10.4.2): they mine on extended channels of the best upstream that is there.
 *
 * @throws ConfigError when the TLS files cannot be used; Error when a port cannot be opened
 */
export async function createTranslator(config: TranslatorConfig, deps: TranslatorDeps): Promise<Translator> {
  const { clock, log, health } = deps;
  const tls = tlsFiles(config, deps);
  const metrics = translatorMetrics(deps.metrics, deps.latencies, {
    miners: () => hub.authorised,
    channels: () => hub.link?.channels ?? 0,
    hashrate: () => hub.hashrate,
  });
  const hub: Hub = new Hub(config, {
    metrics,
    check: payoutCheck(config),
    giveUp: (reason) => upstream.giveUp(reason),
    work: health.condition('work', 'no job yet', 'no-work'),
    events: deps.events,
    clock,
    log,
  });
  const states = new UpstreamStates(clock.now());
  const upstream = openUpstream(config, deps, hub, metrics, states);
  const listeners = await openListeners(config, deps, hub, metrics, tls).catch(async (error: unknown) => {
    await upstream.close();
    throw error;
  });
  const timer = clock.every(TRANSLATOR_LIMITS.tickMs, () => {
    tls?.look();
    hub.tick();
  });
  const [address, tlsAddress] = listeners.map(({ host, port }) => ({ host, port }));
  const listens = listeners.map(({ host, port }) => ({ protocol: 'v1', host, port }) as const);
  const api = translatorApi({
    hub,
    states,
    endpoints: config.upstreams.map(({ url }) => url),
    listens,
    // Without an address to check, nobody has said which chain it is.
    chain: config.payout.address === undefined ? undefined : config.chain,
    clock,
  });
  log.info('listening', { ...address, tls: tlsAddress?.port });
  return {
    address: address as Address,
    tlsAddress,
    status: () => translatorStatus(hub, upstream.state, clock.now()),
    api: () => api,
    async drain(untilMs) {
      for (const listener of listeners) listener.stop();
      await hub.drain(untilMs);
      // The upstream may be about to leave too: it need not wait for this connection.
      await upstream.close();
    },
    reload(next) {
      return () => {
        tls?.look();
        hub.reconfigure(next);
        for (const listener of listeners) listener.setLimits(limitsOf(next, hub));
      };
    },
    async close() {
      timer[Symbol.dispose]();
      await Promise.all(listeners.map((listener) => listener.close()));
      await upstream.close();
    },
  };
}

function openUpstream(
  config: TranslatorConfig,
  deps: TranslatorDeps,
  hub: Hub,
  metrics: TranslatorMetrics,
  states: UpstreamStates,
): Upstream {
  const { outage, extensions, upstreams } = config;
  const { clock, connections, log, health, security } = deps;
  const condition = health.condition('upstream', 'not yet connected', 'upstream-lost');
  return createUpstream({
    endpoints: upstreams.map(({ url }) => url),
    protocol: mining,
    setup: () => ({ vendor: 'sv2kit', hardwareVersion: 'translator' }),
    extensions: { supported: extensions.supported, required: extensions.required },
    ...(security && { security }),
    policy: {
      maxBackoffMs: outage.retry * 1000,
      backoffMs: Math.min(1_000, outage.retry * 1000),
      probeMs: outage.probe * 1000,
      benchMs: outage.passOver * 1000,
      silenceMs: outage.silence * 1000,
    },
    handler(connection, endpoint) {
      const account = upstreams.find(({ url }) => url === endpoint)?.userIdentity;
      const link = new UpstreamLink(
        connection,
        { name: endpointName(endpoint), account },
        {
          owner: hub,
          mostRejected: outage.mostRejected,
          answerMs: outage.answer * 1000,
          shareToAnswer: metrics.shareToAnswer,
          clock,
          log,
        },
      );
      // What a channel is asked for with leaves once the connection belongs to us.
      queueMicrotask(() => {
        if (link.open) hub.onLink(link);
      });
      return link;
    },
    onState(state) {
      states.saw(state, clock.now());
      if (state.kind !== 'connected') condition.failing(withDetail(troubleOf(state), hub.lastFault));
      else if (state.primary) condition.ok();
      else condition.lacking(`on ${endpointName(state.endpoint)}, not on the preferred one`, 'second-choice');
    },
    clock,
    log,
    metrics: metrics.upstreams,
    connections,
  });
}

/** What is wrong with an upstream that was left; its code alone says little. @param trouble of all of them */
function withDetail(trouble: string, fault: LastFault | undefined): string {
  if (fault?.detail === undefined) return trouble;
  const code = `${fault.upstream}: ${fault.reason}`;
  const detailed = `${code}, ${fault.detail}`;
  return trouble
    .split('; ')
    .map((each) => (each === code ? detailed : each))
    .join('; ');
}

async function openListeners(
  config: TranslatorConfig,
  { clock, connections, log }: TranslatorDeps,
  hub: Hub,
  { net }: TranslatorMetrics,
  tls: TlsFiles | undefined,
): Promise<Listener[]> {
  const common = { proxyFrom: config.proxyProtocol, clock, log, metrics: net, connections };
  const options: Omit<ListenWireOptions, 'host' | 'port'> = {
    ...common,
    accept: hub.accept.bind(hub),
    limits: limitsOf(config, hub),
  };
  const plain = await listenWire({ ...config.listen, ...options });
  if (config.tls.listen === undefined || tls === undefined) return [plain];
  try {
    return [plain, await listenWire({ ...config.tls.listen, ...options, tls: () => tls.identity })];
  } catch (error) {
    await plain.close();
    throw error;
  }
}

function limitsOf({ limits }: TranslatorConfig, hub: Hub): Partial<Limits> {
  const { connections, connectionsPerAddress, exempt, authorise, silence } = limits;
  return {
    connections,
    connectionsPerAddress,
    exempt,
    setupMs: authorise * 1000,
    firstUseMs: hub.authoriseMs + TRANSLATOR_LIMITS.authoriseMs,
    silenceMs: silence * 1000,
  };
}

function tlsFiles({ tls: { certFile, keyFile } }: TranslatorConfig, { log }: TranslatorDeps): TlsFiles | undefined {
  return certFile === undefined || keyFile === undefined ? undefined : new TlsFiles(certFile, keyFile, log);
}

/** What the operator wants to see in every job before anybody mines on it. */
function payoutCheck({ payout, chain }: TranslatorConfig): JobCheck {
  const script = payoutScript(payout, chain);
  if (script === undefined) return () => undefined;
  return (work) => {
    const verdict = verifyPayout(work, { script, share: payout.share });
    return verdict.kind === 'unpaid' ? verdict.problem : undefined;
  };
}
