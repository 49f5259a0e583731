/** Ids of answers, in the words of clients whose API is not the model's. */

/** What APIs put in front of the ids of their answers. */
const ownPrefix = /^(?:resp_|chatcmpl-|msg_)/

/** What is the upstream's own in an id, in the characters that ids have in every API; `""` where there is nothing. */
export function idTail(id: string | undefined): string {
  return (id ?? '').replace(ownPrefix, '').replaceAll(/[^\w-]/g, '')
}

/** What an id of a call may consist of in the Messages API, which refuses every later request with another one in its history. */
const plainId = /^[\w-]*$/
const wrapMark = 'toolu_d2a1_'

/** The id of a call for a Messages client: Kimi's `functions.Read:0` comes back as it was, though a Claude hears it in between. */
export function wrappedCallId(id: string): string {
  return plainId.test(id) ? id : wrapMark + Buffer.from(id).toString('base64url')
}

/** The id as the model gave it. */
export function unwrappedCallId(id: string): string {
  if (!id.startsWith(wrapMark)) return id
  const own = Buffer.from(id.slice(wrapMark.length), 'base64url').toString()
  return wrappedCallId(own) === id ? own : id
}
