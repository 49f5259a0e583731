/** The outbound proxy is to blame; the message says how, and holds nothing secret. */
export class OutboundProxyError extends Error {}
