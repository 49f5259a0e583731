/**
 * How many lists of events, deltas or chunks a stage may hold, in and out, before it asks for a pause. Node's own limit, 16,
 * counts objects whatever their size: with events of a megabyte five stages would hold a hundred of them for a client that
 * does not read. With one, every write would ask for a pause.
 */
export const listsHeld = 2
