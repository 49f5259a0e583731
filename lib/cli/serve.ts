/** `droid2api serve`: listen, announce it, reload on SIGHUP, drain and leave on SIGTERM, SIGINT or a terminal that closes. */
import { closeSync, openSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { App } from '../app.ts'
import { switchMetrics } from '../endpoints/metrics.ts'
import { proxyStopped } from '../../pipelines/errors.ts'
import { endStalled } from '../http/stalled.ts'
import { createServer } from '../server.ts'
import { accountLine, banner, listenerUrl, startLines } from './banner.ts'
import type { BuiltApp } from './build-app.ts'
import { watchConfig } from './config-watch.ts'
import { headingFor } from './colors.ts'
import { cannotListen, listenOn } from './listen.ts'
import { countKnownUsage } from './known-usage.ts'
import { Reloader, type ReloadParts } from './reload.ts'
import { findRunning } from './running-proxy.ts'
import { tuneV8 } from './tune-v8.ts'

/** Thrown when the address cannot be used; the message is one line for the user. */
export class ListenError extends Error {}

/** Serves until a signal ends it; resolves when everything is closed. Throws ListenError. */
export async function serve(built: BuiltApp, parts: ReloadParts): Promise<void> {
  const { app } = built
  const server = createServer(app)
  tuneV8(server, () => app.calls.size)
  endStalled(server, () => app.config.timeouts.idle_s * 1000)
  const reloader = new Reloader(built, parts)
  // who sends it may have paid, or had a limit lifted, which no upstream says
  const reloadAndRetry = async () => {
    await reloader.reload('SIGHUP')
    app.account.tryAgain()
    await app.pool.endRests()
  }
  const onHangUp = onSighup(() => void reloadAndRetry())
  process.on('SIGHUP', onHangUp)
  ignoreLogSignals(app)
  const stopped = nextSignal()
  await Promise.all([countKnownUsage(app), switchMetrics(app)])
  await listen(server, app)
  await reloader.startAccounts()
  app.usage.start()
  announce(app, server)
  const watch = watchConfig(app, reloader)
  const signal = await stopped
  watch.stop()
  app.log.info({ signal, in_flight: app.calls.size }, 'shutting down')
  app.account.leave()
  app.pool.leave()
  // whoever stops it may have less patience than the streams that are under way, and what is only in memory would be lost
  void app.usage.flush()
  await drain(server, app)
  // without a handler, a SIGHUP that is still on its way would end the process
  process.on('SIGHUP', () => undefined)
  process.off('SIGHUP', onHangUp)
  await app.usage.stop()
  await Promise.all([app.account.stop(), app.pool.stop()])
  app.metrics?.stop()
  app.shared?.close()
  app.agents.destroy()
  app.log.info('stopped')
  await built.endLog()
}

async function listen(server: Server, { config, usage }: App): Promise<void> {
  try {
    await listenOn(server, config.port, config.host)
  } catch (error) {
    // what is open to the server of TOKEN_STORE would keep the process
    await usage.stop()
    const fault = error as NodeJS.ErrnoException
    throw new ListenError(cannotListen(fault, config, await findRunning(config, fault)))
  }
}

function announce(app: App, server: Server): void {
  const { address: host, port } = server.address() as AddressInfo
  const url = listenerUrl({ host, port })
  if (process.stdout.isTTY) {
    process.stdout.write(app.redact(banner(app, url, headingFor(process.env))))
    return
  }
  const account = accountLine(app)
  const { file: config, env_files: files } = app.config
  const read = files.length > 0 ? { config, env_files: files } : { config }
  app.log.info({ url, version: app.version, ...read, account }, 'listening')
  for (const line of startLines(app)) if (line !== account) app.log.info(line)
  for (const warning of app.warnings) app.log.warn(warning)
}

/** A closed terminal sends the same signal as `kill -HUP`; a proxy that outlived it would hold the port unnoticed. */
function onSighup(reloadNow: () => void): () => void {
  let leaving = false
  return () => {
    if (leaving) return
    leaving = process.stdout.isTTY && !hasTerminal()
    if (leaving) process.kill(process.pid, 'SIGTERM')
    else reloadNow()
  }
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    // there is none, or no longer
    return false
  }
}

/**
 * What logrotate is often told to send, for programs that hold their log open. Without a handler the one would open Node's
 * debugger, and the other end the process at once.
 */
function ignoreLogSignals({ log }: App): void {
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
    process.on(signal, () => log.info({ signal }, 'nothing to do: the log is on stdout'))
  }
}

function exitNow(): never {
  process.exit(1)
}

/** The first SIGTERM or SIGINT; from then on a second one ends the process at once. */
async function nextSignal(): Promise<string> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  process.on('SIGTERM', exitNow)
  process.on('SIGINT', exitNow)
  return signal
}

/** Streams may end by themselves for `shutdown_s`; what is left then ends with an error. */
async function drain(server: Server, app: App): Promise<void> {
  app.shuttingDown = true
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const deadline = setTimeout(() => stopCalls(server, app), app.config.timeouts.shutdown_s * 1000)
  // Clients keep idle connections open, which would keep the process alive.
  const idle = setInterval(() => server.closeIdleConnections(), 50)
  await closed
  clearTimeout(deadline)
  clearInterval(idle)
}

function stopCalls(server: Server, app: App): void {
  const reason = proxyStopped()
  for (const call of app.calls) call.signal.cancel(reason)
  // Time for the last bytes to leave; a client that does not read them is cut off.
  setTimeout(() => server.closeAllConnections(), 500).unref()
}
