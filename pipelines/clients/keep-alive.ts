/** What a stream gets while its upstream is silent: a comment, which every client skips. Source: WHATWG HTML §9.2, 2026. */
export const keepAlive = ': keep-alive\n\n'
