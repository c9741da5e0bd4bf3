/*
 * test_tls.c: handshakes over a socket pair with good and bad certificates,
 * what is told of the bad ones, and a chain that is looked at again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls.h"
#include "support/tpki.h"

#define STEPS_MAX 100
#define PATH_LEN  256

struct files {
	const char *certificate, *key, *ca, *crl;
};

static const struct files border = { "gateway.pem", "gateway.key", "ca.pem",
	"ca.crl" };
static const struct files bravo = { "bravo.pem", "bravo.key", "ca.pem",
	"ca.crl" };

static const char *dir;

static bool
load(const struct files *f, bool tls13_only, struct tls_ctx *out)
{
	char path[4][PATH_LEN];
	const char *names[4] = { f->certificate, f->key, f->ca, f->crl };
	struct gw_diag *d = gw_diag_new();

	for (size_t i = 0; i < 4; i++)
		if (names[i] != NULL)
			snprintf(path[i], PATH_LEN, "%s/pki/%s", dir, names[i]);
	const struct conf_tls t = { .id = "t",
		.certificate = path[0],
		.key = path[1],
		.ca = path[2],
		.crl = f->crl == NULL ? NULL : path[3],
		.tls13_only = tls13_only,
		.at = { "mcxgw.xml", 1 } };
	bool ok = tls_ctx_load(&t, gw_now_read(), d, out);
	assert_int_equal(ok, gw_diag_errors(d) == 0);
	gw_diag_free(d);
	return ok;
}

struct pair {
	struct tls_ctx server_ctx, client_ctx;
	struct tls *server, *client;
	int fds[2];
	enum io_status server_is, client_is;
};

static struct pair
pair_open(const struct files *server, const struct files *client)
{
	struct pair p = { .server_is = IO_AGAIN, .client_is = IO_AGAIN };

	assert_true(load(server, false, &p.server_ctx));
	assert_true(load(client, false, &p.client_ctx));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p.fds), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(fcntl(p.fds[i], F_SETFL, O_NONBLOCK), 0);
	p.server = tls_new(&p.server_ctx, p.fds[0], true, NULL);
	p.client = tls_new(&p.client_ctx, p.fds[1], false, "gw.border.example");
	assert_non_null(p.server);
	assert_non_null(p.client);
	return p;
}

static void
pair_close(struct pair *p)
{
	tls_free(p->server);
	tls_free(p->client);
	tls_ctx_clear(&p->server_ctx);
	tls_ctx_clear(&p->client_ctx);
	(void)close(p->fds[0]);
	(void)close(p->fds[1]);
}

static void
shake(struct pair *p)
{
	for (int i = 0; i < STEPS_MAX; i++) {
		if (p->client_is == IO_AGAIN)
			p->client_is = tls_handshake(p->client);
		if (p->server_is == IO_AGAIN)
			p->server_is = tls_handshake(p->server);
		if (p->client_is != IO_AGAIN && p->server_is != IO_AGAIN)
			return;
	}
}

static void
both_sides_see_each_other(void **state)
{
	struct pair p = pair_open(&border, &bravo);
	uint8_t got[16];
	size_t n = 0;

	(void)state;
	shake(&p);
	assert_int_equal(p.server_is, IO_OK);
	assert_int_equal(p.client_is, IO_OK);
	assert_string_equal(p.server->names, "gw.bravo.example");
	assert_string_equal(p.client->names, "gw.border.example");
	assert_string_equal(tls_version(p.server), "TLSv1.3");
	assert_int_equal(tls_read(p.server, got, sizeof(got), &n), IO_AGAIN);
	assert_int_equal(
	    tls_write(p.client, (const uint8_t *)"abc", 3, &n), IO_OK);
	assert_int_equal(n, 3);
	assert_int_equal(tls_read(p.server, got, sizeof(got), &n), IO_OK);
	assert_int_equal(n, 3);
	assert_memory_equal(got, "abc", 3);
	pair_close(&p);
}

/* An end with close_notify and one without are both ends. */
static void
an_end_is_no_error(void **state)
{
	uint8_t octet;
	size_t n;

	(void)state;
	for (int polite = 0; polite < 2; polite++) {
		struct pair p = pair_open(&border, &bravo);
		shake(&p);
		if (polite)
			tls_close(p.client);
		(void)shutdown(p.fds[1], SHUT_WR);
		assert_int_equal(tls_read(p.server, &octet, 1, &n), IO_EOF);
		pair_close(&p);
	}
}

static void
bad_clients_are_refused_with_the_reason(void **state)
{
	static const struct {
		struct files client;
		const char *why;
	} cases[] = {
		{ { "bad/expired.pem", "bad/expired.key", "ca.pem", NULL },
		    "certificate has expired" },
		{ { "bad/early.pem", "bad/early.key", "ca.pem", NULL },
		    "not yet valid" },
		{ { "bad/other-ca.pem", "bad/other-ca.key", "ca.pem", NULL },
		    "unable to get local issuer" },
		{ { "bad/server-only.pem", "bad/server-only.key", "ca.pem",
		      NULL },
		    "unsuitable certificate purpose" },
		{ { "bad/revoked.pem", "bad/revoked.key", "ca.pem", NULL },
		    "certificate revoked" },
	};
	struct files strict = border;

	(void)state;
	strict.crl = "bad/revoked.crl";
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct pair p = pair_open(&strict, &cases[i].client);
		shake(&p);
		assert_int_equal(p.server_is, IO_BROKEN);
		assert_non_null(strstr(p.server->why, cases[i].why));
		assert_non_null(strstr(p.server->why, "at depth 0"));
		assert_non_null(strstr(p.server->subject, "gw.bravo.example"));
		assert_string_equal(p.server->names, "gw.bravo.example");
		pair_close(&p);
	}
}

static void
a_bad_server_is_refused_by_the_client(void **state)
{
	static const struct files other = { "bad/other-ca.pem",
		"bad/other-ca.key", "ca.pem", NULL };
	struct pair p = pair_open(&other, &bravo);

	(void)state;
	shake(&p);
	assert_int_equal(p.client_is, IO_BROKEN);
	assert_non_null(strstr(p.client->why, "local issuer"));
	pair_close(&p);
}

static void
what_is_no_tls_is_refused(void **state)
{
	struct pair p = pair_open(&border, &bravo);
	static const char text[] = "INVITE sip:x SIP/2.0\r\n\r\n";

	(void)state;
	assert_true(send(p.fds[1], text, sizeof(text) - 1, 0) > 0);
	assert_int_equal(tls_handshake(p.server), IO_BROKEN);
	assert_true(p.server->why[0] != '\0');
	pair_close(&p);
}

static void
a_chain_is_looked_at_again_under_new_trust(void **state)
{
	static const struct {
		struct files trust;
		const char *why; /* NULL: it still holds */
	} cases[] = {
		{ { "gateway.pem", "gateway.key", "ca.pem", "ca.crl" }, NULL },
		{ { "gateway.pem", "gateway.key", "ca.pem", NULL }, NULL },
		{ { "gateway.pem", "gateway.key", "ca.pem", "bad/revoked.crl" },
		    "certificate revoked" },
		{ { "gateway.pem", "gateway.key", "bad/other-ca.ca.pem", NULL },
		    "self-signed certificate in certificate chain" },
		{ { "gateway.pem", "gateway.key", "ca.pem", "bad/other.crl" },
		    "unable to get certificate CRL" },
	};
	static const struct files client = { "bad/revoked.pem",
		"bad/revoked.key", "ca.pem", "ca.crl" };
	struct pair p = pair_open(&border, &client);

	(void)state;
	shake(&p);
	assert_int_equal(p.server_is, IO_OK);
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct tls_ctx now;
		assert_true(load(&cases[i].trust, false, &now));
		assert_int_equal(
		    tls_verify_again(p.server, &now), cases[i].why == NULL);
		if (cases[i].why != NULL)
			assert_non_null(strstr(p.server->why, cases[i].why));
		/* The client's view of the server follows the same rules. */
		assert_int_equal(tls_verify_again(p.client, &now), i < 3);
		tls_ctx_clear(&now);
	}
	pair_close(&p);
}

static void
material_that_does_not_serve_is_not_loaded(void **state)
{
	static const struct files cases[] = {
		{ "bad/garbage.pem", "gateway.key", "ca.pem", NULL },
		{ "gateway.pem", "bravo.key", "ca.pem", NULL },
		{ "gateway.pem", "bad/encrypted.key", "ca.pem", NULL },
		{ "gateway.pem", "gateway.key", "bad/garbage.pem", NULL },
		{ "gateway.pem", "gateway.key", "ca.pem", "bad/garbage.pem" },
		{ "gateway.pem", "gateway.key", "ca.pem", "no-such-file" },
		{ "no-such-file", "gateway.key", "ca.pem", NULL },
		{ "bad/weak.pem", "bad/weak.key", "ca.pem", NULL },
		{ ".", "gateway.key", "ca.pem", NULL },
	};
	struct tls_ctx ctx;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		assert_false(load(&cases[i], false, &ctx));
		assert_null(ctx.server);
		assert_null(ctx.client);
	}
}

static void
trust_is_compared_by_content(void **state)
{
	struct files f = border;
	struct tls_ctx a, b, c;

	(void)state;
	assert_true(load(&border, false, &a));
	f.certificate = "bravo.pem";
	f.key = "bravo.key";
	assert_true(load(&f, true, &b));
	f.crl = "bad/revoked.crl";
	assert_true(load(&f, true, &c));
	assert_memory_equal(a.trust, b.trust, sizeof(a.trust));
	assert_memory_not_equal(a.trust, c.trust, sizeof(a.trust));
	assert_true(a.expires_us > gw_now_read().wall_us);
	tls_ctx_clear(&a);
	tls_ctx_clear(&b);
	tls_ctx_clear(&c);
}

static int
set_up(void **state)
{
	char *made = tpki_new();

	*state = made;
	dir = made;
	return 0;
}

static int
tear_down(void **state)
{
	tpki_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_see_each_other),
		cmocka_unit_test(an_end_is_no_error),
		cmocka_unit_test(bad_clients_are_refused_with_the_reason),
		cmocka_unit_test(a_bad_server_is_refused_by_the_client),
		cmocka_unit_test(what_is_no_tls_is_refused),
		cmocka_unit_test(a_chain_is_looked_at_again_under_new_trust),
		cmocka_unit_test(material_that_does_not_serve_is_not_loaded),
		cmocka_unit_test(trust_is_compared_by_content),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
