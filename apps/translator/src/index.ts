/**
 * The translator: miners that speak Stratum V1 on a V2 upstream (§10.4.2), and V2 devices on a V1 pool.
 *
 * @packageDocumentation
 */
export {};
