/** The keys that clients must present: those of the environment, else those of the file, without the ones nobody may use. */
import { isLoopback } from '../guard/browser.ts'
import type { Problems } from './environment.ts'
import { isExample } from './written-value.ts'

interface Keys {
  /** the configuration file */
  file: string
  /** of the environment, its examples already taken out; undefined where it names none */
  env: { place: string; keys: string[] } | undefined
  listed: readonly string[]
  host: string
}

/**
 * Examples are public, so they count as not set. Where that leaves none, an address that others reach stays closed: whoever
 * named a key meant to be asked for one.
 */
export function clientKeys({ file, env, listed, host }: Keys, problems: Problems): string[] {
  if (env && env.keys.length > 0) return env.keys
  const bare = listed.map((key) => key.replace(/^Bearer\s+/i, ''))
  if (bare.some((key, index) => key !== listed[index])) {
    problems.warnings.push(
      `${file}: api_keys holds a key that begins with "Bearer", which is taken off`,
    )
  }
  const usable = bare.filter((key) => !isExample(key))
  if (usable.length < listed.length) {
    problems.warnings.push(`${file}: api_keys holds an example value, which counts as not set`)
  }
  const wereNamed = env !== undefined || listed.length > 0
  if (wereNamed && usable.length === 0 && !isLoopback(host)) {
    problems.faults.push(
      `${env?.place ?? `${file}: api_keys`} holds no key of your own, and others reach ${host}: make up a key`,
    )
  }
  return usable
}
