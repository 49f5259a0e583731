/** Whether a request may begin: the limits of its client, and that of the process. */
import type { ServerResponse } from 'node:http'
import type { Call } from '../app.ts'

/** Fails with ProxyError 429 where the caller is at a limit, 503 where the process is. */
export async function admit(res: ServerResponse, call: Call): Promise<void> {
  const { app, caller, client, config, isCounted } = call
  const counted = isCounted ? caller : undefined
  try {
    const asking = { caller: counted, client, maxParallel: config.max_parallel }
    const admission = await app.limits.admit(asking)
    call.admission = admission
    if (!call.signal.cancelled) {
      res.once('close', () => admission.end())
      return
    }
    // it left while the other replicas were asked
    admission.end()
  } catch (error) {
    // refused at the door
    call.isCounted = false
    if (counted && app.limits.isNews(counted)) {
      app.log.warn(
        { client: counted.name, reason: (error as Error).message },
        'requests are refused',
      )
    }
    throw error
  }
  throw call.signal.reason
}
