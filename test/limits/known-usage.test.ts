/** A machine whose clock is wrong at the start: what was used on the day that it then is counts for limits. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { countKnownUsage } from '../../lib/cli/known-usage.ts'
import { defaultUsage } from '../../lib/config/defaults.ts'
import { Limits } from '../../lib/limits/limits.ts'
import { UsageFolder } from '../../lib/usage/folder.ts'
import { noCounts, type Row } from '../../lib/usage/row.ts'
import { Usage } from '../../lib/usage/usage.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { until } from '../helpers/until.ts'

const hour = 3_600_000
const noon = new Date(2026, 10, 28, 12).getTime()
const alice = { name: 'alice', key: 'k', requests_per_day: 10 }
const client = { limitHeader: (name: string) => name, limitReset: () => '' }
const log = { warn: () => undefined, info: () => undefined }

function row(counts: Partial<Row>): Row {
  const place = { client: 'alice', model: 'm', endpoint: 'e', account: 'default' }
  return { day: '2026-11-28', ...place, ...noCounts(), ...counts }
}

for (const [what, bootMs] of [
  ['in 1970', 60_000],
  ['on the day before', noon - 20 * hour],
  ['years ahead', noon + 20_000 * hour],
] as const) {
  test(`contract §14.5: a clock that starts ${what} gives nobody a day twice`, async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: bootMs })
    const store = new UsageFolder(path.join(tempDir(), 'usage'), Date.now)
    await store.append([row({ requests: 6, input: 50 }), row({ endpoint: 'none', requests: 9 })])
    const config = { usage: defaultUsage }
    const usage = new Usage({ store, log, config: () => config, now: Date.now })
    const limits = new Limits()
    await countKnownUsage({ config, usage, limits, log } as never)
    const ask = async () => {
      const asking = { caller: alice, client, maxParallel: 0 }
      const admission = await limits.admit(asking as never)
      admission.isSpent = true
      admission.end()
    }
    await ask()

    t.mock.timers.setTime(noon)
    await ask()
    await until(() => limits.today(alice as never).requests >= 6)

    assert.deepEqual(limits.today(alice as never), { requests: 6, tokens: 50 })
    for (let count = 0; count < 4; count++) await ask()
    await assert.rejects(ask(), /has reached its limit/)
  })
}
