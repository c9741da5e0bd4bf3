/*
 * token_ring.c: the key file.
 *
 * Whatever held a secret is wiped before its memory goes.
 */
#include "codec/token/token_ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define FILE_MAX 65536 /* octets; eight keys with long comments */
#define HEX_LEN	 (2 * (size_t)TOKEN_KEY_LEN)

#define WANT_LINE                                                              \
	"ID HEX [until=2026-12-31T00:00:00Z], ID 1 to 255, HEX 64 digits"

struct reading {
	struct token_ring *ring;
	struct gw_where at;
	struct gw_now now;
	struct gw_diag *d;
	uint8_t secrets[TOKEN_KEYS_MAX][TOKEN_KEY_LEN];
};

static struct token_ring *
ring_new(void)
{
	return calloc(1, sizeof(struct token_ring));
}

static bool
mac(const uint8_t key[TOKEN_KEY_LEN], const char *label, uint8_t *out,
    size_t len)
{
	uint8_t full[EVP_MAX_MD_SIZE];
	bool ok = HMAC(EVP_sha256(), key, TOKEN_KEY_LEN, (const uint8_t *)label,
		      strlen(label), full, NULL) != NULL;

	if (ok)
		memcpy(out, full, len);
	OPENSSL_cleanse(full, sizeof(full));
	return ok;
}

static bool
derive_all(const uint8_t secret[TOKEN_KEY_LEN], struct token_key *k)
{
	return mac(secret, "mcxgw token 1 cipher", k->cipher,
		   sizeof(k->cipher)) &&
	       mac(secret, "mcxgw token 1 nonce", k->nonce, sizeof(k->nonce)) &&
	       mac(secret, "mcxgw token 1 derive", k->derive,
		   sizeof(k->derive));
}

static int
digit_of(uint8_t c)
{
	uint8_t l = gw_lower(c);

	if (c >= '0' && c <= '9')
		return c - '0';
	return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static bool
read_hex(struct gw_span hex, uint8_t out[TOKEN_KEY_LEN])
{
	if (hex.len != HEX_LEN)
		return false;
	for (size_t i = 0; i < TOKEN_KEY_LEN; i++) {
		int hi = digit_of(hex.p[2 * i]);
		int lo = digit_of(hex.p[2 * i + 1]);
		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

/* The next word of line from *pos on; empty at the end. */
static struct gw_span
next_word(struct gw_span line, size_t *pos)
{
	size_t from = *pos, end;

	while (from < line.len && (line.p[from] == ' ' || line.p[from] == '\t'))
		from++;
	for (end = from; end < line.len; end++)
		if (line.p[end] == ' ' || line.p[end] == '\t')
			break;
	*pos = end;
	return gw_span_sub(line, from, end - from);
}

/* No report quotes a line: it holds a secret. */
static void
complain(struct reading *r, const char *code, const char *what)
{
	gw_diag_error(r->d, &r->at, code, WANT_LINE, "%s", what);
}

static bool
read_until(struct reading *r, struct gw_span word, struct token_key *k)
{
	struct gw_span name = GW_LIT("until=");

	k->until_us = INT64_MAX;
	if (word.len == 0)
		return true;
	if (!gw_span_istarts(word, name) ||
	    gw_time_parse(
		gw_span_sub(word, name.len, word.len), &k->until_us) != GW_OK) {
		complain(r, "token.until",
		    "what follows the key is not until= and a time with a "
		    "zone");
		return false;
	}
	k->lapsed = k->until_us <= r->now.wall_us;
	if (r->ring->n == 0 && k->lapsed) {
		complain(r, "token.lapsed",
		    "the first key seals, but its time is over");
		return false;
	}
	if (r->ring->n == 0)
		gw_diag_warning(r->d, &r->at, "token.first-until",
		    "a first key without until=",
		    "the first key seals, but what it sealed will not open "
		    "any more from until= on");
	return true;
}

static bool
is_new(struct reading *r, const struct token_key *k)
{
	for (size_t i = 0; i < r->ring->n; i++) {
		if (r->ring->keys[i].id == k->id) {
			complain(r, "token.twice", "key id used twice");
			return false;
		}
		if (memcmp(r->secrets[i], r->secrets[r->ring->n],
			TOKEN_KEY_LEN) == 0) {
			complain(r, "token.twice", "the same key twice");
			return false;
		}
	}
	return true;
}

static void
read_line(struct reading *r, struct gw_span line)
{
	size_t pos = 0;
	struct gw_span id = next_word(line, &pos);
	struct gw_span hex = next_word(line, &pos);
	struct gw_span until = next_word(line, &pos);
	uint64_t n = 0;

	if (r->ring->n == TOKEN_KEYS_MAX) {
		complain(r, "token.many", "more than eight keys");
		return;
	}
	struct token_key *k = &r->ring->keys[r->ring->n];
	uint8_t *secret = r->secrets[r->ring->n];
	*k = (struct token_key){ .lapsed = false };
	if (gw_span_to_u64(id, UINT8_MAX, &n) != GW_OK || n == 0) {
		complain(r, "token.id", "key id is not 1 to 255");
		return;
	}
	k->id = (uint8_t)n;
	if (!read_hex(hex, secret)) {
		complain(r, "token.key", "key is not 64 hexadecimal digits");
		return;
	}
	if (next_word(line, &pos).len != 0) {
		complain(r, "token.line", "more than three words");
		return;
	}
	if (!read_until(r, until, k) || !is_new(r, k))
		return;
	if (!derive_all(secret, k)) {
		complain(r, "token.cipher", "HMAC-SHA-256 failed");
		return;
	}
	r->ring->n++;
}

static void
read_lines(struct reading *r, struct gw_span text)
{
	size_t at = 0;

	for (unsigned line = 1; at < text.len; line++) {
		size_t end = gw_span_find(text, at, '\n');
		struct gw_span s = gw_span_sub(text, at, end - at);
		s = gw_span_trim(gw_span_sub(s, 0, gw_span_find(s, 0, '#')));
		r->at.line = line;
		if (s.len > 0)
			read_line(r, s);
		at = end + 1;
	}
}

struct token_ring *
token_ring_parse(
    struct gw_span text, const char *name, struct gw_now now, struct gw_diag *d)
{
	struct reading r = { .at = { name, 0 }, .now = now, .d = d };
	size_t before = gw_diag_errors(d);

	r.ring = ring_new();
	if (r.ring == NULL) {
		gw_diag_error(d, &r.at, "token.memory", NULL, "out of memory");
		return NULL;
	}
	if (text.len > FILE_MAX)
		complain(&r, "token.size", "larger than 64 KiB");
	else
		read_lines(&r, text);
	r.at.line = 0;
	if (gw_diag_errors(d) == before && r.ring->n == 0)
		complain(&r, "token.none", "no key");
	OPENSSL_cleanse(r.secrets, sizeof(r.secrets));
	if (gw_diag_errors(d) != before) {
		token_ring_free(r.ring);
		return NULL;
	}
	return r.ring;
}

static void
complain_errno(struct gw_diag *d, const struct gw_where *at, const char *what)
{
	char why[128] = "unknown error";

	(void)strerror_r(errno, why, sizeof(why));
	gw_diag_error(d, at, "token.file",
	    "a text file that the gateway's user can read",
	    "cannot %s the key file: %s", what, why);
}

static void
check_mode(FILE *f, const struct gw_where *at, struct gw_diag *d)
{
	struct stat st;

	if (fstat(fileno(f), &st) == 0 && (st.st_mode & S_IRWXO) != 0)
		gw_diag_warning(d, at, "token.mode",
		    "a file that only the gateway's user can read (chmod 600)",
		    "others may use this file of secret keys");
}

struct token_ring *
token_ring_load(const char *path, struct gw_now now, struct gw_diag *d)
{
	struct gw_where at = { path, 0 };
	struct token_ring *ring = NULL;
	uint8_t text[FILE_MAX + 1];
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		complain_errno(d, &at, "open");
		return NULL;
	}
	/* No copy of the keys in a buffer that nobody wipes. */
	setvbuf(f, NULL, _IONBF, 0);
	check_mode(f, &at, d);
	size_t len = fread(text, 1, sizeof(text), f);
	if (ferror(f))
		complain_errno(d, &at, "read");
	else
		ring = token_ring_parse(
		    (struct gw_span){ text, len }, path, now, d);
	OPENSSL_cleanse(text, sizeof(text));
	fclose(f);
	return ring;
}

void
token_ring_free(struct token_ring *r)
{
	if (r == NULL)
		return;
	OPENSSL_cleanse(r, sizeof(*r));
	free(r);
}

uint8_t
token_ring_current(const struct token_ring *r)
{
	return r->keys[0].id;
}

void
token_ring_derive(
    const struct token_ring *r, const char *label, uint8_t out[16])
{
	memset(out, 0, 16);
	(void)mac(r->keys[0].derive, label, out, 16);
}
