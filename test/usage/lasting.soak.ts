/** What the tests beside it do, often enough to be sure (`npm run test:soak`). */
import { test } from 'node:test'
import { surviveDeaths } from './killed.ts'
import { checkSums } from './mixed-requests.ts'

test('contract §15.2: sums are exact over 10 000 mixed requests on all roads', async (t) => {
  await checkSums(t, 10_000)
})

test('contract §15.3: killed at 50 random moments under load, no more is lost than a flush of usage each, and no login', async (t) => {
  await surviveDeaths(t, 50)
})
