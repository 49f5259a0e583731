/** When a limit resets, as headers of the APIs report it. Sources: OpenAI "Rate limits", Anthropic "Rate limits", read 2026-11. */

/** OpenAI's: what is left until then, as `6m0s` or `1s`. Both in ms since the epoch. */
export function resetIn(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((atMs - nowMs) / 1000))
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  const parts = [
    ...(hours > 0 ? [`${hours}h`] : []),
    ...(seconds >= 60 ? [`${minutes}m`] : []),
    `${seconds % 60}s`,
  ]
  return parts.join('')
}

/** Anthropic's: the time itself, by RFC 3339. */
export function resetAt(atMs: number): string {
  let text = lastTexts.get(atMs)
  if (text === undefined) {
    if (lastTexts.size >= mostTexts) lastTexts.clear()
    text = new Date(atMs).toISOString().replace('.000Z', 'Z')
    lastTexts.set(atMs, text)
  }
  return text
}

/** All requests of a minute, and of a day, are told the same. */
const lastTexts = new Map<number, string>()
const mostTexts = 10
