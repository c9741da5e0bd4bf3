/*
 * conf_endpoint.h: endpoint elements of a service.  Private to this folder.
 */
#ifndef CONF_ENDPOINT_H
#define CONF_ENDPOINT_H

#include "conf/conf_set.h"

/** Read the endpoints of the element n into v, a service of s whose id and
 * system are set; by priority, the document's order within one. */
void conf_endpoint_read(struct conf_reader *r, const xmlNode *n,
    const struct conf_system *s, struct conf_service *v);

#endif
