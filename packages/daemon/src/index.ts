/**
 * Runs an app: configuration, logger, metrics, health, clock, signals.
 *
 * @example
 * import { address, config, number, run } from '@sv2kit/daemon';
 *
 * const poolConfig = config({
 *   listen: address('127.0.0.1:3336', 'Where miners connect.'),
 *   sharesPerMinute: number(6, 'Wanted share rate per channel.', { min: 0.1 }),
 * });
 * await run({ name: 'pool', config: poolConfig, start: createPool });
 *
 * @packageDocumentation
 */
export { type Clock, sleep, systemClock, VirtualClock } from './clock.ts';
export { checkCoinbase, type CoinbaseConfig, coinbaseFields, coinbaseScript } from './coinbase/coinbase-config.ts';
export { type Address, formatAddress, isLoopback, parseAddress } from './config/address.ts';
export { reloadable } from './config/changes.ts';
export { type Config, type ConfigOf, config, type Mismatch } from './config/config.ts';
export type { Field, Fields, Section, Sections, Value, ValuesOf } from './config/field.ts';
export { type ConfigSources, loadConfig, parseConfig, readToml } from './config/load.ts';
export { type ExplainedKey, explainKeys, type GivenConfig, type ValueSource } from './config/explain.ts';
export { ConfigError, formatProblem, type Problem } from './config/problem.ts';
export { configHelp, exampleToml } from './config/render.ts';
export { addressRanges } from './config/address-ranges.ts';
export { checkExtensions } from './config/extensions.ts';
export { type ChainGuardSettings, chainGuardSection, chainGuardSettings } from './config/chain-guard-config.ts';
export { checkNodes, type NodeConfig, type NodeSettings, nodeFields, nodeSettings } from './config/node-config.ts';
export {
  checkLedger,
  type LedgerConfig,
  type LedgerDatabase,
  type LedgerSettings,
  ledgerSection,
  ledgerSettings,
} from './config/ledger-config.ts';
export { Secret } from './config/secret.ts';
export { SOCKET_PATH_LIMIT, socketPath } from './config/socket-path.ts';
export {
  type AnyStratumUrl,
  anyStratumUrl,
  type Stratum1Url,
  stratum1Url,
  stratumUrl,
} from './config/stratum-url.ts';
export {
  address,
  addresses,
  boolean,
  choice,
  hexes,
  integer,
  integers,
  type NumberRange,
  number,
  optional,
  path,
  required,
  secret,
  section,
  sections,
  text,
  texts,
  url,
  urls,
} from './config/values.ts';
export {
  type Condition,
  type ConditionReport,
  HEALTH_CODES,
  Health,
  type HealthCode,
  type HealthReport,
  type HealthState,
  nodeCode,
} from './health.ts';
export { watchJournal, watchLedger } from './ledger-watch.ts';
export { type Host, processHost } from './host.ts';
export { Latencies, LatencyRecorder, type LatencySummary } from './latency.ts';
export { createIdentity, type Identity, type IdentityDeps } from './identity/identity.ts';
export { authorityKey, type IdentityConfig, identitySection } from './identity/identity-config.ts';
export {
  type CertificateFile,
  formatCertificateFile,
  isReadableByOthers,
  KeyFileError,
  readCertificateFile,
  readSecretFile,
  type SecretKind,
  writeCertificateFile,
  writeSecretFile,
} from './identity/key-file.ts';
export { jobDeclarationFields } from './job-declaration/job-declaration-config.ts';
export { tokenKey, type TokenKeyOptions } from './job-declaration/token-key.ts';
export {
  type LogFields,
  type LogFormat,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  type OpenLogger,
  openLogger,
  silentLogger,
} from './logger.ts';
export { LOOP_DELAY_ALARM_MS } from './loop-delay.ts';
export {
  type BoundCounter,
  type Counter,
  createMetrics,
  type Gauge,
  type Histogram,
  type Labels,
  type Metrics,
} from './metrics.ts';
export type { StatusReport } from './monitoring.ts';
export { fileProblems, NOT_AUTHENTICATED, unauthenticated } from './named-files.ts';
export { nearest } from './nearest.ts';
export { programVersion } from './program-version.ts';
export { parseOptions, UsageError } from './options.ts';
export { EXIT, type RunOptions, run, runService, serviceExample } from './run.ts';
export { ADDRESS_RULES, type AddressRule, redactAddresses } from './redaction/addresses.ts';
export { FatalError, type Service, type ServiceDefinition, type ServiceDeps } from './service.ts';
export { type ServiceConfig, serviceConfig, serviceFields } from './service-config.ts';
export { STOP_LIMIT_MS } from './supervisor.ts';
export { checkToken, readToken } from './token-file.ts';
