/*
 * gateway.h: the running gateway, from the command line to the last octet.
 *
 * Owns everything: the snapshot in force, the workers, the listeners' sockets,
 * the admin listener, the control socket and the signals.
 *
 *   SIGHUP           load everything again and swap, or say why not
 *   SIGTERM, SIGINT  no new dialogs; end when nothing is open, at the latest
 *                    after limits.drain_s; a second one ends at once
 *
 * Threads  the caller's is the main thread; signals must not be blocked.
 */
#ifndef GATEWAY_H
#define GATEWAY_H

struct gateway_options {
	unsigned workers; /* 0: as the configuration says */
};

/**
 * Run until a signal ends it.  The exit status of the program: 0 ended as
 * asked, 1 the configuration has mistakes (each is a line on stderr), 3 the
 * system refused something (a port, memory, a thread).
 */
int gateway_run(const char *config, const char *schema_dir,
    const struct gateway_options *options);

#endif
