/** What refusals say of an account, as vendors and gateways write it, and what only repeats a client's words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reasonsIn } from '../../lib/routing/refusal-reasons.ts'
import { good, refusal, twoAccounts } from './setting.ts'

type Kind = 'isQuota' | 'isUnpaid' | 'isDead'

const bodies: Record<Kind, unknown[]> = {
  isQuota: [
    { error: { code: 'insufficient_quota' } },
    { error: { type: 'usage_limit_reached' } },
    { detail: { code: 'usage_limit_reached' } },
  ],
  isUnpaid: [
    {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'Your credit balance is too low to access the Anthropic API.',
      },
    },
    { error: { message: 'Insufficient Balance', code: 'invalid_request_error' } },
    { error: { type: 'exceeded_current_quota_error', message: 'Please check your plan' } },
    { error: { code: 'INSUFFICIENT_BALANCE' } },
    { error: { code: '1113', message: '余额不足或无可用资源包,请充值。' } },
    { error: { code: 1113 } },
    { error: { code: 'Arrearage', message: 'Access denied, please make sure …' } },
    { code: 30001, message: 'Sorry, your account balance is insufficient' },
    { error: 'Your team has either used all available credits or reached its monthly limit.' },
    { error: { message: 'Your prepayment credits are depleted.' } },
    { error: { message: 'You have reached your specified API usage limits. You will regain …' } },
    { error: { message: "You're out of extra usage. Add more at claude.ai/settings/usage." } },
    {
      error: { message: 'Third-party apps now draw from your extra usage, not your plan limits.' },
    },
    'Insufficient credits',
    'data: {"error":{"message":"Insufficient credits"}}\n\n',
  ],
  isDead: [
    [{ error: { code: 400, message: 'API key not valid. Please pass a valid API key.' } }],
    {
      error: { code: 400, message: 'API Key not found.', details: [{ reason: 'API_KEY_INVALID' }] },
    },
    { error: { code: 400, details: [{ '@type': 'x' }, { reason: 'API_KEY_INVALID' }] } },
    { error: { message: 'API key expired. Please renew the API key.' } },
    { error: { message: 'Your API key was reported as leaked. Please use another API key.' } },
    { error: { message: "Permission denied: Consumer 'api_key:AIza' has been suspended." } },
    { error: { type: 'permission_error', message: 'OAuth token has been revoked. Please …' } },
    { error: { message: 'This organization has been disabled.' } },
    { error: 'Incorrect API key provided: xa***1. You can obtain one from …' },
    { error: { code: 'account_deactivated' } },
  ],
}

const none: unknown[] = [
  '',
  'Forbidden',
  { error: { message: 'messages: at least one is required' } },
  { error: { code: 'rate_limit_exceeded', message: 'Slow down' } },
  { error: { code: '11130', message: 'Account is locked' } },
  { error: { message: 'Your organization does not have access to this model.' } },
  // a client's own words
  {
    error: { message: "Invalid value: 'credit balance is too low'. Supported values are: 'user'." },
  },
  { error: { message: 'The model `API key not valid` does not exist' } },
  { error: { message: 'Unknown field "insufficient balance"', code: 'x insufficient_quota' } },
  { detail: [{ loc: ['body'], input: { code: 'insufficient_quota' }, msg: 'Input should be 1' }] },
  { error: { message: '…', input: 'API key not valid' }, request: { type: 'billing_error' } },
  'Unknown model "credit balance is too low"',
  { error: { message: "Unknown parameter: 'a' insufficient account balance 'b'." } },
  { error: { message: 'Unknown parameter: "a` API key not valid \'b".' } },
  { error: { message: 'Invalid value: "insufficient balance …' } },
  'Unknown model "a" credit balance is too low "b"',
  'Unknown model "\ndata: {"error":{"code":"insufficient_quota"}}',
  '{"detail":[{"input":"say \\" insufficient balance \\" and',
  ' [{"error":{"message":"You wrote: insufficient balance',
]

for (const [kind, some] of [...Object.entries(bodies), ['nothing', none] as const]) {
  for (const body of some) {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    test(`contract §17: ${text} says ${kind}`, () => {
      const { isQuota, isUnpaid, isDead } = reasonsIn(text)
      assert.deepEqual(
        { isQuota, isUnpaid, isDead },
        { isQuota: kind === 'isQuota', isUnpaid: kind === 'isUnpaid', isDead: kind === 'isDead' },
      )
    })
  }
}

test('contract §17: after a key that is dead, told as 400 or 403, the next account serves', async (t) => {
  for (const status of [400, 403]) {
    const dead = refusal(status, {}, { message: 'This organization has been disabled.' })
    const { ask, asked } = await twoAccounts(t, (account) => (account === 'one' ? dead : good))

    const statuses = [(await ask()).status, (await ask()).status]

    assert.deepEqual(statuses, [200, 200])
    assert.deepEqual(asked(), ['one', 'two', 'two'])
  }
})
