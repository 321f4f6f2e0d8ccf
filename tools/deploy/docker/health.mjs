// The container's health check: whether the role in it serves. The address and the token are those of its monitoring:
// SV2KIT_HEALTH_URL (http://127.0.0.1:9080/health/ready) and SV2KIT_HEALTH_TOKEN_FILE.
import { readFileSync } from 'node:fs';

const { SV2KIT_HEALTH_URL: url = 'http://127.0.0.1:9080/health/ready', SV2KIT_HEALTH_TOKEN_FILE: file } = process.env;
const headers = file === undefined ? {} : { authorization: `Bearer ${readFileSync(file, 'utf8').trim()}` };
try {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(4_000) });
  console.log(`${response.status} ${(await response.text()).slice(0, 500)}`);
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  console.log(`${url}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
