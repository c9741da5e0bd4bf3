/*
 * tpki.c: example certificates, made on the spot.
 */
#include "support/tpki.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_MAX 2048

void
tpki_run(const char *fmt, ...)
{
	char command[COMMAND_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	FILE *p = popen(command, "r");
	if (p == NULL || pclose(p) != 0) {
		fprintf(stderr, "failed: %s\n", command);
		exit(1);
	}
}

char *
tpki_new(void)
{
	char name[] = "./pki-XXXXXX";
	char *dir = mkdtemp(name) == NULL ? NULL : strdup(name);

	if (dir == NULL) {
		perror("tpki");
		exit(1);
	}
	tpki_run("mkdir %s/agreements && cp %s/conf/mcxgw.xml %s", dir,
	    GW_SOURCE_DIR, dir);
	tpki_run("echo '<policy xmlns=\"urn:mcxgw:policy:1\"/>' >%s/policy.xml",
	    dir);
	tpki_run("%s/conf/demo/pki %s/pki", GW_SOURCE_DIR, dir);
	tpki_run("%s/support/pki-bad %s/pki", GW_TESTS_DIR, dir);
	return dir;
}

void
tpki_free(char *dir)
{
	if (dir != NULL)
		tpki_run("rm -rf '%s'", dir);
	free(dir);
}
