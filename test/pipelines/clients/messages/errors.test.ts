/** Errors as Messages clients read them. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  messagesErrorBody,
  messagesErrorEvent,
  messagesErrorHead,
} from '../../../../pipelines/clients/messages/errors.ts'
import { badRequest, ProxyError } from '../../../../pipelines/errors.ts'
import { refusal } from './ask.ts'

function shown(error: ProxyError): { type: string; message: string; details?: object } {
  return messagesErrorBody(error, 'r1').error
}

suite('§16.9 errors', () => {
  const types: [status: number, type: string][] = [
    ...[400, 405, 418, 422].map((status): [number, string] => [status, 'invalid_request_error']),
    [401, 'authentication_error'],
    [402, 'billing_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [408, 'timeout_error'],
    [409, 'conflict_error'],
    [413, 'request_too_large'],
    [429, 'rate_limit_error'],
    [503, 'overloaded_error'],
    [504, 'timeout_error'],
    [529, 'overloaded_error'],
    ...[500, 502, 511].map((status): [number, string] => [status, 'api_error']),
  ]
  for (const [status, type] of types) {
    test(`${status} is \`${type}\`, whatever the upstream calls it`, () => {
      const error = new ProxyError(status, null, 'M.', { type: 'upstream_error' })

      assert.deepEqual(messagesErrorBody(error, 'r1'), {
        type: 'error',
        error: { type, message: 'M.' },
        request_id: 'r1',
      })
      assert.deepEqual(messagesErrorHead(error), { status, headers: {} })
    })
  }

  test('the place in the request stands first, as this API writes places', () => {
    const place = 'messages[2].content[0].source'
    const said = badRequest('invalid_type', place, `${place} is missing; send an object.`)
    const unsaid = badRequest('unsupported_tool', 'tools[1]', 'It is not available.')

    assert.equal(shown(said).message, 'messages.2.content.0.source is missing; send an object.')
    assert.equal(shown(unsaid).message, 'tools.1: It is not available.')
  })

  test('an upstream’s own code and place go into the message where it does not name them', () => {
    const error = (message: string, param?: string) =>
      shown(
        new ProxyError(400, 'bad_thing', message, { isUpstreams: true, ...(param && { param }) }),
      ).message

    assert.equal(error('No.', 'input[0]'), 'No. (code bad_thing, param input[0])')
    assert.equal(error('No input[0].', 'input[0]'), 'No input[0]. (code bad_thing)')
    assert.equal(error('bad_thing'), 'bad_thing')
  })

  test('a context that is too long is a 400 in the words on which Claude Code compacts', () => {
    const error = (message: string) =>
      new ProxyError(413, 'context_length_exceeded', message, { isUpstreams: true })

    assert.equal(messagesErrorHead(error('M')).status, 400)
    assert.deepEqual(shown(error('context_length_exceeded: 9 > 8')), {
      type: 'invalid_request_error',
      message: 'prompt is too long: context_length_exceeded: 9 > 8',
    })
    const own = 'Prompt is too long: 9 > 8 (context_length_exceeded)'
    assert.equal(shown(error(own)).message, own)
  })

  test('a spent quota is not worth another try', () => {
    const error = new ProxyError(429, 'insufficient_quota', 'M')

    assert.deepEqual(messagesErrorHead(error).headers, { 'x-should-retry': 'false' })
  })

  test('a thread is refused so that the toolRunner goes on without', () => {
    assert.deepEqual(shown(refusal({ thread: { type: 'create' } })).details, {
      error_code: 'thread_unsupported_request',
      unsupported: ['thread'],
    })
    assert.equal(shown(refusal({ compaction: {} })).details, undefined)
  })

  test('in a stream it is the last event', () => {
    const error = new ProxyError(529, 'overloaded', 'M')

    assert.equal(
      messagesErrorEvent(error, 'r1'),
      `event: error\ndata: ${JSON.stringify(messagesErrorBody(error, 'r1'))}\n\n`,
    )
  })
})
