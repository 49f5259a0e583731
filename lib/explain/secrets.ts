/** The secrets in what is shown: each has a name, which stands for it in a shell, and a mask that tells it from others. */
import { isSecretHeader } from '../config/endpoint-auth.ts'
import type { Endpoint } from '../config/types.ts'
import type { Credential } from '../upstream/target.ts'

export interface Secret {
  value: string
  /** of a variable of the shell, where the secret is in none yet */
  name: string
  /** the header that it is in, or `url` */
  place: string
}

/** A text with what is secret in it. */
export type Parted = (string | Secret)[]

/** Anything shorter would also hit ordinary words; such a secret is one in its own place alone. */
const shortestAnywhere = 8
/** Of a shorter one the end tells too much. */
const shortestShown = 16

function masked({ value }: Secret): string {
  return value.length < shortestShown ? '***' : `***${value.slice(-4)}`
}

export function shownAs(parts: Parted): string {
  return parts.map((part) => (typeof part === 'string' ? part : masked(part))).join('')
}

export function partedBy(text: string, place: string, secrets: readonly Secret[]): Parted {
  const here = secrets
    .filter((one) => one.place === place || one.value.length >= shortestAnywhere)
    .toSorted((one, other) => other.value.length - one.value.length)
  let parts: Parted = [text]
  for (const secret of here) {
    parts = parts.flatMap((part) => (typeof part === 'string' ? split(part, secret) : part))
  }
  return parts
}

function split(text: string, secret: Secret): Parted {
  return text
    .split(secret.value)
    .flatMap((piece, index) => (index === 0 ? [piece] : [secret, piece]))
    .filter((part) => part !== '')
}

/** `account`: what the credential is called. */
export function secretsOf(
  url: string,
  endpoint: Endpoint,
  credential: Credential | undefined,
  account: string,
  known: readonly string[],
): Secret[] {
  const { headers, name } = endpoint
  const ofEndpoint = variableName(name)
  const own = Object.entries(headers).filter(([header]) => isSecretHeader(header))
  const all: Secret[] = [
    ...credentialSecrets(credential, endpoint, account, known),
    ...own.map(([header, value]) => ({
      value: withoutScheme(value),
      name: variableName(`${name}_${header}`),
      place: header.toLowerCase(),
    })),
    ...inQuery(url).map((value) => ({ value, name: ofEndpoint, place: 'url' })),
    ...known.map((value) => ({ value, name: ofEndpoint, place: '' })),
  ]
  return all.filter(
    ({ value }, index) => value !== '' && all.findIndex((other) => other.value === value) === index,
  )
}

/** With its scheme, where that is part of what the operator gave, and without. */
function credentialSecrets(
  credential: Credential | undefined,
  { auth }: Endpoint,
  account: string,
  known: readonly string[],
): Secret[] {
  if (!credential) return []
  const { value, header: place } = credential
  const name = typeof auth === 'object' ? auth.env : variableName(account)
  const bare = { value: withoutScheme(value), name, place }
  return known.includes(value) ? [{ value, name, place }, bare] : [bare]
}

/** `work.1` → `WORK_1`. */
function variableName(name: string): string {
  return name
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, '_')
    .replace(/^(?=\d)/, '_')
}

function withoutScheme(value: string): string {
  return value.replace(/^[A-Za-z][\w-]*\s+/, '')
}

/** Names of parameters that hold keys and signatures, Azure's `code` among them. */
const secretParameter = /key|token|secret|passw|auth|credential|^sig(?:nature)?$|^code$/i

function inQuery(url: string): string[] {
  const [, query = ''] = /\?(.*)$/s.exec(url) ?? []
  return query.split('&').flatMap((pair) => {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(pair) ?? []
    return secretParameter.test(name) ? value : []
  })
}
