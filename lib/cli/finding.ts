/** What `droid2api check` finds: one line each, with its remedy. */
import type { ConfigError } from '../config/validate.ts'

export interface Finding {
  level: 'ok' | 'warning' | 'error'
  what: string
}

/** The findings of a configuration that cannot be used. */
export function configurationFaults({ faults, warnings }: ConfigError): Finding[] {
  return [
    ...faults.map((what): Finding => ({ level: 'error', what: `configuration: ${what}` })),
    ...warnings.map((what): Finding => ({ level: 'warning', what: `configuration: ${what}` })),
  ]
}

/** The text for a person, a line for each finding. */
export function findingLines(all: Finding[]): string {
  return `${all.map(({ level, what }) => `${level.padEnd(7)} ${what}`).join('\n')}\n`
}
