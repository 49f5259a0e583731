/**
 * Headers that are no business of an upstream's: who the caller is at the doors in front of us (single sign-on, load
 * balancers, CDNs), credentials for anything but the upstream, addresses, pages. All other headers are an open list.
 */

/** Clients of model APIs need these, whatever is in them. */
const clientFamilies =
  /^(?:anthropic-|openai-|x-stainless-|x-claude-|x-codex-|(?:x-app|originator|session[-_]id|thread-id|x-client-request-id|traceparent)$)/

const withheld = new RegExp(
  `^(?:${[
    // credentials, cookies, pages; what we set ourselves
    '(?:authorization|cookie2?|host|origin|referer|api-key|http2-settings|expect)$',
    'content-(?:length|encoding)$',
    'sec-|access-control-',
    // addresses
    '(?:forwarded|via|cdn-loop)$',
    'x-forwarded-|x-original-|x-originating-|x-cluster-|x-envoy-|x-remote-|remote-',
    // doors, by maker
    'cf-|x-amzn-|x-goog-|x-ms-|x-azure-|x-arr-|x-appengine-|x-serverless-|fly-|fastly-|(?:x-)?akamai-|x-vercel-|x-nf-',
    'x-auth-request-|x-pomerium-|x-authentik-|x-authelia-|x-vouch-|x-webauth-|x-consumer-|x-credential-|x-userinfo$',
    '(?:x-)?tailscale-|ngrok-auth-|x-openwebui-user-|(?:x-)?ssl-client-|x-client-cert',
    // kinds, by their last words
    '(?:.*-)?(?:client|real|connecting|socket|user)-?ip$',
    '.*-(?:authorization|api-?key|subscription-key|secret|secret-key|password|jwt|jwt-assertion|assertion)$',
    '(?:.*-)?(?:access|auth|id|refresh|session|security|user|bearer|private|vault|csrf|xsrf)-?token$',
  ].join('|')})`,
)

/** Three to five parts of base64url, alone or behind a scheme or a name. Source: RFC 7515 §3.1, RFC 7516 §3.1. */
const jwt = /(?:^|[\s"'=,;])eyJ[\w-]*\.[\w-]+\.[\w-]*/

/** What a name alone says. */
type Verdict = 'passes' | 'withheld' | 'by value'

/** Names come again and again. Bounded, since it is the client who makes them up. */
const verdicts = new Map<string, Verdict>()
const maxVerdicts = 500
const maxNameLength = 64

/** Whether a header of the client's stays here. `name` in lower case. */
export function staysHere(name: string, value: string): boolean {
  let verdict = verdicts.get(name)
  if (verdict === undefined) {
    verdict = verdictOn(name)
    if (verdicts.size < maxVerdicts && name.length <= maxNameLength) verdicts.set(name, verdict)
  }
  return verdict === 'by value' ? value.includes('eyJ') && jwt.test(value) : verdict === 'withheld'
}

function verdictOn(name: string): Verdict {
  if (clientFamilies.test(name)) return 'passes'
  return withheld.test(name) ? 'withheld' : 'by value'
}
