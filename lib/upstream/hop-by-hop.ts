/** Headers that belong to one connection and must not travel on. Source: RFC 9110 §7.6.1. */

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** A test for the headers of one message; `connection` is that message's own, which may name more of them. */
export function hopByHopTest(connection: string | undefined): (name: string) => boolean {
  const named = connection?.split(',').map((name) => name.trim().toLowerCase()) ?? []
  return (name) => hopByHop.has(name) || named.includes(name)
}

/** What the two replacements below look for, in one look: nearly every value has nothing of it. */
const forbidden = /[^\t -~\u00a0-ÿ]/

/** A value as it may stand in a header line: nothing that could begin another one, nothing beyond Latin-1. */
export function headerValue(value: string): string {
  if (!forbidden.test(value)) return value
  return value.replace(/(?!\t)\p{Cc}+/gu, ' ').replace(/[^\t -ÿ]/gu, '?')
}
