import { jobDeclaration, type MessageDefinition, mining, type Protocol, templateDistribution } from '@sv2kit/codec';

/** The two ends of a Stratum V2 connection. */
export type Side = 'client' | 'server';

const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  mining,
  'job-declaration': jobDeclaration,
  'template-distribution': templateDistribution,
};

/** The message with these numbers that this side of the protocol may send. */
export function findMessage(
  protocol: string,
  side: Side,
  extensionType: number,
  messageType: number,
): MessageDefinition | undefined {
  const found = PROTOCOLS[protocol];
  return (side === 'client' ? found?.fromClient : found?.fromServer)?.find(extensionType, messageType);
}

/** Why no message of this side has these numbers. */
export function whyUnknown(protocol: string, side: Side, extensionType: number, messageType: number): string {
  const numbers = `message type ${hexNumber(messageType, 2)} of extension ${hexNumber(extensionType, 4)}`;
  const senders = Object.keys(PROTOCOLS).flatMap((name) =>
    (['client', 'server'] as const).flatMap((end) => {
      const definition = findMessage(name, end, extensionType, messageType);
      return definition === undefined ? [] : [{ name, end, definition }];
    }),
  );
  const [first] = senders;
  if (first === undefined) return `No message has ${numbers}.`;
  const who = senders.map(({ name, end }) => `the ${end} of ${name}`).join(', ');
  return `${sentence(numbers)} is ${first.definition.specName}, which only ${who} sends; this is the ${side} of ${protocol}.`;
}

/** A number as 0x and at least so many digits. */
export function hexNumber(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
