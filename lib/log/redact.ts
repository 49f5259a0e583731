/**
 * Secrets by value: whatever text leaves the process (a log line, an error message) is searched for the secrets known now.
 * The second net under "never log a header"; it catches what an upstream or a library echoes.
 */

export type Redact = (text: string) => string

/** Anything shorter would also hit ordinary words. */
const shortestSecret = 8

/** The secrets worth looking for among all that are known now. */
export function knownSecrets(secrets: Iterable<string>): string[] {
  return [...secrets].filter(({ length }) => length >= shortestSecret)
}

/** `secrets`: the known ones; asked at each call, since tokens rotate. They become `[redacted]`. */
export function redactor(secrets: () => Iterable<string>): Redact {
  return (text) => {
    let clean = text
    for (const secret of secrets()) {
      if (clean.includes(secret)) clean = clean.replaceAll(secret, '[redacted]')
    }
    return clean
  }
}
