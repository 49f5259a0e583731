/** `droid2api check`: each finding one line with its remedy. Offline unless asked; never a secret. */
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { objectFrom } from '../../pipelines/wire/json.ts'
import type { App } from '../app.ts'
import { credentialLines, usesAccount } from '../config/endpoint-auth.ts'
import type { ConfigError } from '../config/faults.ts'
import { addressOf } from './banner.ts'
import { cannotListen } from './cannot-listen.ts'
import { accountFinding, storeFindings, tokenFinding } from './check-account.ts'
import { upstreamFindings } from './check-upstreams.ts'

export interface Finding {
  level: 'ok' | 'warning' | 'error'
  what: string
}

/** All findings; `online` also renews the account's token when it is due and connects to every endpoint. */
export async function findings(app: App, online: boolean): Promise<Finding[]> {
  const { config } = app
  return [
    { level: 'ok', what: `configuration: ${config.file}, ${config.models.length} models` },
    ...config.env_files.map((file): Finding => ({ level: 'ok', what: `environment: and ${file}` })),
    ...app.warnings.map((what): Finding => ({ level: 'warning', what })),
    ...endpointFindings(app),
    ...(await accountFindings(app, online)),
    await portFinding(config.port, config.host),
    ...(online ? await upstreamFindings(app) : []),
  ]
}

/** Whose credential each endpoint gets. */
function endpointFindings({ config, account }: App): Finding[] {
  const hasAccount = account.source !== 'none'
  return credentialLines(config, hasAccount).map((what) => ({ level: 'ok', what }))
}

/** Of an account that no endpoint uses there is nothing to say, whether there is one or not. */
async function accountFindings(app: App, online: boolean): Promise<Finding[]> {
  if (!usesAccount(app.config)) return []
  return [
    await accountFinding(app),
    ...(await storeFindings(app, online)),
    ...(online ? [await tokenFinding(app)] : []),
  ]
}

/** What a configuration that cannot be read is found to be. */
export function configurationFaults({ faults, warnings }: ConfigError): Finding[] {
  return [
    ...faults.map((what): Finding => ({ level: 'error', what: `configuration: ${what}` })),
    ...warnings.map((what): Finding => ({ level: 'warning', what: `configuration: ${what}` })),
  ]
}

/** In: findings. Out: the text for a person, a line each. */
export function findingLines(all: Finding[]): string {
  return `${all.map(({ level, what }) => `${level.padEnd(7)} ${what}`).join('\n')}\n`
}

async function portFinding(port: number, host: string): Promise<Finding> {
  const probe = createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
    return { level: 'ok', what: `port: ${port} on ${host} is free` }
  } catch (error) {
    const fault = error as NodeJS.ErrnoException
    const other = fault.code === 'EADDRINUSE' ? await runningVersion(port, host) : undefined
    return other === undefined
      ? { level: 'error', what: `port: ${cannotListen(fault, port, host)}` }
      : { level: 'ok', what: `port: droid2api ${other} is running on ${host}:${port}` }
  } finally {
    probe.close()
  }
}

/** The version of the droid2api that answers there; undefined where it is something else. */
async function runningVersion(port: number, host: string): Promise<string | undefined> {
  try {
    const asked = http.get(addressOf({ address: host, port }), {
      signal: AbortSignal.timeout(1000),
    })
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const { name, version } = objectFrom(await text(answer)) ?? {}
    return name === 'droid2api' ? String(version) : undefined
  } catch {
    // whatever it is, it is not ours
    return undefined
  }
}
