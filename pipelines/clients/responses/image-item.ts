/**
 * A picture that the model made as an item of the output, and such an item in a history. Source: the types of the `openai` package
 * 7.59, read 2026-11.
 */
import type { JsonObject } from '../../json/value.ts'
import { parseDataUrl } from '../../neutral/data-url.ts'
import type { DeltaOf } from '../../neutral/delta.ts'
import type { ForeignPiece } from '../../neutral/request.ts'
import type { ResponsesItem } from '../../wire/responses.ts'
import type { Events } from './events.ts'
import type { ItemPlace } from './message.ts'

const type = 'image_generation_call'

/** The item, which is whole at once, with its events. */
export function imageItem(
  place: ItemPlace,
  { mediaType, base64 }: Pick<DeltaOf<'image'>, 'mediaType' | 'base64'>,
  events: Events | undefined,
): ResponsesItem {
  const { output_index, item_id: id } = place
  const begun = { id, type, status: 'in_progress', result: null }
  events?.emit('response.output_item.added', { output_index, item: begun })
  for (const state of ['in_progress', 'generating', 'completed']) {
    events?.emit(`response.${type}.${state}`, place)
  }
  const output_format = mediaType.replace(/^image\//, '')
  const item = { ...begun, status: 'completed', result: base64, output_format }
  events?.emit('response.output_item.done', { output_index, item })
  return item
}

/** What a model made, for the provider that takes pictures back from its own models; undefined for an item without one. */
export function pictureOf(item: JsonObject): Pick<ForeignPiece, 'media'> | undefined {
  const { result, output_format: format } = item
  if (item.type !== type || typeof result !== 'string' || result === '') return undefined
  const inline = parseDataUrl(result)
  if (inline) return { media: inline }
  const mediaType = `image/${typeof format === 'string' && format !== '' ? format : 'png'}`
  return { media: { mediaType, base64: true, data: result } }
}
