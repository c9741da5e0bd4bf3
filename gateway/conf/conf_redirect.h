/*
 * conf_redirect.h: redirect elements, that of the gateway and those of
 * systems.  Private to this folder.
 */
#ifndef CONF_REDIRECT_H
#define CONF_REDIRECT_H

#include "conf/conf_set.h"

/** Read the element of root; the gateway's name is known. */
void conf_redirect_read(struct conf_reader *r, const xmlNode *root);

/** Read the element of a system (NULL: it has none), whose identities are
 * known. */
void conf_redirect_read_system(
    struct conf_reader *r, const xmlNode *n, struct conf_system *s);

#endif
