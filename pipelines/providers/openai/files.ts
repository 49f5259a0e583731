/** Images and files of content parts, as Responses has them. */
import type { Attachment } from '../../clients/attachment.ts'
import type { InlineData } from '../../neutral/data-url.ts'
import type { Part } from './parts.ts'

const defaultName = 'file.pdf'

/** The part of an attachment. */
export function attachmentPart(attachment: Attachment): Part {
  if ('text' in attachment) return { type: 'input_text', text: attachment.text }
  return attachment.kind === 'image' ? imagePart(attachment) : filePart(attachment)
}

type Held = Exclude<Attachment, { text: string }>

function imagePart(attachment: Held): Part {
  const { detail = 'auto' } = attachment
  if ('fileId' in attachment) return { type: 'input_image', file_id: attachment.fileId, detail }
  const url = 'url' in attachment ? attachment.url : dataUrl(attachment.inline)
  return { type: 'input_image', image_url: url, detail }
}

function filePart(attachment: Held): Part {
  if ('fileId' in attachment) return { type: 'input_file', file_id: attachment.fileId }
  if ('url' in attachment) return { type: 'input_file', file_url: attachment.url }
  const { inline, name = defaultName } = attachment
  return { type: 'input_file', filename: name, file_data: dataUrl(inline) }
}

function dataUrl({ mediaType, base64, data }: InlineData): string {
  return `data:${mediaType}${base64 ? ';base64' : ''},${data}`
}
