import { generateKeyPairSync, sign } from 'node:crypto';

/** A certificate and its key as a TLS server takes them. */
export interface SelfSigned {
  /** PEM; also what a client has to trust. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const BOOLEAN = 0x01;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

/** X.690: a tag, the length, what is in it. */
function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const size = body.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

const objectId = (hex: string): Uint8Array => der(OBJECT_ID, Buffer.from(hex, 'hex'));
const ECDSA_WITH_SHA256 = der(SEQUENCE, objectId('2a8648ce3d040302'));
const COMMON_NAME = objectId('550403');
const BASIC_CONSTRAINTS = objectId('551d13');
const YES = Uint8Array.of(0xff);

/** A certificate for a name that vouches for itself (RFC 5280), on a new P-256 key; it is valid until 2050. */
export function selfSigned(name: string): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const named = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from(name)))));
  const time = (text: string): Uint8Array => der(GENERALIZED_TIME, Buffer.from(text));
  const authority = der(SEQUENCE, der(BOOLEAN, YES));
  const body = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, Uint8Array.of(2))),
    der(INTEGER, Uint8Array.of(1)),
    ECDSA_WITH_SHA256,
    named,
    der(SEQUENCE, time('20240101000000Z'), time('20500101000000Z')),
    named,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(EXTENSIONS, der(SEQUENCE, der(SEQUENCE, BASIC_CONSTRAINTS, der(BOOLEAN, YES), der(OCTET_STRING, authority)))),
  );
  const signature = der(BIT_STRING, Uint8Array.of(0), sign('sha256', body, privateKey));
  const certificate = Buffer.from(der(SEQUENCE, body, ECDSA_WITH_SHA256, signature)).toString('base64');
  const lines = certificate.match(/.{1,64}/g) ?? [];
  return {
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}
