/** Ids of answers, in the words of clients whose API is not the model's. */

/** What APIs put in front of the ids of their answers. */
const ownPrefix = /^(?:resp_|chatcmpl-|msg_)/

/** What is the upstream's own in an id, in the characters that ids have in every API; `""` where there is nothing. */
export function idTail(id: string | undefined): string {
  return (id ?? '').replace(ownPrefix, '').replaceAll(/[^\w-]/g, '')
}
