import { EXIT, parseOptions, UsageError } from '@sv2kit/daemon';
import { type Command, CommandError, wantsHelp } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import { credentialText } from './credentials.ts';
import { type DecodedFrame, decodeFrames, decodeOne } from './frames.ts';
import { readInput } from './input.ts';
import { asJson, asText } from './render.ts';
import { chooseTables, findByName } from './tables.ts';

const help = `Shows Stratum V2 bytes as text or JSON.

Usage: sv2kit decode [OPTIONS] HEX|FILE|-

  HEX may hold blanks, colons, line breaks and a leading 0x. A FILE holds bytes, or text in hexadecimal. - is standard
  input. Several frames may follow each other. Frames are those inside the encryption: header and payload in the clear.
  Also taken: authority keys, stratum2+tcp:// URLs, and certificates (74 bytes).

      --json              one JSON object per line and frame; bytes in hexadecimal, 64-bit numbers as text
      --protocol NAME     only messages of mining, jd (job declaration) or tdp (template distribution)
      --side SIDE         only messages that a client or a server sends
      --type NAME         the bytes are the payload of one message of that name, without a frame
  -h, --help              print this help

Byte arrays are shown in wire order; hashes also as block explorers show them.

Examples:
  sv2kit decode 000001060000020000000000
  sv2kit decode --json capture.bin
  xxd -p capture.bin | sv2kit decode -
  sv2kit decode --type SubmitShares.Error 010000002a0000000b7374616c652d7368617265
  sv2kit decode stratum2+tcp://pool.example:3336/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh

Exit codes: 0 all was decoded, 1 something was not, 2 wrong usage.
`;

const OPTIONS = {
  json: { type: 'boolean' },
  protocol: { type: 'string' },
  side: { type: 'string' },
  type: { type: 'string' },
} as const;

/** `sv2kit decode`. */
export const decode: Command = {
  name: 'decode',
  summary: 'Shows SV2 frames, payloads, certificates and keys as text or JSON.',
  run(argv, terminal) {
    if (wantsHelp(argv)) {
      terminal.out(help);
      return EXIT.ok;
    }
    const { values, positionals } = parseOptions(argv, OPTIONS, 1);
    const [given] = positionals;
    if (given === undefined) throw new UsageError('HEX, FILE or - is missing');
    const json = values.json === true;
    const credential = credentialText(given, json);
    if (credential !== undefined) {
      terminal.out(credential);
      return EXIT.ok;
    }
    const tables = chooseTables(values.protocol, values.side);
    const definition = values.type === undefined ? undefined : findByName(values.type, tables);
    const bytes = readInput(given, terminal);
    if (bytes.length === 0) throw new CommandError('there is nothing to decode');
    const frames = definition === undefined ? decodeFrames(bytes, tables) : [decodeOne(definition, bytes)];
    return print(frames, json, terminal);
  },
};

function print(frames: Iterable<DecodedFrame>, json: boolean, terminal: Terminal): number {
  let failed = false;
  for (const frame of frames) {
    terminal.out(json ? `${asJson(frame)}\n` : `${asText(frame)}\n`);
    failed ||= frame.error !== undefined;
  }
  return failed ? EXIT.failed : EXIT.ok;
}
