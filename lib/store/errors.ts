/** What goes wrong with a store: the folder of a login, the server of TOKEN_STORE. */

/** It cannot be used just now. The message says which one and why, and holds no secret. */
export class StoreError extends Error {}

/** Another process has the turn and does not end it. The message says which one. */
export class TurnError extends Error {}
