/** How this process and its accounts are at the moment of a look, for Prometheus. */
import { readdir } from 'node:fs/promises'
import { counters, gauge, type Sample } from './text.ts'

export interface Now {
  version: string
  /** requests under way */
  inFlight: number
  accounts: readonly AccountNow[]
  /** of the configuration; `at` in ms since the epoch */
  reload: { at: number; ok: boolean }
}

export interface AccountNow {
  name: string
  state: (typeof accountStates)[number]
  /** ISO, as is `expires_at` */
  until?: string
  expires_at?: string | null
  /** by window, as upstreams call them; `used` from 0 to 1 */
  quota?: Readonly<Record<string, { used: number }>> | undefined
}

const accountStates = ['ok', 'degraded', 'cooling', 'needs_login', 'disabled'] as const

export async function textOfNow(now: Now): Promise<string> {
  return accountText(now.accounts) + proxyText(now) + (await processText())
}

function accountText(accounts: readonly AccountNow[]): string {
  const states = accounts.flatMap(({ name: account, state }) =>
    accountStates.map((one): Sample => [{ account, state: one }, Number(one === state)]),
  )
  const rests = accounts.map(({ name: account, until }): Sample => [{ account }, seconds(until)])
  const lives = accounts.flatMap(({ name: account, expires_at: end }): Sample[] =>
    end ? [[{ account }, seconds(end)]] : [],
  )
  return [
    gauge(
      { name: 'droid2api_account_state', help: '1 for the state that the account is in.' },
      states,
    ),
    gauge(
      {
        name: 'droid2api_account_cooldown_until_seconds',
        help: 'Until when the account rests, in Unix time; 0 while it does not.',
      },
      rests,
    ),
    gauge(
      {
        name: 'droid2api_account_token_expires_seconds',
        help: 'Until when the token of the account serves, in Unix time.',
      },
      lives,
    ),
    gauge(
      {
        name: 'droid2api_account_quota_used_ratio',
        help: 'How much of a limit of the account is used, from 0 to 1, as the upstream said last.',
      },
      accounts.flatMap(quotaSamples),
    ),
  ].join('')
}

/** What providers call their limits. Of all others the one that is used most stands under `other`. */
const windows = new Set([
  '5h',
  '7d',
  '7d_opus',
  '7d_sonnet',
  'unified',
  'overage',
  'requests',
  'tokens',
  'input-tokens',
  'output-tokens',
])

function quotaSamples({ name: account, quota = {} }: AccountNow): Sample[] {
  const most = new Map<string, number>()
  for (const [name, { used }] of Object.entries(quota)) {
    const window = windows.has(name) ? name : 'other'
    most.set(window, Math.max(used, most.get(window) ?? 0))
  }
  return [...most].map(([window, used]) => [{ account, window }, used])
}

function proxyText({ version, inFlight, reload }: Now): string {
  return [
    gauge({ name: 'droid2api_in_flight', help: 'Requests under way.' }, [[{}, inFlight]]),
    gauge(
      {
        name: 'droid2api_config_last_reload_success',
        help: '1 unless the configuration that was read last is broken, so that the one before runs on.',
      },
      [[{}, Number(reload.ok)]],
    ),
    gauge(
      {
        name: 'droid2api_config_last_reload_timestamp_seconds',
        help: 'When the configuration was read last, in Unix time.',
      },
      [[{}, reload.at / 1000]],
    ),
    gauge({ name: 'droid2api_build_info', help: 'The version that runs.' }, [[{ version }, 1]]),
  ].join('')
}

async function processText(): Promise<string> {
  const { user, system } = process.cpuUsage()
  const files = await openFiles()
  return [
    gauge({ name: 'process_resident_memory_bytes', help: 'Memory that the process has.' }, [
      [{}, process.memoryUsage.rss()],
    ]),
    counters({ name: 'process_cpu_seconds_total', help: 'Time on processors.' }, [
      [{}, (user + system) / 1e6],
    ]),
    gauge(
      { name: 'process_open_fds', help: 'Open files and connections.' },
      files === undefined ? [] : [[{}, files]],
    ),
    gauge({ name: 'process_start_time_seconds', help: 'When the process began, in Unix time.' }, [
      [{}, performance.timeOrigin / 1000],
    ]),
  ].join('')
}

/** Undefined where the system does not tell. */
async function openFiles(): Promise<number | undefined> {
  try {
    const all = await readdir('/proc/self/fd')
    // without the one that reads the list
    return all.length - 1
  } catch {
    return undefined
  }
}

function seconds(iso: string | undefined): number {
  return iso === undefined ? 0 : Date.parse(iso) / 1000
}
