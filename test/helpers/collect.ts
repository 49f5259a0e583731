/** The garbage collection of V8, when a test wants it. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Collects all, or the young generation alone. */
export const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void
