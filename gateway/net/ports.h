/*
 * ports.h: opens the sockets of listeners that a new snapshot brings.
 *
 * The main thread opens all of them for all workers before anything is
 * swapped: a port that cannot be had leaves the old settings in force.
 */
#ifndef PORTS_H
#define PORTS_H

#include "net/post.h"

/**
 * Fill posts (one for each of n workers) with sockets for the listeners of
 * `to` that `from` (NULL: nothing yet) does not have.  False: one could not
 * be opened, or could not be had alone; it is logged, and the posts must be
 * freed with what they hold.
 */
bool ports_open(const struct snapshot *from, const struct snapshot *to,
    unsigned n, struct post_snapshot *const *posts);

#endif
