/*
 * conf_lookups.h: the lookups element.  Private to this folder.
 */
#ifndef CONF_LOOKUPS_H
#define CONF_LOOKUPS_H

#include "conf/conf_set.h"

/** Read it (NULL: there is none, the defaults hold). */
void conf_lookups_read(struct conf_reader *r, const xmlNode *n);

#endif
