/** The version of Node that runs us. An older one would fail later, with words that help nobody. */

/** What to say where Node is too old; undefined where it will do. `version`: as `process.version`. */
export function nodeTooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return undefined
  return `droid2api needs Node 20.19 or newer; this is ${version}. Install a newer one from https://nodejs.org/en/download`
}
