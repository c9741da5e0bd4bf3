/*
 * conf_ids.h: ids, and settings that refer to them.  Private to this folder.
 */
#ifndef CONF_IDS_H
#define CONF_IDS_H

#include "conf/conf_set.h"

/**
 * Collect the ids of the first max children of root that are called element;
 * id is their setting.  One that stands twice is reported.  False: no memory.
 */
bool conf_ids_read(struct conf_reader *r, const xmlNode *root,
    const char *element, enum conf_set id, size_t max, struct conf_ids *out);

/**
 * The index of the element that setting ref of n names; UINT16_MAX if the
 * setting is absent, or names none (then reported as unknown).
 */
uint16_t conf_ids_find(struct conf_reader *r, const xmlNode *n,
    enum conf_set ref, const struct conf_ids *ids, enum conf_code unknown);

#endif
