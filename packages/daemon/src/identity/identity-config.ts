import { NoiseError, parseAuthorityKey } from '@sv2kit/noise';
import { type Value, type ValuesOf, WrongValue } from '../config/field.ts';
import { reloadable } from '../config/changes.ts';
import { integer, optional, path, section, text } from '../config/values.ts';

/** The keys of `[identity]`: how a role that listens proves who it is. */
export const identitySection = reloadable(
  section(
    'Who this service is to those who connect. Either static_key_file and certificate_file (the authority key stays ' +
      'offline; a renewed certificate file is picked up by itself), or authority_secret_file, from which the service ' +
      'issues its own certificate and renews it. Make them with: sv2kit keys new, sv2kit keys sign.',
    {
      staticKeyFile: optional(path('pool.key', 'Static secret key of this service.')),
      certificateFile: optional(path('pool.cert', "Certificate for the static key, signed by the authority's key.")),
      authoritySecretFile: optional(path('authority.key', 'Secret key of the authority, to issue certificates here.')),
      certificateDays: integer(30, 'Days that a certificate issued here is valid.', { min: 1, max: 3650 }),
    },
  ),
);
export type IdentityConfig = ValuesOf<typeof identitySection.fields>;

function readWith<T>(parse: (given: string) => T): (raw: unknown) => T {
  return (raw) => {
    if (typeof raw !== 'string') throw new WrongValue('is not text in quotes');
    try {
      return parse(raw);
    } catch (error) {
      if (error instanceof NoiseError) throw new WrongValue(`cannot be used: ${error.message}`);
      throw error;
    }
  };
}

/** An authority's public key in Base58Check (§4.7), read into its 32 x-only bytes. */
export function authorityKey(sample: string, help: string): Value<Uint8Array> {
  return { ...text(sample, help), type: 'authority key', read: readWith((given) => parseAuthorityKey(given)) };
}
