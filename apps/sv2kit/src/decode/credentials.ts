import { decodeCertificate, formatAuthorityKey, NoiseError, parseAuthorityKey, parseUrl } from '@sv2kit/noise';
import { date, hex } from '../keys/text.ts';

const AUTHORITY_KEY = /^[1-9A-HJ-NP-Za-km-z]{50,52}$/;
const CERTIFICATE = /^0000[0-9a-f]{144}$/i;

/** What an authority key, a URL or a certificate says; undefined when the argument is none of them. */
export function credentialText(given: string, json: boolean): string | undefined {
  const facts = read(given);
  if (facts === undefined) return undefined;
  if (json) return `${JSON.stringify(facts)}\n`;
  const width = Math.max(...Object.keys(facts).map((name) => name.length));
  return Object.entries(facts)
    .map(([name, value]) => `${name.padEnd(width)}  ${value}\n`)
    .join('');
}

function read(given: string): Readonly<Record<string, string | number>> | undefined {
  if (given.startsWith('stratum2+tcp://')) {
    const { host, port, authority } = parseUrl(given);
    const key = authority === undefined ? {} : { authority: formatAuthorityKey(authority), xOnly: hex(authority) };
    return { type: 'url', host, port, ...key };
  }
  if (CERTIFICATE.test(given)) {
    const certificate = decodeCertificate(Uint8Array.from(Buffer.from(given, 'hex')));
    const { version, validFrom, notValidAfter, signature } = certificate;
    const dates = { validFrom: date(validFrom), notValidAfter: date(notValidAfter) };
    return { type: 'certificate', version, ...dates, signature: hex(signature) };
  }
  if (!AUTHORITY_KEY.test(given) || /^[0-9a-f]+$/i.test(given)) return undefined;
  try {
    return { type: 'authority key', xOnly: hex(parseAuthorityKey(given)) };
  } catch (error) {
    // Fifty Base58 digits may as well be the name of a file.
    if (error instanceof NoiseError) return undefined;
    throw error;
  }
}
