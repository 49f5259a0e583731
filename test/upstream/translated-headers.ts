/** What the headers of a translated request depend on, for a chat client of a Claude model. */
import { clients } from '../../pipelines/index.ts'
import { translated } from '../helpers/translated-provider.ts'

const { headerPrefixes, limits } = translated('anthropic')
const { chat } = clients
if (!chat.read) throw new Error('chat is translated')

/** Beginnings of the client's headers that go up. */
export const chosen = headerPrefixes

/** How limits are named up there and down here. */
export const names = { limits, limitHeader: chat.limitHeader }
