/** `droid2api check`: what is configured and how it is. Offline unless asked for more; never a secret. */
import { statSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import type { App } from '../app.ts'
import { credentialLines, usesAccount } from '../config/endpoint-auth.ts'
import { counted, countsByType } from '../config/models.ts'
import type { Config } from '../config/types.ts'
import { cannotListen, listenOn } from './listen.ts'
import {
  accountFinding,
  namedFinding,
  noteFindings,
  renewalFinding,
  storeFindings,
  tokenFinding,
  type Checked,
} from './check-account.ts'
import type { Finding } from './finding.ts'
import { upstreamFindings } from './check-upstreams.ts'
import { findRunning, type Running } from './running-proxy.ts'

export interface CheckOptions {
  /** asks the upstreams and a running proxy; spends nothing */
  online: boolean
  /** also renews the login where it is due, which spends a refresh token */
  renew: boolean
}

/** All findings, in the order in which they depend on each other. */
export async function findings(app: App, options: CheckOptions): Promise<Finding[]> {
  const { config } = app
  const fault = await listenFault(config)
  const running = await findRunning(config, fault)
  const all: Finding[] = [
    {
      level: 'ok',
      what: `configuration: ${config.file}, ${counted(config.models.length, 'model')}`,
    },
    ...modelFindings(config),
    ...config.env_files.map(envFileFinding),
    ...app.warnings.map((what): Finding => ({ level: 'warning', what })),
    ...endpointFindings(app),
    ...(await accountFindings(app, options, running)),
    portFinding(config, fault, running),
    ...(options.online ? await upstreamFindings(app) : []),
  ]
  return all.map(({ level, what }) => ({ level, what: app.redact(what) }))
}

/** On a machine with several users a key is everybody's who can read the file. Windows has no such bits. */
function envFileFinding(file: string): Finding {
  const what = `variables: also from ${file}`
  if (process.platform === 'win32' || !isReadByAll(file)) return { level: 'ok', what }
  return {
    level: 'warning',
    what: `${what}, which every user of this machine can read: chmod 600 ${file}`,
  }
}

/** Not where a folder on the way lets nobody else in, as homes often do. */
function isReadByAll(file: string): boolean {
  if ((modeOf(file) & 0o004) === 0) return false
  for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
    if ((modeOf(dir) & 0o001) === 0) return false
    if (dir === path.dirname(dir)) return true
  }
}

function modeOf(file: string): number {
  try {
    return statSync(file).mode
  } catch {
    // gone since it was read
    return 0
  }
}

/** How many models of which type, all for every client. */
function modelFindings({ models }: Config): Finding[] {
  if (models.length === 0) return []
  const apis = 'for every client: Chat Completions, Messages, Responses'
  return [{ level: 'ok', what: `models: ${countsByType(models)}, each ${apis}` }]
}

/** Whose credential each endpoint gets. */
function endpointFindings({ config, account }: App): Finding[] {
  const hasAccount = account.source !== 'none'
  return credentialLines(config, hasAccount).map((what) => ({ level: 'ok', what }))
}

/** None for an account that no endpoint uses. */
async function accountFindings(
  app: App,
  { online, renew }: CheckOptions,
  running: Running | undefined,
): Promise<Finding[]> {
  const { config, pool } = app
  const token = renew ? renewalFinding : tokenFinding
  const all: Finding[] = []
  const add = async (checked: Checked, finding: Finding) => {
    all.push(finding, ...(await storeFindings(checked, online)), ...noteFindings(checked))
    if (online) all.push(await token(checked, running))
  }
  if (usesAccount(config)) await add(app, await accountFinding(app))
  const used = new Set(config.endpoints.flatMap(({ accounts = [] }) => accounts))
  for (const { name, own } of pool.all) {
    const { entry, account } = own
    const checked = { name, account, config }
    if (!entry.enabled) all.push({ level: 'ok', what: `account ${name}: not enabled` })
    else if (used.has(name)) await add(checked, await namedFinding(checked, entry))
  }
  return all
}

function portFinding(
  config: Config,
  fault: NodeJS.ErrnoException | undefined,
  running: Running | undefined,
): Finding {
  const { port, host } = config
  if (!fault) return { level: 'ok', what: `port: ${port} on ${host} is free` }
  return running
    ? { level: 'ok', what: `port: droid2api ${running.version} is running on ${host}:${port}` }
    : { level: 'error', what: `port: ${cannotListen(fault, config)}` }
}

/** What keeps a server from listening there; undefined where nothing does. */
async function listenFault({ port, host }: Config): Promise<NodeJS.ErrnoException | undefined> {
  const probe = createServer()
  try {
    await listenOn(probe, port, host)
    return undefined
  } catch (error) {
    return error as NodeJS.ErrnoException
  } finally {
    probe.close()
  }
}
