/*
 * conf_system.h: system elements.  Private to this folder.
 */
#ifndef CONF_SYSTEM_H
#define CONF_SYSTEM_H

#include "conf/conf_set.h"

/** Read the systems of root; limits, listeners and all ids are known. */
void conf_system_read(struct conf_reader *r, const xmlNode *root);

#endif
