/**
 * The template provider: a server of the Template Distribution Protocol (§7) in front of one or several Bitcoin nodes.
 *
 * @example
 * ```ts
 * await run({ name: 'template-provider', config: templateProviderConfig, start: createTemplateProvider });
 * ```
 *
 * @packageDocumentation
 */
export { type TemplateProviderConfig, templateProviderConfig } from './config.ts';
export { createTemplateProvider, type TemplateProvider, type TemplateProviderDeps } from './create.ts';
export { TEMPLATE_PROVIDER_CLOSE_REASONS, TEMPLATE_PROVIDER_ERRORS } from './errors.ts';
export { TEMPLATE_PROVIDER_LIMITS } from './limits.ts';
