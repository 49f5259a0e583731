/** GET /metrics of a proxy, read strictly. */
import assert from 'node:assert/strict'
import type { TestProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import { Scrape } from './strict-text.ts'

export async function scraped({ url }: Pick<TestProxy, 'url'>): Promise<Scrape> {
  const answer = await fetch(`${url}/metrics`)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  return new Scrape(await answer.text())
}

/** Once no request is under way, and every send has come to its end. */
export async function settled(proxy: TestProxy): Promise<Scrape> {
  await until(() => proxy.app.calls.size === 0)
  return await scraped(proxy)
}
