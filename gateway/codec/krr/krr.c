/*
 * krr.c: the media type, and the libraries beneath.
 */
#include "codec/krr/krr.h"

#include <libxml/parser.h>
#include <libxml/xmlIO.h>
/* The others need it first. */
#include <xmlsec/xmlsec.h>

#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/openssl/crypto.h>

#include "mcxgw/xml.h"

/* What fails is told by the result; xmlsec would print it. */
static void
say_nothing(const char *file, int line, const char *func, const char *object,
    const char *subject, int reason, const char *msg)
{
	(void)file;
	(void)line;
	(void)func;
	(void)object;
	(void)subject;
	(void)reason;
	(void)msg;
}

enum gw_err
krr_init(void)
{
	gw_xml_init();
	if (xmlSecInit() < 0)
		return GW_EUNSUPPORTED;
	xmlSecErrorsSetCallback(say_nothing);
	if (xmlSecCheckVersion() != 1 || xmlSecOpenSSLInit() < 0)
		return GW_EUNSUPPORTED;
	/* Nothing is ever fetched: no file, no network. */
	xmlSecIOCleanupCallbacks();
	return GW_OK;
}

bool
krr_is_type(struct gw_span media_type)
{
	return gw_span_ieq(media_type, GW_SPAN(KRR_MEDIA_TYPE));
}
