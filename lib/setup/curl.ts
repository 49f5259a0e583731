/** A call to try a model with. The status page's script writes it, too, so nothing here needs more than a language has. */

/** What is to be put in a key's place: one of the proxy's own, the caller's own for the upstream, or nothing. */
export type KeyPlace = 'YOUR_CLIENT_KEY' | 'YOUR_KEY' | 'any'

interface Asked {
  /** where the proxy is reached, such as `http://127.0.0.1:3000` */
  url: string
  key: KeyPlace
  model: string
}

export function curlLines({ url, key, model }: Asked): string[] {
  const bearer = key === 'any' ? '' : ` -H 'authorization: Bearer ${key}'`
  const body = { model, messages: [{ role: 'user', content: 'Hello' }] }
  return [
    `curl ${url}/v1/chat/completions -H 'content-type: application/json'${bearer} \\`,
    `  -d ${quoted(JSON.stringify(body))}`,
  ]
}

/** As one word of a shell, in quotes only where it needs them. */
export function quoted(text: string): string {
  return /^[\w.:/@-][\w.:/@=-]*$/.test(text) ? text : inQuotes(text)
}

export function inQuotes(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
