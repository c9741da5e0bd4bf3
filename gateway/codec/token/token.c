/*
 * token.c: seal and open.
 *
 * The cipher contexts keep their expanded keys; a token costs one nonce hash
 * and one pass of AES-GCM, and no allocation.
 */
#include "codec/token/token.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "codec/token/token_ring.h"
#include "codec/token/token_text.h"

#define VERSION	  1
#define NONCE_AT  2
#define NONCE_LEN 12
#define BODY_AT	  (NONCE_AT + NONCE_LEN)
#define TAG_LEN	  16
/* version, key id, kind, length of the bearer, bearer */
#define BOUND_MAX (4 + TOKEN_BEARER_MAX)

_Static_assert(BODY_AT + TAG_LEN == TOKEN_OVERHEAD, "see token.h");

struct token_sealer {
	const struct token_ring *ring;
	EVP_CIPHER_CTX *seal[TOKEN_KEYS_MAX], *open[TOKEN_KEYS_MAX];
	/* What a token is bound to, then what is sealed. */
	uint8_t bound[BOUND_MAX + TOKEN_PLAIN_MAX];
	/* The token before it is text; decoding may write two more. */
	uint8_t raw[TOKEN_OVERHEAD + TOKEN_PLAIN_MAX + 2];
};

struct token_sealer *
token_sealer_new(void)
{
	return calloc(1, sizeof(struct token_sealer));
}

static void
drop_contexts(struct token_sealer *s)
{
	for (size_t i = 0; i < TOKEN_KEYS_MAX; i++) {
		EVP_CIPHER_CTX_free(s->seal[i]);
		EVP_CIPHER_CTX_free(s->open[i]);
		s->seal[i] = s->open[i] = NULL;
	}
	s->ring = NULL;
}

void
token_sealer_free(struct token_sealer *s)
{
	if (s == NULL)
		return;
	drop_contexts(s);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}

enum gw_err
token_sealer_use(struct token_sealer *s, const struct token_ring *ring)
{
	drop_contexts(s);
	for (size_t i = 0; i < ring->n; i++) {
		const uint8_t *key = ring->keys[i].cipher;
		s->seal[i] = EVP_CIPHER_CTX_new();
		s->open[i] = EVP_CIPHER_CTX_new();
		if (s->seal[i] == NULL || s->open[i] == NULL ||
		    EVP_EncryptInit_ex(
			s->seal[i], EVP_aes_256_gcm(), NULL, key, NULL) != 1 ||
		    EVP_DecryptInit_ex(
			s->open[i], EVP_aes_256_gcm(), NULL, key, NULL) != 1) {
			drop_contexts(s);
			return GW_ENOMEM;
		}
	}
	s->ring = ring;
	return GW_OK;
}

/* Index of the key, or ring->n. */
static size_t
find_key(const struct token_ring *ring, uint8_t id)
{
	size_t i = 0;

	while (i < ring->n && ring->keys[i].id != id)
		i++;
	return i;
}

/* Write the associated data; its length. */
static size_t
write_bound(
    struct token_sealer *s, uint8_t key_id, const struct token_bind *bind)
{
	s->bound[0] = VERSION;
	s->bound[1] = key_id;
	s->bound[2] = (uint8_t)bind->kind;
	s->bound[3] = (uint8_t)bind->bearer.len;
	if (bind->bearer.len > 0)
		memcpy(s->bound + 4, bind->bearer.p, bind->bearer.len);
	return 4 + bind->bearer.len;
}

/* The whole IV by the name of its fixed part, as EVP_CTRL_GCM_SET_IV_FIXED with
 * -1 gives it.  EVP_EncryptInit_ex() would first ask how long an IV is, and
 * that takes longer than all it does then. */
static OSSL_PARAM
iv_param(uint8_t *iv)
{
	return (OSSL_PARAM){ OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED,
		OSSL_PARAM_OCTET_STRING, iv, SIZE_MAX, 0 };
}

static OSSL_PARAM
tag_param(uint8_t *tag)
{
	return (OSSL_PARAM){ OSSL_CIPHER_PARAM_AEAD_TAG,
		OSSL_PARAM_OCTET_STRING, tag, TAG_LEN, 0 };
}

static bool
encrypt(struct token_sealer *s, size_t key, size_t bound_len, size_t len)
{
	EVP_CIPHER_CTX *ctx = s->seal[key];
	uint8_t *body = s->raw + BODY_AT;
	OSSL_PARAM iv[2] = { iv_param(s->raw + NONCE_AT), OSSL_PARAM_END };
	OSSL_PARAM tag[2] = { tag_param(body + len), OSSL_PARAM_END };
	int n = 0;

	return EVP_CIPHER_CTX_set_params(ctx, iv) == 1 &&
	       EVP_EncryptUpdate(ctx, NULL, &n, s->bound, (int)bound_len) ==
		   1 &&
	       EVP_EncryptUpdate(
		   ctx, body, &n, s->bound + bound_len, (int)len) == 1 &&
	       EVP_EncryptFinal_ex(ctx, body + len, &n) == 1 &&
	       EVP_CIPHER_CTX_get_params(ctx, tag) == 1;
}

enum gw_err
token_seal(struct token_sealer *s, uint8_t key_id,
    const struct token_bind *bind, struct gw_span plain, uint8_t *out)
{
	uint8_t hash[16];

	if (plain.len > TOKEN_PLAIN_MAX || bind->bearer.len > TOKEN_BEARER_MAX)
		return GW_ELIMIT;
	if (s->ring == NULL)
		return GW_EBUG;
	size_t key = key_id == 0 ? 0 : find_key(s->ring, key_id);
	if (key == s->ring->n || s->ring->keys[key].lapsed)
		key = 0;
	const struct token_key *k = &s->ring->keys[key];

	size_t bound_len = write_bound(s, k->id, bind);
	if (plain.len > 0)
		memcpy(s->bound + bound_len, plain.p, plain.len);
	gw_siphash128(k->nonce,
	    (struct gw_span){ s->bound, bound_len + plain.len }, hash);
	s->raw[0] = VERSION;
	s->raw[1] = k->id;
	memcpy(s->raw + NONCE_AT, hash, NONCE_LEN);
	if (!encrypt(s, key, bound_len, plain.len))
		return GW_EBUG;
	token_text_encode(
	    (struct gw_span){ s->raw, plain.len + TOKEN_OVERHEAD }, out);
	return GW_OK;
}

/* Version and key id: the first 16 of the 18 bits in three digits. */
static bool
has_head(struct gw_span text)
{
	return text.len >= TOKEN_TEXT_LEN(0) && text.len <= TOKEN_TEXT_MAX &&
	       text.len % 4 != 1 &&
	       token_text_value(text.p[0]) == VERSION >> 2 &&
	       token_text_value(text.p[1]) >> 4 == (VERSION & 3) &&
	       token_text_value(text.p[2]) < 64;
}

/* Decrypts in place. */
static bool
decrypt(struct token_sealer *s, size_t key, size_t bound_len, size_t len)
{
	EVP_CIPHER_CTX *ctx = s->open[key];
	uint8_t *body = s->raw + BODY_AT;
	OSSL_PARAM params[3] = { tag_param(body + len),
		iv_param(s->raw + NONCE_AT), OSSL_PARAM_END };
	int n = 0;

	return EVP_CIPHER_CTX_set_params(ctx, params) == 1 &&
	       EVP_DecryptUpdate(ctx, NULL, &n, s->bound, (int)bound_len) ==
		   1 &&
	       EVP_DecryptUpdate(ctx, body, &n, body, (int)len) == 1 &&
	       EVP_DecryptFinal_ex(ctx, body + len, &n) == 1;
}

enum gw_err
token_open(struct token_sealer *s, struct gw_now now,
    const struct token_bind *bind, struct gw_span text, uint8_t *out,
    size_t *len, uint8_t *key_id)
{
	size_t raw_len;

	if (!has_head(text) ||
	    token_text_decode(text, s->raw, &raw_len) != GW_OK)
		return GW_EMALFORMED;
	if (s->ring == NULL || bind->bearer.len > TOKEN_BEARER_MAX)
		return GW_EAUTH;
	size_t key = find_key(s->ring, s->raw[1]);
	if (key == s->ring->n || s->ring->keys[key].until_us <= now.wall_us)
		return GW_EAUTH;

	size_t bound_len = write_bound(s, s->raw[1], bind);
	size_t plain_len = raw_len - TOKEN_OVERHEAD;
	if (!decrypt(s, key, bound_len, plain_len))
		return GW_EAUTH;
	memcpy(out, s->raw + BODY_AT, plain_len);
	*len = plain_len;
	*key_id = s->raw[1];
	return GW_OK;
}

bool
token_looks_like(struct gw_span text)
{
	return has_head(text) && token_text_is(text);
}

uint8_t
token_key_id(struct gw_span text)
{
	if (!has_head(text))
		return 0;
	return (uint8_t)(token_text_value(text.p[1]) << 4 |
			 token_text_value(text.p[2]) >> 2);
}
