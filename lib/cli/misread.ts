/** What a command line that cannot be understood was most likely meant to be. */
import { nearest } from '../config/unknown-keys.ts'

/** What other programs call our commands. */
const alike = new Map(
  Object.entries({
    start: 'serve',
    run: 'serve',
    up: 'serve',
    doctor: 'check',
    validate: 'check',
    setup: 'init',
    activate: 'env',
    stats: 'usage',
  }),
)

export function unknownCommand(word: string, commands: readonly string[]): string {
  const near = alike.get(word) ?? nearest(word, commands)
  return `Unknown command: ${word}.${near ? ` Did you mean ${near}?` : ''}`
}

/** `message`: what parseArgs says of a flag. */
export function wrongFlag(message: string, flags: readonly string[]): string {
  const text = message.split('. ')[0]!
  const unknown = /^Unknown option '--([^'=]+)/.exec(text)?.[1]
  const near = unknown && nearest(unknown, flags)
  return near ? `${text}. Did you mean --${near}?` : text
}

/**
 * npm takes flags for its own unless two dashes stand before them: of `npm start --port 3111` the program gets `3111` alone, of
 * `--port=3111` nothing, and it would start with other settings than were asked for. A variable tells.
 */
export function keptByNpm(
  { npm_lifecycle_event: script, ...env }: Record<string, string | undefined>,
  args: readonly string[],
): string | undefined {
  const kept = ['port', 'host', 'config', 'log-level'].find(
    (flag) => env[`npm_config_${flag.replace('-', '_')}`],
  )
  if (!kept || !script) return undefined
  const given = env[`npm_config_${kept.replace('-', '_')}`]
  const value = given === 'true' ? (args.at(-1) ?? '…') : given
  const command = script === 'start' ? 'npm start' : `npm run ${script}`
  return `npm kept --${kept} for itself. Put two dashes before the flags: ${command} -- --${kept} ${value}`
}
