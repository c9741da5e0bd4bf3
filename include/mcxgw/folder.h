/*
 * mcxgw/folder.h: the XML files of a folder that an operator fills.
 */
#ifndef MCXGW_FOLDER_H
#define MCXGW_FOLDER_H

#include "mcxgw/arena.h"

/**
 * Paths of all files of folder whose names end in ".xml", but for hidden
 * ones, which are editors' and package managers'.  Sorted, so that every load
 * is alike.  *files and what it points to live in a; on failure *n is 0.
 *
 * GW_EIO     the folder cannot be opened; errno says why
 * GW_ELIMIT  more than max, or a path that is too long
 * GW_ENOMEM  a is full
 */
enum gw_err gw_folder_xml(struct gw_arena *a, const char *folder, size_t max,
    const char ***files, size_t *n) GW_NODISCARD;

#endif
