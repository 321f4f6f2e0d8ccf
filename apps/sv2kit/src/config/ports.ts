/**
 * Where each role is monitored in a configuration that `init` writes: on one machine all differ, and the dashboard looks
 * for roles on 127.0.0.1:9080 to 9099.
 */
export const MONITORING_PORTS: Readonly<Record<string, number>> = {
  'template-provider': 9080,
  pool: 9081,
  'jd-server': 9082,
  'pool-with-jds': 9083,
  'jd-client': 9084,
  translator: 9085,
  'translator-to-v1': 9086,
  solo: 9087,
  'mining-device': 9088,
  dashboard: 9099,
};
