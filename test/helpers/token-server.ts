/** A scripted token server: refresh tokens that can be spent once, like the real ones, and faults on demand. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'

/** What the server does with the next request instead of renewing. */
export type Fault =
  | { status: number; body: string; headers?: Record<string, string> }
  /** answers as the test likes */
  | { by: (res: ServerResponse) => void }
  | 'hang'
  | 'hang-up'
  | { waitFor: Promise<unknown> }

export interface TokenServer {
  url: string
  /** the newest ones */
  accessToken: string
  refreshToken: string
  /** renewals granted */
  refreshes: number
  /** every request's form */
  requests: URLSearchParams[]
  /** refresh tokens that came although they were spent */
  reused: string[]
  /** used up in turn, one a request */
  faults: Fault[]
  /** seconds that the next tokens say they live */
  expiresIn: number | undefined
  /**
   * The newest pair may have been lost on its way (its receiver was killed): the one before it is then still taken, as long
   * as nobody has shown that he has the newest.
   */
  grace: boolean
  /** what becomes of an answer with tokens before it is sent */
  shape: (answer: Record<string, unknown>) => Record<string, unknown>
  /** told by a test that a token was seen in use */
  revokeAccess(): void
}

export async function startTokenServer(t: TestContext): Promise<TokenServer> {
  let former: string | undefined
  const server = createServer((req, res) => {
    text(req).then(
      (form) => answer(new URLSearchParams(form), res),
      () => {
        // whoever asked has left, with the end of a test for example
      },
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const state: TokenServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    accessToken: secret('access'),
    refreshToken: secret('refresh'),
    refreshes: 0,
    requests: [],
    reused: [],
    faults: [],
    expiresIn: 28_800,
    grace: false,
    shape: (fields) => fields,
    revokeAccess() {
      state.accessToken = secret('access')
    },
  }

  async function answer(form: URLSearchParams, res: ServerResponse) {
    state.requests.push(form)
    const fault = state.faults.shift()
    if (fault === 'hang') return
    if (fault === 'hang-up') {
      res.destroy()
      return
    }
    if (fault && 'status' in fault) {
      res.writeHead(fault.status, fault.headers).end(fault.body)
      return
    }
    if (fault && 'by' in fault) {
      fault.by(res)
      return
    }
    if (fault) await fault.waitFor
    renew(form.get('refresh_token') ?? '', res)
  }

  function renew(refresh: string, res: ServerResponse) {
    if (refresh !== state.refreshToken && !(state.grace && refresh === former)) {
      state.reused.push(refresh)
      const body = { error: 'invalid_grant', error_description: `spent: ${refresh}` }
      res.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      return
    }
    former = refresh
    state.refreshToken = secret('refresh')
    state.accessToken = secret('access')
    state.refreshes += 1
    res.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify(
        state.shape({
          access_token: state.accessToken,
          refresh_token: state.refreshToken,
          expires_in: state.expiresIn,
          user: { email: 'me@private.example' },
        }),
      ),
    )
  }

  return state
}

function secret(kind: string): string {
  return `${kind}-${randomBytes(12).toString('hex')}`
}
