import {
  type Config,
  type ConfigSources,
  type Fields,
  loadConfig,
  parseConfig,
  type ServiceConfig,
  serviceConfig,
} from '@sv2kit/daemon';

/** A role's configuration, for who wants to look at any role's. */
export interface ReadableConfig {
  /** The role's keys and those that every service has. */
  readonly fields: Fields;
  /** @throws ConfigError */
  load(sources: Omit<ConfigSources, 'name'>): ServiceConfig;
  /** As `load`, with the TOML text given. @throws ConfigError */
  parse(text: string, sources: Omit<ConfigSources, 'name'>): ServiceConfig;
}

/** @param name the role's, which its environment variables begin with */
export function readable<T>(name: string, own: Config<T>): ReadableConfig {
  const config = serviceConfig(own);
  return {
    fields: config.fields,
    load: (sources) => loadConfig(config, { name, ...sources }),
    parse: (text, sources) => parseConfig(config, text, { name, ...sources }),
  };
}
