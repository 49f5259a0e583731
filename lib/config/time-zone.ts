/** `TZ`: the zone whose midnight ends a day. */
import type { Settings } from './env-files.ts'

/** A zone that Node does not know is UTC to it, or another than was meant: `UTC+8` is eight hours west. */
export function zoneWarnings({ get, source }: Settings): string[] {
  const zone = get('TZ')
  if (zone === undefined || isZone(zone.replace(/^:/, ''))) return []
  return [
    `${source('TZ')}: TZ is ${JSON.stringify(zone)}, which is not a time zone; write one such as Europe/Berlin, or days may end at another hour`,
  ]
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    // unknown
    return false
  }
}
