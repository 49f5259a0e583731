/** One request for each road, by route. */
export const asks = {
  '/v1/messages': {
    model: 'claude-sonnet-4-5',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'x' }],
  },
  '/v1/responses': { model: 'gpt-5.1', input: 'x' },
  '/v1/chat/completions': {
    model: 'claude-sonnet-4-5',
    messages: [{ role: 'user', content: 'x' }],
  },
}

export const routes = Object.keys(asks) as (keyof typeof asks)[]

/** What a client of a broken answer sees: `broken` where its connection was cut. */
export async function seen(
  answer: Promise<Response>,
): Promise<{ status: number; text: string } | 'broken'> {
  try {
    const response = await answer
    return { status: response.status, text: await response.text() }
  } catch {
    // that the connection broke is the answer
    return 'broken'
  }
}
