/*
 * tpki.h: a folder with all files that conf/mcxgw.xml names, for tests.
 *
 * It holds mcxgw.xml, policy.xml, agreements/ (empty), pki/ as conf/demo/pki
 * makes it and pki/bad/ as tests/support/pki-bad does.  Whatever fails ends
 * the program with a message.
 */
#ifndef TPKI_H
#define TPKI_H

/** Make one under the current folder; its path, to be given to tpki_free(). */
char *tpki_new(void);
/** Remove the folder and all that is in it. */
void tpki_free(char *dir);

/** Run a command with the shell; it must succeed. */
void tpki_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
