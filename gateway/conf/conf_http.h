/*
 * conf_http.h: http-listener elements.  Private to this folder.
 */
#ifndef CONF_HTTP_H
#define CONF_HTTP_H

#include "conf/conf_set.h"

/** Collect the ids of the http-listener elements of root, and make room for
 * them.  False: no memory. */
bool conf_http_make_room(struct conf_reader *r, const xmlNode *root);

/** Read them; the listeners of SIP were read. */
void conf_http_read(struct conf_reader *r, const xmlNode *root);

/** The host[:port] of a setting, in lower case; NULL if it is absent or wrong
 * (then reported). */
const char *
conf_http_authority(struct conf_reader *r, const xmlNode *n, enum conf_set id);

#endif
