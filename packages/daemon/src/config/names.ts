/** `sharesPerMinute` -> `shares_per_minute`. */
export function tomlKey(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `template-provider` -> `SV2KIT_TEMPLATE_PROVIDER__`. */
export function environmentPrefix(name: string): string {
  return `SV2KIT_${name.replaceAll('-', '_').toUpperCase()}__`;
}
