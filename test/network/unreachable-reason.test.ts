/** What people read where no connection came about for a reason of this machine's own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unreachableReason } from '../../lib/network/unreachable-reason.ts'

const ofThisMachine: [code: string, why: RegExp, remedy?: RegExp][] = [
  ['EMFILE', /as many files open as it may \(EMFILE\)$/, /LimitNOFILE.*ulimit -n/],
  ['ENFILE', /^this machine has as many files open/],
  ['EADDRNOTAVAIL', /no address or port left/],
  ['EACCES', /^this machine forbids the connection/],
  ['EPERM', /^this machine forbids the connection/],
]

for (const [code, why, remedy] of ofThisMachine) {
  test(`${code} is not blamed on the upstream alone, and asking again may help`, () => {
    const reason = unreachableReason(Object.assign(new Error('connect'), { code }))

    assert.match(reason.why, why)
    if (remedy) assert.match(reason.remedy!, remedy)
    assert.ok(!reason.isLasting)
  })
}
