import type { Config, Mismatch } from './config/config.ts';
import type { ValuesOf } from './config/field.ts';
import { checkNotifications, notificationsSection } from './config/notifications-config.ts';
import { reloadable } from './config/changes.ts';
import { address, choice, number, optional, path, section } from './config/values.ts';
import { checkMonitoring } from './monitoring-config.ts';
import { LOG_FORMATS, LOG_LEVELS } from './logger.ts';
import { ADDRESS_RULES } from './redaction/addresses.ts';

/** The keys that every service has beside its own. */
export const serviceFields = {
  monitoring: optional(
    address(
      '127.0.0.1:9080',
      'Where health, metrics, status and the API are served over HTTP, read-only. Beyond loopback it wants a token.',
    ),
  ),
  monitoringTokenFile: reloadable(
    optional(path('monitoring.token', 'A file with a token that readers there must show: Authorization: Bearer …')),
  ),
  drainSeconds: reloadable(
    number(5, 'Seconds that it may take leave of its peers when it is told to stop; 0 ends it without.', {
      min: 0,
      max: 300,
    }),
  ),
  log: section('What is logged, to standard output.', {
    level: reloadable(choice(LOG_LEVELS, 'info', 'The least important lines that are written.')),
    format: choice(LOG_FORMATS, 'auto', 'Readable lines or JSON; auto is readable at a terminal and JSON otherwise.'),
    addresses: reloadable(
      choice(
        ADDRESS_RULES,
        'short',
        'How public IP addresses and payout addresses are written: short is 203.0.113.x and bc1qar…5mdq. Private networks stay.',
      ),
    ),
  }),
  notifications: reloadable(notificationsSection),
};
export type ServiceConfig = ValuesOf<typeof serviceFields>;

/** A service's own configuration with the keys that every service has. */
export function serviceConfig<T>(own: Config<T>): Config<T & ServiceConfig> {
  for (const key of Object.keys(serviceFields)) {
    if (key in own.fields) throw new TypeError(`the key ${key} belongs to every service and cannot be declared again`);
  }
  const check = (values: T & ServiceConfig): Mismatch[] => [
    ...own.check(values),
    ...checkNotifications(values.notifications),
    ...checkMonitoring(values),
  ];
  return { fields: { ...own.fields, ...serviceFields }, check };
}
