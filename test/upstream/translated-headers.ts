/** What the headers of a translated request depend on, for a chat client of a Claude model. */
import { clients, providers } from '../../pipelines/index.ts'

const { headerPrefixes, limits } = providers.anthropic
const { chat } = clients

/** Beginnings of the client's headers that go up. */
export const chosen = headerPrefixes

/** How limits are named up there and down here. */
export const names = { limits, limitHeader: chat.limitHeader }
