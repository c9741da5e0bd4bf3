/*
 * conf_hop.h: next-hop and reach elements of a system.  Private to this
 * folder.
 */
#ifndef CONF_HOP_H
#define CONF_HOP_H

#include "conf/conf_set.h"

/** Read the next hops of the system element n into s, number index. */
void conf_hop_read(struct conf_reader *r, const xmlNode *n,
    struct conf_system *s, uint16_t index);

/** Read what else the system may be reached at. */
void conf_hop_read_reach(
    struct conf_reader *r, const xmlNode *n, struct conf_system *s);

#endif
