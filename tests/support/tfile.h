/*
 * tfile.h: files of the corpus, for tests.  Whatever fails ends the program
 * with a message.
 */
#ifndef TFILE_H
#define TFILE_H

#include <stddef.h>
#include <stdint.h>

/** Read the file at path, at most max octets, into out.  How many. */
size_t tfile_read(const char *path, uint8_t *out, size_t max);

/**
 * Call fn with the path of each file in folder whose name ends with suffix
 * (no dot file), in order of name.  How many there were.
 */
size_t tfile_each(const char *folder, const char *suffix,
    void (*fn)(const char *path, void *arg), void *arg);

#endif
