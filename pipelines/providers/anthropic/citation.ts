/** An Anthropic citation as a URL citation. Places in the client's own documents have no URL and are left out. */
import type { JsonObject } from '../../json/value.ts'
import type { UrlCitation } from '../../wire/chat.ts'
import { asLabel } from '../../wire-value.ts'

/** `start` and `end` are the code points of the cited block within the whole content. */
export function citationOf(
  citation: JsonObject,
  start: number,
  end: number,
): UrlCitation | undefined {
  const url = urlOf(citation)
  if (url === '') return undefined
  return {
    type: 'url_citation',
    url_citation: { start_index: start, end_index: end, title: asLabel(citation.title), url },
  }
}

function urlOf(citation: JsonObject): string {
  switch (citation.type) {
    case 'web_search_result_location':
      return asLabel(citation.url)
    case 'search_result_location': {
      const source = asLabel(citation.source)
      return /^https?:\/\//i.test(source) ? source : ''
    }
    default:
      return ''
  }
}
