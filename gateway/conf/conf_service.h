/*
 * conf_service.h: lookup and kms elements of systems.  Private to this folder.
 */
#ifndef CONF_SERVICE_H
#define CONF_SERVICE_H

#include "conf/conf_set.h"

/** Make room for the services of all systems of root.  False: no memory. */
bool conf_service_make_room(struct conf_reader *r, const xmlNode *root);

/** Read the services of the system element n into s, number index; its names
 * and all listeners are known. */
void conf_service_read(struct conf_reader *r, const xmlNode *n,
    struct conf_system *s, uint16_t index);

/** What needs all systems: does an endpoint show another system's name? */
void conf_service_check(struct conf_reader *r);

/** Wipe the tokens of all services, as their memory is to go. */
void conf_service_wipe(const struct conf *c);

#endif
