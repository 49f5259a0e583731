/** GET /usage — what was used, for the operator, with what is not written down yet. */
import type { Endpoint } from '../app.ts'
import { noStore, sendJson } from '../http/answer.ts'
import { csvOf, readReport, ReportError, type Report } from '../usage/report.ts'
import type { Usage } from '../usage/usage.ts'
import { badRequest, ProxyError } from '../../pipelines/errors.ts'

export const usageReport: Endpoint = async (_req, res, { app, query }) => {
  const asked = new URLSearchParams(query)
  const format = asked.get('format') ?? 'json'
  if (format !== 'json' && format !== 'csv') {
    throw badRequest(
      'invalid_value',
      'format',
      `format is ${JSON.stringify(format.slice(0, 40))}, expected json or csv.`,
    )
  }
  const report = await reported(app.usage, asked)
  if (format === 'json') {
    sendJson(res, 200, report, noStore)
    return
  }
  res.writeHead(200, { ...noStore, 'content-type': 'text/csv; charset=utf-8' })
  res.end(csvOf(report))
}

async function reported(usage: Usage, asked: URLSearchParams): Promise<Report> {
  try {
    return await readReport(usage, asked.get('since') ?? undefined, asked.get('by') ?? undefined)
  } catch (error) {
    if (error instanceof ReportError) throw badRequest('invalid_value', error.param, error.message)
    const message = `Usage cannot be read: ${(error as Error).message}`
    throw new ProxyError(503, 'usage_unreadable', message, { cause: error })
  }
}
