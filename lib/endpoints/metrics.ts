/** GET /metrics — for Prometheus, in its text format: what was counted, and how the proxy and its accounts are. */
import type { App, Endpoint } from '../app.ts'
import { inFlight } from '../status/health.ts'
import { ProxyError } from '../../pipelines/errors.ts'

export const metrics: Endpoint = async (_req, res, call) => {
  const { app } = call
  if (!app.metrics) {
    const message = 'Metrics are off. Set METRICS=on, or "metrics": true in config.json.'
    throw new ProxyError(404, 'metrics_off', message)
  }
  const { accountsOf } = await import('../status/accounts.ts')
  const { loadedAt, lastReload } = app.configState
  const text = await app.metrics.text({
    version: app.version,
    inFlight: inFlight(app, call),
    accounts: accountsOf(app),
    reload: lastReload ?? { at: loadedAt, ok: true },
  })
  res.writeHead(200, {
    'cache-control': 'no-store',
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  res.end(text)
}

/** Begins or ends to count, as the configuration has it. What was counted is forgotten at the end. */
export async function switchMetrics(app: App): Promise<void> {
  if (!app.config.metrics) {
    app.metrics?.stop()
    app.metrics = undefined
    return
  }
  if (!app.metrics) {
    const { Metrics } = await import('../metrics/metrics.ts')
    // another reload may have come meanwhile
    if (app.config.metrics) app.metrics ??= new Metrics()
  }
  app.metrics?.expect(app.config)
}
