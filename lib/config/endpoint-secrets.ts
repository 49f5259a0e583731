/** Secrets in places of the configuration: those that stand where they would not be used, and those that must not be shown. */
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import type { Config } from './types.ts'

/** What cannot be meant, as `path: what to do`. No value of it is shown. `given`: the file's own `endpoints`. */
export function authFaults(given: unknown): string[] {
  if (!Array.isArray(given)) return []
  return given.flatMap((endpoint: unknown, index) =>
    isObject(endpoint) ? faultsOf(endpoint, `endpoints[${index}]`) : [],
  )
}

function faultsOf(endpoint: JsonObject, place: string): string[] {
  const faults = Object.keys(endpoint)
    .filter(isSecretKey)
    .map(
      (key) =>
        `${place}.${key} is no key of an endpoint; put the key into a variable and name that in auth, as {"env": "MY_KEY"}`,
    )
  const { auth } = endpoint
  if (isObject(auth) && typeof auth.env === 'string' && !isVariable(auth.env)) {
    faults.push(
      `${place}.auth.env is no name of a variable; put the key into a variable and write its name here`,
    )
  }
  return faults
}

/** What an endpoint's credential is called elsewhere, as the words of a key: `api_key`, `apiKey`, `x-auth-token`. */
const secretWords =
  /^(?:keys?|(?:api|access|auth)(?:keys?|token)|token|bearer|authorization|secret|passw(?:or)?d|pass|credentials?)$/

function isSecretKey(key: string): boolean {
  const words = key.replace(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase()
  return words.split(/[^a-z\d]+/).some((word) => secretWords.test(word))
}

/** Keys in the forms that their makers give them, where the name of a variable might look the same. */
const pastedKey = /^(?=.*\d)(?:(?:sk|pk|fk|gsk|xai|hf|nvapi)_\w{16,}|AIza\w{16,}|[A-Za-z\d]{20,})$/

function isVariable(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !pastedKey.test(name)
}

/** What must not be shown of the endpoints: keys in their headers, passwords in their addresses. */
export function endpointSecretsIn({ endpoints }: Pick<Config, 'endpoints'>): string[] {
  return endpoints.flatMap(({ headers, base_url: url }) => {
    const { password } = new URL(url)
    const keys = Object.entries(headers)
      .filter(([name]) => isSecretKey(name) || /auth|cookie/i.test(name))
      .map(([, value]) => value.replace(/^[A-Za-z]+\s+/, ''))
    return password === '' ? keys : [...keys, password, decodedOr(password)]
  })
}

function decodedOr(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // as it is written, then
    return text
  }
}
