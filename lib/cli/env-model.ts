/** The model that `droid2api env CLIENT --model ID` names: of any type, in the file or in the demo. */
import { findModel, nearestModel, unservedReason } from '../config/models.ts'
import type { Config } from '../config/types.ts'
import { demoConfig } from './demo-config.ts'
import { UsageError } from './usage.ts'

/** A note for the user on a name that only the demo knows. Throws UsageError for one that nothing knows. */
export function modelNote(config: Config, name: string): string | undefined {
  if (findModel(config, name)) return undefined
  // the address is of no matter here
  const demo = demoConfig(config, 'http://127.0.0.1')
  if (findModel(demo, name)) return `Only the demo has the model ${name}; ${config.file} has not.\n`
  const why = unservedReason(config, name)
  const nearest = nearestModel(demo, name)
  const known = config.models.map(({ id }) => id).join(', ')
  const hint = nearest ? ` Did you mean ${nearest}?` : ''
  throw new UsageError(
    why === undefined
      ? `--model ${name} is not in ${config.file}.${hint} It has: ${known}`
      : `--model ${name} is not served: ${why} in ${config.file}`,
  )
}
