/*
 * clientcert.c: a client certificate for programs that have no option for one
 * (h2load), by LD_PRELOAD.
 *
 * Whatever SSL_CTX the program makes gets the chain in the PEM file that
 * CLIENT_CERTIFICATE names and the key in CLIENT_KEY; if they cannot be read
 * it gets no SSL_CTX at all.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdlib.h>

typedef SSL_CTX *(*make_fn)(OSSL_LIB_CTX *, const char *, const SSL_METHOD *);

/* SSL_CTX_new() calls this one inside the library, where no preloaded
 * function is seen: both are replaced, by way of the longer. */
static SSL_CTX *
make(OSSL_LIB_CTX *lib, const char *query, const SSL_METHOD *method)
{
	const char *certificate = getenv("CLIENT_CERTIFICATE");
	const char *key = getenv("CLIENT_KEY");
	make_fn real = NULL;
	*(void **)&real = dlsym(RTLD_NEXT, "SSL_CTX_new_ex");
	SSL_CTX *ctx = real == NULL ? NULL : real(lib, query, method);
	if (ctx != NULL && certificate != NULL && key != NULL &&
	    (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1 ||
		SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)) {
		SSL_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

SSL_CTX *
SSL_CTX_new(const SSL_METHOD *method)
{
	return make(NULL, NULL, method);
}

SSL_CTX *
SSL_CTX_new_ex(OSSL_LIB_CTX *lib, const char *query, const SSL_METHOD *method)
{
	return make(lib, query, method);
}
